"""The still of pooling and shift: one scene pooled at rest and moved, and how many outputs stay, beside the formula."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
from moving_still import grid, paragraph, side_by_side, table

from cs_cnn.layers import avg_pool2d_forward, max_pool2d_forward

TITLE = "Max pooling of a scene that moves"
HEIGHTS = (29.5, 44.3, 46.5, 54)
SIDE, ROOM = 8, 4
STATE: dict[str, Any] = {"seed": 1, "window": 2, "shift": 1, "pool": "max"}


def scene(seed: int) -> np.ndarray:
    """Return the scene of different numbers that the module makes of a seed, shape (SIDE, SIDE + ROOM)."""
    values = list(range(SIDE * (SIDE + ROOM)))
    for last in range(len(values) - 1, 0, -1):
        seed = (1664525 * seed + 1013904223) % 2**32
        other = seed // 2**8 % (last + 1)
        values[last], values[other] = values[other], values[last]
    return np.array(values).reshape(SIDE, SIDE + ROOM)


def pooled(view: np.ndarray, window: int, pool: str) -> np.ndarray:
    """Return the pooled map of a view, shape (SIDE / window, SIDE / window)."""
    forward = {"max": max_pool2d_forward, "mean": avg_pool2d_forward}[pool]
    return forward(view[None, None].astype(float), size=window)[0][0, 0]


def maps(seed: int, window: int, shift: int, pool: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the pooled maps of the scene at rest and moved to the left by `shift` pixels."""
    whole = scene(seed)
    return pooled(whole[:, :SIDE], window, pool), pooled(whole[:, shift : shift + SIDE], window, pool)


def chance(window: int, shift: int) -> Fraction:
    """Return the probability that an output of max pooling stays, all pixels being alike: (K - s) / (K + s) or 0."""
    return Fraction(max(window - shift, 0), window + shift)


def still(state: dict[str, Any]) -> str:
    """Write one scene and its maps, and a table over many scenes."""
    seed, window, shift = state["seed"], state["window"], state["shift"]
    rest, moved = maps(seed, window, shift, "max")
    whole, many = scene(seed), 2000
    scenes = np.stack([scene(n) for n in range(1, many + 1)])[:, None].astype(float)
    rows = []
    for size, step in [(2, 1), (2, 2), (4, 1), (4, 2), (4, 3), (4, 4)]:
        still_maps, _ = max_pool2d_forward(scenes[..., :SIDE], size=size)
        moved_maps, _ = max_pool2d_forward(scenes[..., step : step + SIDE], size=size)
        kept = np.mean(still_maps == moved_maps)
        rows.append([f"{size} × {size}", step, f"{kept:.1%}", f"{float(chance(size, step)):.1%}"])
    return "\n".join(
        [
            side_by_side(
                grid(whole[:, :SIDE], "Scene at rest"),
                grid(whole[:, shift : shift + SIDE], f"Moved by {shift} pixel"),
                grid(rest, f"Largest of {window} × {window}, at rest"),
                grid(moved, "Moved"),
            ),
            paragraph(f"{int(np.equal(rest, moved).sum())} of {rest.size} outputs are the same."),
            table(
                f"Share of outputs of max pooling that stay, in {many:,} scenes",
                ["Window", "Shift", "Measured", "Formula"],
                rows,
            ),
        ]
    )
