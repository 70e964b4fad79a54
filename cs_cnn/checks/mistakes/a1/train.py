"""Known mistakes with the training of a linear classifier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake

Batch = Callable[[Any, int, int], tuple[Any, Any]]
_SIZE = 50


def _drawn(rng: Any, step: int, n: int) -> tuple[Any, Any]:
    rows = rng.integers(0, n, size=_SIZE)
    return rows, rows


def _mixed(rng: Any, step: int, n: int) -> tuple[Any, Any]:
    return rng.integers(0, n, size=_SIZE), rng.integers(0, n, size=_SIZE)


def _always_first(rng: Any, step: int, n: int) -> tuple[Any, Any]:
    return slice(0, _SIZE), slice(0, _SIZE)


def _past_the_end(rng: Any, step: int, n: int) -> tuple[Any, Any]:
    start = step * _SIZE % (2 * n)
    return slice(start, start + _SIZE), slice(start, start + _SIZE)


def _train(
    *,
    steps: int = 900,
    lr: float = 0.1,
    batch: Batch = _drawn,
    rng_of: Callable[[int], Any] = np.random.default_rng,
    scale: float = 1e-3,
    bias: bool = True,
    row: bool = False,
) -> Callable[..., Any]:
    """Build a training with one thing changed."""

    def train(x: Any, y: Any, *, seed: int) -> Any:
        rng = rng_of(seed)
        w, b, losses = rng.normal(0, scale, (x.shape[1], 10)), np.zeros((1, 10) if row else 10), []
        for step in range(steps):
            some, others = batch(rng, step, len(x))
            rows, labels = x[some], y[others]
            scores = rows @ w + b
            if len(rows):
                scores = scores - scores.max(axis=1, keepdims=True)
            log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
            each = np.arange(len(labels))
            losses.append(float(-log_p[each, labels].mean()))
            d = np.exp(log_p)
            d[each, labels] -= 1
            d /= max(1, len(labels))
            rate = lr * (1 - step / steps)
            w = w - rate * rows.T @ d
            b = b - rate * d.sum(axis=0) if bias else b
        return w, b, losses

    return train


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the task a1.train."""

    def build(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a1.train", {"train": _train(**changed)}, loses, hint, told_by_check=True)

    return [
        build(
            "never_updated",
            ("falls", "seed", "accuracy"),
            "No parameter moves. Does your step change the arrays that you return, or only a new name?",
            lr=0.0,
            scale=0.0,
            steps=100,
        ),
        build(
            "ascent",
            ("falls", "accuracy"),
            "The loss grows. Which way does the gradient point: uphill or downhill? If that is right, is the learning "
            "rate ten times too large?",
            lr=-0.1,
            steps=100,
        ),
        build(
            "pairs_mixed",
            ("falls", "accuracy"),
            "The loss stays near log 10, as if images and labels had nothing to do with each other. Do x and y of a "
            "batch come from the same rows? Is the step large enough to matter?",
            batch=_mixed,
            steps=300,
        ),
        build(
            "one_batch",
            ("accuracy",),
            "The loss is small, yet most test images are classified wrongly. Which images has the classifier seen?",
            batch=_always_first,
        ),
        build(
            "runs_off_the_end",
            ("falls",),
            "All goes well and then the loss is nan. What does a slice beyond the last row contain?",
            batch=_past_the_end,
        ),
        build(
            "bias_frozen",
            ("accuracy",),
            "The biases are still zero after training. Which parameters does your step change?",
            bias=False,
        ),
        build(
            "row_bias",
            ("accuracy",),
            "One bias per class is one axis, (10,). Where does the second axis come from?",
            row=True,
        ),
        build(
            "not_reproducible",
            ("seed",),
            "Some random number does not come from the seed. Where do the order of the rows and the first weights come "
            "from?",
            rng_of=lambda seed: np.random.default_rng(),
        ),
        build(
            "seed_ignored",
            ("seed",),
            "Every seed gives the same weights. Is the argument seed used, and are the batches drawn with it?",
            rng_of=lambda seed: np.random.default_rng(7),
        ),
        build(
            "undertrained",
            ("falls", "accuracy"),
            "The loss is on its way down and stops early. More passes, or a larger learning rate?",
            lr=0.01,
            steps=120,
        ),
    ]
