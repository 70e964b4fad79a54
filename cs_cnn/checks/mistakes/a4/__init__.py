"""Known mistakes in assignment 4, convolution."""

from __future__ import annotations

from cs_cnn.checks.mistakes.a4 import (
    backward,
    columns,
    conv,
    cost,
    equivalents,
    measuring,
    pooling,
    sizes,
)
from cs_cnn.checks.mistakes.mistake import Mistake


def mistakes() -> tuple[Mistake, ...]:
    """Return them in the order of the tasks."""
    modules = (sizes, conv, measuring, backward, pooling, columns, equivalents, cost)
    return tuple(mistake for module in modules for mistake in module.mistakes())
