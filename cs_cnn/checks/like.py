"""For the exercises of the book: an own function against a known one, with a sentence that says what differs."""

from __future__ import annotations

import copy
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cs_cnn.checks.compare import agrees, as_array, difference
from cs_cnn.checks.running import plain

_WIDTH = 76


@dataclass(frozen=True)
class Likeness:
    """What `check_like` found; it shows itself as a sentence.

    Attributes
    ----------
    ok : bool
        Whether every case agrees.
    message : str
        What was found, in a sentence or two.
    """

    ok: bool
    message: str

    def __repr__(self) -> str:
        return textwrap.fill(self.message, _WIDTH)


def check_like(
    function: Callable[..., Any], known: Callable[..., Any], cases: Sequence[Sequence[Any]]
) -> Likeness:
    """Compare an own function with a known one.

    Parameters
    ----------
    function : callable
        The function to check.
    known : callable
        One that gives the right result, a number or an array, for the same arguments.
    cases : sequence of tuple
        Arguments, one tuple for each call. Both functions get copies.

    Returns
    -------
    Likeness
        The first case that differs decides the sentence.

    Examples
    --------
    >>> check_like(lambda x: 2 * x, lambda x: x + x, [(1.0,), (np.ones(3),)])
    Right: the same results in 2 cases.
    >>> check_like(lambda x: x.sum(axis=0), lambda x: x.mean(axis=0), [(np.arange(6.0).reshape(3, 2),)])
    Not yet: the result is 3 times the expected value, in every entry.
    """
    name = getattr(function, "__name__", "the function")
    name = "the function" if name == "<lambda>" else name
    for number, arguments in enumerate(cases, 1):
        right = as_array(known(*copy.deepcopy(arguments)))
        if right is None:
            raise ValueError(
                f"known must return a number or an array, and returned something else in case {number}"
            )
        case = "" if number == 1 else f" in case {number}"
        given = copy.deepcopy(arguments)
        try:
            result = function(*given)
        except NotImplementedError:
            return Likeness(False, f"Not yet: {name} is not written.")
        except Exception as error:
            reason = f"{type(error).__name__}: {plain(error)}"
            return Likeness(False, f"Not yet: {name} stopped{case} with {reason}")
        if result is None or result is Ellipsis:
            shape = f"an array of shape {right.shape}" if right.ndim else "a number"
            return Likeness(False, f"Not yet: {name} returned None, expected {shape}; is its return missing?")
        actual = as_array(result)
        if actual is None:
            kind = type(result).__name__
            return Likeness(False, f"Not yet: {name} returned a {kind}, expected numbers.")
        if not agrees(actual, right):
            return Likeness(False, f"Not yet{case}: {difference(actual, right, 'the result')}")
        if any(_differ(before, after) for before, after in zip(arguments, given, strict=True)):
            return Likeness(
                False, f"Almost: the result is right, but {name} changed its arguments; work on a copy."
            )
    return Likeness(True, f"Right: the same results in {len(cases)} case{'s' if len(cases) > 1 else ''}.")


def _differ(before: Any, after: Any) -> bool:
    """Tell whether an array was changed."""
    return isinstance(before, np.ndarray) and not np.array_equal(before, after)
