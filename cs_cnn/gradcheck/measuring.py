"""Measuring a gradient: moving every entry of the input a little, and watching the output."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

Function = Callable[[np.ndarray], Any]

_BEND = 1e-4
"""Smallest gap between the two one-sided slopes that is looked at, relative to the largest slope."""


def relative_error(a: np.ndarray | float, b: np.ndarray | float) -> float:
    """Compare two arrays of one shape by their largest difference, relative to their largest entry.

    Parameters
    ----------
    a, b : array_like
        Two results that should be equal.

    Returns
    -------
    float
        ``max |a - b| / max(|a|, |b|)``; 0 when both are zero or empty, infinite when the shapes differ or an
        entry is not finite.

    Examples
    --------
    >>> relative_error(np.array([1.0, 2.0]), np.array([1.0, 2.5]))
    0.2
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    if a.shape != b.shape or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return float("inf")
    largest = max(np.abs(a).max(initial=0), np.abs(b).max(initial=0))
    return float(np.abs(a - b).max(initial=0) / largest) if largest > 0 else 0.0


def numerical_gradient(
    f: Function, x: np.ndarray, dout: np.ndarray | float | None = None, *, step: float = 1e-5
) -> np.ndarray:
    """Measure a gradient by moving every entry of the input a little, both ways.

    Parameters
    ----------
    f : callable
        A function of one array that returns a number or an array.
    x : numpy.ndarray of float64
        The point at which to measure; it is as before when the function returns.
    dout : array_like, shape of ``f(x)``, optional
        Gradient of the loss with respect to ``f(x)``; 1 everywhere when left out.
    step : float
        How far to move, in the units of `x`: the error of the formula shrinks with the square of the step
        until rounding takes over.

    Returns
    -------
    numpy.ndarray, shape of x
        ``sum(dout * (f(x + step) - f(x - step))) / (2 * step)`` for every entry.

    Raises
    ------
    TypeError
        When `x` is not a float64 array: in float32 rounding would swamp the difference.

    Examples
    --------
    >>> numerical_gradient(lambda x: x**2, np.array([1.0, -3.0])).round(6)
    array([ 2., -6.])
    """
    if not isinstance(x, np.ndarray) or x.dtype != np.float64:
        got = x.dtype if isinstance(x, np.ndarray) else type(x).__name__
        raise TypeError(f"x must be an array of float64, got {got}; try np.asarray(x, float)")
    point, gradient = x.copy(), np.empty_like(x)
    for index in np.ndindex(*x.shape):
        above, below, reach = _both_ways(f, point, index, step)
        gradient[index] = _weighted(above - below, dout) / (2 * reach)
    return gradient


def _both_ways(
    f: Function, point: np.ndarray, index: tuple[int, ...], step: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return f with one entry moved up, with it moved down, and how far it was moved either way."""
    centre = point[index]
    reach = float(centre + step) - float(centre)  # not quite the step: large numbers are far apart
    values = []
    for moved in (centre + reach, centre - reach):
        point[index] = moved
        values.append(np.array(f(point), dtype=np.float64))  # a copy: f may return its argument
    point[index] = centre
    return values[0], values[1], reach


def _weighted(change: np.ndarray, dout: np.ndarray | float | None) -> float:
    return float(np.sum(change if dout is None else dout * change))


@dataclass(frozen=True)
class Slopes:
    """What one entry after the other was found to do.

    Attributes
    ----------
    gradient : numpy.ndarray, shape of x
        The central difference; 0 where it was not measured.
    known : numpy.ndarray of bool, shape of x
        Where it was measured and means something.
    kinks : list of (index, float, float)
        Entries that lie on a kink, with the slopes below and above.
    """

    gradient: np.ndarray
    known: np.ndarray
    kinks: list[tuple[tuple[int, ...], float, float]]


def slopes(
    f: Function, x: np.ndarray, dout: np.ndarray, entries: Iterable[tuple[int, ...]], *, step: float = 1e-5
) -> Slopes:
    """Measure the gradient at some entries, and find those where there is none.

    At a kink the slope below and the slope above an entry differ, and the central difference is their mean,
    which no backward function returns. A bend does that too, but in proportion to the step; so the suspects
    are measured again with a tenth of it.

    Parameters
    ----------
    f, x, dout, step
        As in `numerical_gradient`.
    entries : iterable of tuple of int
        Where to measure.

    Returns
    -------
    Slopes
    """
    point, centre = x.copy(), np.array(f(x.copy()), np.float64)

    def one_sided(index: tuple[int, ...], distance: float) -> tuple[float, float]:
        above, below, reach = _both_ways(f, point, index, distance)
        return _weighted(centre - below, dout) / reach, _weighted(above - centre, dout) / reach

    sides = {index: one_sided(index, step) for index in entries}
    gradient, known, kinks = np.zeros_like(x), np.zeros(x.shape, bool), []
    steepest = max((abs(side) for both in sides.values() for side in both if np.isfinite(side)), default=0.0)
    for index, (below, above) in sides.items():
        gradient[index], known[index] = (below + above) / 2, True
        gap = abs(above - below)
        if np.isfinite(gap) and gap > _BEND * steepest:
            nearer = one_sided(index, step / 10)
            if not 0.05 < abs(nearer[1] - nearer[0]) / gap < 0.2:
                known[index] = False
                kinks.append((index, below, above))
    return Slopes(gradient, known, kinks)


@dataclass(frozen=True)
class Evidence:
    """What tells the causes of a wrong gradient apart; each array has the shape of x unless stated.

    Attributes
    ----------
    unweighted : numpy.ndarray
        The gradient for an upstream gradient of ones.
    by_example : numpy.ndarray or None, shape (N, *x.shape)
        How much each example's output contributes; None when the output has no axis of examples.
    one_part : numpy.ndarray of bool
        Where the gradient to judge is zero, or what a single place of the output contributes.
    many_parts : numpy.ndarray of bool
        Where several places of the output contribute.
    """

    unweighted: np.ndarray
    by_example: np.ndarray | None
    one_part: np.ndarray
    many_parts: np.ndarray


def gather(
    f: Function, x: np.ndarray, dout: np.ndarray, got: np.ndarray, known: np.ndarray, *, step: float = 1e-5
) -> Evidence:
    """Measure once more, and keep how the output's places share in each entry.

    Parameters
    ----------
    f, x, dout, step
        As in `numerical_gradient`.
    got : numpy.ndarray, shape of x
        The gradient to judge.
    known : numpy.ndarray of bool, shape of x
        Where to measure.

    Returns
    -------
    Evidence
    """
    point, n = x.copy(), len(dout) if dout.ndim else 0
    unweighted, by_example = np.zeros_like(x), np.zeros((n, *x.shape))
    one_part, many_parts = np.zeros(x.shape, bool), np.zeros(x.shape, bool)
    close = 1e-7 * np.abs(got[known]).max(initial=0)
    for index in zip(*np.nonzero(known), strict=True) if x.ndim else [()]:
        above, below, reach = _both_ways(f, point, index, step)
        change = (above - below) / (2 * reach)
        parts = dout * change
        unweighted[index] = change.sum()
        if n:
            by_example[(slice(None), *index)] = parts.reshape(n, -1).sum(axis=1)
        # One place of the output: one number, or all channels (axis 1) of one position.
        places = [parts, parts.sum(axis=1)] if parts.ndim > 1 else [parts]
        one_part[index] = got[index] == 0 or any((np.abs(p - got[index]) <= close).any() for p in places)
        many_parts[index] = np.count_nonzero(parts) > 1
    return Evidence(unweighted, by_example if n else None, one_part, many_parts)
