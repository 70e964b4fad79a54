"""Assignment 1, problem 1: a threshold unit, one step of its rule, and a training that counts its mistakes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a1.draws import away_from_zero, sizes, whole
from cs_cnn.checks.bench import Array, Bench, Outcome
from cs_cnn.checks.compare import as_array
from cs_cnn.checks.task import PartOfTask, Task

_SECTION = "foundations/perceptron"
Step = Callable[[Array, Array, float, float, float], tuple[Array, float]]
Answer = Callable[[Array, Array, float], float]


def _output(x: Array, w: Array, b: float) -> Array:
    return np.asarray((x * w).sum(axis=1) + b > 0, dtype=np.float64)


def grade_output(bench: Bench) -> None:
    """Compare on points on both sides, some of them near, and on points exactly on the border."""
    rng = bench.rng
    for _ in range(bench.rounds):
        _, d = sizes(rng, 2)
        while True:
            x, w, b = away_from_zero(rng, (40, d)), away_from_zero(rng, d), float(rng.choice([-0.4, 0.4]))
            z = x @ w + b
            # Where an answer depends on the bias, on 0 and not 1/2, and not on rounding.
            if np.abs(z).min() > 1e-3 and _both(z > 0) and (np.abs(z) < 0.3).sum() > 3:
                break
        outcome = bench.call("perceptron_output", {"x": x, "w": w, "b": b})
        bench.expect("values", outcome, partial(_output, x, w, b), name="the output")
        x, w = whole(rng, (8, d)), np.ones(d)
        x[:, 0] += np.array([0, 1, -1, 0, 2, 0, -2, 0.0]) - x.sum(axis=1) + 1.0  # z is 0 in every second row
        outcome = bench.call("perceptron_output", {"x": x, "w": w, "b": -1.0})
        bench.expect("border", outcome, partial(_output, x, w, -1.0), name="the output for w·x + b = 0")


def _both(answers: Any) -> bool:
    return bool(answers.any() and not answers.all())


def grade_step(bench: Bench) -> None:
    """Show an example on each side, once with the wrong answer and once with the right one."""
    rng = bench.rng
    for _ in range(bench.rounds):
        (d,) = sizes(rng, 1)
        for above in (True, False):
            while True:
                x, w, b = away_from_zero(rng, d), away_from_zero(rng, d), float(rng.uniform(-1, 1))
                z = float(x @ w + b)
                # The sum of x is neither 1 nor small, or a bias moved by it would look right.
                if 0.2 < abs(z) < 2 and abs(abs(z) - 1) > 0.1 and above == (z > 0) and abs(x.sum() - 1) > 0.3:
                    break
            lr = float(rng.choice([0.1, 0.5, 2.0]))
            for t in (0, 1):
                given = {"x": x, "w": w, "b": b, "t": t, "lr": lr}
                found = bench.unpack(bench.call("perceptron_step", given), ("w", "b"), "perceptron_step")
                error = t - float(above)
                new = np.asarray(w + lr * error * x), np.asarray(b + lr * error)
                for name, outcome, right in zip("wb", found, new, strict=True):
                    part = "right" if error == 0 else name
                    bench.expect(part, outcome, partial(np.asarray, right), name=f"the new {name}")


@dataclass(frozen=True)
class _Run:
    """Where a training of the perceptron ends."""

    w: Array
    b: Array
    mistakes: Array


def _train(x: Array, t: Array, lr: float, epochs: int, step: Step, answer: Answer) -> _Run:
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(epochs):
        count = 0
        for row, target in zip(x, t, strict=True):
            count += answer(row, w, b) != target
            w, b = step(row, w, b, target, lr)
        mistakes.append(count)
        if count == 0:
            break
    return _Run(np.asarray(w), np.asarray(b), np.asarray(mistakes, dtype=np.float64))


def _right_answer(row: Array, w: Array, b: float) -> float:
    return float(row @ w + b > 0)


def _right_step(row: Array, w: Array, b: float, target: float, lr: float) -> tuple[Array, float]:
    error = target - _right_answer(row, w, b)
    return w + lr * error * row, b + lr * error


def _step_of_w(row: Array, w: Array, b: float, target: float, lr: float) -> tuple[Array, float]:
    return _right_step(row, w, b, target, lr)[0], b


def _separable(rng: np.random.Generator, d: int) -> tuple[Array, Array]:
    """Draw whole points with a gap between the classes that a few passes find."""
    while True:
        x, w = whole(rng, (14, d)), away_from_zero(rng, d)
        z = x @ w - 1.0
        x, t = x[np.abs(z) > 0.8], np.asarray(z > 0, dtype=np.float64)[np.abs(z) > 0.8]
        if len(t) > 6 and _both(t):
            run, centred = (_train(x, t, 1.0, 25, step, _right_answer) for step in (_right_step, _step_of_w))
            needs_bias = run.b != 0 and run.mistakes.tolist() != centred.mistakes.tolist()
            if 3 <= len(run.mistakes) < 25 and not run.mistakes[-1] and needs_bias:
                return x, t


def _contradictory(rng: np.random.Generator, d: int, epochs: int) -> tuple[Array, Array]:
    """Draw whole points with one that occurs in both classes, and a training whose last pass still moves b and w."""
    while True:
        x = whole(rng, (9, d))
        t = rng.integers(0, 2, size=9).astype(np.float64)
        x[4], t[4] = x[0], 1 - t[0]
        long, short = (_train(x, t, 1.0, many, _right_step, _right_answer) for many in (epochs, epochs - 1))
        if np.any(long.w != short.w) and long.b not in (short.b, 0.0) and np.any(long.w):
            return x, t


def grade_train(bench: Bench) -> None:
    """Compare where the training ends and what it counted, on points that can be separated and on others."""
    rng = bench.rng
    for turn in range(bench.rounds):
        d, epochs = int(rng.integers(3, 6)), int(rng.integers(4, 7))
        # Powers of two and whole numbers: no rounding, so that even a point on the border is clear.
        lr = (0.5, 1.0, 0.25)[turn % 3]
        for (x, t), passes, part in (
            (_separable(rng, d), 40, "stops"),
            (_contradictory(rng, d, epochs), epochs, "mistakes"),
        ):
            given = {"x": x, "t": t, "lr": lr, "epochs": passes}
            outcome = bench.call("perceptron_train", given)
            w, b, mistakes = bench.unpack(outcome, ("w", "b", "mistakes"), "perceptron_train")
            right = _train(x, t, lr, passes, _right_step, _right_answer)
            own = partial(_own_training, bench, x, t, lr, passes)
            for name, found in (("w", w), ("b", b)):
                bench.expect(name, found, partial(getattr, right, name), own=partial(own, name), name=name)
            counted = partial(_counted, bench, mistakes, right.mistakes, partial(own, "mistakes"))
            bench.expect(part, mistakes, counted, own=partial(own, "mistakes"), name="mistakes")


def _counted(bench: Bench, found: Outcome, right: Array, own: Callable[[], Array | None]) -> Array:
    """Return the right counts; those that follow from the student's own step when these are as many as were found."""
    counts = as_array(found.value)
    if counts is None or counts.shape == right.shape:
        return right
    following = own()  # a step that is not right yet may need more passes, or fewer
    if following is None or following.shape != counts.shape or np.any(following != counts):
        return right
    bench.advice.setdefault(
        "mistakes follows from your own step, which is not right yet, so no points are lost here."
    )
    return following


