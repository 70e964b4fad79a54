"""Fairness in assignment 1: an early mistake is punished once, and nothing earns nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cs_cnn import checks
from cs_cnn.checks.mistakes import bank

Function = Callable[..., Any]


def known(task: str, name: str) -> dict[str, Function]:
    """Return the functions of a known mistake."""
    return dict(next(mistake for mistake in bank(task) if mistake.name == name).functions)


def output_on_the_border(x: Any, w: Any, b: Any) -> Any:
    return (x @ w + b >= 0).astype(int)


def step_without_bias(x: Any, w: Any, b: Any, t: Any, lr: Any) -> Any:
    return w + lr * (t - output_on_the_border(x[None], w, b)[0]) * x, b


def test_a_training_may_follow_from_ones_own_step_and_output() -> None:
    def train(x: Any, t: Any, lr: Any, epochs: Any) -> Any:
        w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
        for _ in range(epochs):
            mistakes.append(0)
            for row, target in zip(x, t, strict=True):
                mistakes[-1] += output_on_the_border(row[None], w, b)[0] != target
                w, b = step_without_bias(row, w, b, target, lr)
            if mistakes[-1] == 0:
                break
        return w, b, mistakes

    assert checks.run("a1.perceptron_output", output_on_the_border).points == 3
    assert checks.run("a1.perceptron_step", step_without_bias).points == 5
    report = checks.run("a1.perceptron_train", [train, step_without_bias, output_on_the_border])
    # The bias never moves, which is right for this step; a result of zeros alone is never taken for granted.
    assert [part.name for part in report.parts if part.ok] == ["w", "mistakes", "stops"]


def test_predictions_may_follow_from_ones_own_scores() -> None:
    def scores(x: Any, w: Any, b: Any) -> Any:
        return x @ w

    assert checks.run("a1.scores", scores).points == 3
    assert checks.run("a1.predict", [lambda x, w, b: scores(x, w, b).argmax(1), scores]).points == 3
    constant = lambda x, w, b: np.zeros((len(x), len(b)))  # noqa: E731
    assert checks.run("a1.predict", [lambda x, w, b: np.zeros(len(x)), constant]).points == 0


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ("a1.softmax_loss_loops", "nothing_averaged"),
        ("a1.svm_loss_loops", "margin_of_ten"),
        ("a1.svm_loss_vectorised", "margin_forgotten"),
        ("a1.svm_loss_loops", "scores_swapped"),
    ],
)
def test_gradients_of_ones_own_loss_are_right(task: str, name: str) -> None:
    report = checks.run(task, known(task, name), hidden=True, seed=4)
    assert {part.name for part in report.parts if not part.ok} <= {"loss", "loss (shifted)"}
    assert any("follows from your own" in remark for remark in report.advice)


@pytest.mark.parametrize(
    "way", ["softmax_loss_loops", "softmax_loss_vectorised", "svm_loss_loops", "svm_loss_vectorised"]
)
def test_a_loss_of_nothing_earns_nothing(way: str) -> None:
    nothing = lambda x, w, b, y: (0.0, 0 * w, 0 * b)  # noqa: E731
    assert checks.run(f"a1.{way}", nothing).points == 0
    blind = lambda x, w, b, y: (w.sum() + b.sum(), 0 * w + 1, 0 * b + 1)  # noqa: E731
    assert checks.run(f"a1.{way}", blind).points == 0


def test_a_penalty_may_be_added_to_ones_own_loss() -> None:
    wrong = known("a1.softmax_loss_vectorised", "gradient_not_averaged")["softmax_loss_vectorised"]

    def penalised(x: Any, w: Any, b: Any, y: Any, reg: Any) -> Any:
        loss, dw, db = wrong(x, w, b, y)
        return loss + reg * np.sum(w**2), dw + 2 * reg * w, db

    assert checks.run("a1.penalised_loss", [penalised, wrong], hidden=True, seed=1).points == 6


def test_without_a_penalty_there_is_no_gradient_of_it() -> None:
    functions = known("a1.penalised_loss", "missing")
    report = checks.run("a1.penalised_loss", functions)
    assert report.points == 1
    assert "missing" in report.mistakes


def test_unfinished_functions_are_named_with_their_task() -> None:
    def unfinished(x: Any, w: Any, b: Any, y: Any) -> Any:
        raise NotImplementedError

    unfinished.__code__ = unfinished.__code__.replace(co_name="softmax_loss_vectorised")

    def penalised(x: Any, w: Any, b: Any, y: Any, reg: Any) -> Any:
        return unfinished(x, w, b, y)

    report = checks.run("a1.penalised_loss", [penalised, unfinished])
    assert report.points == 0
    assert "task 3.2 softmax_loss_vectorised is not implemented yet" in report.messages[0]


def test_a_numerical_gradient_that_moves_its_argument_only_gets_advice() -> None:
    def gradient(f: Any, x: Any, h: float = 1e-5) -> Any:
        g = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            before = x[place]
            x[place] = before + h
            above = f(x)
            x[place] = before - h
            g[place] = (above - f(x)) / (2 * h)
            x[place] = before
        x += 1.0
        return g

    report = checks.run("a1.numerical_gradient", gradient)
    assert report.ok
    assert any("changes its argument x in place" in remark for remark in report.advice)


@pytest.mark.parametrize(
    ("reached", "points"), [(0.9, 8), (0.78, 8), (0.77, 7), (0.74, 7), (0.7, 6), (0.5, 4)]
)
def test_accuracy_has_steps(monkeypatch: pytest.MonkeyPatch, reached: float, points: float) -> None:
    from cs_cnn.checks.assignments.a1 import train as a1_train

    monkeypatch.setattr(a1_train, "_share_right", lambda w, b, x, y: reached if b[0] == 1 else 0.0)

    def train(x: Any, y: Any, *, seed: int) -> Any:
        return np.full((784, 10), float(seed)), np.ones(10), np.linspace(2.3, 0.5, 100)

    assert checks.run("a1.train", train).points == points
