"""The still of the step's factor: what becomes of a steep and a flat direction at eight rates."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import number, paragraph, table, wide

TITLE = "One learning rate for a steep and a flat direction"
HEIGHTS = (43.3, 46, 65, 67.6)
STATE: dict[str, Any] = {"rate": 0.3, "flat": 0.5, "steep": 4}
STEPS = 20


def distances(rate: float, curvatures: list[float], steps: int) -> np.ndarray:
    """Return the distance from the bottom of a quadratic along each direction, after each step."""
    matrix, v = np.diag(curvatures), np.ones(len(curvatures))
    path = [v]
    for _ in range(steps):
        path.append(path[-1] - rate * matrix @ path[-1])
    return np.array(path)


def fate(factor: float) -> str:
    """Say what a factor does."""
    size = abs(factor)
    if size < 1e-9:
        return "arrives at once"
    if abs(size - 1) < 1e-9:
        return "jumps for ever"
    return (
        "flies away"
        if size > 1
        else "comes closer on one side"
        if factor > 0
        else "jumps across, and arrives"
    )


def still(state: dict[str, Any]) -> str:
    """Write a table of rates with both factors and what is left after the steps."""
    flat, steep = state["flat"], state["steep"]
    best, bound = 2 / (flat + steep), 2 / steep
    rows = []
    for rate in sorted({0.05, 0.1, 1 / steep, state["rate"], best, 0.48, bound, 0.52}):
        left = distances(rate, [steep, flat], STEPS)[-1]
        f, g = 1 - rate * steep, 1 - rate * flat
        rows.append(
            [
                number(rate),
                number(f),
                fate(f),
                f"{left[0]:.2g}".replace("-", "−"),
                number(g),
                f"{left[1]:.2g}",
            ]
        )
    head = ["Rate", "Steep factor", "It", f"Left after {STEPS}", "Flat factor", f"Left after {STEPS}"]
    return "\n".join(
        [
            wide(
                table(f"Curvatures {number(steep)} and {number(flat)}, distance 1 at the start", head, rows),
                "Rates",
            ),
            paragraph(
                f"A step multiplies each distance by 1 − ηλ. The steep direction bears rates below"
                f" 2 / {number(steep)} = {number(bound)}; at {number(best)} both factors"
                f" are equally large, {number(1 - best * flat)}, and no rate is faster."
            ),
        ]
    )
