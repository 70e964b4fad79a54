"""Assignment 1, problem 3: the softmax loss and the hinge loss of a linear classifier, with their gradients."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a1.draws import away_from_zero, sizes
from cs_cnn.checks.bench import Array, Bench, Outcome
from cs_cnn.checks.task import PartOfTask, Task
from cs_cnn.gradcheck import numerical_gradient

_PAGE = "foundations/loss_functions"
Loss = Callable[..., Array]


@dataclass(frozen=True)
class Given:
    """One set of arguments of a loss."""

    x: Array
    w: Array
    b: Array
    y: Any

    def arguments(self, **changes: Any) -> dict[str, Any]:
        """Return them by name, some replaced."""
        return {"x": self.x, "w": self.w, "b": self.b, "y": self.y, **changes}


def softmax(x: Array, w: Array, b: Array, y: Any) -> Array:
    """Return the mean cross-entropy; nothing overflows."""
    scores = x @ w + b
    return np.asarray((np.logaddexp.reduce(scores, axis=1) - scores[np.arange(len(y)), y]).mean())


def hinge(x: Array, w: Array, b: Array, y: Any) -> Array:
    """Return the mean of the summed hinge losses with margin 1."""
    scores = x @ w + b
    margins = scores - scores[np.arange(len(y)), y][:, None] + 1.0
    # The right class has the margin 1 in every row; it is no term of the sum.
    return np.asarray((margins.clip(min=0).sum(axis=1) - 1.0).mean())


def slope(loss: Loss, given: Given, wrt: str) -> Array:
    """Measure how a loss changes with w or b."""
    return numerical_gradient(lambda at: loss(**given.arguments(**{wrt: at})), getattr(given, wrt).copy())


def own_slope(bench: Bench, function: str, given: Given, wrt: str, extra: dict[str, Any]) -> Array | None:
    """Differentiate the student's own loss, if it depends on everything that such a loss depends on."""

    def loss(**changes: Any) -> Any:
        return bench.call(function, {**given.arguments(**changes), **extra}).value[0]

    try:
        k = given.b.size
        here = loss()
        alive = here != loss(y=(given.y + 1) % k) and here != loss(x=1.5 * given.x)
    except Exception:
        return None
    return bench.own_gradient(lambda at: loss(**{wrt: at}), getattr(given, wrt)) if alive else None


def _expect(
    bench: Bench,
    function: str,
    loss: Loss,
    given: Given,
    parts: tuple[str, str, str],
    tolerance: float = 1e-5,
) -> None:
    """Compare what a loss returns: the parts for loss, dw and db, in this order."""
    outcome = bench.call(function, given.arguments())
    value, dw, db = bench.unpack(outcome, ("loss", "dw", "db"), function)
    bench.expect(parts[0], value, partial(loss, **given.arguments()), name="loss", tolerance=tolerance)
    gradients: tuple[tuple[str, str, Outcome], ...] = (("w", parts[1], dw), ("b", parts[2], db))
    for wrt, part, gradient in gradients:
        bench.expect(
            part,
            gradient,
            partial(slope, loss, given, wrt),
            own=partial(own_slope, bench, function, given, wrt, {}),
            name=f"d{wrt}",
            tolerance=tolerance,
        )


