"""Right trainings of a linear classifier, with settings of many kinds, earn all points."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cs_cnn import checks

from .conftest import EarnsEverything

Function = Callable[..., Any]

# --- a1.train -----------------------------------------------------------------------------------------------------


def _classifier(
    *,
    lr: float = 0.1,
    epochs: int = 15,
    size: int = 50,
    decay: float = 0.93,
    hinge: bool = False,
    momentum: float = 0.0,
    reg: float = 0.0,
    dtype: Any = np.float64,
    replace: bool = False,
    scale: float = 0.0,
) -> Function:
    def train(x, y, *, seed):
        rng = np.random.default_rng(seed)
        x = x.astype(dtype)
        w, b = scale * rng.standard_normal((x.shape[1], 10)).astype(dtype), np.zeros(10, dtype)
        vw, vb, losses, rate = 0.0 * w, 0.0 * b, [], lr
        for _ in range(epochs):
            order = rng.integers(0, len(x), len(x)) if replace else rng.permutation(len(x))
            for start in range(0, len(x), size):
                rows = order[start : start + size]
                each, s = np.arange(len(rows)), x[rows] @ w + b
                right = s[each, y[rows]][:, None]
                if hinge:
                    m = np.maximum(s - right + 1, 0)
                    m[each, y[rows]] = 0
                    losses.append(m.sum(axis=1).mean())
                    d = (m > 0).astype(dtype)
                    d[each, y[rows]] = -d.sum(axis=1)
                else:
                    top = s.max(axis=1, keepdims=True)
                    e = np.exp(s - top)
                    losses.append(np.mean(np.log(e.sum(axis=1)) + (top - right)[:, 0]))
                    d = e / e.sum(axis=1, keepdims=True)
                    d[each, y[rows]] -= 1
                d /= len(rows)
                vw = momentum * vw - rate * (x[rows].T @ d + 2 * reg * w)
                vb = momentum * vb - rate * d.sum(axis=0)
                w, b = w + vw, b + vb
            rate *= decay
        return w, b, losses

    return train


def train_global_seed(x, y, *, seed):
    np.random.seed(seed)  # noqa: NPY002
    w, b, losses = np.random.randn(784, 10) * 0.01, np.zeros(10), []  # noqa: NPY002
    target = np.eye(10)[y]
    for step in range(1500):
        rows = np.random.choice(len(x), 64)  # noqa: NPY002
        p = np.exp(x[rows] @ w + b)
        p /= p.sum(axis=1, keepdims=True)
        losses.append(-np.log(p[target[rows] == 1] + 1e-12).mean())
        w -= 0.1 * (1 - step / 1500) * x[rows].T @ (p - target[rows]) / 64
        b -= 0.1 * (1 - step / 1500) * (p - target[rows]).mean(axis=0)
    print("done", file=sys.stderr)
    return w, b, np.array(losses)


CLASSIFIERS = [
    _classifier(),
    _classifier(lr=0.05, epochs=20, decay=1.0),
    _classifier(hinge=True, lr=0.05),
    _classifier(momentum=0.9, lr=0.02),
    _classifier(reg=1e-4, size=100, lr=0.2),
    _classifier(dtype=np.float32),
    _classifier(replace=True, scale=0.01),
    _classifier(size=20, lr=0.05, epochs=8, decay=0.8),
    train_global_seed,
]

CASES = [
    *(("a1.train", (f,)) for f in CLASSIFIERS),
]


def _name(value: Any) -> str:
    return value if isinstance(value, str) else value[0].__name__


@pytest.mark.parametrize(("task", "functions"), CASES, ids=_name)
def test_a_right_solution_earns_everything(
    task: str, functions: tuple[Function, ...], earns_everything: EarnsEverything
) -> None:
    earns_everything(task, functions)


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_ten_seeds_give_the_same_verdict(task: str) -> None:
    functions = next(functions for name, functions in CASES if name == task)
    assert all(checks.run(task, functions, hidden=True, seed=seed).ok for seed in range(10))


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_every_task_has_eight_right_variants(task: str) -> None:
    assert len([name for name, _ in CASES if name == task]) >= 8
