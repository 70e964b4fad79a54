"""Known mistakes with the training loop."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _forward(params: Any, x: Any) -> Any:
    h = np.maximum(x @ params["W1"] + params["b1"], 0)
    return h @ params["W2"] + params["b2"], h


def _step(params: Any, x: Any, y: Any) -> Any:
    """Return the loss of a batch and its gradients."""
    scores, h = _forward(params, x)
    scores = scores - scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    loss = -log_p[rows, y].mean()
    d = np.exp(log_p)
    d[rows, y] -= 1
    d /= len(y)
    dh = (d @ params["W2"].T) * (h > 0)
    return loss, {"W1": x.T @ dh, "b1": dh.sum(axis=0), "W2": h.T @ d, "b2": d.sum(axis=0)}


Batch = Callable[[Any, int, int], tuple[Any, Any]]


def _permuted(rng: Any, step: int, n: int) -> tuple[Any, Any]:
    rows = rng.integers(0, n, size=20)
    return rows, rows


def _train(
    *,
    epochs: int = 60,
    hidden: int = 16,
    lr: float = 0.5,
    decay: float = 0.97,
    batch: Batch = _permuted,
    keys: tuple[str, ...] = ("W1", "b1", "W2", "b2"),
    rng_of: Callable[[int], Any] = np.random.default_rng,
    spread: float = 0.5,
    row: bool = False,
) -> Callable[..., Any]:
    """Build a training loop with one thing changed."""

    def train(x: Any, y: Any, *, seed: int) -> Any:
        rng = rng_of(seed)
        params = {
            "W1": rng.normal(0, spread, (8, hidden)),
            "b1": np.zeros(hidden),
            "W2": rng.normal(0, np.sqrt(2 / hidden), (hidden, 4)),
            "b2": np.zeros(4),
        }
        losses, rate = [], lr
        per_epoch = max(1, len(x) // 20)
        for step in range(epochs * per_epoch):
            some, others = batch(rng, step, len(x))
            loss, grads = _step(params, x[some], y[others])
            losses.append(float(loss))
            for key in keys:
                grad = grads[key][None] if row and key[0] == "b" else grads[key]
                params[key] = params[key] - rate * grad
            if (step + 1) % per_epoch == 0:
                rate *= decay
        return params, losses

    return train


def _no_seed(seed: int) -> Any:
    return np.random.default_rng()


def _one_seed(seed: int) -> Any:
    return np.random.default_rng(7)


def _mixed(rng: Any, step: int, n: int) -> tuple[Any, Any]:
    return rng.integers(0, n, size=20), rng.integers(0, n, size=20)


def _always_first(rng: Any, step: int, n: int) -> tuple[Any, Any]:
    return slice(0, 20), slice(0, 20)


def _past_the_end(rng: Any, step: int, n: int) -> tuple[Any, Any]:
    rows = slice(step * 20 % (2 * n), step * 20 % (2 * n) + 20)
    return rows, rows


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a2.train and a2.accuracy."""

    def build(
        name: str, loses: tuple[str, ...], hint: str, task: str = "a2.train", **changed: Any
    ) -> Mistake:
        functions = {"train": _train(**changed), "forward": _forward}
        return Mistake(name, task, functions, loses, hint, told_by_check=True)

    fails = ("falls", "learns")
    return [
        build(
            "diverges",
            fails,
            "The loss grows. Which way does the gradient point: uphill or downhill? If that is right, is "
            "the learning rate "
            "ten times too large?",
            lr=-0.5,
            epochs=4,
        ),
        build(
            "pairs_mixed",
            fails,
            "The loss stays near log 4, as if inputs and labels had nothing to do with each other. Do x "
            "and y of a batch "
            "come from the same rows? Is the step large enough to matter?",
            batch=_mixed,
        ),
        build(
            "one_batch",
            ("learns",),
            "The loss is small, yet most training rows are classified wrongly. Which rows has the network "
            "seen?",
            batch=_always_first,
        ),
        build(
            "runs_off_the_end",
            ("falls",),
            "All goes well and then the loss is nan. What does a slice beyond the last row contain?",
            batch=_past_the_end,
        ),
        build(
            "never_updated",
            (*fails, "updates"),
            "No parameter moves. Does your step change the arrays in params, or only a new name?",
            keys=(),
        ),
        build(
            "biases_frozen",
            ("updates", "learns"),
            "The biases are still zero after training. Which parameters does your step change?",
            keys=("W1", "W2"),
        ),
        build(
            "row_biases",
            ("updates",),
            "Your biases began with one axis and end with two. An array of shape (1, H) in the step gives its shape to "
            "the result: where does it come from?",
            row=True,
        ),
        build(
            "not_reproducible",
            ("seed",),
            "Some random number does not come from the seed. Where do the first weights and the order of "
            "the rows come from?",
            rng_of=_no_seed,
        ),
        build(
            "seed_ignored",
            ("seed",),
            "Every seed gives the same network. Is the argument seed used?",
            rng_of=_one_seed,
        ),
        build(
            "undertrained",
            ("learns",),
            "The loss is on its way down and stops early. More epochs, a larger learning rate, or does the "
            "rate decay too fast?",
            epochs=14,
            lr=0.12,
            decay=1.0,
        ),
        build(
            "stopped_early",
            ("median",),
            "Even the training rows are not learned well: this is not overfitting. Train longer, or with a "
            "larger learning "
            "rate that shrinks towards the end.",
            task="a2.accuracy",
            epochs=8,
            lr=0.1,
        ),
        build(
            "overfitted",
            ("median",),
            "The training rows are learned nearly by heart, the test rows are not. Does the network need "
            "so many hidden "
            "units?",
            task="a2.accuracy",
            hidden=100,
            spread=5.0,
            lr=0.1,
            epochs=300,
            decay=0.99,
        ),
    ]