def _own_training(bench: Bench, x: Array, t: Array, lr: float, epochs: int, what: str) -> Array | None:
    """Train with the student's own step and output, which may not be right yet."""

    def step(row: Array, w: Array, b: float, target: float, lr: float) -> tuple[Array, float]:
        new = bench.call("perceptron_step", {"x": row, "w": w, "b": b, "t": target, "lr": lr}).value
        return np.asarray(new[0], dtype=np.float64), float(new[1])

    def answer(row: Array, w: Array, b: float) -> float:
        return float(np.asarray(bench.call("perceptron_output", {"x": row[None], "w": w, "b": b}).value)[0])

    try:
        found: Array = getattr(_train(x, t, lr, epochs, step, answer), what)
    except Exception:  # a step of the wrong form: nothing follows from it
        return None
    return found


_STEP_HINT = "Take one example with t = 1 and output 0, and write every number of the rule on paper."
_TRAIN_HINT = "Run two examples and two passes by hand, and print w, b and the count after every example."

TASKS = (
    Task(
        name="a1.perceptron_output",
        number="1.1",
        asks="perceptron_output",
        functions=("perceptron_output",),
        parts=(
            PartOfTask(
                "values",
                3,
                "points on both sides",
                "Which numbers may the output be? Print w·x + b beside it.",
            ),
            PartOfTask(
                "border", 1, "points with w·x + b = 0", "Which answer does the formula give for exactly 0?"
            ),
        ),
        grade=grade_output,
        section=f"{_SECTION}#perceptron-threshold",
    ),
    Task(
        name="a1.perceptron_step",
        number="1.2",
        asks="perceptron_step",
        functions=("perceptron_step",),
        parts=(
            PartOfTask("w", 3, "the weights after a wrong answer", _STEP_HINT),
            PartOfTask("b", 3, "the bias after a wrong answer", _STEP_HINT),
            PartOfTask("right", 2, "nothing moves after a right answer", _STEP_HINT),
        ),
        grade=grade_step,
        section=f"{_SECTION}#perceptron-rule",
    ),
    Task(
        name="a1.perceptron_train",
        number="1.3",
        asks="perceptron_train",
        functions=("perceptron_train", "perceptron_step", "perceptron_output"),
        parts=(
            PartOfTask("w", 3, "the last weights", _TRAIN_HINT),
            PartOfTask("b", 2, "the last bias", _TRAIN_HINT),
            PartOfTask(
                "mistakes", 2, "one count for every pass, where no pass is free of mistakes", _TRAIN_HINT
            ),
            PartOfTask("stops", 2, "the training ends with the first pass without a mistake", _TRAIN_HINT),
        ),
        grade=grade_train,
        section=f"{_SECTION}#perceptron-convergence",
    ),
)
