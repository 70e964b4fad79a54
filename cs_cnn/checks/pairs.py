"""Grading a layer's forward and backward function together, whatever the layer.

The convention is that of the library: ``layer_forward(x, w, b, ...) -> out, cache`` and
``layer_backward(dout, cache) -> dx, dw, db``, or a bare ``dx`` where there is only one gradient. An assignment states
the right output, and draws cases:

>>> affine = Pair("affine_forward", "affine_backward", lambda x, w, b: x @ w + b, wrt=("x", "w", "b"))
>>> def grade(bench):
...     for _ in range(bench.rounds):
...         n, d, m = sizes(bench.rng, 3)
...         x, w, b = (away_from_zero(bench.rng, shape) for shape in ((n, d), (d, m), m))
...         grade_pair(bench, affine, Case({"x": x, "w": w, "b": b}))

The right gradients are measured: they are the slopes of the right output. The parts of the task are ``"forward"`` (or
what `Case` says) and ``"dx"``, ``"dw"``, ``"db"``: a ``d`` before the name of the argument.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome, Shared
from cs_cnn.checks.compare import TOLERANCE, agrees, as_array
from cs_cnn.checks.running import describe
from cs_cnn.gradcheck import numerical_gradient

_SHIFTS = ("b", "beta", "bias")
_FEW = 20_000


@dataclass(frozen=True)
class Pair:
    """A forward and a backward function that belong together.

    Attributes
    ----------
    forward, backward : str
        Names of the student's functions.
    right : callable
        Gives the right output; called with a case's arguments and options by name. It must be differentiable near
        every case, since its slopes are the right gradients.
    wrt : tuple of str
        The arguments that get a gradient, in the order in which `backward` returns them.
    vital : tuple of str
        The arguments on which a student's own output must depend before its slopes are accepted as an excuse;
        everything in `wrt` but biases when empty.
    slopes : callable, optional
        A faster way to the right gradients than measuring them: called with the upstream gradient, then like
        `right`, it returns them in the order of `wrt`. A test should compare it with what is measured.
    """

    forward: str
    backward: str
    right: Callable[..., Array]
    wrt: tuple[str, ...]
    vital: tuple[str, ...] = ()
    slopes: Callable[..., Sequence[Array]] | None = None

    @property
    def needed(self) -> tuple[str, ...]:
        """`vital`, or what it stands for when it is empty."""
        return self.vital or tuple(name for name in self.wrt if name not in _SHIFTS)


@dataclass(frozen=True)
class Case:
    """One call of the forward function.

    Attributes
    ----------
    arguments : mapping of str to object
        Positional arguments in order, handed over as copies.
    options : mapping of str to object
        Keyword arguments, such as stride and pad.
    part : str
        The part of the task that a wrong output costs.
    gradients : mapping of str to str
        The part that a wrong gradient costs, by the name of the argument; ``"d"`` and the name when left out.
    tolerance : float
        Relative to the largest right entry.
    """

    arguments: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    part: str = "forward"
    gradients: Mapping[str, str] = field(default_factory=dict)
    tolerance: float = TOLERANCE

    def replaced(self, **changes: Any) -> dict[str, Any]:
        """Return the arguments with some of them replaced, in their order."""
        return {**self.arguments, **changes}


def grade_pair(bench: Bench, pair: Pair, case: Case) -> None:
    """Grade one case of both functions, with one call of each."""
    out, cache = call_forward(bench, pair, case)
    expect_output(bench, pair, case, out)
    expect_gradients(bench, pair, case, out, cache)


def grade_forward(bench: Bench, pair: Pair, case: Case) -> None:
    """Grade one case of the forward function alone."""
    expect_output(bench, pair, case, call_forward(bench, pair, case)[0])


def grade_backward(bench: Bench, pair: Pair, case: Case) -> None:
    """Grade one case of the backward function, with the cache of the student's own forward."""
    expect_gradients(bench, pair, case, *call_forward(bench, pair, case))


def call_forward(bench: Bench, pair: Pair, case: Case) -> tuple[Outcome, Outcome]:
    """Call the student's forward function; return its output and its cache."""
    outcome = bench.call(pair.forward, case.arguments, **case.options)
    out, cache = bench.unpack(outcome, ("out", "cache"), pair.forward)
    return out, cache


def expect_output(bench: Bench, pair: Pair, case: Case, out: Outcome) -> None:
    """Compare the student's output with the right one: shape first, then values."""
    bench.expect(case.part, out, partial(_right, pair, case), name="out", tolerance=case.tolerance)


def expect_gradients(bench: Bench, pair: Pair, case: Case, out: Outcome, cache: Outcome) -> None:
    """Call the student's backward function with a random upstream gradient, and compare what it returns.

    Every gradient must be the slope of the right output, or the slope of the student's own.

    Parameters
    ----------
    bench, pair, case
    out, cache : Outcome
        From `call_forward`.
    """
    dout = away_from_zero(bench.rng, _right(pair, case).shape)
    gradients = _call_backward(bench, pair, case, dout, cache)
    excused = () if bench.replay else _excused(bench, pair, case, dout, out)
    for wrt, gradient in gradients.items():
        part = case.gradients.get(wrt, f"d{wrt}")
        if wrt in excused:
            bench.judge(part, True, "", record=gradient.value)
            continue
        bench.expect(
            part,
            gradient,
            partial(slope, pair, case, dout, wrt),
            own=partial(_own_slope, bench, pair, case, dout, wrt),
            name=f"d{wrt}",
            tolerance=case.tolerance,
        )


