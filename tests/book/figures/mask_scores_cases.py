"""Cases of the painted mask, answered by cs_cnn.segment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from cs_cnn.segment import confusion, iou_by_class, mean_iou, pixel_accuracy

Case = tuple[str, list[Any], Any]


def cases() -> Iterable[Case]:
    """Yield calls of the module's functions with the library's answers."""
    rng = np.random.default_rng(0)
    for classes, share in ((2, 0.2), (3, 0.0), (3, 0.5), (4, 0.9)):
        truth = rng.integers(0, classes, (5, 6))
        called = np.where(rng.random(truth.shape) < share, rng.integers(0, classes, truth.shape), truth)
        counts = confusion(truth, called, classes)
        yield "confusion", [truth.tolist(), called.tolist(), classes], counts.tolist()
        wanted = {
            "accuracy": pixel_accuracy(counts),
            "mean": mean_iou(counts),
            "parts": [{"iou": value} for value in iou_by_class(counts)],
        }
        yield "scores", [counts.tolist()], wanted
    chapter = {"accuracy": 10 / 12, "parts": [{"shared": 7, "union": 9}, {"shared": 3, "union": 5}]}
    yield "scores", [[[7, 1], [1, 3]]], chapter
    gone = [[5, 0, 0], [1, 2, 0], [0, 0, 0]]  # the third class is neither there nor called so
    left_out = {"mean": mean_iou(gone), "parts": [{"iou": 5 / 6}, {"iou": 2 / 3}, {"iou": None}]}
    yield "scores", [gone], left_out
    truth = [[0, 1, 1], [2, 1, 1], [2, 0, 0]]
    yield "missed", [truth, "nothing", 0], truth
    yield "missed", [truth, "class", 2], [[0, 1, 1], [0, 1, 1], [0, 0, 0]]
    yield "missed", [truth, "row", 1], [[0, 1, 1], [2, 0, 0], [2, 0, 0]]
    yield "missed", [truth, "all", 0], [[0] * 3] * 3
