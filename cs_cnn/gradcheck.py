"""Gradient checking: whether the backward code is the derivative of the forward code.

A backward function is right when it agrees with what happens if every input is moved a little. The check is
made in float64, entry by entry, and a failure says which argument and entry is wrong and what it looks like.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

TOLERANCE = 1e-7
"""Largest relative error of a right gradient: central differences in float64 leave about 1e-9."""

# Not 0, which everybody's data starts from: with dout equal to x the gradient x.T @ dout is symmetric, and a
# transposed one would pass.
_UPSTREAM_SEED = 0x5EED


class GradientError(AssertionError):
    """A gradient differs from the numerical one; the message is the report of the check."""


@dataclass(frozen=True)
class Line:
    """The verdict on one gradient.

    Attributes
    ----------
    name : str
        The argument whose gradient it is.
    ok : bool
    error : float
        Relative error, see `relative_error`; infinite when the shapes differ.
    message : str
        One sentence: what agrees, or where it differs and what that looks like.
    cause : str
        Short name of the likely cause, such as ``"ratio"`` or ``"border"``; empty when there is none.
    """

    name: str
    ok: bool
    error: float
    message: str
    cause: str = ""


@dataclass(frozen=True)
class Report:
    """The verdicts on all gradients of a layer.

    Attributes
    ----------
    lines : tuple of Line
        One for every gradient checked.
    """

    lines: tuple[Line, ...]

    @property
    def ok(self) -> bool:
        """Whether every gradient is right."""
        return all(line.ok for line in self.lines)

    def __str__(self) -> str:
        return "\n".join(textwrap.fill(line.message, 96, subsequent_indent="    ") for line in self.lines)

    def raise_if_wrong(self) -> None:
        """Raise when a gradient is wrong.

        Raises
        ------
        GradientError
            With the whole report as its message.
        """
        if not self.ok:
            raise GradientError(str(self))


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
    f: Callable[[np.ndarray], Any],
    x: np.ndarray,
    dout: np.ndarray | float | None = None,
    *,
    step: float = 1e-5,
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
        centre = point[index]
        values = []
        for moved in (centre + step, centre - step):
            point[index] = moved
            values.append(np.array(f(point), dtype=np.float64))  # a copy: f may return its argument
        point[index] = centre
        change = values[0] - values[1]
        gradient[index] = np.sum(change if dout is None else dout * change) / (2 * step)
    return gradient


def check(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    arrays: Mapping[str, np.ndarray],
    *,
    wrt: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
    rng: np.random.Generator | None = None,
    tolerance: float = TOLERANCE,
) -> Report:
    """Check every gradient that a backward function returns.

    Parameters
    ----------
    forward : callable
        ``forward(*arrays, **options) -> out, cache``.
    backward : callable
        ``backward(dout, cache)``: one gradient for each name in `wrt`, or a bare array when there is one.
    arrays : mapping of str to numpy.ndarray
        The arguments by name, in the order in which `forward` takes them.
    wrt : sequence of str, optional
        The arguments that have a gradient, in the order in which `backward` returns them. All arrays of
        floating-point numbers when left out.
    options : mapping, optional
        Keyword arguments of `forward`.
    rng : numpy.random.Generator, optional
        Source of the upstream gradient; with a seed of its own when left out.
    tolerance : float
        Largest relative error that counts as right.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        When `wrt` names no array, or `backward` returns another number of gradients.

    Examples
    --------
    >>> from cs_cnn.layers import affine_backward, affine_forward
    >>> rng = np.random.default_rng(0)
    >>> arrays = {"x": rng.normal(size=(4, 3)), "w": rng.normal(size=(3, 2)), "b": rng.normal(size=2)}
    >>> check(affine_forward, affine_backward, arrays).ok
    True
    >>> def averaged(dout, cache):
    ...     dx, dw, db = affine_backward(dout, cache)
    ...     return dx, dw / len(dx), db
    >>> print(check(affine_forward, averaged, arrays).lines[1].message)
    dw is wrong: at (..., ...) expected ..., got ...; every entry is 0.25 times the expected one, which is
    1 over the number of examples: the mean over the batch belongs to the loss, a layer only adds up
    """
    wrt = (
        list(wrt)
        if wrt is not None
        else [n for n, a in arrays.items() if np.issubdtype(a.dtype, np.floating)]
    )
    if missing := [name for name in wrt if name not in arrays]:
        raise ValueError(f"wrt names {missing[0]!r}, but the arrays are {', '.join(arrays)}")
    rng = rng or np.random.default_rng(_UPSTREAM_SEED)
    options = dict(options or {})
    inputs = {
        name: np.array(a, np.float64) if np.issubdtype(a.dtype, np.floating) else np.array(a)
        for name, a in arrays.items()
    }
    before = {name: a.copy() for name, a in inputs.items()}
    out, cache = forward(*inputs.values(), **options)
    # An upstream gradient of ones would hide a backward that forgets it.
    dout = np.asarray(rng.normal(size=np.shape(out)))
    gradients = backward(dout.copy() if dout.ndim else float(dout), cache)
    gradients = gradients if isinstance(gradients, tuple) else (gradients,)
    if len(gradients) != len(wrt):
        raise ValueError(
            f"backward must return {len(wrt)} gradients ({', '.join(wrt)}), got {len(gradients)}"
        )
    lines = []
    for name, gradient in zip(wrt, gradients, strict=True):

        def moved(value: np.ndarray, name: str = name) -> Any:
            return forward(
                *({n: a.copy() for n, a in before.items()} | {name: value.copy()}).values(), **options
            )[0]

        expected = numerical_gradient(moved, before[name], dout)
        lines.append(compare(name, gradient, expected, n_examples=len(before[wrt[0]]), tolerance=tolerance))
    for name, a in inputs.items():
        if not np.array_equal(a, before[name]):
            lines.append(
                Line(name, False, float("inf"), f"{name} was changed in place: work on a copy", "in place")
            )
    return Report(tuple(lines))


def compare(
    name: str, got: Any, expected: np.ndarray, *, n_examples: int | None = None, tolerance: float = TOLERANCE
) -> Line:
    """Compare one gradient with the expected one, and describe the difference.

    Parameters
    ----------
    name : str
        The argument, such as ``"w"``; the gradient is called ``"dw"`` in the message.
    got : array_like
        The gradient to judge.
    expected : numpy.ndarray
        The right one.
    n_examples : int, optional
        Size of the batch, to recognise a mean where a sum was due.
    tolerance : float
        Largest relative error that counts as right.

    Returns
    -------
    Line
    """
    title = f"d{name}"
    got = np.asarray(got)
    if got.shape != expected.shape:
        message = f"{title} must have the shape of {name}, {expected.shape}, got {got.shape}"
        return Line(name, False, float("inf"), message, "shape")
    error = relative_error(got, expected)
    if error <= tolerance:
        return Line(name, True, error, f"{title} is right: relative error {error:.0e}")
    difference = np.abs(got - expected)
    worst = np.unravel_index(np.argmax(np.where(np.isfinite(difference), difference, np.inf)), expected.shape)
    where = f"at {tuple(int(i) for i in worst)} " if expected.ndim else ""
    cause, sentence = _likely_cause(got, expected, n_examples)
    message = f"{title} is wrong: {where}expected {expected[worst]:.6g}, got {got[worst]:.6g}"
    return Line(name, False, error, message + (f"; {sentence}" if sentence else ""), cause)


def _likely_cause(got: np.ndarray, expected: np.ndarray, n_examples: int | None) -> tuple[str, str]:
    """Recognise the usual ways in which a gradient is wrong; the most telling one first."""
    close = 1e-5
    if not np.isfinite(got).all():
        return "not finite", "some entries are not finite: look for a division by 0 or an overflow in exp"
    if not got.any():
        return "zero", "every entry is zero: nothing is ever added to it"
    if relative_error(-got, expected) < close:
        return "sign", "only the sign is wrong"
    scale = float((got * expected).sum() / (expected**2).sum()) if expected.any() else 0.0
    # One number is always some multiple of another; two or more in proportion are a pattern.
    several = np.count_nonzero(expected) > 1
    if several and scale and relative_error(got, scale * expected) < close:
        sentence = f"every entry is {scale:.4g} times the expected one"
        if n_examples and n_examples > 1 and np.isclose(scale * n_examples, 1, rtol=1e-4):
            sentence += (
                ", which is 1 over the number of examples: the mean over the batch belongs to the loss,"
                " a layer only adds up"
            )
        return "ratio", sentence
    if got.ndim == 2 and got.shape[0] == got.shape[1] and relative_error(got.T, expected) < close:
        return "transposed", "it is the transpose of the expected one"
    wrong = np.abs(got - expected) > close * np.abs(expected).max()
    if got.ndim == 4 and min(got.shape[2:]) > 2 and not wrong[:, :, 1:-1, 1:-1].any():
        return "border", "only the border is wrong: look at the padding"
    return "", f"{int(wrong.sum())} of {wrong.size} entries differ"
