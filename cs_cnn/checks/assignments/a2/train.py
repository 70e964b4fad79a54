"""Assignment 2, problem 2: training on the homework's data, and the accuracy on its test rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome
from cs_cnn.checks.compare import CheckIsBrokenError, as_array
from cs_cnn.checks.task import PartOfTask, Task
from cs_cnn.data.lookalike import lookalike_table

_SECTION = "foundations/two_layer_networks"
_TRAIN, _FEATURES, _CLASSES = 400, 8, 4
TRAIN_ACCURACY = 0.85
LEVELS = ((0.90, 1.0), (0.825, 0.75), (0.75, 0.5))
"""Median test accuracy and the share of the points it earns."""


def _data() -> tuple[Array, Any, Array, Any]:
    """Return the rows of the file dataset.txt, whatever happened to the student's copy."""
    x, labels = lookalike_table()
    y = labels - 1
    return x[:_TRAIN], y[:_TRAIN], x[_TRAIN:], y[_TRAIN:]


def _train(bench: Bench, x: Array, y: Any, seed: int) -> tuple[Outcome, Outcome]:
    outcome = bench.call("train", {"x": x, "y": y}, seed=seed)
    params, losses = bench.unpack(outcome, ("params", "losses"), "train")
    return params, losses


def _accuracy(bench: Bench, params: Any, x: Array, y: Any) -> tuple[float, str]:
    """Return the share of right predictions by the student's forward, and a sentence when there is none."""
    outcome = bench.call("forward", {"params": params, "x": x})
    scores, _ = bench.unpack(outcome, ("scores", "cache"), "forward")
    if scores.failed:
        return 0.0, scores.failed.sentence
    array = as_array(scores.value)
    if array is None or array.ndim != 2 or array.shape[0] != len(x):
        return (
            0.0,
            f"forward gives scores of shape {np.shape(scores.value)}, expected ({len(x)}, {_CLASSES}).",
        )
    predicted = [int(np.argmax(row)) if np.isfinite(row).all() else -1 for row in array]
    right = sum(1 for a, b in zip(predicted, y, strict=True) if a == b)
    planted = sum(1 for a, b in zip(predicted, y, strict=True) if (a + 1) % _CLASSES == b)
    if right + planted > len(x):
        raise CheckIsBrokenError("right and wrong labels both count as right")
    return right / len(x), ""


def grade_train(bench: Bench) -> None:
    """Train three times, twice with one seed, and look at losses, parameters and training accuracy."""
    x, y, _, _ = _data()
    first, second = (int(seed) for seed in bench.rng.choice(1000, size=2, replace=False))
    runs = [_train(bench, x, y, first) for _ in range(2)]
    runs.append(bench.dear("another seed", lambda: _train(bench, x, y, second)))
    problem = next((params.failed.sentence for params, _ in runs if params.failed), "")
    if problem:
        for part in bench.verdicts:
            bench.judge(part, False, problem)
        return
    params = runs[0][0].value
    accuracy, why = _accuracy(bench, params, x, y)
    _judge_seeds(bench, [run[0].value for run in runs])
    still = len(_still_zero(bench, params)) > 0
    symptom = _judge_losses(bench, runs[0][1].value, still)
    if still:
        bench.judge("updates", False, "Biases are still zero after training.", mistake=symptom)
    message = why or f"The accuracy on the training rows is {accuracy:.3f}, less than {TRAIN_ACCURACY}."
    bench.judge("learns", accuracy >= TRAIN_ACCURACY, message, mistake=symptom)


