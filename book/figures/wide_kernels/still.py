"""The still of MobileNet with wide kernels: what its steps cost, and what both kinds of convolution make of K."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import number, paragraph, table, wide

TITLE = "MobileNet with wide kernels"
HEIGHTS = (46.3, 46, 57, 58.5)
STATE: dict[str, Any] = {"kernel": 7, "width": 1, "size": 224}
MAPS = np.array(
    [32, 64, 128, 128, 256, 256, *(512,) * 6, 1024, 1024]
)  # of the first convolution and the blocks
SIDES = np.array([2, 2, 4, 4, 8, 8, *(16,) * 6, 32, 32])  # of the image, divided by that of the maps
CLASSES = 1000


def work(kernel: int, width: float, size: int) -> tuple[int, int, int, int]:
    """Return the multiply-adds: depthwise, pointwise, the whole network, and the usual one."""
    maps, places = MAPS * width, (size / SIDES) ** 2
    depthwise = (kernel**2 * maps[:-1] * places[1:]).sum()
    pointwise = (maps[:-1] * maps[1:] * places[1:]).sum()
    rest = 27 * maps[0] * places[0] + CLASSES * maps[-1]
    return tuple(
        round(each)
        for each in (depthwise, pointwise, depthwise + pointwise + rest, kernel**2 * pointwise + rest)
    )


def millions(value: float) -> str:
    """Write a count in millions."""
    return f"{number(round(value / 1e6, 1))} M"


def still(state: dict[str, Any]) -> str:
    """Write the work for several kernels, and for both multipliers."""
    width, size = state["width"], state["size"]
    rows = []
    for kernel in (3, 5, 7, 9, 11):
        depthwise, pointwise, whole, usual = work(kernel, width, size)
        costs = [millions(each) for each in (depthwise, pointwise, whole, usual)]
        formula = 1 / (512 * width) + 1 / kernel**2
        rows.append([f"{kernel} × {kernel}", *costs, f"{whole / usual:.3f}", f"{formula:.3f}"])
    head = ["Kernels", "Depthwise", "Pointwise", "Whole", "Usual", "Ratio", f"1/F + 1/K², F = {512 * width}"]
    knobs = [
        [number(each), *(millions(work(state["kernel"], each, pixels)[2]) for pixels in (224, 160, 96))]
        for each in (1, 0.75, 0.5, 0.25)
    ]
    three, seven = work(3, width, size), work(state["kernel"], width, size)
    side = f"{state['kernel']} × {state['kernel']}"
    return "\n".join(
        [
            wide(table(f"Multiply-adds of MobileNet on {size} × {size}", head, rows), "Work"),
            paragraph(
                f"From 3 × 3 to {side} kernels its work grows {seven[2] / three[2]:.2f} times, that of the usual"
                f" convolutions {seven[3] / three[3]:.1f} times."
            ),
            table(f"With {side} kernels, by width and resolution", ["Width", "224", "160", "96"], knobs),
        ]
    )
