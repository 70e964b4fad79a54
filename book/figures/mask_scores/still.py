"""The still of a painted mask: the truth, four masks and what accuracy and IoU say of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import grid, paragraph, side_by_side, table, wide

from cs_cnn.segment import confusion, iou_by_class, mean_iou, pixel_accuracy

TITLE = "A mask painted over the truth"
HEIGHTS = (35.3, 38.4, 65.2, 63.5)
NAMES = ("ground", "pullover", "bag")
TRUTH = """\
0000000000
0111111000
0111111000
0011110000
0011110000
0000000000
0000000000
0000000220
0000000220
0000000000
"""
PIXELS = [[int(k) for k in line] for line in TRUTH.splitlines()]
STATE: dict[str, Any] = {"truth": PIXELS, "called": PIXELS, "brush": 0}


def missed(truth: np.ndarray, what: str, k: int = 0) -> np.ndarray:
    """Call ground what is missed: a class, its lowest row, everything, or nothing."""
    rows = np.arange(len(truth))[:, None]
    lowest = rows[(truth == k).any(axis=1)].max()
    gone = {"class": truth == k, "row": (truth == k) & (rows == lowest), "all": truth >= 0}
    return np.where(gone.get(what, False), 0, truth)


def still(state: dict[str, Any]) -> str:
    """Write the truth as a grid, and what each of four masks scores."""
    truth = np.array(state["truth"])
    masks = {
        "all right": missed(truth, "nothing"),
        "bag missed": missed(truth, "class", 2),
        "a row of the pullover missed": missed(truth, "row", 1),
        "all called ground": missed(truth, "all"),
    }
    rows = []
    for name, called in masks.items():
        counts = confusion(truth, called, 3)
        values = [*iou_by_class(counts), mean_iou(counts)]
        rows.append([name, f"{pixel_accuracy(counts):.2f}", *(f"{value:.2f}" for value in values)])
    head = ["Mask", "Pixel accuracy", *(f"IoU of {name}" for name in NAMES), "Mean IoU"]
    return "\n".join(
        [
            paragraph(
                f"100 pixels: {(truth == 0).sum()} of the ground (0), {(truth == 1).sum()} of a pullover (1),"
                f" {(truth == 2).sum()} of a bag (2)."
            ),
            side_by_side(grid(truth, "What is there")),
            wide(table("Four masks", head, rows), "Four masks"),
            paragraph("Two of them have 4 wrong pixels each: the same accuracy, and quite another mean IoU."),
        ]
    )
