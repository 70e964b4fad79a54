"""Known mistakes with the softmax loss of a linear classifier, by loops and vectorised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake

Function = Callable[..., Any]


def _by_row(s: Any) -> Any:
    return s - s.max(axis=1, keepdims=True)


def _error(p: Any, y: Any) -> Any:
    d = p.copy()
    d[np.arange(len(y)), y] -= 1
    return d


def _right(p: Any, y: Any) -> Any:
    return p[np.arange(len(y)), y]


def _softmax(
    *,
    scores: Function = lambda x, w, b: x @ w + b,
    shift: Function = _by_row,
    axis: int = 1,
    sign: float = 1.0,
    value: Function = lambda p, y: -np.log(_right(p, y)).mean(),
    error: Function = lambda p, y: _error(p, y) / len(y),
    dw: Function = lambda x, d: x.T @ d,
    db: Function = lambda d: d.sum(axis=0),
) -> Function:
    """Build a loss with one thing changed; `value` and `error` see the probabilities."""

    def softmax_loss(x: Any, w: Any, b: Any, y: Any) -> Any:
        e = np.exp(sign * shift(scores(x, w, b)))
        p = e / e.sum(axis=axis, keepdims=True)
        d = error(p, y)
        return value(p, y), dw(x, d), db(d)

    return softmax_loss


def _loops(
    *,
    reset: bool = True,
    accumulate: bool = True,
    both: bool = False,
    right_row: bool = True,
    average: bool = True,
    all_divided: bool = True,
) -> Function:
    """Build a loss by loops with one thing changed."""

    def softmax_loss(x: Any, w: Any, b: Any, y: Any) -> Any:
        loss, dw, db, total = 0.0, np.zeros(w.shape), np.zeros(b.shape), 0.0
        for i in range(len(x)):
            s = x[i] @ w + b
            s = s - s.max()
            total = 0.0 if reset else total
            for j in range(len(b)):
                total += np.exp(s[j])
            loss += np.log(total) - s[y[i]]
            for j in range(len(b)):
                p = np.exp(s[j]) / total
                error = p - (1.0 if j == y[i] else 0.0)
                if both and j == y[i]:
                    error += p
                row = x[i] if right_row else x[j % len(x)]
                dw[:, j] = error * row + (dw[:, j] if accumulate else 0)
                db[j] = error + (db[j] if accumulate else 0)
        n = len(x) if average else 1
        return loss / n, dw / n, db / (n if all_divided else 1)

    return softmax_loss


def _whole_columns(p: Any, y: Any) -> Any:
    d = p.copy()
    d[:, y] -= 1
    return d / len(y)


def _alias(x: Any, w: Any, b: Any, y: Any) -> Any:
    e = np.exp(_by_row(x @ w + b))
    p = e / e.sum(axis=1, keepdims=True)
    d = p
    d[np.arange(len(y)), y] -= 1
    d = d / len(y)
    return -np.log(_right(p, y)).mean(), x.T @ d, d.sum(axis=0)


def _predicted(p: Any, y: Any) -> Any:
    return _error(p, p.argmax(axis=1)) / len(y)


_NO_SHIFT = (
    "exp(1000) is infinite. The probabilities of a row stay the same when a constant is subtracted from its "
    "scores."
)
_TWICE_AS_MANY = "With twice as many examples your loss doubles. The loss is the mean over the batch."
_FACTOR = "The loss contains a factor 1/N. A constant factor survives the derivative."


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a1.softmax_loss_loops and a1.softmax_loss_vectorised."""

    def loops(
        name: str,
        loses: tuple[str, ...],
        hint: str,
        wrong: Any = None,
        like: tuple[str, ...] = (),
        **changed: Any,
    ) -> Mistake:
        functions = {"softmax_loss_loops": wrong or _loops(**changed)}
        return Mistake(name, "a1.softmax_loss_loops", functions, loses, hint, like=like)

    def vectorised(
        name: str, loses: tuple[str, ...], hint: str, wrong: Any = None, **changed: Any
    ) -> Mistake:
        functions = {"softmax_loss_vectorised": wrong or _softmax(**changed)}
        return Mistake(name, "a1.softmax_loss_vectorised", functions, loses, hint)

    loss, shifted = ("loss", "loss (shifted)"), ("loss (shifted)", "gradients (shifted)")
    dw, db, both = (
        ("dw", "gradients (shifted)"),
        ("db", "gradients (shifted)"),
        ("dw", "db", "gradients (shifted)"),
    )
    every = (*loss, *both)
    return [
        loops("no_shift", shifted, _NO_SHIFT, _softmax(shift=lambda s: s)),
        loops(
            "loss_not_averaged",
            loss,
            _TWICE_AS_MANY,
            _softmax(value=lambda p, y: -np.log(_right(p, y)).sum()),
        ),
        loops("gradient_not_averaged", both, _FACTOR, _softmax(error=_error)),
        loops(
            "nothing_averaged",
            loss,
            f"{_TWICE_AS_MANY} So do your gradients.",
            like=("loss_not_averaged",),
            average=False,
            all_divided=False,
        ),
        loops(
            "bias_gradient_not_averaged",
            db,
            "One of the two gradients contains 1/N, the other one does not.",
            all_divided=False,
        ),
        loops(
            "sum_not_reset",
            every,
            "The first example is right, and the later ones are not. Where does the sum of exponentials begin again?",
            reset=False,
        ),
        loops(
            "assigned",
            both,
            "Your gradient depends on the last example only. What does = do in a loop over examples?",
            accumulate=False,
        ),
        loops(
            "right_class_twice",
            both,
            "The right class gets two contributions: the one of all classes and its own. Do the entries of db add up "
            "to 0?",
            both=True,
        ),
        loops(
            "wrong_row",
            dw,
            "The probabilities are right. With which example do you multiply them: which letter counts the examples?",
            right_row=False,
        ),
        loops(
            "one_not_subtracted",
            both,
            "The entries of db must add up to 0, since a common shift of the scores changes nothing. What is missing "
            "at the right class?",
            _softmax(error=lambda p, y: p / len(y)),
        ),
        loops(
            "sign_of_the_loss",
            loss,
            "A loss of this kind is never negative: for K classes and small scores it is near log K.",
            _softmax(value=lambda p, y: np.log(_right(p, y)).mean()),
        ),
        loops(
            "log_missing",
            loss,
            "A right class with probability 1 should cost nothing, one with probability near 0 very much. Which "
            "function of the probability does that?",
            _softmax(value=lambda p, y: 1 - _right(p, y).mean()),
        ),
        loops(
            "all_classes",
            loss,
            "Which classes enter the loss of one example: all of them, or the right one only?",
            _softmax(value=lambda p, y: -np.log(p).sum(axis=1).mean()),
        ),
        loops(
            "bias_missing",
            ("loss", "db", "loss (shifted)", "gradients (shifted)"),
            "Your loss does not change when b changes.",
            _softmax(scores=lambda x, w, b: x @ w),
        ),
        vectorised("no_shift", shifted, _NO_SHIFT, shift=lambda s: s),
        vectorised(
            "global_shift",
            shifted,
            "One row may lie far below the largest score of the batch, and then all its exponentials are 0. Shift "
            "every row by a number of its own.",
            shift=lambda s: s - s.max(),
        ),
        vectorised(
            "column_shift",
            every,
            "You subtract another number from every class, which changes the probabilities. What may be subtracted "
            "from all scores of one example?",
            shift=lambda s: s - s.max(axis=0),
        ),
        vectorised("loss_not_averaged", loss, _TWICE_AS_MANY, value=lambda p, y: -np.log(_right(p, y)).sum()),
        vectorised("gradient_not_averaged", both, _FACTOR, error=_error),
        vectorised(
            "averaged_twice",
            both,
            "Your gradients are too small by the factor 1/N. Where is N divided by, and where once more?",
            error=lambda p, y: _error(p, y) / len(y) ** 2,
        ),
        vectorised(
            "averaged_over_all_entries",
            loss,
            "How many terms does the mean have: one for every example, or one for every score?",
            value=lambda p, y: -np.log(_right(p, y)).sum() / p.size,
        ),
        vectorised(
            "minus_in_the_exponent",
            every,
            "With your formula the lowest score gets the highest probability. (One of the source lectures prints it "
            "so.) Which sign lets a larger score win?",
            shift=lambda s: s - s.min(axis=1, keepdims=True),
            sign=-1.0,
        ),
        vectorised(
            "one_not_subtracted",
            both,
            "The entries of db must add up to 0, since a common shift of the scores changes nothing. What is missing "
            "at the right class?",
            error=lambda p, y: p / len(y),
        ),
        vectorised(
            "whole_columns",
            both,
            "An index like [:, y] takes whole columns for every example; you need one entry in each row.",
            error=_whole_columns,
        ),
        vectorised(
            "normalised_over_the_batch",
            every,
            "The probabilities of one example must add up to 1. Along which axis do yours?",
            axis=0,
        ),
        vectorised(
            "alias",
            loss,
            "An assignment does not copy an array. What has become of the probabilities when the loss is computed?",
            _alias,
        ),
        vectorised(
            "epsilon_in_the_log",
            ("loss",),
            "The small number inside the log changes the loss of an example that is confidently wrong. Once the scores "
            "are shifted, is it needed at all?",
            value=lambda p, y: -np.log(_right(p, y) + 1e-7).mean(),
        ),
        vectorised(
            "log_of_the_mean",
            loss,
            "First the loss of every example, then their mean: the logarithm of a mean is something else.",
            value=lambda p, y: -np.log(_right(p, y).mean()),
        ),
        vectorised(
            "predicted_class",
            every,
            "Your result does not depend on y. Which class is the target: the one predicted or the one in y?",
            value=lambda p, y: -np.log(p.max(axis=1)).mean(),
            error=_predicted,
        ),
        vectorised(
            "dw_transposed",
            dw,
            "A gradient has the shape of what it belongs to. What is the shape of w?",
            dw=lambda x, d: d.T @ x,
        ),
        vectorised(
            "row_bias",
            db,
            "A gradient has the shape of what it belongs to, and b has one axis.",
            db=lambda d: d.sum(axis=0, keepdims=True),
        ),
        vectorised(
            "bias_mean",
            db,
            "Your db is 1/N of the right one: the factor 1/N is in there already. Every example adds the same b.",
            db=lambda d: d.mean(axis=0),
        ),
        vectorised(
            "bias_over_classes",
            db,
            "You add up over the classes and get one number per example. Which axis do the examples lie on?",
            db=lambda d: d.sum(axis=1),
        ),
    ]
