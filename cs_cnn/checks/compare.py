"""Comparing a student's result with the right one: shape first, then values, and never fooled."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cs_cnn.gradcheck.causes import constant_ratio

TOLERANCE = 1e-5
"""Largest accepted difference, relative to the largest right entry: float32 passes, a wrong formula does not."""


class CheckIsBrokenError(Exception):
    """The comparison called a planted error right, so no verdict can be trusted."""


def as_array(value: Any) -> NDArray[np.float64] | None:
    """Return the value as a plain float64 array, or None when it is not numbers.

    Parameters
    ----------
    value : object
        A number, a list of numbers, an array. Subclasses of arrays lose their own ideas of comparison here.
    """
    if value is None or isinstance(value, (str, bytes, dict, set)):
        return None
    try:
        array = np.array(value, dtype=np.float64, copy=True, subok=False)
    except BaseException as error:  # an object may do anything when it is converted
        if isinstance(error, KeyboardInterrupt):
            raise
        return None
    return array


def within(actual: NDArray[np.float64], right: NDArray[np.float64], tolerance: float) -> bool:
    """Tell whether shapes are equal and every entry is finite and close, relative to the largest right entry."""
    if actual.shape != right.shape or not np.isfinite(actual).all():
        return False
    scale = max(float(np.abs(right).max(initial=0.0)), 1e-8)
    return bool(float(np.abs(actual - right).max(initial=0.0)) <= tolerance * scale)


def agrees(actual: NDArray[np.float64], right: NDArray[np.float64], tolerance: float = TOLERANCE) -> bool:
    """Compare like `within`, and prove on the spot that the comparison can say no.

    Raises
    ------
    CheckIsBrokenError
        When a copy of the right result with one entry changed, or with one axis more, is accepted too: then
        something this comparison rests on has been replaced.
    """
    if not within(actual, right, tolerance):
        return False
    planted = right.copy()
    planted.flat[-1] += max(10 * tolerance, 0.1) * max(float(abs(right).max(initial=0.0)), 1.0)
    if within(planted, right, tolerance) or within(right[None], right, tolerance):
        raise CheckIsBrokenError("a planted error passed the comparison")
    return True


def difference(actual: NDArray[np.float64], right: NDArray[np.float64], name: str) -> str:
    """Say in a sentence how a wrong result differs: shape, not finite, a constant factor, or the worst entry."""
    if actual.shape != right.shape:
        return f"{name} has shape {actual.shape}, expected {right.shape}."
    if not np.isfinite(actual).all():
        bad = int((~np.isfinite(actual)).sum())
        return (
            f"{name} is not finite: {bad} of {actual.size} entries are nan or infinite."
            if actual.ndim
            else (f"{name} is {float(actual)}.")
        )
    if not np.any(actual):
        return (
            f"{name} is zero everywhere." if actual.ndim else f"{name} is 0, expected {_short(float(right))}."
        )
    factor = _factor(actual, right)
    if factor is not None:
        return f"{name} is {factor} times the expected value" + (", in every entry." if actual.ndim else ".")
    if not actual.ndim:
        return f"{name} is {_short(float(actual))}, expected {_short(float(right))}."
    worst = np.unravel_index(int(np.argmax(np.abs(actual - right))), right.shape)
    place = ", ".join(str(int(index)) for index in worst)
    wrong = int((np.abs(actual - right) > TOLERANCE * max(float(np.abs(right).max()), 1e-8)).sum())
    return (
        f"{name} differs in {wrong} of {right.size} entries; the largest difference is at [{place}]: "
        f"yours {_short(float(actual[worst]))}, expected {_short(float(right[worst]))}."
    )


def _factor(actual: NDArray[np.float64], right: NDArray[np.float64]) -> str | None:
    """Return a telling constant factor between two results, such as ``-1`` or ``1/5``."""
    ratio = constant_ratio(actual, right, tolerance=1e-6)
    if ratio is None:
        return None
    for whole in range(1, 41):
        for value, text in ((whole, f"{whole}"), (-whole, f"-{whole}"), (1 / whole, f"1/{whole}")):
            if value != 1 and abs(ratio / value - 1) < 1e-5:
                return text
    return None


def _short(value: float) -> str:
    return f"{value:.4g}"


def same(a: Any, b: Any) -> bool:
    """Tell whether two results are the same for the purpose of recognising a mistake; nan equals nan."""
    first, second = as_array(a), as_array(b)
    if first is None or second is None or first.shape != second.shape:
        return False
    if not np.array_equal(np.isnan(first), np.isnan(second)):
        return False
    return bool(np.allclose(first, second, rtol=1e-4, atol=1e-7, equal_nan=True))
