"""Semantic segmentation: a class for every pixel, how good that is, and a small net that does it.

>>> import numpy as np
>>> from cs_cnn.segment import confusion, mean_iou, pixel_accuracy
>>> counts = confusion(np.array([[0, 0, 0, 1]]), np.array([[0, 0, 0, 0]]), classes=2)
>>> pixel_accuracy(counts), mean_iou(counts)
(0.75, 0.375)

Scenes with exact masks come from `compose`, and ``semantic()`` of the result names the class of every pixel. All of it
is NumPy but the modules `net` and `training`; they import PyTorch, and are not imported here.
"""

from __future__ import annotations

from cs_cnn.detect.scenes import Scenes, compose
from cs_cnn.segment.enlarging import bilinear_kernel, bilinear_weights
from cs_cnn.segment.scores import class_accuracy, confusion, iou_by_class, mean_iou, pixel_accuracy

__all__ = [
    "Scenes",
    "bilinear_kernel",
    "bilinear_weights",
    "class_accuracy",
    "compose",
    "confusion",
    "iou_by_class",
    "mean_iou",
    "pixel_accuracy",
]
