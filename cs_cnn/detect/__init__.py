"""Object detection: boxes, suppression, anchors, the grid of YOLO, average precision, and scenes to learn from.

>>> from cs_cnn.detect import iou_matrix, non_maximum_suppression
>>> iou_matrix([[0, 0, 2, 2]], [[1, 0, 3, 2]]).round(4)
array([[0.3333]])

All of it is NumPy but the modules of the nets, `yolo_loss`, `yolo_net`, `proposals` and `regions`; they import
PyTorch, and are not imported here.
"""

from __future__ import annotations

from cs_cnn.detect.anchors import anchor_grid, from_offsets, match, to_offsets
from cs_cnn.detect.boxes import area, clip, iou_matrix, to_centres, to_corners
from cs_cnn.detect.precision import (
    average_precision,
    hits,
    mean_average_precision,
    precision_recall,
    recall,
)
from cs_cnn.detect.roi_align import roi_align_backward, roi_align_forward
from cs_cnn.detect.scenes import Scenes, compose
from cs_cnn.detect.suppression import non_maximum_suppression
from cs_cnn.detect.yolo import Found, Objects, decode, encode

__all__ = [
    "Found",
    "Objects",
    "Scenes",
    "anchor_grid",
    "area",
    "average_precision",
    "clip",
    "compose",
    "decode",
    "encode",
    "from_offsets",
    "hits",
    "iou_matrix",
    "match",
    "mean_average_precision",
    "non_maximum_suppression",
    "precision_recall",
    "recall",
    "roi_align_backward",
    "roi_align_forward",
    "to_centres",
    "to_corners",
    "to_offsets",
]