def _judge_losses(bench: Bench, value: Any, still: bool) -> str:
    """Judge the course of the loss, and name what it is a symptom of; `still` says that biases have not moved."""
    losses = as_array(value)
    if losses is None or losses.ndim != 1 or losses.size < 10:
        message = f"losses must be a list with one number per step; it has shape {np.shape(value)}."
        bench.judge("falls", False, message)
        return ""
    numbers = [float(loss) for loss in losses]
    start = _mean(numbers[: max(1, min(5, len(numbers) // 20))])
    end = _mean(numbers[-max(1, len(numbers) // 10) :])
    finite = [loss for loss in numbers if math.isfinite(loss)]
    falls = math.isfinite(start) and math.isfinite(end) and end < 0.7 * start
    if len(finite) < len(numbers):
        recovered = len(finite) >= 10 and finite[-1] < 2 * max(start, 1.0)
        symptom = "runs_off_the_end" if recovered else "diverges"
        message = f"{len(numbers) - len(finite)} of {len(numbers)} losses are nan or infinite."
    elif still:
        symptom = "biases_frozen" if end < 0.8 * start else "never_updated"
        message = f"The loss goes from {start:.3g} to {end:.3g}."
    elif end > 1.02 * start:
        symptom, message = "diverges", f"The loss grows from {start:.3g} to {end:.3g}."
    elif end > 0.93 * math.log(_CLASSES):
        symptom, message = "pairs_mixed", f"The loss hardly falls: from {start:.3g} to {end:.3g}."
    elif end < 0.25:
        symptom, message = "one_batch", ""
    else:
        symptom, message = "undertrained", f"The loss falls only from {start:.3g} to {end:.3g}."
    bench.judge("falls", falls, message, mistake=symptom)
    return symptom


def _judge_seeds(bench: Bench, params: list[Any]) -> None:
    """Judge whether one seed repeats a training exactly, and another one does not."""
    first, again, other = ([as_array(value) for value in _values(entry)] for entry in params)
    repeats = len(first) == len(again) and all(_equal(a, b) for a, b in zip(first, again, strict=True))
    message = "Two trainings with the same seed end with different parameters."
    bench.judge("seed", repeats, message, mistake="not_reproducible")
    fixed = len(first) == len(other) and all(_equal(a, b) for a, b in zip(first, other, strict=True))
    message = "Trainings with different seeds end with the same parameters."
    bench.judge("seed", not fixed, message, mistake="seed_ignored")


def _still_zero(bench: Bench, params: Any) -> list[str]:
    """Judge the form of the parameters, and return those that are zero everywhere."""
    if not isinstance(params, dict):
        bench.judge("updates", False, "params must be a dictionary with the keys W1, b1, W2, b2.")
        return []
    arrays = {key: as_array(params.get(key)) for key in ("W1", "b1", "W2", "b2")}
    hidden = arrays["W1"].shape[1] if arrays["W1"] is not None and arrays["W1"].ndim == 2 else 0
    shapes = {"W1": (_FEATURES, hidden), "b1": (hidden,), "W2": (hidden, _CLASSES), "b2": (_CLASSES,)}
    still = []
    for key, array in arrays.items():
        found = "missing" if array is None else f"of shape {array.shape}"
        right = array is not None and array.shape == shapes[key]
        row = "row_biases" if array is not None and array.shape == (1, *shapes[key]) else ""
        message = f'params["{key}"] is {found}, expected {shapes[key]}.'
        if not bench.judge("updates", right, message, mistake=row) or array is None:
            continue
        finite = bool(np.isfinite(array).all())
        if bench.judge("updates", finite, f'params["{key}"] is not finite.') and not np.any(array):
            still.append(key)
    return still


def grade_accuracy(bench: Bench) -> None:
    """Train with three seeds, and take the median accuracy on the 100 test rows."""
    seeds = [int(seed) for seed in bench.rng.choice(1000, size=3, replace=False)]
    measured = [_measure(bench, seeds[0])]
    measured += bench.dear("two more seeds", lambda: [_measure(bench, seed) for seed in seeds[1:]])
    why = next((sentence for _, _, sentence in measured if sentence), "")
    if why:
        bench.judge("median", False, why)
        return
    on_test, on_train = [test for test, _, _ in measured], [train for _, train, _ in measured]
    median, trained = sorted(on_test)[1], sorted(on_train)[1]
    share = next((share for level, share in LEVELS if median >= level), 0.0)
    several = ", ".join(f"{accuracy:.2f}" for accuracy in on_test)
    message = (
        f"The test accuracies of three seeds are {several}; their median {median:.3f} is less than 0.90."
    )
    mistake = "overfitted" if trained >= 0.97 else "stopped_early"
    bench.judge("median", share == 1.0, message, fraction=share, mistake=mistake)


def _measure(bench: Bench, seed: int) -> tuple[float, float, str]:
    """Train once; return the accuracy on test and on training rows, and a sentence when there is none."""
    x, y, x_test, y_test = _data()
    params, _ = _train(bench, x, y, seed)
    if params.failed:
        return 0.0, 0.0, params.failed.sentence
    on_test, why = _accuracy(bench, params.value, x_test, y_test)
    return on_test, 0.0 if why else _accuracy(bench, params.value, x, y)[0], why


def _mean(numbers: list[float]) -> float:
    return math.fsum(numbers) / len(numbers) if all(math.isfinite(number) for number in numbers) else math.inf


def _values(params: Any) -> list[Any]:
    return list(params.values()) if isinstance(params, dict) else [params]


def _equal(a: Array | None, b: Array | None) -> bool:
    # Sums in another order may differ in the last bits; trainings that differ in a random number differ far more.
    return a is not None and b is not None and a.shape == b.shape and bool(np.allclose(a, b, rtol=1e-6, atol=1e-9))


_TRAIN_HINT = (
    "Plot the losses. Try one batch first: the loss on it must fall at every step when the step is small."
)

TASKS = (
    Task(
        name="a2.train",
        number="2.6",
        asks="train",
        functions=("train", "forward"),
        parts=(
            PartOfTask("falls", 2, "the loss falls by a third or more", _TRAIN_HINT),
            PartOfTask(
                "seed",
                2,
                "one seed repeats a training, another starts anew",
                "Where does every random number come from?",
            ),
            PartOfTask(
                "updates",
                1,
                "every parameter has its shape and moves",
                "Which parameters does your step change?",
            ),
            PartOfTask("learns", 3, f"training accuracy of at least {TRAIN_ACCURACY}", _TRAIN_HINT),
        ),
        grade=grade_train,
        section=f"{_SECTION}#two-layer-training",
        seconds=25.0,
    ),
    Task(
        name="a2.accuracy",
        number="2.7",
        asks="accuracy",
        functions=("train", "forward"),
        parts=(
            PartOfTask(
                "median",
                8,
                "median test accuracy of three seeds is at least 0.90",
                "Change one setting at a time, on part of the training rows; look at the test rows last.",
            ),
        ),
        grade=grade_accuracy,
        section=f"{_SECTION}#two-layer-training",
        seconds=25.0,
    ),
)
