"""The bank of known mistakes: wrong versions that students really write, each with a tutor's hint.

It is used three times: a test proves that every check rejects every mistake; a student whose results equal a mistake's
reads that mistake's hint; and statistics can count which mistakes a class made.
"""

from __future__ import annotations

from functools import lru_cache

from cs_cnn.checks.mistakes import a2_backward, a2_data, a2_forward, a2_loss, a2_neuron, a2_train
from cs_cnn.checks.mistakes.mistake import Mistake

_MODULES = (a2_neuron, a2_data, a2_forward, a2_loss, a2_backward, a2_train)


@lru_cache(maxsize=1)
def everything() -> tuple[Mistake, ...]:
    """Return every known mistake, in the order of the course."""
    return tuple(mistake for module in _MODULES for mistake in module.mistakes())


def bank(task: str) -> tuple[Mistake, ...]:
    """Return the known mistakes of one task; of two that explain the same parts, the first is named."""
    return tuple(mistake for mistake in everything() if mistake.task == task)


__all__ = ["Mistake", "bank", "everything"]
