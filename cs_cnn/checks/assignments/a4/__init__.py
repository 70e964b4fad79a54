"""Assignment 4: convolution, pooling, and what they cost."""

from __future__ import annotations

from cs_cnn.checks.assignments.a4 import columns, conv, cost, equivalents, measuring, pooling, sizes
from cs_cnn.checks.task import Task

TASKS: tuple[Task, ...] = (
    *sizes.TASKS,
    *conv.TASKS_FORWARD,
    *measuring.TASKS,
    *conv.TASKS_BACKWARD,
    *pooling.TASKS,
    *columns.TASKS,
    *equivalents.TASKS,
    *cost.TASKS,
)
