"""Known mistakes in assignment 3, layers and training."""

from __future__ import annotations

from cs_cnn.checks.mistakes.a3 import (
    adaptive,
    affine,
    batch_norm,
    bends,
    diary,
    dropout,
    initialisation,
    momentum,
    search,
)
from cs_cnn.checks.mistakes.mistake import Mistake


def mistakes() -> tuple[Mistake, ...]:
    """Return them in the order of the tasks."""
    modules = (affine, bends, dropout, diary, batch_norm, initialisation, momentum, adaptive, search)
    return tuple(mistake for module in modules for mistake in module.mistakes())
