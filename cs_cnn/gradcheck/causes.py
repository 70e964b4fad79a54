"""Recognising the usual ways in which a gradient is wrong."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from cs_cnn.gradcheck.measuring import Evidence, relative_error

_CLOSE = 1e-5
"""Largest relative error at which a changed gradient counts as the expected one."""

_FACTORS = {
    2: "a sum counted twice, or a square without its 1/2",
    0.5: "the 2 of a square's derivative is missing",
}
_LEARNING_RATES = (0.1, 0.01, 0.001, 1e-4)


class Cause(NamedTuple):
    """A likely cause: a short name, empty when no pattern shows, and a clause for the message."""

    name: str
    clause: str


def constant_ratio(got: np.ndarray, expected: np.ndarray, *, tolerance: float = _CLOSE) -> float | None:
    """Find the one number by which all entries differ.

    Parameters
    ----------
    got, expected : numpy.ndarray
        Two results of one shape.
    tolerance : float
        Largest relative error at which they count as proportional.

    Returns
    -------
    float or None
        ``got / expected`` when that is the same everywhere and not 0, or None.

    Examples
    --------
    >>> constant_ratio(np.array([1.0, 2.0]), np.array([2.0, 4.0])), constant_ratio(np.ones(2), np.arange(2.0))
    (0.5, None)
    """
    energy = float((expected * expected).sum())
    ratio = float((got * expected).sum()) / energy if energy else 0.0
    return ratio if ratio and relative_error(got, ratio * expected) <= tolerance else None


def likely_cause(
    got: np.ndarray,
    expected: np.ndarray,
    known: np.ndarray,
    counts: Mapping[str, int],
    evidence: Evidence | None = None,
) -> Cause:
    """Find the pattern in a wrong gradient; the most telling one first.

    Parameters
    ----------
    got, expected : numpy.ndarray
        The wrong gradient and the right one, of one shape.
    known : numpy.ndarray of bool
        Where `expected` is known; it is compared only there.
    counts : mapping of str to int
        Numbers that a ratio may be made of, by what they count, such as ``{"examples": 4}``.
    evidence : Evidence, optional
        Without it some causes are not recognised.

    Returns
    -------
    Cause
    """

    def agrees(candidate: np.ndarray) -> bool:
        return _agrees(candidate, expected, known)

    if not np.isfinite(got).all():
        return Cause(
            "not finite", "some entries are not finite: look for a division by 0 or an overflow in exp"
        )
    if not np.isfinite(expected[known]).all():
        return Cause("forward not finite", "the numerical gradient itself is not finite: look at the forward")
    if not got.any():
        return Cause("zero", "every entry is zero: nothing is ever added to it")
    if not expected[known].any():
        return Cause("no effect", "the output does not depend on it: every entry should be zero")
    if cause := _one_example(got, expected, known, counts.get("examples", 0), evidence):
        return cause
    if agrees(-got):
        return Cause("sign", "only the sign is wrong")
    # One number is always some multiple of another; two or more in proportion are a pattern.
    ratio = constant_ratio(got[known], expected[known])
    if ratio is not None and np.count_nonzero(expected[known]) > 1:
        return Cause("ratio", f"every entry is {ratio:.4g} times the expected one{_meaning(ratio, counts)}")
    if evidence and _agrees(got, evidence.unweighted, known):
        return Cause("upstream", "it is right for an upstream gradient of ones: multiply by dout")
    for order in itertools.permutations(range(got.ndim)):
        if agrees(got.transpose(order)):
            return _reordered(order)
    for axes in _subsets(got.ndim):
        if agrees(np.flip(got, axes)):
            return Cause(
                "flipped", f"it is flipped along {_axes(axes)}: a kernel turned round, or a reversed index"
            )
    wrong = known & (np.abs(got - expected) > _CLOSE * np.abs(expected[known]).max())
    if evidence and evidence.one_part[wrong].all() and (wrong & evidence.many_parts & (got != 0)).any():
        return Cause(
            "not accumulated",
            "wrong entries hold one of several contributions: where windows overlap, add them up with += instead"
            " of replacing them with =",
        )
    if margin := _border(wrong):
        where = "only the border is" if margin == 1 else f"only the outermost {margin} pixels are"
        return Cause("border", f"{where} wrong: look at the padding")
    if agrees(np.where(wrong, -got, got)):
        return Cause("sign", f"{int(wrong.sum())} of {int(known.sum())} entries have the wrong sign")
    return Cause("", f"{int(wrong.sum())} of {int(known.sum())} entries differ")


def wrong_shape(got: np.ndarray, expected: np.ndarray, known: np.ndarray) -> Cause:
    """Say what is behind a wrong shape.

    Parameters
    ----------
    got, expected : numpy.ndarray
        The wrong gradient and the right one, of different shapes.
    known : numpy.ndarray of bool, shape of expected
        Where `expected` is known.

    Returns
    -------
    Cause
    """

    def agrees(candidate: np.ndarray) -> bool:
        return (
            candidate.shape == expected.shape and relative_error(candidate[known], expected[known]) < _CLOSE
        )

    if got.ndim == expected.ndim:
        for order in itertools.permutations(range(got.ndim)):
            if agrees(got.transpose(order)):
                return _reordered(order)
    if got.squeeze().shape == expected.squeeze().shape:
        clause = (
            "that broadcasts without an error, and wrongly: drop the axes of length 1, sum without keepdims"
        )
        return Cause("broadcasts", clause)
    for axes in _subsets(got.ndim):
        if agrees(got.sum(axis=axes)):
            return Cause("not summed", f"its sum over {_axes(axes)} is right: add up over all that use it")
    if _broadcasts(got.shape, expected.shape):
        clause = (
            "that broadcasts without an error, but each entry has a gradient of its own: sum over fewer axes"
        )
        return Cause("broadcasts", clause)
    return Cause("shape", "")


def _agrees(candidate: np.ndarray, expected: np.ndarray, known: np.ndarray) -> bool:
    """Tell whether two gradients are the same where that can be said."""
    return candidate.shape == expected.shape and relative_error(candidate[known], expected[known]) < _CLOSE


def _one_example(
    got: np.ndarray, expected: np.ndarray, known: np.ndarray, n: int, evidence: Evidence | None
) -> Cause | None:
    """Recognise a loop over the batch that keeps one example only."""
    if n < 2:
        return None
    for which, name in ((0, "the first"), (n - 1, "the last")):
        others = np.arange(n) != which
        if got.ndim and len(got) == n and got[which].any() and not got[others].any():
            if (known[others] & (expected[others] != 0)).any():
                return Cause(
                    "one example", f"it is zero for all but {name} example: go through the whole batch"
                )
        elif evidence and evidence.by_example is not None and len(evidence.by_example) == n:
            alone = evidence.by_example[which]
            if alone[known].any() and _agrees(got, alone, known):
                return Cause("one example", f"only {name} example is in it: add up over the whole batch")
    return None


def _meaning(ratio: float, counts: Mapping[str, int]) -> str:
    """Say where a constant factor may come from."""

    def near(value: float) -> bool:
        return bool(np.isclose(ratio, value, rtol=1e-4))

    n = counts.get("examples", 1)
    if n > 1 and near(1 / n):
        return (
            ", which is 1 over the number of examples: the mean over the batch belongs to the loss,"
            " a layer only adds up"
        )
    if n > 1 and near(n):
        return ", which is the number of examples: a mean's 1 over N is missing"
    for value, meaning in _FACTORS.items():
        if near(value):
            return f": {meaning}"
    for what, count in counts.items():
        if count > 1 and (near(1 / count) or near(count)):
            return f", which is {'' if near(count) else '1 over '}the number of {what}: a mean and a sum mixed up"
    if any(near(sign * rate) for rate in _LEARNING_RATES for sign in (1, -1)):
        return ", like a learning rate: that belongs to the update, not to the gradient"
    return ""


def _reordered(order: tuple[int, ...]) -> Cause:
    """Name a change in the order of the axes."""
    if len(order) == 2:
        return Cause("transposed", "it is the transpose of the expected one")
    moved = [axis for axis, other in enumerate(order) if axis != other]
    if len(moved) == 2:
        return Cause("axes", f"axes {moved[0]} and {moved[1]} are swapped")
    return Cause("axes", f"its axes are in another order: transpose{order} makes it right")


def _border(wrong: np.ndarray) -> int:
    """Return how many pixels at the border hold all that is wrong, in images or signals; 0 for no such border."""
    if not 3 <= wrong.ndim <= 5:
        return 0
    for margin in range(1, (min(wrong.shape[2:]) + 1) // 2):
        inside = (slice(None), slice(None), *[slice(margin, -margin)] * (wrong.ndim - 2))
        if not wrong[inside].any():
            return margin
    return 0


def _broadcasts(shape: tuple[int, ...], target: tuple[int, ...]) -> bool:
    """Tell whether NumPy would stretch one shape to the other, or both to a common one."""
    try:
        np.broadcast_shapes(shape, target)
    except ValueError:
        return False
    return True


def _subsets(n: int) -> list[tuple[int, ...]]:
    """Return all non-empty sets of axes, the small ones first."""
    return [axes for size in range(1, n + 1) for axes in itertools.combinations(range(n), size)]


def _axes(axes: tuple[int, ...]) -> str:
    names = [str(axis) for axis in axes]
    return f"axis {names[0]}" if len(names) == 1 else f"axes {', '.join(names[:-1])} and {names[-1]}"
