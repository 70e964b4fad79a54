"""The still of the growing dense net: maps along its blocks, and what it costs beside a residual net as wide."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import number, paragraph, table, wide

TITLE = "A dense net grows, beside a residual net as wide"
HEIGHTS = (46.7, 50, 57.5, 61)
STATE: dict[str, Any] = {"growth": 12, "layers": 12, "compression": 1}
FIRST, CLASSES, BLOCKS = 16, 10, 3
SETTINGS = [(12, 12, 1.0), (24, 12, 1.0), (12, 24, 1.0), (12, 12, 0.5), (24, 24, 0.5)]


def reads(growth: int, layers: int, compression: float) -> list[np.ndarray]:
    """Return for each block the maps that its layers read, and behind them those that it ends with."""
    found, maps = [], FIRST
    for _ in range(BLOCKS):
        found.append(maps + growth * np.arange(layers + 1))
        maps = max(1, int(compression * found[-1][-1]))
    return found


def parameters(growth: int, layers: int, compression: float) -> tuple[int, int]:
    """Return the parameters of the dense net and of its residual twin, those of the normalisations with them."""
    blocks = reads(growth, layers, compression)
    ends = np.array([block[-1] for block in blocks])
    starts = np.array([block[0] for block in blocks[1:]])
    inner = np.concatenate([block[:-1] for block in blocks])
    own = 27 * FIRST + ((9 * growth + 2) * inner).sum() + 2 * ends.sum() + (ends[:-1] * starts).sum()
    before = np.concatenate([ends[:1], ends[:-1]])  # what the first layer of each stage of the twin reads
    twin = (27 + 2) * ends[0] + (9 * ends * (before + (layers - 1) * ends) + 2 * layers * ends).sum()
    last = (ends[-1] + 1) * CLASSES
    return int(own + last), int(twin + last)


def still(state: dict[str, Any]) -> str:
    """Write the maps of the blocks, and the parameters of several settings beside those of their twins."""
    blocks = reads(**state)
    maps = [
        [f"Block {n}", block[0], block[-2], state["growth"], block[-1]] for n, block in enumerate(blocks, 1)
    ]
    rows = []
    for growth, layers, compression in SETTINGS:
        own, twin = parameters(growth, layers, compression)
        ends = ", ".join(str(block[-1]) for block in reads(growth, layers, compression))
        numbers = [ends, f"{own:,}", f"{twin:,}", number(round(twin / own, 1))]
        rows.append([f"{growth}, {layers}, {number(compression)}", *numbers])
    kept = "all" if state["compression"] == 1 else f"{state['compression']:.0%}"
    return "\n".join(
        [
            paragraph(
                f"Three blocks of {state['layers']} layers on 32 × 32, 16 × 16 and 8 × 8 pixels; {FIRST} maps enter,"
                f" and a transition keeps {kept} of the maps."
            ),
            wide(
                table(
                    "Maps of each block",
                    ["Block", "First layer reads", "Last layer reads", "Each makes", "Block ends with"],
                    maps,
                ),
                "Maps of each block",
            ),
            wide(
                table(
                    "Parameters, beside a residual net as deep and in each stage as wide as the block's end",
                    ["k, layers, kept", "Ends with", "Dense net", "Residual twin", "Times"],
                    rows,
                ),
                "Parameters",
            ),
        ]
    )
