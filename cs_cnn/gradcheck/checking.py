"""The check: every gradient of a backward function against the measured one."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cs_cnn.gradcheck.causes import likely_cause, wrong_shape
from cs_cnn.gradcheck.measuring import Evidence, Slopes, gather, relative_error, slopes
from cs_cnn.gradcheck.report import TOLERANCE, Line, Report

# Not 0, which everybody's data starts from: with dout equal to x the gradient x.T @ dout is symmetric, and a
# transposed one would pass.
_UPSTREAM_SEED = 0x5EED


def check(
    forward: Callable[..., Any],
    backward: Callable[..., Any],
    arrays: Mapping[str, np.ndarray],
    *,
    wrt: Sequence[str] | None = None,
    options: Mapping[str, Any] | None = None,
    rng: np.random.Generator | None = None,
    tolerance: float = TOLERANCE,
    max_entries: int | None = 1000,
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
        Keyword arguments of `forward`. Every call gets a copy, so that a random generator among them draws
        the same numbers each time.
    rng : numpy.random.Generator, optional
        Source of the upstream gradient, and of the entries where not all are measured; with a seed of its own
        when left out.
    tolerance : float
        Largest relative error that counts as right.
    max_entries : int or None
        How many entries of one array are measured at most, drawn at random where there are more; the report
        says so. None measures all.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        When `wrt` names no array, `backward` returns another number of gradients, or `forward` returns
        something else when it is called again.

    Notes
    -----
    At a kink, such as a ReLU's at 0, there is no gradient to compare with. Such entries are left out and
    named; a line of which nothing is left is not ok.

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
    wrt = _names(arrays, wrt)
    rng = rng or np.random.default_rng(_UPSTREAM_SEED)
    inputs = {
        name: np.array(a, np.float64) if np.issubdtype(a.dtype, np.floating) else np.array(a)
        for name, a in arrays.items()
    }
    before = {name: a.copy() for name, a in inputs.items()}

    def call(values: Mapping[str, np.ndarray]) -> Any:
        return forward(*values.values(), **copy.deepcopy(dict(options or {})))

    out, cache = call(inputs)
    out, changed = np.array(out, np.float64), _changed(inputs, before, "forward")
    # An upstream gradient of ones would hide a backward that forgets it.
    dout = np.asarray(rng.normal(size=out.shape))
    given = {"dout": dout.copy()}
    gradients = backward(given["dout"] if dout.ndim else float(dout), cache)
    changed = _changed(inputs | given, before | {"dout": dout}, "backward") | changed
    again = np.array(call({n: a.copy() for n, a in before.items()})[0], np.float64)
    if again.shape != out.shape or not np.allclose(again, out, rtol=1e-9, atol=1e-12, equal_nan=True):
        raise ValueError(
            "forward must return the same for the same arguments, and returned something else the second time;"
            " give it a seed or a generator in options if it draws random numbers"
        )
    lines = []
    for name, gradient in zip(wrt, _as_sequence(gradients, wrt), strict=True):

        def moved(value: np.ndarray, name: str = name) -> Any:
            return call({n: a.copy() for n, a in before.items()} | {name: value.copy()})[0]

        found = slopes(moved, before[name], dout, _entries(before[name], max_entries, rng))
        counts = _counts(before[wrt[0]], out)
        line = _judge(name, gradient, found, counts, tolerance)
        if not line.ok and np.shape(gradient) == before[name].shape and found.known.any():
            evidence = gather(moved, before[name], dout, np.asarray(gradient), found.known)
            line = _judge(name, gradient, found, counts, tolerance, evidence)
        lines.append(line)
    for name, by in changed.items():
        lines.append(
            Line(
                name, False, float("inf"), f"{name} was changed in place by {by}: work on a copy", "in place"
            )
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
    found = Slopes(np.asarray(expected, float), np.ones(np.shape(expected), bool), [])
    return _judge(name, got, found, {"examples": n_examples} if n_examples else {}, tolerance)


def _judge(
    name: str,
    got: Any,
    found: Slopes,
    counts: Mapping[str, int],
    tolerance: float,
    evidence: Evidence | None = None,
) -> Line:
    """Write the line about one gradient."""
    title, expected, known = f"d{name}", found.gradient, found.known
    try:
        got = np.asarray("" if got is None else got, float)  # NumPy would read None as nan
    except (TypeError, ValueError):
        message = f"{title} must be an array of numbers, got {type(got).__name__}"
        return Line(name, False, float("inf"), message, "missing")
    if got.shape != expected.shape:
        cause = wrong_shape(got, expected, known)
        message = f"{title} must have the shape of {name}, {expected.shape}, got {got.shape}"
        return Line(name, False, float("inf"), message + (cause.clause and f"; {cause.clause}"), cause.name)
    kinks = _about_kinks(name, found.kinks)
    if known.size and not known.any():
        return Line(name, False, float("inf"), f"{title} could not be checked; {kinks}", "kink")
    error = relative_error(got[known], expected[known]) if np.isfinite(got).all() else float("inf")
    measured = int(known.sum()) + len(found.kinks)
    some = f" (in {measured} of {known.size} entries, drawn at random)" if measured < known.size else ""
    if error <= tolerance:
        message = f"{title} is right: relative error {error:.0e}{some}" + (kinks and f"; {kinks}")
        return Line(name, True, error, message, "kink" if kinks else "")
    difference = np.where(known, np.abs(got - expected), 0)
    difference[~np.isfinite(got) | ~np.isfinite(difference)] = np.inf
    worst = np.unravel_index(np.argmax(difference), expected.shape)
    where = f"at {_place(worst)} " if expected.ndim else ""
    right = f"expected {expected[worst]:.6g}, " if known[worst] else ""
    cause = likely_cause(got, expected, known, counts, evidence)
    clauses = [f"{title} is wrong: {where}{right}got {got[worst]:.6g}", cause.clause + some, kinks]
    return Line(name, False, error, "; ".join(clause for clause in clauses if clause), cause.name)


def _names(arrays: Mapping[str, np.ndarray], wrt: Sequence[str] | None) -> list[str]:
    """Return the arguments that have a gradient."""
    if wrt is None:
        return [name for name, a in arrays.items() if np.issubdtype(a.dtype, np.floating)]
    if missing := [name for name in wrt if name not in arrays]:
        raise ValueError(f"wrt names {missing[0]!r}, but the arrays are {', '.join(arrays)}")
    return list(wrt)


def _as_sequence(gradients: Any, wrt: Sequence[str]) -> tuple[Any, ...]:
    """Read what a backward function returned: several gradients, or a bare one."""
    if not isinstance(gradients, (tuple, list)) or (isinstance(gradients, list) and len(wrt) == 1):
        gradients = (gradients,)
    if len(gradients) != len(wrt):
        raise ValueError(
            f"backward must return {len(wrt)} gradients ({', '.join(wrt)}), got {len(gradients)}"
        )
    return tuple(gradients)


def _changed(arrays: Mapping[str, np.ndarray], before: Mapping[str, np.ndarray], by: str) -> dict[str, str]:
    """Return the arguments that are no longer what they were, each with who changed it."""
    return {
        n: by for n, a in arrays.items() if not np.array_equal(a, before[n], equal_nan=a.dtype.kind == "f")
    }


def _entries(x: np.ndarray, max_entries: int | None, rng: np.random.Generator) -> list[tuple[int, ...]]:
    """Return the indices to measure: all, or a sample."""
    if max_entries is None or x.size <= max_entries:
        return list(np.ndindex(*x.shape))
    chosen = np.sort(rng.choice(x.size, max_entries, replace=False))
    return [tuple(int(i) for i in np.unravel_index(entry, x.shape)) for entry in chosen]


def _counts(first: np.ndarray, out: np.ndarray) -> dict[str, int]:
    """Return the numbers over which somebody may have averaged."""
    counts = {"examples": len(first) if first.ndim else 1, "numbers in the output": out.size}
    if out.ndim > 2:
        counts["positions of one example"] = int(np.prod(out.shape[2:]))
    if out.ndim > 1:
        counts["numbers in the output of one example"] = int(np.prod(out.shape[1:]))
    return counts


def _about_kinks(name: str, kinks: Sequence[tuple[tuple[int, ...], float, float]]) -> str:
    """Say where there is no gradient."""
    if not kinks:
        return ""
    index, below, above = kinks[0]
    entry = f"{name}[{', '.join(str(int(i)) for i in index)}]" if index else name
    more = f" (and {len(kinks) - 1} more of its entries)" if len(kinks) > 1 else ""
    return (
        f"{entry}{more} lies on a kink: the slope is {below:.4g} below and {above:.4g} above, so there is no"
        " gradient to compare with; move it"
    )


def _place(index: Sequence[Any]) -> str:
    return str(tuple(int(i) for i in index))
