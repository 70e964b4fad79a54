"""Assignment 1: linear classifiers."""

from __future__ import annotations

from cs_cnn.checks.assignments.a1 import losses, measures, penalty, perceptron, train
from cs_cnn.checks.task import Task

TASKS: tuple[Task, ...] = (
    *perceptron.TASKS,
    *measures.TASKS,
    *losses.SOFTMAX_TASKS,
    *penalty.TASKS,
    *losses.SVM_TASKS,
    *train.TASKS,
)
