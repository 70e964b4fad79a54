"""Known mistakes with scores, predictions and their accuracy."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake

Function = Callable[..., Any]


def _scores(x: Any, w: Any, b: Any) -> Any:
    return x @ w + b


def _probabilities(x: Any, w: Any, b: Any) -> Any:
    e = np.exp(x @ w + b - (x @ w + b).max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a1.scores, a1.predict and a1.accuracy."""

    def scores(name: str, wrong: Function, loses: tuple[str, ...], hint: str) -> Mistake:
        return Mistake(name, "a1.scores", {"linear_scores": wrong}, loses, hint)

    def predict(name: str, wrong: Function, hint: str) -> Mistake:
        functions = {"predict": wrong, "linear_scores": _scores}
        return Mistake(name, "a1.predict", functions, ("classes",), hint)

    def accuracy(name: str, wrong: Function, hint: str, like: tuple[str, ...] = ()) -> Mistake:
        return Mistake(name, "a1.accuracy", {"accuracy": wrong}, ("share",), hint, like=like)

    both = ("product", "bias")
    return [
        scores(
            "bias_missing",
            lambda x, w, b: x @ w,
            ("bias",),
            "What does your function return for an image of zeros?",
        ),
        scores(
            "w_transposed",
            lambda x, w, b: x @ w.T + b,
            both,
            "Write the shapes in the order of your product: the two axes that meet must be the same one, D.",
        ),
        scores(
            "class_by_row",
            lambda x, w, b: (x @ w + b).T,
            both,
            "Your result has a row for every class. The task asks for a row for every example.",
        ),
        scores(
            "bias_along_the_rows",
            lambda x, w, b: x @ w + b[:, None],
            both,
            "There is one bias per class, so along which axis of the scores does b lie?",
        ),
        scores(
            "bias_summed",
            lambda x, w, b: x @ w + b.sum(),
            ("bias",),
            "You add the same number to all classes, which changes no prediction. What has every class of its own?",
        ),
        scores(
            "bias_inside_the_sum",
            lambda x, w, b: (x[:, :, None] * w + b).sum(axis=1),
            ("bias",),
            "How often do you add b to one score: once, or once for every feature?",
        ),
        scores(
            "bias_subtracted",
            lambda x, w, b: x @ w - b,
            ("bias",),
            "With w = 0 the scores are the negative of what they should be.",
        ),
        scores(
            "relu",
            lambda x, w, b: np.maximum(x @ w + b, 0),
            both,
            "Scores may be negative. What does your function do to them at the end?",
        ),
        scores(
            "probabilities",
            _probabilities,
            both,
            "Your rows add up to one: these are probabilities. The scores come before them.",
        ),
        scores(
            "first_example",
            lambda x, w, b: x[0] @ w + b,
            both,
            "Your result does not change when the second row of x changes.",
        ),
        predict(
            "smallest",
            lambda x, w, b: _scores(x, w, b).argmin(axis=1),
            "An accuracy far below chance is information too: is the best class the one with the smallest score?",
        ),
        predict(
            "over_the_batch",
            lambda x, w, b: _scores(x, w, b).argmax(axis=0),
            "How many predictions do you return, and how many rows has x? Along which axis lie the classes?",
        ),
        predict(
            "one_for_all",
            lambda x, w, b: _scores(x, w, b).argmax(),
            "You return one number, and it may be larger than any class: the place in the flattened array.",
        ),
        predict(
            "score_instead_of_class",
            lambda x, w, b: _scores(x, w, b).max(axis=1),
            "You return how large the largest score is. The question is where it stands.",
        ),
        predict(
            "column",
            lambda x, w, b: _scores(x, w, b).argmax(axis=1)[:, None],
            "One prediction per row is one axis, (N,). Compared with y, your column would make a table.",
        ),
        predict(
            "one_hot",
            lambda x, w, b: np.eye(len(b))[_scores(x, w, b).argmax(axis=1)],
            "You mark the class with a 1 in a row of zeros. The task asks for its number.",
        ),
        predict(
            "bias_missing",
            lambda x, w, b: (x @ w).argmax(axis=1),
            "Some classes win too rarely. Which part of the score have you left out?",
        ),
        predict(
            "counted_from_one",
            lambda x, w, b: _scores(x, w, b).argmax(axis=1) + 1,
            "What do you call the first class, and what does y call it?",
        ),
        predict(
            "largest_in_size",
            lambda x, w, b: np.abs(_scores(x, w, b)).argmax(axis=1),
            "A very negative score speaks against its class. What do you do with the sign?",
        ),
        accuracy(
            "count",
            lambda predicted, y: np.sum(predicted == y),
            "A share lies between 0 and 1. With twice as many examples your result doubles.",
        ),
        accuracy(
            "per_cent",
            lambda predicted, y: 100 * np.mean(predicted == y),
            "If everything is right, the task asks for 1.",
        ),
        accuracy(
            "error_rate",
            lambda predicted, y: np.mean(predicted != y),
            "If everything is right, your function returns 0. What have you counted?",
        ),
        accuracy(
            "all_or_nothing",
            lambda predicted, y: float(np.all(predicted == y)),
            "One wrong prediction among many costs you everything. Which share is right, and does a rounding lose it?",
        ),
        accuracy(
            "whole_division",
            lambda predicted, y: np.sum(predicted == y) // len(y),
            "Two slashes round down. What remains of 3 out of 4?",
            like=("all_or_nothing",),
        ),
        accuracy(
            "one_entry_per_example",
            lambda predicted, y: (predicted == y).astype(float),
            "You have found which ones are right. How does one number come from that?",
        ),
        accuracy(
            "difference_of_labels",
            lambda predicted, y: 1 - np.mean(np.abs(predicted - y)),
            "Class numbers are names. Is naming class 1 for class 9 more wrong than class 8 for class 9?",
        ),
    ]
