"""Known mistakes in assignment 2, a two-layer network from scratch."""

from __future__ import annotations

from cs_cnn.checks.mistakes.a2 import backward, data, forward, loss, neuron, train
from cs_cnn.checks.mistakes.mistake import Mistake


def mistakes() -> tuple[Mistake, ...]:
    """Return them in the order of the tasks."""
    modules = (neuron, data, forward, loss, backward, train)
    return tuple(mistake for module in modules for mistake in module.mistakes())