def grade_softmax(function: str, bench: Bench) -> None:
    """Compare on ordinary scores, with one confident wrong example, and with rows a thousand apart."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, d, k = sizes(rng, 3)
        x, w, b = away_from_zero(rng, (n, d)), away_from_zero(rng, (d, k)), away_from_zero(rng, k)
        scores = x @ w + b
        y = rng.integers(0, k, size=n)
        y[0], y[1] = scores[0].argmax(), scores[1].argmin()  # one right prediction, one wrong one
        _expect(bench, function, softmax, Given(x, w, b, y), ("loss", "dw", "db"))
        sure = w.copy()
        sure[:, scores[1].argmax()] += 12.0 * x[1] / (x[1] @ x[1])
        _expect(bench, function, softmax, Given(x, sure, b, y), ("loss", "dw", "db"))
        parts = ("loss (shifted)", "gradients (shifted)", "gradients (shifted)")
        # The first feature moves all scores of a row together: all rows by 1000, or each by a number of its own.
        for offsets in (np.ones(n), rng.permutation(np.resize([1.0, -1.0, 0.0], n))):
            far, steep = x.copy(), w.copy()
            far[:, 0], steep[0] = offsets, 1000.0
            _expect(bench, function, softmax, Given(far, steep, b, y), parts, tolerance=2e-3)


def grade_hinge(function: str, bench: Bench) -> None:
    """Compare away from the kinks, with examples that violate no margin, one, several; and where scores are equal."""
    rng = bench.rng
    for _ in range(bench.rounds):
        given = _hinge_case(rng)
        _expect(bench, function, hinge, given, ("loss", "dw", "db"))
        k = given.b.size
        # The loss alone: without a margin, equal scores would lie on the kink.
        level = {"x": given.x, "w": np.zeros(given.w.shape), "b": np.full(k, 0.5), "y": given.y}
        value, _, _ = bench.unpack(bench.call(function, level), ("loss", "dw", "db"), function)
        bench.expect("loss", value, partial(np.asarray, k - 1), name="loss, with all scores equal,")


def _hinge_case(rng: np.random.Generator) -> Given:
    while True:
        d, k = (int(size) for size in rng.permutation([3, 4, 5])[:2])
        x, w, b = away_from_zero(rng, (7, d)), away_from_zero(rng, (d, k)), away_from_zero(rng, k)
        scores = x @ w + b
        y = rng.permutation(np.concatenate([np.arange(k), rng.integers(0, k, size=7 - k)]))
        others = np.arange(k) != y[:, None]
        margins = scores - scores[np.arange(7), y][:, None] + 1.0
        violated = ((margins > 0) & others).sum(axis=1)
        # No margin near 0, where the slope jumps; nor near 1 or 2, where a loss without a margin jumps, or one with
        # the scores swapped.
        clear = all(np.abs(margins[others] - jump).min() > 0.02 for jump in (0, 1, 2))
        pulls = [_pull((sign * (margins - jump) > 0) & others, y) for sign, jump in ((1, 0), (1, 1), (-1, 2))]
        if (
            clear
            and all(np.any(pull) for pull in pulls)
            and violated.min() == 0
            and violated.max() > 1
            and np.any(violated == 1)
        ):
            return Given(x, w, b, y)


def _pull(violated: Any, y: Any) -> Any:
    """Count how often the score of each class occurs in the loss, as a wrong class less as a right one."""
    right = np.arange(violated.shape[1]) == y[:, None]
    return violated.sum(axis=0) - (violated.sum(axis=1)[:, None] * right).sum(axis=0)


_LOSS_HINT = (
    "Take one example and two classes with scores 0 and 0, and follow it line by line: the loss is log 2."
)
_HINGE_HINT = (
    "Take one example with scores (1, 3, 0.5) and class 0, and write every term of the sum on paper."
)
_GRADIENT_HINT = (
    "Compare every entry with your own numerical_gradient. Are all wrong, or those of one class or feature?"
)
_SHIFT_HINT = (
    "Adding a constant to all scores of a row changes no probability. Which constant keeps exp small?"
)


def _softmax_task(name: str, number: str, points: tuple[float, ...]) -> Task:
    loss, shifted, dw, db, gradients = points
    return Task(
        name=f"a1.{name}",
        number=number,
        asks=name,
        functions=(name,),
        parts=(
            PartOfTask("loss", loss, "the mean loss, also for a confident wrong example", _LOSS_HINT),
            PartOfTask("dw", dw, "equals the numerical gradient", _GRADIENT_HINT),
            PartOfTask("db", db, "equals the numerical gradient", _GRADIENT_HINT),
            PartOfTask("loss (shifted)", shifted, "rows of scores a thousand apart", _SHIFT_HINT),
            PartOfTask("gradients (shifted)", gradients, "rows of scores a thousand apart", _SHIFT_HINT),
        ),
        grade=partial(grade_softmax, name),
        section=f"{_PAGE}#loss-softmax",
    )


def _hinge_task(name: str, number: str, points: tuple[float, ...]) -> Task:
    loss, dw, db = points
    return Task(
        name=f"a1.{name}",
        number=number,
        asks=name,
        functions=(name,),
        parts=(
            PartOfTask("loss", loss, "examples that violate no margin, one, and several", _HINGE_HINT),
            PartOfTask("dw", dw, "equals the numerical gradient", _GRADIENT_HINT),
            PartOfTask("db", db, "equals the numerical gradient", _GRADIENT_HINT),
        ),
        grade=partial(grade_hinge, name),
        section=f"{_PAGE}#loss-hinge",
    )


SOFTMAX_TASKS = (
    _softmax_task("softmax_loss_loops", "3.1", (3, 1, 3, 2, 1)),
    _softmax_task("softmax_loss_vectorised", "3.2", (2, 1, 3, 1, 1)),
)
SVM_TASKS = (
    _hinge_task("svm_loss_loops", "3.4", (3, 3, 2)),
    _hinge_task("svm_loss_vectorised", "3.5", (3, 3, 2)),
)
