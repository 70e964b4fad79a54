"""Assignment 3, part B: batch normalization."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome, Shared
from cs_cnn.checks.pairs import Case, Pair, away_from_zero, grade_backward, sizes
from cs_cnn.checks.task import PartOfTask, Task

_KEYS = ("mean", "var")


def _normalised(
    x: Array,
    gamma: Array,
    beta: Array,
    running: Any = None,
    *,
    train: bool = True,
    momentum: float = 0.1,
    eps: float,
) -> Array:
    """Return the right output in training."""
    centred = x - x.mean(axis=0)
    return np.asarray(gamma * centred / np.sqrt((centred**2).mean(axis=0) + eps) + beta)


def _collected(batches: list[Array], start: dict[str, Array], momentum: float, key: str) -> Array:
    """Return a running statistic after some batches."""
    value = start[key]
    for batch in batches:
        new = batch.mean(axis=0) if key == "mean" else batch.var(axis=0, ddof=1)
        value = (1 - momentum) * value + momentum * new
    return value


NORM = Pair(
    "batch_norm_forward", "batch_norm_backward", _normalised, wrt=("x", "gamma", "beta"), vital=("x", "gamma")
)


def _draw(rng: np.random.Generator, n: int, d: int) -> tuple[Array, Array, Array]:
    """Draw a batch whose features have different means and spreads, with scale and shift."""
    x = away_from_zero(rng, (n, d)) * rng.uniform(0.5, 3.0, d) + rng.uniform(-4.0, 4.0, d)
    return x, away_from_zero(rng, d), away_from_zero(rng, d)


def _statistics(rng: np.random.Generator, d: int) -> dict[str, Array]:
    return {"mean": away_from_zero(rng, d), "var": rng.uniform(0.2, 2.0, d)}


def _copy(running: dict[str, Array]) -> dict[str, Array]:
    return {key: value.copy() for key, value in running.items()}


def _call(bench: Bench, arguments: dict[str, Any], running: dict[str, Array], **options: Any) -> Outcome:
    outcome = bench.call("batch_norm_forward", {**arguments, "running": Shared(running)}, **options)
    return bench.unpack(outcome, ("out", "cache"), "batch_norm_forward")[0]


def _diary(running: dict[str, Any], key: str, out: Outcome) -> Outcome:
    """Read a running statistic after a call; without an output nothing was collected."""
    return out if out.failed else Outcome(running.get(key), out.where)


def grade_forward(bench: Bench) -> None:
    """Compare the output with small and large eps, what two batches leave behind, and the time after training."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, d = sizes(rng, 2, 3, 7)
        momentum = float(rng.uniform(0.15, 0.35))
        for eps, part in ((1e-8, "out"), (0.1, "eps")):
            batches = []
            start = _statistics(rng, d)
            running = _copy(start)
            out = Outcome(None, "")
            for _ in range(2):
                x, gamma, beta = _draw(rng, n, d)
                batches.append(x)
                arguments = {"x": x, "gamma": gamma, "beta": beta}
                out = _call(bench, arguments, running, train=True, momentum=momentum, eps=eps)
                bench.expect(part, out, partial(_normalised, x, gamma, beta, eps=eps), name="out")
            for key in _KEYS:
                bench.expect(
                    f"running {key}",
                    _diary(running, key, out),
                    partial(_collected, batches, start, momentum, key),
                    name=f'running["{key}"]',
                )
        _after_training(bench, n, d)


def _after_training(bench: Bench, n: int, d: int) -> None:
    """Compare what a trained layer gives, for a batch and for one example, and see that it collects nothing."""
    rng = bench.rng
    for rows in (n, 1):
        x, gamma, beta = _draw(rng, rows, d)
        start = _statistics(rng, d)
        running = _copy(start)
        out = _call(
            bench,
            {"x": x, "gamma": gamma, "beta": beta},
            running,
            train=False,
            momentum=0.3,
            eps=0.05,
        )
        scale = gamma / np.sqrt(start["var"] + 0.05)
        right = (x - start["mean"]) * scale + beta
        bench.expect("after training", out, partial(np.copy, right), name="out with train=False")
        for key in _KEYS:
            bench.expect(
                "after training",
                _diary(running, key, out),
                partial(np.copy, start[key]),
                name=f'running["{key}"] after a call with train=False',
            )


def grade_backward_pass(bench: Bench) -> None:
    """Compare with the slopes of the output in training, for small and large eps."""
    rng = bench.rng
    for _ in range(bench.rounds):
        for eps in (1e-6, 0.1):
            n, d = sizes(rng, 2, 3, 7)
            x, gamma, beta = _draw(rng, n, d)
            arguments = {"x": x, "gamma": gamma, "beta": beta, "running": Shared(_statistics(rng, d))}
            options = {"train": True, "momentum": 0.1, "eps": eps}
            grade_backward(bench, NORM, Case(arguments, options))


_BOOK = "training/batch_norm"
_DIARY_HINT = (
    "Take one feature and two batches, and work out on paper what the running values are after each."
)

TASKS = (
    Task(
        name="a3.batch_norm_forward",
        number="3.7",
        asks="batch_norm_forward",
        functions=("batch_norm_forward",),
        parts=(
            PartOfTask(
                "out",
                4,
                "the output in training",
                "With gamma = 1 and beta = 0 each column of out has the mean 0 and the variance 1. Has yours?",
            ),
            PartOfTask(
                "eps", 1, "a large eps", "With eps = 0.1 the place where it is added shows. Where is it?"
            ),
            PartOfTask("running mean", 1, "the running mean after two batches", _DIARY_HINT),
            PartOfTask("running var", 2, "the running variance after two batches", _DIARY_HINT),
            PartOfTask(
                "after training",
                2,
                "train=False, for a batch and for one example",
                "Which mean and which variance are there when a single image arrives?",
            ),
        ),
        grade=grade_forward,
        section=f"{_BOOK}#batch-norm-forward",
    ),
    Task(
        name="a3.batch_norm_backward",
        number="3.8",
        asks="batch_norm_backward",
        functions=("batch_norm_forward", "batch_norm_backward"),
        parts=(
            PartOfTask(
                "dx",
                5,
                "equals the numerical gradient",
                "A constant added to a column of x changes nothing, so each column of dx must add up to 0. Does yours?",
            ),
            PartOfTask(
                "dgamma", 2, "equals the numerical gradient", "What is gamma multiplied with, and how often?"
            ),
            PartOfTask("dbeta", 2, "equals the numerical gradient", "How often is beta[j] added?"),
        ),
        grade=grade_backward_pass,
        section=f"{_BOOK}#batch-norm-backward",
    ),
)
