"""Fairness: an early mistake is punished once, edge cases are not graded, and half-right work keeps its half."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cs_cnn import checks

Functions = dict[str, Callable[..., Any]]


def test_gradients_follow_the_students_own_loss(solution: Functions) -> None:
    def neuron_loss(x: Any, w: Any, b: Any, t: Any) -> Any:
        a = solution["sigmoid"](x @ w + b)
        delta = 2 * (a - t) * a * (1 - a)
        return (a - t) ** 2, delta * w, delta * x, delta  # no 1/2 anywhere

    report = checks.run("a2.neuron", neuron_loss)
    assert report.points == 12
    assert any("follows from your own forward pass" in remark for remark in report.advice)


def test_gradients_of_the_right_loss_are_right_too(solution: Functions) -> None:
    def neuron_loss(x: Any, w: Any, b: Any, t: Any) -> Any:
        loss, dx, dw, db = solution["neuron_loss"](x, w, b, t)
        return 2 * loss, dx, dw, db

    assert checks.run("a2.neuron", neuron_loss).points == 12


def test_a_constant_loss_earns_no_gradients() -> None:
    report = checks.run("a2.neuron", lambda x, w, b, t: (0.0, 0 * x, 0 * w, 0.0))
    assert report.points == 0
    report = checks.run("a2.neuron", lambda x, w, b, t: (w.sum() + b, 0 * x, 0 * w + 1, 1.0))
    assert report.points == 0
    report = checks.run("a2.loss", lambda scores, y: (scores.sum(), np.ones_like(scores)))
    assert report.points == 0


def test_backward_follows_the_students_own_forward(solution: Functions) -> None:
    def forward(params: Any, x: Any) -> Any:  # the ReLU is forgotten, here and below
        h = x @ params["W1"] + params["b1"]
        return h @ params["W2"] + params["b2"], (x, h, params["W2"])

    def backward(dscores: Any, cache: Any) -> Any:
        x, h, w2 = cache
        dh = dscores @ w2.T
        return {"W1": x.T @ dh, "b1": dh.sum(0), "W2": h.T @ dscores, "b2": dscores.sum(0)}

    assert checks.run("a2.forward", forward).points == 7
    assert checks.run("a2.backward", [forward, backward]).points == 14


def test_backward_of_nothing_earns_nothing() -> None:
    def forward(params: Any, x: Any) -> Any:
        return np.zeros((len(x), len(params["b2"]))), params

    def backward(dscores: Any, params: Any) -> Any:
        return {key: np.zeros_like(value) for key, value in params.items()}

    assert checks.run("a2.backward", [forward, backward]).points == 0


def test_backward_survives_a_forward_that_fails(solution: Functions) -> None:
    report = checks.run("a2.backward", [lambda params, x: params["W3"], solution["backward"]])
    assert report.points == 0
    assert "KeyError" in report.messages[0]


def test_each_part_counts_alone(solution: Functions) -> None:
    for key, points in (("W1", 10), ("b1", 11), ("W2", 10), ("b2", 11)):

        def backward(dscores: Any, cache: Any, key: str = key) -> Any:
            grads = solution["backward"](dscores, cache)
            grads[key] = grads[key] + 1.0
            return grads

        report = checks.run("a2.backward", [solution["forward"], backward])
        assert report.points == points
        assert [part.name for part in report.parts if not part.ok] == [f"d{key}"]
        assert report.hints  # no known mistake, and still something to think of


@pytest.mark.parametrize("seed", range(5))
def test_slope_at_zero_is_not_graded(seed: int) -> None:
    def forward(params: Any, x: Any) -> Any:
        z = x @ params["W1"] + params["b1"]
        return np.maximum(z, 0) @ params["W2"] + params["b2"], (x, z, params["W2"])

    def backward(dscores: Any, cache: Any) -> Any:
        x, z, w2 = cache
        dz = (dscores @ w2.T) * (z >= 0)
        return {"W1": x.T @ dz, "b1": dz.sum(0), "W2": np.maximum(z, 0).T @ dscores, "b2": dscores.sum(0)}

    assert checks.run("a2.backward", [forward, backward], hidden=True, seed=seed).ok


@pytest.mark.parametrize("seed", range(10))
def test_broadcasting_does_not_hide_a_shape(solution: Functions, seed: int) -> None:
    def backward(dscores: Any, cache: Any) -> Any:
        grads = solution["backward"](dscores, cache)
        return grads | {"b1": grads["b1"][None]}

    report = checks.run("a2.backward", [solution["forward"], backward], hidden=True, seed=seed)
    assert report.points == 11
    assert "has shape (1, " in report.messages[0]


def test_accuracy_has_steps(monkeypatch: pytest.MonkeyPatch, solution: Functions) -> None:
    from cs_cnn.checks.assignments.a2 import train as a2_train

    measured = a2_train._accuracy

    def accuracy(bench: Any, params: Any, x: Any, y: Any) -> Any:
        return (params["is"], "") if "is" in params else measured(bench, params, x, y)

    monkeypatch.setattr(a2_train, "_accuracy", accuracy)
    for median, points in ((0.95, 8), (0.90, 8), (0.89, 6), (0.825, 6), (0.80, 4), (0.75, 4), (0.74, 0)):
        report = checks.run(
            "a2.accuracy", [lambda x, y, seed, m=median: ({"is": m}, []), solution["forward"]]
        )
        assert report.points == points


def test_a_difference_is_described() -> None:
    from cs_cnn.checks.compare import difference

    right = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert difference(right[0], right, "g") == "g has shape (2,), expected (2, 2)."
    assert difference(-right, right, "g") == "g is -1 times the expected value, in every entry."
    assert difference(right / 5, right, "g") == "g is 1/5 times the expected value, in every entry."
    assert difference(0 * right, right, "g") == "g is zero everywhere."
    assert difference(np.full((2, 2), np.nan), right, "g").startswith("g is not finite: 4 of 4 entries")
    assert difference(right + np.array([[0, 0], [0, 1]]), right, "g").endswith(
        "at [1, 1]: yours 5, expected 4."
    )
    assert difference(np.array(2.5), np.array(1.0), "loss") == "loss is 2.5, expected 1."
