"""Assignment 5, part D: one step of a training, and the accuracy of a net."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a5.graded import TOLERANCE, images
from cs_cnn.checks.bench import Array, Bench, Outcome, Shared
from cs_cnn.checks.modules import Workshop, linear_net, numbers, sgd, tensor
from cs_cnn.checks.pairs import away_from_zero, sizes
from cs_cnn.checks.task import PartOfTask, Task

_SECTION = "architectures/resnet#residual-training"
_NAMES = ("linear.weight", "linear.bias")


def _loss_and_gradients(x: Array, y: Any, w: Array, b: Array) -> tuple[Array, Array, Array]:
    """Return the mean cross-entropy of a linear layer, and its gradients."""
    flat = x.reshape(len(x), -1)
    scores = flat @ w.T + b
    p = np.exp(scores - np.logaddexp.reduce(scores, axis=1)[:, None])
    rows = np.arange(len(y))
    loss = -np.log(p[rows, y]).mean()
    p[rows, y] -= 1
    return np.asarray(loss), p.T @ flat / len(x), p.mean(axis=0)


def _after(x: Array, y: Any, parameters: dict[str, Array], lr: float) -> Array:
    """Return all parameters after one step."""
    w, b = (parameters[name] for name in _NAMES)
    _, dw, db = _loss_and_gradients(x, y, w, b)
    return np.concatenate([(w - lr * dw).ravel(), b - lr * db])


def _flat(parameters: dict[str, Array]) -> Array:
    return np.concatenate([parameters[name].ravel() for name in _NAMES])


def grade_train_step(bench: Bench) -> None:
    """Take two steps with a linear net, and one with a net that normalises."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, high, wide, classes = sizes(rng, 4, 3, 7)
        features, lr = high * wide, float(rng.uniform(0.2, 0.8))
        batches = [
            (images(rng, (n, 1, high, wide)), rng.integers(0, classes, n), part)
            for part in ("step", "second step")
        ]
        start = {
            "linear.weight": away_from_zero(rng, (classes, features)) / 2,
            "linear.bias": away_from_zero(rng, classes),
        }
        net = linear_net(features, classes)
        net.load(start)
        net.mode(True)
        optimiser = sgd(net, lr)
        for x, y, part in batches:
            before = net.parameters()
            outcome = _step(bench, net.value, optimiser, x, y)
            if part == "step":
                right_loss = partial(_loss, x, y, before)
                bench.expect("loss", numbers(outcome), right_loss, name="the loss", tolerance=TOLERANCE)
            after = Outcome(_flat(net.parameters()), outcome.where, outcome.failed)
            bench.expect(
                part, after, partial(_after, x, y, before, lr), name="weights and biases", tolerance=TOLERANCE
            )
        _judge_mode(bench, batches[0][0], batches[0][1], classes)


def _loss(x: Array, y: Any, parameters: dict[str, Array]) -> Array:
    return _loss_and_gradients(x, y, *(parameters[name] for name in _NAMES))[0]


def _step(bench: Bench, model: Any, optimiser: Any, x: Array, y: Any) -> Outcome:
    arguments = {"model": Shared(model), "optimiser": Shared(optimiser), "x": tensor(x), "y": tensor(y)}
    outcome = bench.call("train_step", arguments)
    where = f"x of shape {x.shape}, y of shape {y.shape}"
    return Outcome(outcome.value, where, outcome.failed)


def _judge_mode(bench: Bench, x: Array, y: Any, classes: int) -> None:
    """Hand over a net in evaluation, and see whether it was trained in training mode."""
    net = linear_net(int(np.prod(x.shape[1:])), classes, norm=True)
    before = net.buffers()["norm.running_mean"]
    net.mode(False)
    outcome = _step(bench, net.value, sgd(net, 0.1), x, y)
    if outcome.failed:
        bench.expect("mode", outcome, lambda: np.zeros(1))
        return
    moved = bool(np.abs(net.buffers()["norm.running_mean"] - before).max() > 0)
    message = "The model came in evaluation mode, and its batch normalisation was trained in that mode."
    bench.judge("mode", moved, message, record=moved)


def grade_accuracy(bench: Bench) -> None:
    """Measure a linear net, and one whose normalisation answers differently in training."""
    rng = bench.rng
    shop = Workshop(bench)
    for _ in range(bench.rounds):
        high, wide, classes = sizes(rng, 3, 3, 7)
        features, n = high * wide, int(rng.integers(40, 90))
        for part, norm in (("share", False), ("evaluation", True)):
            values, x, y, right = _quiz(rng, n, (high, wide), classes, norm=norm)
            net = linear_net(features, classes, norm=norm)
            net.load(values)
            net.mode(norm)
            arguments = {"model": Shared(net.value), "x": tensor(x), "y": tensor(y)}
            outcome = shop.worded(bench.call("accuracy", arguments))
            outcome = Outcome(outcome.value, f"x of shape {x.shape}, y of shape {y.shape}", outcome.failed)
            bench.expect(
                part, numbers(outcome), partial(np.asarray, right), name="the accuracy", tolerance=TOLERANCE
            )


def _quiz(
    rng: np.random.Generator, n: int, side: tuple[int, int], classes: int, *, norm: bool
) -> tuple[dict[str, Array], Array, Any, float]:
    """Draw a net, images and labels such that evaluation and training give different shares of right answers."""
    features = side[0] * side[1]
    while True:
        x = images(rng, (n, 1, *side))
        flat = x.reshape(n, -1)
        w, b = away_from_zero(rng, (classes, features)), away_from_zero(rng, classes)
        values = {"linear.weight": w, "linear.bias": b}
        mean, var = np.zeros(features), np.ones(features)
        if norm:
            mean, var = rng.normal(0, 1, features), rng.uniform(0.1, 4, features)
            values |= {"norm.running_mean": mean, "norm.running_var": var}
        scores = (flat - mean) / np.sqrt(var + 1e-5) @ w.T + b
        other = (flat - flat.mean(axis=0)) / flat.std(axis=0) @ w.T + b
        top = np.sort(scores, axis=1)
        sure = (top[:, -1] - top[:, -2]).min() > 1e-3
        y = np.where(rng.random(n) < 0.6, scores.argmax(axis=1), rng.integers(0, classes, n))
        right, wrong = float(np.mean(scores.argmax(axis=1) == y)), float(np.mean(other.argmax(axis=1) == y))
        if sure and (not norm or abs(right - wrong) > 0.1):
            return values, x, y, right


TASKS = (
    Task(
        name="a5.train_step",
        number="5.11",
        asks="train_step",
        functions=("train_step",),
        parts=(
            PartOfTask(
                "loss", 1, "the mean cross-entropy", "Compute the loss of one image with two scores by hand."
            ),
            PartOfTask(
                "step",
                3,
                "the parameters after one step",
                "Three calls belong to a step, in one order: what does each of them do to .grad?",
            ),
            PartOfTask(
                "second step",
                2,
                "the parameters after a second step",
                "What is in .grad when the second step begins?",
            ),
            PartOfTask("mode", 1, "training mode", "Who switches the model to training?"),
        ),
        grade=grade_train_step,
        section=_SECTION,
    ),
    Task(
        name="a5.accuracy",
        number="5.12",
        asks="accuracy",
        functions=("accuracy",),
        parts=(
            PartOfTask(
                "share", 2, "the share of right answers", "Which axis of the scores belongs to the classes?"
            ),
            PartOfTask(
                "evaluation",
                1,
                "evaluation mode",
                "Does the answer for one image depend on the other images of its batch?",
            ),
        ),
        grade=grade_accuracy,
        section=_SECTION,
    ),
)
