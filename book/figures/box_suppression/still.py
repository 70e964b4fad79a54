"""The still of boxes around two bags: what suppression does at one threshold, and what each threshold keeps."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import paragraph, table, wide

from cs_cnn.detect import hits, iou_matrix, non_maximum_suppression

TITLE = "Five boxes around two bags"
HEIGHTS = (39.8, 62.9, 58.3, 65.8)
NAMES = "ABCDE"
SCORES = np.array([0.9, 0.8, 0.7, 0.6, 0.5])
THRESHOLDS = [n / 10 for n in range(1, 10)]
STATE: dict[str, Any] = {
    "objects": [[2, 3, 10, 10], [10, 3, 18, 10]],
    "boxes": [[2, 2, 10, 9], [6, 3, 14, 10], [9, 3, 17, 10], [3, 3, 11, 10], [8, 3, 16, 10]],
    "threshold": 0.4,
    "moved": "bag",
}


def outcome(boxes: list[list[int]], objects: list[list[int]], threshold: float) -> tuple[int, int]:
    """Count the right and the wrong boxes among those that suppression keeps."""
    kept = non_maximum_suppression(boxes, SCORES, threshold)
    right = int(hits(np.array(boxes)[kept], SCORES[kept], objects).sum())
    return right, len(kept) - right


def still(state: dict[str, Any]) -> str:
    """Write the boxes with their overlaps, their fate at three thresholds, and the count at all of them."""
    boxes, objects = state["boxes"], state["objects"]
    among, bags = iou_matrix(boxes, boxes), iou_matrix(boxes, objects)
    rows = [
        [
            f"{name}, {score}",
            ", ".join(str(edge) for edge in boxes[n]),
            *(f"{value:.2f}" for value in (among[n, 0], among[n, 1], among[n, 2], *bags[n])),
        ]
        for n, (name, score) in enumerate(zip(NAMES, SCORES, strict=True))
    ]
    kept = [non_maximum_suppression(boxes, SCORES, t) for t in THRESHOLDS]
    counts = [outcome(boxes, objects, t) for t in THRESHOLDS]
    fates = [
        [t, ", ".join(NAMES[n] for n in places), right, wrong]
        for t, places, (right, wrong) in zip(THRESHOLDS, kept, counts, strict=True)
    ]
    head = ["Box, score", "Corners", "IoU with A", "with B", "with C", "left bag", "right bag"]
    return "\n".join(
        [
            paragraph(
                "The left bag fills the box 2, 3, 10, 10, the right bag 10, 3, 18, 10. B lies between"
                f" them. At threshold {state['threshold']} B is kept and strikes out C and E, the boxes of the"
                " right bag. At 0.2 B falls to A, strikes out nobody, and C stays."
            ),
            wide(table("The boxes", head, rows), "The boxes"),
            table("What each threshold keeps", ["Threshold", "Kept", "Right", "Wrong"], fates),
        ]
    )
