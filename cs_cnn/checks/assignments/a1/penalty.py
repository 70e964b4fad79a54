"""Assignment 1, problem 3: the softmax loss with a penalty on large weights."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a1.draws import away_from_zero, sizes
from cs_cnn.checks.assignments.a1.losses import Given, own_slope, slope, softmax
from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.task import PartOfTask, Task

_NAME = "penalised_loss"


def _penalised(x: Array, w: Array, b: Array, y: Any, *, reg: float) -> Array:
    return np.asarray(softmax(x, w, b, y) + reg * np.square(w).sum())


def grade_penalised(bench: Bench) -> None:
    """Compare without a penalty, with a small one and with one that outweighs the data; biases are not zero."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, d, k = sizes(rng, 3)
        w = away_from_zero(rng, (d, k))
        w += 0.2  # a sum of weights that is not near 0
        y = rng.integers(0, k, size=n)
        given = Given(away_from_zero(rng, (n, d)), w, away_from_zero(rng, k), y)
        for reg in (0.0, 0.1, 20.0):
            outcome = bench.call(_NAME, {**given.arguments(), "reg": reg})
            loss, dw, db = bench.unpack(outcome, ("loss", "dw", "db"), _NAME)
            right = partial(_penalised, reg=reg)
            bench.expect(
                "loss",
                loss,
                partial(right, **given.arguments()),
                own=partial(_own, bench, given, reg, "loss"),
                name="loss",
            )
            for wrt, gradient in (("w", dw), ("b", db)):
                bench.expect(
                    f"d{wrt}",
                    gradient,
                    partial(slope, right, given, wrt),
                    own=partial(_either, bench, given, reg, wrt, gradient.value),
                    name=f"d{wrt}",
                )


def _own(bench: Bench, given: Given, reg: float, what: str) -> Array | None:
    """Add the right penalty to the student's own loss without a penalty, which may not be right yet."""
    loss, dw, db = bench.unpack(
        bench.call("softmax_loss_vectorised", given.arguments()),
        ("loss", "dw", "db"),
        "softmax_loss_vectorised",
    )
    base, penalty = {
        "loss": (loss, reg * np.square(given.w).sum()),
        "w": (dw, 2 * reg * given.w),
        "b": (db, 0.0),
    }[what]
    try:
        return np.asarray(np.asarray(base.value, dtype=np.float64) + penalty)
    except Exception:  # nothing, or nothing that can be added to
        return None


def _either(bench: Bench, given: Given, reg: float, wrt: str, found: Any) -> Array | None:
    """Return what the student's parts lead to, if it is what was found, else the slope of the student's loss."""
    own = _own(bench, given, reg, wrt)
    if own is not None and own.shape == np.shape(found) and np.allclose(own, found, rtol=1e-5):
        return own
    at_reg, at_zero = (
        bench.call(_NAME, {**given.arguments(), "reg": strength}).value for strength in (reg, 0.0)
    )
    if reg and not _differ(at_reg, at_zero):
        return None
    return own_slope(bench, _NAME, given, wrt, {"reg": reg})


def _differ(some: Any, other: Any) -> bool:
    """Tell whether the losses of two results are two different numbers."""
    try:
        return bool(some[0] != other[0])
    except Exception:  # not a tuple, or empty
        return False


TASKS = (
    Task(
        name="a1.penalised_loss",
        number="3.3",
        asks=_NAME,
        functions=(_NAME, "softmax_loss_vectorised"),
        parts=(
            PartOfTask(
                "loss",
                2,
                "with no penalty, a small and a large one",
                "With N = 1 and one weight, what does the penalty add?",
            ),
            PartOfTask(
                "dw", 3, "equals the numerical gradient", "On which two ways does the loss depend on w?"
            ),
            PartOfTask("db", 1, "equals the numerical gradient", "Does the penalty depend on b?"),
        ),
        grade=grade_penalised,
        section="foundations/loss_functions#loss-penalty",
    ),
)
