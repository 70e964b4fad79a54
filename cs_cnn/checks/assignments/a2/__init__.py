"""Assignment 2: a two-layer network from scratch."""

from __future__ import annotations

from cs_cnn.checks.assignments.a2 import data, net, neuron, train
from cs_cnn.checks.task import Task

TASKS: tuple[Task, ...] = (*neuron.TASKS, *data.TASKS, *net.TASKS, *train.TASKS)
