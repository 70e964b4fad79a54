"""Assignment 3: the reference solution, points, fairness, and what is never graded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cs_cnn import checks
from cs_cnn.checks.assignments.a3 import TASKS
from cs_cnn.checks.mistakes import bank

Functions = dict[str, Callable[..., Any]]
EVERY = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)


@pytest.fixture(scope="module")
def solution(solutions: Callable[[str], Functions]) -> Functions:
    """Return the functions of the reference solution by name."""
    return solutions("a3")


def test_the_points_leave_twelve_for_the_study() -> None:
    assert sum(task.points for task in TASKS) == 88


@EVERY
def test_an_unfinished_task_says_so(task: checks.Task) -> None:
    def unfinished(*arguments: Any, **options: Any) -> Any:
        raise NotImplementedError

    functions = {}
    for name in task.functions:

        def copy(*arguments: Any, **options: Any) -> Any:
            raise NotImplementedError

        copy.__code__ = copy.__code__.replace(co_name=name)
        functions[name] = copy
    report = checks.run(task.name, functions)
    assert report.points == 0 and not report.broken
    assert "not implemented yet" in report.messages[0]


def test_a_missing_cell_earns_nothing_and_breaks_nothing() -> None:
    for task in TASKS:
        for value in (None, 0.0, np.zeros(3), "text", (None, None)):
            report = checks.run(task.name, {name: lambda *a, v=value, **o: v for name in task.functions})
            assert report.points == 0 and not report.broken, task.name


def known(task: str, name: str) -> Functions:
    return dict(next(mistake for mistake in bank(task) if mistake.name == name).functions)


@pytest.mark.parametrize(
    ("way", "name", "wrong"),
    [
        ("relu", "relu", "absolute_value"),
        ("sigmoid", "sigmoid", "tanh"),
    ],
)
def test_a_backward_pass_may_follow_from_ones_own_forward(way: str, name: str, wrong: str) -> None:
    slopes = {
        "relu": lambda dout, x: dout * np.sign(x),
        "sigmoid": lambda dout, x: dout * (1 - np.tanh(x) ** 2),
    }
    functions = known(f"a3.{way}", wrong) | {f"{name}_backward": slopes[way]}
    report = checks.run(f"a3.{way}", functions, hidden=True, seed=3)
    assert "dx" not in {part.name for part in report.parts if not part.ok}
    assert any("follows from your own forward pass" in remark for remark in report.advice)


def test_batch_norm_may_go_back_through_its_own_forward(solution: Functions) -> None:
    """A forward pass with eps outside the root loses eps; its own gradients are right."""
    forward = known("a3.batch_norm_forward", "eps_outside_the_root")["batch_norm_forward"]

    def kept(x: Any, gamma: Any, beta: Any, running: Any, **options: Any) -> Any:
        out, _ = forward(x, gamma, beta, running, **options)
        return out, (x, gamma, options["eps"])

    def backward(dout: Any, cache: Any) -> Any:
        x, gamma, eps = cache
        c = x - x.mean(axis=0)
        s = x.std(axis=0)
        hat = c / (s + eps)
        g = dout * gamma
        dc = g / (s + eps) - c * (g * c).sum(axis=0) / (s + eps) ** 2 / s / len(x)
        return dc - dc.mean(axis=0), (dout * hat).sum(axis=0), dout.sum(axis=0)

    assert checks.run("a3.batch_norm_backward", [kept, backward], hidden=True, seed=2).ok


def test_nothing_earns_nothing_backward() -> None:
    zeros = lambda x, *a, **o: (np.zeros(x.shape), x.shape)  # noqa: E731
    back = lambda dout, shape: np.zeros(shape)  # noqa: E731
    assert checks.run("a3.relu", [zeros, back]).points == 0
    assert checks.run("a3.dropout_backward", [zeros, back]).points == 0
    unchanged = lambda x, *a, **o: (x, None)  # noqa: E731
    report = checks.run("a3.dropout_backward", [unchanged, lambda dout, cache: dout])
    assert report.points == 1  # right after training, and nothing is dropped before


def test_a_memory_outside_the_state_is_found() -> None:
    """A rule that keeps its velocity elsewhere mixes up two parameters."""
    memory: dict[str, Any] = {}

    def step(w: Any, dw: Any, state: Any, lr: float, momentum: float) -> Any:
        if not state:
            memory["v"] = 0.0
        memory["v"] = momentum * memory["v"] + dw
        return w - lr * memory["v"], {"begun": True}

    report = checks.run("a3.momentum_step", step)
    assert [part.name for part in report.parts if part.ok] == ["first step"]


def test_a_step_in_place_gets_advice_only() -> None:
    def step(w: Any, dw: Any, lr: float) -> Any:
        w -= lr * dw
        return w

    report = checks.run("a3.sgd_step", step)
    assert report.ok
    assert any("changes its argument w in place" in remark for remark in report.advice)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5])
def test_the_slope_of_relu_at_zero_is_not_graded(value: float) -> None:
    def backward(dout: Any, x: Any) -> Any:
        return dout * np.heaviside(x, value)

    for seed in range(20):
        report = checks.run("a3.relu", [lambda x: (np.maximum(x, 0), x), backward], hidden=True, seed=seed)
        assert report.ok


def test_running_statistics_earn_their_points_alone(solution: Functions) -> None:
    def forward(x: Any, gamma: Any, beta: Any, running: Any, **options: Any) -> Any:
        out, cache = solution["batch_norm_forward"](x, gamma, beta, running, **options)
        return out + 1, cache

    report = checks.run("a3.batch_norm_forward", forward)
    assert [part.name for part in report.parts if part.ok] == ["running mean", "running var"]
