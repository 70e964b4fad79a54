"""The bank of known mistakes: wrong versions that students really write, each with a tutor's hint.

It is used three times: a test proves that every check rejects every mistake; a student whose results equal a mistake's
reads that mistake's hint; and statistics can count which mistakes a class made. There is one folder per assignment.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from cs_cnn.checks.mistakes.mistake import Mistake

_ASSIGNMENTS = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)


@cache
def _of(assignment: str) -> tuple[Mistake, ...]:
    if assignment not in _ASSIGNMENTS:
        return ()
    return tuple(importlib.import_module(f"{__name__}.{assignment}").mistakes())


def everything() -> tuple[Mistake, ...]:
    """Return every known mistake, in the order of the course."""
    return tuple(mistake for name in _ASSIGNMENTS for mistake in _of(name))


def bank(task: str) -> tuple[Mistake, ...]:
    """Return the known mistakes of one task; of two that explain the same parts, the first is named."""
    return tuple(mistake for mistake in _of(task.split(".")[0]) if mistake.task == task)


__all__ = ["Mistake", "bank", "everything"]
