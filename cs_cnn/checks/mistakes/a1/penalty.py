"""Known mistakes with a penalty on large weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake

Function = Callable[..., Any]


def _data(x: Any, w: Any, b: Any, y: Any) -> Any:
    scores = x @ w + b
    scores = scores - scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    rows = np.arange(len(y))
    d = np.exp(log_p)
    d[rows, y] -= 1
    d /= len(y)
    return -log_p[rows, y].mean(), x.T @ d, d.sum(axis=0)


def _penalised(
    *,
    loss: Function = lambda reg, w, b, n: reg * np.sum(w**2),
    dw: Function = lambda reg, w, n: 2 * reg * w,
    db: Function = lambda reg, b: 0.0 * b,
) -> Function:
    """Build a penalised loss with one term changed."""

    def penalised_loss(x: Any, w: Any, b: Any, y: Any, reg: Any) -> Any:
        value, gw, gb = _data(x, w, b, y)
        return value + loss(reg, w, b, len(x)), gw + dw(reg, w, len(x)), gb + db(reg, b)

    return penalised_loss


def _only_penalty(x: Any, w: Any, b: Any, y: Any, reg: Any) -> Any:
    return reg * np.sum(w**2), 2 * reg * w, np.zeros_like(b)


def _data_gradient_lost(x: Any, w: Any, b: Any, y: Any, reg: Any) -> Any:
    loss, _, db = _data(x, w, b, y)
    return loss + reg * np.sum(w**2), 2 * reg * w, db


def _all_times_reg(x: Any, w: Any, b: Any, y: Any, reg: Any) -> Any:
    loss, dw, db = _data(x, w, b, y)
    return loss + reg * np.sum(w**2), dw + reg * dw, db


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the task a1.penalised_loss."""

    def build(name: str, loses: tuple[str, ...], hint: str, wrong: Any = None, **changed: Any) -> Mistake:
        functions = {"penalised_loss": wrong or _penalised(**changed), "softmax_loss_vectorised": _data}
        return Mistake(name, "a1.penalised_loss", functions, loses, hint)

    return [
        build(
            "factor_two_missing",
            ("dw",),
            "Differentiate the penalty of a single weight, reg times its square, once more on paper.",
            dw=lambda reg, w, n: reg * w,
        ),
        build(
            "missing_in_the_gradient",
            ("dw",),
            "Your loss depends on w in two ways, your gradient follows one of them.",
            dw=lambda reg, w, n: 0.0 * w,
        ),
        build(
            "missing_in_the_loss",
            ("loss",),
            "Your gradient knows the penalty, your loss does not.",
            loss=lambda reg, w, b, n: 0.0,
        ),
        build(
            "missing",
            ("loss", "dw"),
            "Does anything change in your results when reg changes?",
            loss=lambda reg, w, b, n: 0.0,
            dw=lambda reg, w, n: 0.0 * w,
        ),
        build(
            "halved",
            ("loss",),
            "Many texts put a factor 1/2 before the penalty. Does this task?",
            loss=lambda reg, w, b, n: 0.5 * reg * np.sum(w**2),
        ),
        build(
            "divided_by_n",
            ("loss", "dw"),
            "The penalty does not know the data: it must stay the same when there are more examples.",
            loss=lambda reg, w, b, n: reg * np.sum(w**2) / n,
            dw=lambda reg, w, n: 2 * reg * w / n**2,
        ),
        build(
            "gradient_divided_by_n",
            ("dw",),
            "First the mean over the examples, then the penalty. Which came first in your gradient?",
            dw=lambda reg, w, n: 2 * reg * w / n,
        ),
        build(
            "sum_of_weights",
            ("dw",),
            "You add one and the same number to all entries. How does the penalty change when only one weight moves?",
            dw=lambda reg, w, n: reg * np.sum(w),
        ),
        build(
            "strength_missing_in_the_loss",
            ("loss",),
            "With reg = 0 the penalty must vanish. Does yours?",
            loss=lambda reg, w, b, n: np.sum(w**2),
        ),
        build(
            "absolute_values",
            ("loss",),
            "Your loss adds absolute values, your gradient belongs to squares. Which does the task ask for?",
            loss=lambda reg, w, b, n: reg * np.abs(w).sum(),
        ),
        build(
            "norm_not_squared",
            ("loss",),
            "Twice the weights must cost four times as much.",
            loss=lambda reg, w, b, n: reg * np.sqrt(np.sum(w**2)),
        ),
        build(
            "square_of_the_sum",
            ("loss",),
            "Weights of opposite sign cancel in your penalty. What is squared first?",
            loss=lambda reg, w, b, n: reg * np.sum(w) ** 2,
        ),
        build(
            "bias_in_the_gradient",
            ("db",),
            "Your loss does not punish large biases, but your gradient does.",
            db=lambda reg, b: 2 * reg * b,
        ),
        build(
            "bias_in_the_loss",
            ("loss",),
            "Which letters stand in the penalty? A bias only moves the border, so it may be large.",
            loss=lambda reg, w, b, n: reg * (np.sum(w**2) + np.sum(b**2)),
        ),
        build(
            "sign",
            ("loss",),
            "Large weights make your loss smaller.",
            loss=lambda reg, w, b, n: -reg * np.sum(w**2),
        ),
        build(
            "sign_of_the_gradient",
            ("dw",),
            "A step against your gradient makes large weights larger. Which sign shrinks them?",
            dw=lambda reg, w, n: -2 * reg * w,
        ),
        build(
            "only_the_penalty",
            ("loss", "dw", "db"),
            "With reg = 0 your loss is 0 for any data. What has become of the softmax loss?",
            _only_penalty,
        ),
        build(
            "data_gradient_lost",
            ("dw",),
            "With reg = 0 your dw is 0. Is the gradient of the data overwritten somewhere?",
            _data_gradient_lost,
        ),
        build(
            "gradient_times_reg",
            ("dw",),
            "What does the penalty pull towards zero: the weights, or the gradient?",
            _all_times_reg,
        ),
    ]
