"""One known mistake."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mistake:
    """A wrong version that students really write, and what a tutor would say.

    Attributes
    ----------
    name : str
        Unique within its task, such as ``"relu_on_scores"``.
    task : str
    functions : mapping of str to callable
        Every function of the task, with the mistake in one of them.
    loses : tuple of str
        The parts it costs.
    hint : str
        A question or a fact that leads on. It never gives the answer.
    section : str
        Where the book explains it; the task's own section when empty.
    told_by_check : bool
        The check itself tells this mistake from its symptoms, since results with free choices (random
        numbers, settings) cannot be compared.
    like : tuple of str
        Mistakes whose results cannot be told from this one's; the hint may be theirs.
    """

    name: str
    task: str
    functions: Mapping[str, Callable[..., Any]]
    loses: tuple[str, ...]
    hint: str
    section: str = ""
    told_by_check: bool = False
    like: tuple[str, ...] = ()
