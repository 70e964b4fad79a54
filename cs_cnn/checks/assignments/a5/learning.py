"""Assignment 5, part D: a net that learns fifty images by heart, and a small ResNet that learns clothes."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome
from cs_cnn.checks.compare import CheckIsBrokenError, as_array
from cs_cnn.checks.modules import Built, Workshop, numbers, tensor
from cs_cnn.checks.task import PartOfTask, Task

_SECTION = "architectures/resnet#residual-training"
_CLASSES = 10
LEVELS = ((0.85, 1.0), (0.80, 0.75), (0.70, 0.5))
"""Test accuracy and the share of the points it earns."""


@lru_cache(maxsize=1)
def _clothes() -> tuple[Array, Any, Array, Any]:
    """Return the packaged Fashion-MNIST, whatever happened to the student's copy."""
    from cs_cnn import data

    images = data.load("fashion-mnist")
    return (
        np.asarray(images.x_train, dtype=np.float64),
        images.y_train,
        np.asarray(images.x_test, dtype=np.float64),
        images.y_test,
    )


def _share(shop: Workshop, built: Built, x: Array, y: Any, *, training: bool = False) -> tuple[float, str]:
    """Return the accuracy of a trained module, and a sentence when it has none."""
    shop.prepare(built, {}, training=training)
    right = 0
    for start in range(0, len(x), 250):
        labels = y[start : start + 250]
        outcome = shop.forward(built, x[start : start + 250])
        if outcome.failed:
            return 0.0, outcome.failed.sentence
        scores = as_array(outcome.value)
        if scores is None or scores.shape != (len(labels), _CLASSES):
            shape = np.shape(outcome.value)
            return 0.0, f"The model's scores have shape {shape}, expected {(len(labels), _CLASSES)}."
        answers = [int(row.argmax()) if np.isfinite(row).all() else -1 for row in scores]
        right += sum(1 for a, b in zip(answers, labels, strict=True) if a == b)
        planted = sum(1 for a, b in zip(answers, labels, strict=True) if (a + 1) % _CLASSES == b)
        if right + planted > start + len(labels):
            raise CheckIsBrokenError("right and wrong labels both count as right")
    return right / len(x), ""


def grade_overfit(bench: Bench) -> None:
    """Train on fifty images twice with one seed, and once with labels that were shuffled."""
    x_all, y_all, _, _ = _clothes()
    rng = bench.rng
    rows = np.concatenate(
        [rng.choice(np.flatnonzero(y_all == label), 5, replace=False) for label in range(_CLASSES)]
    )
    rows = rng.permutation(rows)
    seed = int(rng.integers(1000))
    x, y, mixed = x_all[rows], y_all[rows], rng.permutation(y_all[rows])
    shop = Workshop(bench)
    first, losses = _overfit(bench, shop, x, y, seed)
    if first.failed:
        for part in bench.verdicts:
            bench.expect(part, Outcome(None, "", first.failed), lambda: np.zeros(1))
        return
    symptom = _judge_losses(bench, losses)
    share, why = _share(shop, first, x, y)
    same = bench.dear("same seed", lambda: _repeats(bench, shop, first, x, y, seed))
    # Last, since it moves the running statistics.
    in_training = _share(shop, first, x, y, training=True)[0] if share < 1 and not why else share
    if why:
        symptom = "features_for_scores"
    elif share < 1 and in_training == 1:
        symptom = "statistics_lag"
    message = why or f"The model answers {share:.2f} of the fifty training images correctly, not all."
    bench.judge("learns", share == 1, message, fraction=0.5 if share >= 0.9 else 0.0, mistake=symptom)
    message = "Two trainings with the same seed give two different models."
    bench.judge("seed", same, message, mistake="not_reproducible")
    share, why = bench.dear("shuffled", lambda: _shuffled(bench, shop, x, mixed, seed))
    message = why or f"With shuffled labels, {share:.2f} of the fifty images get the label they were given."
    bench.judge("any labels", share == 1, message, fraction=0.5 if share >= 0.9 else 0.0, mistake=symptom)


def _repeats(bench: Bench, shop: Workshop, first: Built, x: Array, y: Any, seed: int) -> bool:
    """Train again with the same seed, and tell whether the scores are the same."""
    outs = [_scores(shop, built, x) for built in (first, _overfit(bench, shop, x, y, seed)[0])]
    return all(out is not None for out in outs) and bool(np.allclose(outs[0], outs[1], rtol=1e-2, atol=1e-3))  # type: ignore[arg-type]


