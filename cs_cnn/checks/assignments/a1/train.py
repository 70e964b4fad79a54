"""Assignment 1, problem 4: training a linear classifier on Fashion-MNIST."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome
from cs_cnn.checks.compare import CheckIsBrokenError, as_array
from cs_cnn.checks.task import PartOfTask, Task
from cs_cnn.data import load

TRAIN, FEATURES, CLASSES = 4000, 784, 10
LEVELS = ((0.78, 1.0), (0.74, 0.75), (0.65, 0.5))
"""Test accuracy and the share of the points it earns."""


@lru_cache(maxsize=1)
def _data() -> tuple[Array, Any, Array, Any]:
    """Return 4,000 training images as rows of brightness between 0 and 1, and the test images."""
    fashion = load("fashion-mnist")
    x, x_test = (
        images.reshape(len(images), -1).astype(np.float64) for images in (fashion.x_train, fashion.x_test)
    )
    return x[:TRAIN], fashion.y_train[:TRAIN], x_test, fashion.y_test


def grade_train(bench: Bench) -> None:
    """Train three times, twice with one seed; look at losses, at weights, and at the accuracy on test images."""
    x, y, x_test, y_test = _data()
    first, second = (int(seed) for seed in bench.rng.choice(1000, size=2, replace=False))
    runs = [_train(bench, x, y, first), _train(bench, x, y, first)]
    runs.append(bench.dear("another seed", lambda: _train(bench, x, y, second)))
    failed = next((w for w, _, _ in runs if w.failed), None)
    if failed is not None:
        for part in bench.verdicts:
            bench.expect(part, failed, lambda: x)
        return
    w, b, losses = (outcome.value for outcome in runs[0])
    arrays = [(as_array(run[0].value), as_array(run[1].value)) for run in runs]
    _judge_seeds(bench, arrays)
    symptom = _judge_losses(bench, losses)
    weights, biases = arrays[0]
    found = f"w of shape {np.shape(w)} and b of shape {np.shape(b)}"
    if (
        weights is None
        or biases is None
        or weights.shape != (FEATURES, CLASSES)
        or biases.shape != (CLASSES,)
    ):
        row = "row_bias" if biases is not None and biases.shape == (1, CLASSES) else ""
        message = f"train returns {found}, expected ({FEATURES}, {CLASSES}) and ({CLASSES},)."
        bench.judge("accuracy", False, message, mistake=row)
        return
    if not bench.judge("accuracy", _finite(weights, biases), "w or b is not finite.", mistake=symptom):
        return
    reached = _share_right(weights, biases, x_test, y_test)
    share = next((share for level, share in LEVELS if reached >= level), 0.0)
    if not np.any(biases):
        symptom = "never_updated" if not np.any(weights) else "bias_frozen"
        bench.judge("accuracy", False, "b is zero everywhere after training.", mistake=symptom, fraction=0.5)
    message = f"The accuracy on the test images is {reached:.3f}, less than {LEVELS[0][0]}."
    bench.judge("accuracy", share == 1.0, message, mistake=symptom, fraction=share)


def _train(bench: Bench, x: Array, y: Any, seed: int) -> list[Outcome]:
    outcome = bench.call("train", {"x": x, "y": y}, seed=seed)
    return bench.unpack(outcome, ("w", "b", "losses"), "train")


def _finite(*arrays: Array) -> bool:
    return all(bool(np.isfinite(array).all()) for array in arrays)


def _share_right(w: Array, b: Array, x: Array, y: Any) -> float:
    predicted = [int(np.argmax(row)) for row in x @ w + b]
    right = sum(1 for a, c in zip(predicted, y, strict=True) if a == c)
    planted = sum(1 for a, c in zip(predicted, y, strict=True) if (a + 1) % CLASSES == c)
    if right + planted > len(y):
        raise CheckIsBrokenError("right and wrong labels both count as right")
    return right / len(y)


def _judge_seeds(bench: Bench, runs: list[tuple[Array | None, Array | None]]) -> None:
    """Judge whether one seed repeats a training, and another one does not."""
    first, again, other = (weights for weights, _ in runs)
    message = "Two trainings with the same seed end with different weights."
    bench.judge("seed", _equal(first, again), message, mistake="not_reproducible")
    still = first is not None and not np.any(first)
    message = "Trainings with different seeds end with the same weights."
    bench.judge(
        "seed", not _equal(first, other), message, mistake="never_updated" if still else "seed_ignored"
    )


def _judge_losses(bench: Bench, value: Any) -> str:
    """Judge the course of the loss, and name what it is a symptom of."""
    losses = as_array(value)
    if losses is None or losses.ndim != 1 or losses.size < 10:
        message = f"losses must be a list with one number per step; it has shape {np.shape(value)}."
        bench.judge("falls", False, message)
        return ""
    numbers = [float(loss) for loss in losses]
    start = _mean(numbers[: max(1, min(5, len(numbers) // 20))])
    end = _mean(numbers[-max(1, len(numbers) // 10) :])
    finite = [loss for loss in numbers if math.isfinite(loss)]
    log_classes = math.log(CLASSES)
    if len(finite) < len(numbers):
        # A loss that comes back after nan met a batch without rows; one that does not has blown up.
        symptom = "runs_off_the_end" if finite and max(finite) < 3 * start else "ascent"
        message = f"{len(numbers) - len(finite)} of {len(numbers)} losses are nan or infinite."
    elif end > 1.5 * start:
        symptom, message = "ascent", f"The loss grows from {start:.3g} to {end:.3g}."
    elif max(numbers) - min(numbers) < 1e-9 * abs(start):
        symptom, message = "never_updated", f"The loss is {start:.3g} at every step."
    elif end > 0.9 * log_classes:
        symptom, message = "pairs_mixed", f"The loss hardly falls: from {start:.3g} to {end:.3g}."
    elif end < 0.1:
        symptom, message = "one_batch", ""
    else:
        symptom, message = "undertrained", f"The loss falls only from {start:.3g} to {end:.3g}."
    falls = math.isfinite(start) and math.isfinite(end) and end < 0.6 * start
    bench.judge("falls", falls and len(finite) == len(numbers), message, mistake=symptom)
    return symptom


def _mean(numbers: list[float]) -> float:
    return math.fsum(numbers) / len(numbers) if all(math.isfinite(number) for number in numbers) else math.inf


def _equal(a: Array | None, b: Array | None) -> bool:
    # Sums in another order may differ in the last bits; trainings on other batches differ far more.
    return (
        a is not None
        and b is not None
        and a.shape == b.shape
        and bool(np.allclose(a, b, rtol=1e-6, atol=1e-9, equal_nan=True))
    )


TASKS = (
    Task(
        name="a1.train",
        number="4.1",
        asks="train",
        functions=("train",),
        parts=(
            PartOfTask(
                "falls",
                2,
                "the loss falls by 40 per cent or more",
                "Try one batch first: with a small learning rate its loss falls at every step.",
            ),
            PartOfTask(
                "seed",
                2,
                "one seed repeats a training, another takes other batches",
                "Where does the order of the rows come from?",
            ),
            PartOfTask(
                "accuracy",
                4,
                f"test accuracy of at least {LEVELS[0][0]}",
                "Plot the losses: is the curve still falling at the end, or does it jump?",
            ),
        ),
        grade=grade_train,
        section="foundations/gradient_descent#gradient-descent-batches",
        seconds=25.0,
    ),
)