def _call_backward(bench: Bench, pair: Pair, case: Case, dout: Array, cache: Outcome) -> dict[str, Outcome]:
    """Call the student's backward function; return the gradients by the names of their arguments."""
    if cache.failed:
        return dict.fromkeys(pair.wrt, cache)
    outcome = bench.call(pair.backward, {"dout": dout, "cache": Shared(cache.value)})
    seen = Outcome(outcome.value, describe({**case.arguments, **case.options}), outcome.failed)
    # A layer with one gradient returns it bare.
    names = tuple(f"d{name}" for name in pair.wrt)
    values = [seen] if len(names) == 1 else bench.unpack(seen, names, pair.backward)
    return dict(zip(pair.wrt, values, strict=True))


def _excused(bench: Bench, pair: Pair, case: Case, dout: Array, out: Outcome) -> set[str]:
    """Return the gradients that are right for the student's own output, which has a wrong shape."""
    fitted = _fitted(dout, out)
    if fitted is None:
        return set()
    again = _call_backward(bench, pair, case, fitted, call_forward(bench, pair, case)[1])
    excused = set()
    for wrt, gradient in again.items():
        actual = None if gradient.failed else as_array(gradient.value)
        own = None if actual is None else _own_slope(bench, pair, case, fitted, wrt)
        if actual is not None and own is not None and np.any(own) and agrees(actual, own, 1e-4):
            excused.add(wrt)
    if excused:
        bench.advice.setdefault(
            "The gradients follow from your own forward pass, whose out has a shape that is not right yet, so no "
            "points are lost here."
        )
    return excused


def _right(pair: Pair, case: Case, **changes: Any) -> Array:
    return np.asarray(pair.right(**case.replaced(**changes), **case.options), dtype=np.float64)


def _fitted(dout: Array, out: Outcome) -> Array | None:
    """Give the upstream gradient the student's own shape; None when that is right, or no shape of an output."""
    own = None if out.failed else as_array(out.value)
    if own is None or own.shape == dout.shape or own.ndim != dout.ndim:
        return None
    return np.resize(dout, own.shape) if dout.size / 3 <= own.size < _FEW else None


def slope(pair: Pair, case: Case, dout: Array, wrt: str, *, measured: bool = False) -> Array:
    """Return the right gradient, by the pair's own formula if it has one; always measured when asked for."""
    if pair.slopes is not None and not measured:
        gradients = pair.slopes(dout, **case.arguments, **case.options)
        return np.asarray(gradients[pair.wrt.index(wrt)], dtype=np.float64)
    here = np.array(case.arguments[wrt], dtype=np.float64)
    return numerical_gradient(lambda at: _right(pair, case, **{wrt: at}), here, dout)


def _own_slope(bench: Bench, pair: Pair, case: Case, dout: Array, wrt: str) -> Array | None:
    """Differentiate the student's own output, if it depends on what an output of this layer depends on."""

    def output(**changes: Any) -> Any:
        return bench.call(pair.forward, case.replaced(**changes), **case.options).value[0]

    try:
        here = np.asarray(output(), dtype=np.float64)
        alive = all(_moves(here, output, pair, case, name) for name in pair.needed)
    except Exception:  # a forward that fails elsewhere has no slope to follow
        return None
    if not alive or here.shape != dout.shape:
        return None
    return bench.own_gradient(lambda at: output(**{wrt: at}), case.arguments[wrt], dout)


def _moves(here: Array, output: Callable[..., Any], pair: Pair, case: Case, name: str) -> bool:
    """Tell whether at least half of the entries move that should when an argument moves."""
    given = np.asarray(case.arguments[name], dtype=np.float64)
    moved = given + np.linspace(0.05, 0.15, given.size).reshape(given.shape)
    mine = np.asarray(output(**{name: moved}), dtype=np.float64) != here
    should = _right(pair, case, **{name: moved}) != _right(pair, case)
    return bool(mine.mean() >= 0.5 * should.mean() > 0)


def sizes(rng: np.random.Generator, count: int, low: int = 2, high: int = 7) -> list[int]:
    """Draw sizes that all differ, so that axes mixed up do not fit together.

    Parameters
    ----------
    rng : numpy.random.Generator
    count : int
        How many; at most ``high - low + 1``.
    low, high : int
        The smallest and the largest size.
    """
    return [int(size) for size in rng.permutation(np.arange(low, high + 1))[:count]]


def away_from_zero(rng: np.random.Generator, shape: Any) -> Array:
    """Draw numbers of both signs whose absolute values lie between 0.3 and 1.5."""
    signs: Array = rng.choice([-1.0, 1.0], size=shape)
    magnitudes: Array = rng.uniform(0.3, 1.5, size=shape)
    return np.multiply(signs, magnitudes)


def distinct(rng: np.random.Generator, shape: tuple[int, ...], gap: float = 0.1) -> Array:
    """Draw numbers of both signs, at least `gap` from each other: a maximum without ties, and none near a tie."""
    count = int(np.prod(shape))
    values = (rng.permutation(count) - 0.5 * count + 0.25) * gap
    return np.asarray(values, dtype=np.float64).reshape(shape)


__all__ = [
    "Case",
    "Pair",
    "away_from_zero",
    "call_forward",
    "distinct",
    "expect_gradients",
    "expect_output",
    "grade_backward",
    "grade_forward",
    "grade_pair",
    "sizes",
    "slope",
]
