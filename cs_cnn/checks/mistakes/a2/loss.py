"""Known mistakes with the softmax loss and its gradient."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _by_row(s: Any) -> Any:
    return s - s.max(axis=1, keepdims=True)


def _softmax_loss(
    *,
    shift: Callable[[Any], Any] = _by_row,
    axis: int = 1,
    value: Callable[[Any, Any], Any] = lambda p, y: -np.log(p[np.arange(len(y)), y]).mean(),
    slope: Callable[[Any, Any], Any] | None = None,
) -> Callable[..., Any]:
    """Build a loss with one thing changed; `value` and `slope` see the probabilities."""

    def gradient(p: Any, y: Any) -> Any:
        d = p.copy()
        d[np.arange(len(y)), y] -= 1
        return d / len(y)

    def softmax_loss(scores: Any, y: Any) -> Any:
        e = np.exp(shift(scores))
        p = e / e.sum(axis=axis, keepdims=True)
        return value(p, y), (slope or gradient)(p, y)

    return softmax_loss


def _right(p: Any, y: Any) -> Any:
    return p[np.arange(len(y)), y]


def _minus_one_hot(p: Any, y: Any) -> Any:
    d = p.copy()
    d[np.arange(len(y)), y] -= 1
    return d


def _whole_columns(p: Any, y: Any) -> Any:
    d = p.copy()
    d[:, y] -= 1
    return d / len(y)


def _predicted_value(p: Any, y: Any) -> Any:
    return -np.log(p.max(axis=1)).mean()


def _predicted_slope(p: Any, y: Any) -> Any:
    d = p.copy()
    d[np.arange(len(y)), p.argmax(axis=1)] -= 1
    return d / len(y)


def _alias(scores: Any, y: Any) -> Any:
    e = np.exp(_by_row(scores))
    p = e / e.sum(axis=1, keepdims=True)
    d = p
    d[np.arange(len(y)), y] -= 1
    return -np.log(p[np.arange(len(y)), y]).mean(), d / len(y)


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the task a2.loss."""

    def build(
        name: str,
        loses: tuple[str, ...],
        hint: str,
        wrong: Any = None,
        like: tuple[str, ...] = (),
        **changed: Any,
    ) -> Mistake:
        return Mistake(
            name, "a2.loss", {"softmax_loss": wrong or _softmax_loss(**changed)}, loses, hint, like=like
        )

    loss, dscores = ("loss", "loss (shifted)"), ("dscores", "dscores (shifted)")
    shifted = ("loss (shifted)", "dscores (shifted)")
    return [
        build(
            "no_shift",
            shifted,
            "exp(1000) is infinite. The probabilities of a row stay the same when a constant is subtracted "
            "from its scores.",
            shift=lambda s: s,
        ),
        build(
            "global_shift",
            shifted,
            "One row may lie far below the largest score of the batch, and then all its exponentials are "
            "0. Shift every "
            "row by a number of its own.",
            shift=lambda s: s - s.max(),
        ),
        build(
            "loss_not_averaged",
            loss,
            "With twice as many examples your loss doubles. The loss is the mean over the batch.",
            value=lambda p, y: -np.log(_right(p, y)).sum(),
        ),
        build(
            "gradient_not_averaged",
            dscores,
            "The loss contains a factor 1/N. A constant factor survives the derivative.",
            slope=_minus_one_hot,
        ),
        build(
            "loss_not_averaged_with_its_gradient",
            loss,
            "With twice as many examples your loss doubles. The loss is the mean over the batch.",
            value=lambda p, y: -np.log(_right(p, y)).sum(),
            slope=_minus_one_hot,
            like=("loss_not_averaged",),
        ),
        build(
            "averaged_over_all_entries",
            ("loss", "loss (shifted)"),
            "How many terms does the mean have: one for every example, or one for every score?",
            value=lambda p, y: -np.log(_right(p, y)).sum() / p.size,
        ),
        build(
            "gradient_averaged_over_all_entries",
            dscores,
            "How many terms does the mean have: one for every example, or one for every score?",
            slope=lambda p, y: _minus_one_hot(p, y) / p.size,
        ),
        build(
            "one_not_subtracted",
            dscores,
            "Every row of the gradient must add up to zero, since a common shift of the scores changes "
            "nothing. What is "
            "missing at the right class?",
            slope=lambda p, y: p / len(y),
        ),
        build(
            "whole_columns",
            dscores,
            "Do the rows of your gradient add up to zero? An index like [:, y] takes whole columns for "
            "every example; you "
            "need one entry in each row.",
            slope=_whole_columns,
        ),
        build(
            "sign_of_the_gradient",
            dscores,
            "The loss falls when the score of the right class grows. Which sign must its entry of the "
            "gradient have?",
            slope=lambda p, y: -_minus_one_hot(p, y) / len(y),
        ),
        build(
            "normalised_over_the_batch",
            loss + dscores,
            "The probabilities of one example must add up to 1. Along which axis do yours?",
            axis=0,
        ),
        build(
            "sign_of_the_loss",
            loss,
            "A loss of this kind is never negative: for C classes and random scores it is near log C.",
            value=lambda p, y: np.log(_right(p, y)).mean(),
        ),
        build(
            "epsilon_in_the_log",
            ("loss",),
            "The small number inside the log changes the loss of an example that is confidently wrong. "
            "Once the scores are "
            "shifted, is it needed at all?",
            value=lambda p, y: -np.log(_right(p, y) + 1e-7).mean(),
        ),
        build(
            "predicted_class",
            loss + dscores,
            "Your result does not depend on y. Which class is the target: the one predicted or the one in y?",
            value=_predicted_value,
            slope=_predicted_slope,
        ),
        build(
            "log_missing",
            loss,
            "A right class with probability 1 should cost nothing, one with probability near 0 very much. "
            "Which function of "
            "the probability does that?",
            value=lambda p, y: 1 - _right(p, y).mean(),
        ),
        build(
            "log_of_the_mean",
            loss,
            "First the loss of every example, then their mean: the logarithm of a mean is something else.",
            value=lambda p, y: -np.log(_right(p, y).mean()),
        ),
        build(
            "alias",
            loss,
            "An assignment does not copy an array. What has become of the probabilities when the loss is "
            "computed?",
            _alias,
        ),
        build(
            "all_classes_in_the_loss",
            loss,
            "Only the right class of each example enters the loss. How do you pick one entry from every row?",
            value=lambda p, y: -np.log(p).sum(axis=1).mean(),
        ),
    ]
