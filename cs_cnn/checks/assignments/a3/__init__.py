"""Assignment 3: layers and training."""

from __future__ import annotations

from cs_cnn.checks.assignments.a3 import dropout, initialisation, layers, normalization, search, steps
from cs_cnn.checks.task import Task

TASKS: tuple[Task, ...] = (
    *layers.TASKS,
    *dropout.TASKS,
    *normalization.TASKS,
    *initialisation.TASKS,
    *steps.TASKS,
    *search.TASKS,
)
