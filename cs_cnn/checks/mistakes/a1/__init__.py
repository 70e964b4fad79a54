"""Known mistakes in assignment 1, linear classifiers."""

from __future__ import annotations

from cs_cnn.checks.mistakes.a1 import hinge, measures, numerical, penalty, perceptron, softmax, train
from cs_cnn.checks.mistakes.mistake import Mistake


def mistakes() -> tuple[Mistake, ...]:
    """Return them in the order of the tasks."""
    modules = (perceptron, measures, numerical, softmax, penalty, hinge, train)
    return tuple(mistake for module in modules for mistake in module.mistakes())
