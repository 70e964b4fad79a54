"""Assignment 1, problem 2: scores, predictions, their accuracy, and a gradient by moving every entry."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a1.draws import away_from_zero, sizes
from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.compare import as_array
from cs_cnn.checks.task import PartOfTask, Task
from cs_cnn.gradcheck import numerical_gradient

_LINEAR = "foundations/linear_classifiers#linear-classifiers"


def _scores(x: Array, w: Array, b: Array) -> Array:
    return np.asarray((x[:, :, None] * w).sum(axis=1) + b)


def grade_scores(bench: Bench) -> None:
    """Show the product without a bias, and the bias without a product."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, d, k = sizes(rng, 3)
        x, w, b = away_from_zero(rng, (n, d)), away_from_zero(rng, (d, k)), away_from_zero(rng, k)
        b[0] = -abs(b[0])
        for part, given in (
            ("product", {"x": x, "w": w, "b": np.zeros(k)}),
            ("bias", {"x": x, "w": np.zeros((d, k)), "b": b}),
            ("bias", {"x": np.zeros((n, d)), "w": w, "b": b}),
        ):
            outcome = bench.call("linear_scores", given)
            bench.expect(part, outcome, partial(_scores, **given), name="scores")


def grade_predict(bench: Bench) -> None:
    """Compare the classes, where every class wins somewhere and the bias decides often."""
    rng = bench.rng
    for turn in range(bench.rounds + 1):
        _, d, k = sizes(rng, 3)
        while True:
            x, w, b = away_from_zero(rng, (30, d)), away_from_zero(rng, (d, k)), rng.normal(0, 2, k)
            if turn == 0:
                b -= 20.0  # every score is negative
            two_best = np.sort(_scores(x, w, b), axis=1)[:, -2:]
            clear = (two_best[:, 1] - two_best[:, 0]).min() > 1e-3
            winners = _scores(x, w, b).argmax(axis=1)
            if clear and len(set(winners.tolist())) > 2 and np.any((x @ w).argmax(axis=1) != winners):
                break
        given = {"x": x, "w": w, "b": b}
        bench.expect(
            "classes",
            bench.call("predict", given),
            partial(_classes, given),
            own=partial(_own_classes, bench, given),
            name="the classes",
        )


def _classes(given: dict[str, Array]) -> Array:
    return np.asarray(_scores(**given).argmax(axis=1), dtype=np.float64)


def _own_classes(bench: Bench, given: dict[str, Array]) -> Array | None:
    """Take the largest of the student's own scores, which may not be right yet."""
    scores = as_array(bench.call("linear_scores", given).value)
    if scores is None or scores.ndim != 2 or len(set(scores.argmax(axis=1).tolist())) < 2:
        return None
    return np.asarray(scores.argmax(axis=1), dtype=np.float64)


def grade_accuracy(bench: Bench) -> None:
    """Compare on mixed predictions, and where all or none are right."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, k = int(rng.integers(11, 20)), int(rng.integers(4, 8))
        y = rng.integers(0, k, size=n)
        wrong = rng.permutation(n)[: int(rng.integers(2, n // 3))]
        mixed = y.copy()
        mixed[wrong] = (y[wrong] + rng.integers(1, k, size=len(wrong))) % k
        for predicted, right in ((mixed, 1 - len(wrong) / n), (y.copy(), 1.0), ((y + 1) % k, 0.0)):
            outcome = bench.call("accuracy", {"predicted": predicted, "y": y})
            bench.expect("share", outcome, partial(np.asarray, right), name="accuracy")


def _smooth(weights: Array, x: Any) -> float:
    """Return a number that depends on all entries of x together; quadratic, so that a centred difference is exact."""
    flat = np.asarray(x).ravel()
    return float(weights @ flat**2 + 0.3 * flat.sum() ** 2 + 2.0 * flat[0] * flat[-1])


def _curved(weights: Array, x: Any) -> float:
    """Return a number that bends, in which every slope depends on all entries."""
    flat = np.asarray(x).ravel()
    return float(weights @ np.exp(2 * flat) + 2 * flat.sum() ** 2)


def _slope_of_curved(weights: Array, x: Array) -> Array:
    return np.asarray(2 * weights * np.exp(2 * x) + 4 * x.sum())


def grade_numerical_gradient(bench: Bench) -> None:
    """Compare on arrays of one, two and three axes, and ask for the accuracy that only the centred difference has."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, m, k = sizes(rng, 3)
        for part, shape in (("vector", (n,)), ("matrix", (n, m)), ("matrix", (2, k, 3))):
            x = away_from_zero(rng, shape)
            f = partial(_smooth, away_from_zero(rng, x.size))
            outcome = bench.call("numerical_gradient", {"f": f, "x": x})
            bench.expect(
                part, outcome, partial(numerical_gradient, f, x), name="the gradient", tolerance=1e-3
            )
        x, weights = rng.uniform(0.1, 0.4, size=n), rng.uniform(1.0, 2.0, size=n)
        # A wide step, so that a centred difference is right to four digits and a one-sided one to two.
        given = {"f": partial(_curved, weights), "x": x, "h": 0.01}
        outcome = bench.call("numerical_gradient", given)
        bench.expect(
            "accuracy",
            outcome,
            partial(_slope_of_curved, weights, x),
            name="the gradient",
            tolerance=2e-3,
        )


TASKS = (
    Task(
        name="a1.scores",
        number="2.1",
        asks="linear_scores",
        functions=("linear_scores",),
        parts=(
            PartOfTask(
                "product",
                3,
                "every score is a weighted sum",
                "Write the shapes beside x and w: which axes meet?",
            ),
            PartOfTask(
                "bias", 2, "x = 0 or w = 0 gives b in every row", "What is the score of an image of zeros?"
            ),
        ),
        grade=grade_scores,
        section=_LINEAR,
    ),
    Task(
        name="a1.predict",
        number="2.2",
        asks="predict",
        functions=("predict", "linear_scores"),
        parts=(
            PartOfTask(
                "classes",
                3,
                "the class with the largest score",
                "Print the scores of one row and your answer.",
            ),
        ),
        grade=grade_predict,
        section=_LINEAR,
    ),
    Task(
        name="a1.accuracy",
        number="2.3",
        asks="accuracy",
        functions=("accuracy",),
        parts=(
            PartOfTask(
                "share", 3, "some, all and none right", "Of four predictions three are right: what comes out?"
            ),
        ),
        grade=grade_accuracy,
        section=_LINEAR,
    ),
    Task(
        name="a1.numerical_gradient",
        number="2.4",
        asks="numerical_gradient",
        functions=("numerical_gradient",),
        parts=(
            PartOfTask(
                "vector",
                3,
                "arrays of one axis",
                "Try f(x) = x[0]**2 + 3 * x[1] at (1, 1): the gradient is (2, 3).",
            ),
            PartOfTask(
                "matrix",
                3,
                "arrays of two and three axes",
                "How can one loop visit every entry of any array?",
            ),
            PartOfTask(
                "accuracy",
                2,
                "the centred difference, where f bends and h = 0.01",
                "How far from the exact slope is your quotient for f(x) = exp(x) at 0, with h = 0.01?",
            ),
        ),
        grade=grade_numerical_gradient,
        section="foundations/two_layer_networks#two-layer-gradient-check",
    ),
)
