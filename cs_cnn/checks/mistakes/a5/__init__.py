"""Known mistakes in assignment 5, architectures; none of these modules imports PyTorch before a mistake is run."""

from __future__ import annotations

from cs_cnn.checks.mistakes.a5 import blocks, cost, counting, learning, nets, training
from cs_cnn.checks.mistakes.mistake import Mistake


def mistakes() -> tuple[Mistake, ...]:
    """Return them in the order of the tasks."""
    modules = (counting, nets, cost, blocks, training, learning)
    return tuple(mistake for module in modules for mistake in module.mistakes())
