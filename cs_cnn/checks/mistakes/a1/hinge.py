"""Known mistakes with the multiclass hinge loss, by loops and vectorised."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake

Function = Callable[..., Any]


def _loops(
    *,
    delta: float = 1.0,
    skip: bool = True,
    right_class: str = "every",
    accumulate: bool = True,
    sign: float = 1.0,
    stop: bool = False,
    both: float = 1.0,
    n_loss: Function = len,
    n_gradient: Function = len,
    bias: bool = True,
    gate: bool = True,
) -> Function:
    """Build a loss by loops with one thing changed."""

    def svm_loss(x: Any, w: Any, b: Any, y: Any) -> Any:
        loss, dw, db = 0.0, np.zeros(w.shape), np.zeros(b.shape)
        for i in range(len(x)):
            s, seen = x[i] @ w + (b if bias else 0), False
            for j in range(len(b)):
                if skip and j == y[i]:
                    if stop:
                        break
                    continue
                margin = sign * (s[j] - s[y[i]]) + delta
                loss += max(0.0, margin)
                if (margin > 0 or not gate) and j != y[i]:
                    dw[:, j] = x[i] * sign + (dw[:, j] if accumulate else 0)
                    db[j] = sign + (db[j] if accumulate else 0)
                    if right_class == "every" or (right_class == "once" and not seen):
                        dw[:, y[i]] -= sign * x[i] * both
                        db[y[i]] -= sign * both
                    seen = True
        return loss / n_loss(x), dw / n_gradient(x), db / n_gradient(x)

    return svm_loss


def _vectorised(
    *,
    scores: Function = lambda x, w, b: x @ w + b,
    delta: float = 1.0,
    clean: Function | None = None,
    value: Function = lambda m: m.sum(axis=1).mean(),
    mask: Function = lambda m: (m > 0).astype(float),
    count: Function = lambda g: g.sum(axis=1),
    dw: Function = lambda x, g: x.T @ g,
    db: Function = lambda g: g.sum(axis=0),
    average: Function = len,
) -> Function:
    """Build a vectorised loss with one thing changed."""

    def svm_loss(x: Any, w: Any, b: Any, y: Any) -> Any:
        s, rows = scores(x, w, b), np.arange(len(y))
        m = np.maximum(0, s - s[rows, y][:, None] + delta)
        if clean is None:
            m[rows, y] = 0
        else:
            clean(m, s, y)
        g = mask(m)
        g[rows, y] -= count(g)
        g = g / average(y)
        return value(m), dw(x, g), db(g)

    return svm_loss


def _keep(m: Any, s: Any, y: Any) -> None:
    return


def _equal_scores(m: Any, s: Any, y: Any) -> None:
    m[s == s[np.arange(len(y)), y][:, None]] = 0


def _columns(m: Any, s: Any, y: Any) -> None:
    m[:, y] = 0


def _one(x: Any) -> int:
    return 1


_COUNTED = (
    "The right class itself is no term of the sum. Which margin would it have, whatever the scores are?"
)
_WITH_EQUAL = "When all scores are equal the loss must be K - 1. What is yours, and which number is missing?"


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a1.svm_loss_loops and a1.svm_loss_vectorised."""

    def loops(name: str, loses: tuple[str, ...], hint: str, wrong: Any = None, **changed: Any) -> Mistake:
        functions = {"svm_loss_loops": wrong or _loops(**changed)}
        return Mistake(name, "a1.svm_loss_loops", functions, loses, hint)

    def vectorised(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        functions = {"svm_loss_vectorised": _vectorised(**changed)}
        return Mistake(name, "a1.svm_loss_vectorised", functions, loses, hint)

    loss, both, every = ("loss",), ("dw", "db"), ("loss", "dw", "db")
    return [
        loops("right_class_counted", loss, _COUNTED, skip=False),
        loops(
            "right_class_without_gradient",
            both,
            "The entries of db must add up to 0. Which other score stands in every term that is not 0?",
            right_class="never",
        ),
        loops(
            "right_class_once",
            both,
            "How often does the score of the right class occur in the sum of one example?",
            right_class="once",
        ),
        loops("margin_forgotten", loss, _WITH_EQUAL, delta=0.0),
        loops("margin_of_ten", loss, "Which margin does the task ask for?", delta=10.0),
        loops(
            "scores_swapped",
            loss,
            "Your loss grows when the right class gets a larger score. Which of the two scores is subtracted?",
            sign=-1.0,
        ),
        loops(
            "stops_at_the_right_class",
            loss,
            "The classes behind the right one are never reached. What is the difference between break and continue?",
            stop=True,
        ),
        loops(
            "every_class_pushed",
            both,
            "A class that lies far below the right one costs nothing. What is its share of the gradient?",
            gate=False,
        ),
        loops(
            "assigned",
            both,
            "Several examples push the same class. What does = do in a loop over examples?",
            accumulate=False,
        ),
        loops(
            "loss_not_averaged",
            loss,
            "With twice as many examples your loss doubles. The loss is the mean over the batch.",
            n_loss=_one,
        ),
        loops(
            "gradient_not_averaged",
            both,
            "The loss contains a factor 1/N. A constant factor survives the derivative.",
            n_gradient=_one,
        ),
        loops("bias_missing", ("loss", "db"), "Your loss does not change when b changes.", bias=False),
        vectorised("right_class_in_the_loss", loss, _COUNTED, clean=_keep),
        vectorised(
            "equal_scores_removed",
            loss,
            "Another class may have exactly the score of the right one. Find the right class by its number, not by its "
            "score.",
            clean=_equal_scores,
        ),
        vectorised(
            "whole_columns",
            every,
            "An index like [:, y] takes whole columns for every example; you need one entry in each row.",
            clean=_columns,
        ),
        vectorised("margin_forgotten", loss, _WITH_EQUAL, delta=0.0),
        vectorised(
            "largest_only",
            loss,
            "Your loss takes the worst class of every example. Does the formula have a maximum over the classes, or a "
            "sum?",
            value=lambda m: m.max(axis=1).mean(),
        ),
        vectorised(
            "squared",
            loss,
            "Twice the violation must cost twice as much. What does yours cost?",
            value=lambda m: (m**2).sum(axis=1).mean(),
        ),
        vectorised(
            "averaged_over_all_entries",
            loss,
            "How many terms does the mean have: one for every example, or one for every score?",
            value=lambda m: m.mean(),
        ),
        vectorised(
            "right_class_without_gradient",
            both,
            "The entries of db must add up to 0. Which other score stands in every term that is not 0?",
            count=lambda g: 0.0,
        ),
        vectorised(
            "right_class_once",
            both,
            "How often does the score of the right class occur in the sum of one example?",
            count=lambda g: (g.sum(axis=1) > 0).astype(float),
        ),
        vectorised(
            "margin_as_slope",
            both,
            "You multiply by the size of the violation. How much does a hinge max(0, m) grow when m grows by 1?",
            mask=lambda m: m.copy(),
        ),
        vectorised(
            "gradient_not_averaged",
            both,
            "The loss contains a factor 1/N. A constant factor survives the derivative.",
            average=_one,
        ),
        vectorised(
            "dw_transposed",
            ("dw",),
            "A gradient has the shape of what it belongs to. What is the shape of w?",
            dw=lambda x, g: g.T @ x,
        ),
        vectorised(
            "added_twice",
            ("dw",),
            "Every entry of dw is twice what it should be. Does one line add what another has added already?",
            dw=lambda x, g: 2 * (x.T @ g),
        ),
        vectorised(
            "row_bias",
            ("db",),
            "A gradient has the shape of what it belongs to, and b has one axis.",
            db=lambda g: g.sum(axis=0, keepdims=True),
        ),
        vectorised(
            "bias_mean",
            ("db",),
            "Your db is 1/N of the right one: the factor 1/N is in there already.",
            db=lambda g: g.mean(axis=0),
        ),
    ]
