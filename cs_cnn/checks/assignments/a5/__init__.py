"""Assignment 5: the blocks of which well-known nets are made, in PyTorch."""

from __future__ import annotations

from cs_cnn.checks.assignments.a5 import blocks, counting, learning, nets, training
from cs_cnn.checks.task import Task

TASKS: tuple[Task, ...] = (
    *counting.TASKS,
    *nets.TASKS,
    *blocks.TASKS,
    *training.TASKS,
    *learning.TASKS,
)