def _shuffled(bench: Bench, shop: Workshop, x: Array, mixed: Any, seed: int) -> tuple[float, str]:
    """Train with labels that say nothing, and return which share was learned by heart."""
    built, _ = _overfit(bench, shop, x, mixed, seed)
    return (0.0, built.failed.sentence) if built.failed else _share(shop, built, x, mixed)


def _overfit(bench: Bench, shop: Workshop, x: Array, y: Any, seed: int) -> tuple[Built, Outcome]:
    outcome = bench.call("overfit", {"x": tensor(x), "y": tensor(y)}, seed=seed)
    model, losses = bench.unpack(shop.worded(outcome), ("model", "losses"), "overfit")
    return shop.hold(model, "overfit must return a torch.nn.Module first", exact=False), numbers(losses)


def _scores(shop: Workshop, built: Built, x: Array) -> Array | None:
    shop.prepare(built, {}, training=False)
    return as_array(shop.forward(built, x).value)


def _judge_losses(bench: Bench, outcome: Outcome) -> str:
    """Judge the course of the loss, and name what it is a symptom of."""
    losses = as_array(outcome.value)
    if losses is None or losses.ndim != 1 or losses.size < 2:
        message = f"losses must be a list with one number per step; it has shape {np.shape(outcome.value)}."
        bench.judge("losses", False, message, mistake="losses_not_a_list")
        return ""
    start, end = float(losses[0]), float(np.mean(losses[-max(1, losses.size // 10) :]))
    symptom = ""
    if not math.isfinite(end):
        symptom = "diverges"
    elif end > 0.98 * start and end < 1.5 * start:
        symptom = "never_steps"
    elif end >= 1.5 * start:
        symptom = "diverges"
    elif 1.45 < end < 1.75:
        symptom = "softmax_before_loss"
    elif end > 0.1 * start:
        symptom = "stopped_early"
    message = f"The loss goes from {start:.3g} to {end:.3g}; it must fall to a tenth."
    bench.judge("losses", end <= 0.1 * start, message, mistake=symptom)
    return symptom


def grade_resnet(bench: Bench) -> None:
    """Train once on the packaged clothes, and measure on the test images."""
    failed, share, in_training, why = bench.dear("one training", lambda: _trained(bench))
    if failed is not None:
        bench.expect("accuracy", failed, lambda: np.zeros(1))
        return
    level = next((level for needed, level in LEVELS if share >= needed), 0.0)
    symptom = "features_for_scores" if why else "" if level == 1 else _symptom(share, in_training)
    message = why or f"The accuracy on the test images is {share:.3f}, less than {LEVELS[0][0]}."
    bench.judge("accuracy", level == 1, message, fraction=level, mistake=symptom)


def _trained(bench: Bench) -> tuple[Outcome | None, float, float, str]:
    """Train; return what failed, the accuracy in evaluation and, if that is low, in training, and what is wrong."""
    x, y, x_test, y_test = _clothes()
    shop = Workshop(bench)
    outcome = bench.call("train_resnet", {"x": tensor(x), "y": tensor(y)}, seed=int(bench.rng.integers(1000)))
    built = shop.hold(outcome, "train_resnet must return a torch.nn.Module", exact=False)
    if built.failed:
        return Outcome(None, "", built.failed), 0.0, 0.0, ""
    share, why = _share(shop, built, x_test, y_test)
    low = not why and share < LEVELS[0][0]
    return None, share, _share(shop, built, x_test, y_test, training=True)[0] if low else share, why


def _symptom(share: float, in_training: float) -> str:
    if in_training > share + 0.2:
        return "statistics_lag"
    return "untrained" if share < 0.25 else "stopped_early"


_TRY = "Train on one batch again and again first: its loss must fall nearly to zero."

TASKS = (
    Task(
        name="a5.overfit",
        number="5.13",
        asks="overfit",
        functions=("overfit",),
        parts=(
            PartOfTask("losses", 1, "the loss falls to a tenth", _TRY),
            PartOfTask("learns", 3, "all fifty images are answered correctly", _TRY),
            PartOfTask("any labels", 1, "shuffled labels are learned by heart too", _TRY),
            PartOfTask(
                "seed",
                1,
                "one seed repeats a training",
                "Where do the first weights come from, and the order?",
            ),
        ),
        grade=grade_overfit,
        section=_SECTION,
        seconds=25.0,
    ),
    Task(
        name="a5.train_resnet",
        number="5.14",
        asks="train_resnet",
        functions=("train_resnet",),
        parts=(
            PartOfTask(
                "accuracy",
                6,
                f"test accuracy of at least {LEVELS[0][0]}",
                "Plot the loss of every step: does it still fall at the end? Then the accuracy on training images.",
            ),
        ),
        grade=grade_resnet,
        section=_SECTION,
        seconds=25.0,
    ),
)
