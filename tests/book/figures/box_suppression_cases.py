"""Cases of the boxes around two bags, answered by cs_cnn.detect."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from cs_cnn.detect import area, hits, iou_matrix, non_maximum_suppression

Case = tuple[str, list[Any], Any]
THRESHOLDS = [n / 10 for n in range(1, 10)]
BAGS = [[2, 3, 10, 10], [10, 3, 18, 10]]
FIRST = [[2, 2, 10, 9], [6, 3, 14, 10], [9, 3, 17, 10], [3, 3, 11, 10], [8, 3, 16, 10]]


def scenes() -> Iterable[tuple[list[list[int]], list[list[int]]]]:
    """Give the first scene, the right bag moved to the left, and boxes at random."""
    rng = np.random.default_rng(0)
    for left in (0, 1, 4, 6, 8):
        boxes = [
            [x1 - left, y1, x2 - left, y2] if n in (1, 2, 4) else [x1, y1, x2, y2]
            for n, (x1, y1, x2, y2) in enumerate(FIRST)
        ]
        yield boxes, [BAGS[0], [10 - left, 3, 18 - left, 10]]
    for _ in range(10):
        starts = rng.integers(0, 8, (7, 2))
        corners = np.hstack([starts, starts + rng.integers(1, 9, (7, 2))]).tolist()
        yield corners[:5], corners[5:]


def cases() -> Iterable[Case]:
    """Yield calls of the module's functions with the library's answers."""
    scores = np.arange(5, 0, -1)
    yield "overlap", [[1, 1, 5, 4], [3, 2, 9, 5]], {"across": 2, "down": 2, "shared": 4, "union": 26}
    yield "overlap", [[0, 0, 2, 2], [5, 6, 7, 8]], {"across": 0, "down": 0, "shared": 0, "iou": 0}
    for boxes, objects in scenes():
        every = iou_matrix(boxes, boxes)
        for n in range(5):
            wanted = {"iou": every[0, n], "first": area(boxes)[0], "second": area(boxes)[n]}
            yield "overlap", [boxes[0], boxes[n]], wanted
        for threshold in THRESHOLDS:
            kept = non_maximum_suppression(boxes, scores, threshold)
            yield "suppress", [boxes, threshold], [{"kept": n in kept} for n in range(5)]
            right = hits(np.array(boxes)[kept], scores[kept], objects)
            yield (
                "outcome",
                [boxes, objects, threshold],
                {"right": int(right.sum()), "wrong": int((~right).sum())},
            )
    struck = [{"kept": True, "rival": None}, {"kept": True, "rival": 0}, {"kept": False, "rival": 1}]
    yield "suppress", [FIRST[:3], 0.4], struck
    yield "suppress", [FIRST[:3], 0.2], [{"kept": True}, {"kept": False, "rival": 0}, {"kept": True}]
    yield "verdicts", [[BAGS[0], FIRST[1], FIRST[0], BAGS[1]], BAGS], ["right", "nothing", "twice", "right"]
