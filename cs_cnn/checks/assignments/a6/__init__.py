"""Assignment 6, inside and beyond: looking into nets, and asking them for more than a class."""

from __future__ import annotations

from cs_cnn.checks.assignments.a6 import boxes, deconvnet, lesion, saliency, style, transfer, yolo
from cs_cnn.checks.task import Task

TASKS: tuple[Task, ...] = (
    *saliency.TASKS,
    *deconvnet.TASKS,
    *style.TASKS,
    *transfer.TASKS,
    *boxes.TASKS,
    *yolo.TASKS,
    *lesion.TASKS,
)
