"""Right perceptrons in many styles earn all points."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cs_cnn import checks

from .conftest import EarnsEverything

Function = Callable[..., Any]

# --- a1.perceptron_output -----------------------------------------------------------------------------------------


def output_short(x, w, b):
    return (x @ w + b > 0).astype(int)


def output_bools(x, w, b):
    return np.dot(x, w) > -b


def output_loops(x, w, b):
    return [1 if sum(a * c for a, c in zip(row, w, strict=True)) + b > 0 else 0 for row in x]


def output_where(x, w, b):
    return np.where(x.dot(w) + b > 0, 1.0, 0.0)


def output_heaviside(x, w, b):
    return np.heaviside(np.einsum("nd,d->n", x, w) + b, 0)


def output_float32(x, w, b):
    return (np.float32(x) @ np.float32(w) + np.float32(b) > 0).astype(np.float32)


def output_in_place(x, w, b):
    x *= w
    z = x.sum(axis=1)
    z += b
    z[z > 0], z[z <= 0] = 1, 0
    return z


def output_noisy(x, w, b):
    print("x", x.shape, file=sys.stderr)
    warnings.warn("a unit", stacklevel=1)
    np.log(np.zeros(1))
    return np.maximum(np.sign(x @ w + b), 0)


def output_appended_one(x, w, b):
    extended = np.hstack([x, np.ones((len(x), 1))])
    return (extended @ np.append(w, b) > 0) * 1


OUTPUTS = [
    output_short,
    output_bools,
    output_loops,
    output_where,
    output_heaviside,
    output_float32,
    output_in_place,
    output_noisy,
    output_appended_one,
]

# --- a1.perceptron_step -------------------------------------------------------------------------------------------


def step_short(x, w, b, t, lr):
    error = t - float(x @ w + b > 0)
    return w + lr * error * x, b + lr * error


def step_cases(x, w, b, t, lr):
    fires = np.dot(w, x) + b > 0
    if fires and t == 0:
        return w - lr * x, b - lr
    if not fires and t == 1:
        return w + lr * x, b + lr
    return w, b


def step_signs(x, w, b, t, lr):
    target, answer = 2 * t - 1, 1 if x @ w + b > 0 else -1
    return (w + lr * target * x, b + lr * target) if target != answer else (w.copy(), b)


def step_in_place(x, w, b, t, lr):
    e = t - output_short(x[None], w, b)[0]
    w += lr * e * x
    b += lr * e
    return w, b


def step_loops(x, w, b, t, lr):
    z = b
    for k in range(len(x)):
        z += x[k] * w[k]
    y = int(z > 0)
    return [w[k] + lr * (t - y) * x[k] for k in range(len(x))], b + lr * (t - y)


def step_bool(x, w, b, t, lr):
    y = bool(x @ w + b > 0)
    return np.add(w, lr * (int(t) - y) * x), np.asarray(b + lr * (int(t) - y))


def step_float32(x, w, b, t, lr):
    return step_short(np.float32(x), np.float32(w), np.float32(b), t, np.float32(lr))


def step_appended(x, w, b, t, lr):
    v, row = np.append(w, b), np.append(x, 1.0)
    v = v + lr * (t - np.heaviside(v @ row, 0)) * row
    return [v[:-1], v[-1]]


def step_noisy(x, w, b, t, lr):
    print("step")
    print("step", file=sys.stderr)
    return step_short(x, w, b, t, lr)


STEPS = [
    step_short,
    step_cases,
    step_signs,
    step_in_place,
    step_loops,
    step_bool,
    step_float32,
    step_appended,
    step_noisy,
]

# --- a1.perceptron_train ------------------------------------------------------------------------------------------


def train_short(x, t, lr, epochs):
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    for _ in range(epochs):
        count = 0
        for row, target in zip(x, t, strict=True):
            e = target - (row @ w + b > 0)
            w, b, count = w + lr * e * row, b + lr * e, count + abs(e)
        mistakes.append(count)
        if count == 0:
            break
    return w, b, mistakes


def train_calls(x, t, lr, epochs):
    w, b, mistakes = np.zeros(x.shape[1]), 0.0, []
    while len(mistakes) < epochs and (not mistakes or mistakes[-1] > 0):
        mistakes.append(0)
        for i in range(len(x)):
            if output_short(x[i : i + 1], w, b)[0] != t[i]:
                mistakes[-1] += 1
            w, b = step_short(x[i], w, b, t[i], lr)
    return w, b, mistakes


def train_skips(x, t, lr, epochs):
    w, b, mistakes = np.zeros_like(x[0]), 0, np.zeros(epochs)
    for epoch in range(epochs):
        for i in range(len(x)):
            y = 1 if x[i].dot(w) + b > 0 else 0
            if y == t[i]:
                continue
            mistakes[epoch] += 1
            w += lr * (t[i] - y) * x[i]
            b += lr * (t[i] - y)
        if not mistakes[epoch]:
            return w, b, mistakes[: epoch + 1]
    return w, b, mistakes


def train_appended(x, t, lr, epochs):
    rows = np.column_stack([x, np.ones(len(x))])
    v, mistakes = np.zeros(rows.shape[1]), []
    for _ in range(epochs):
        wrong = 0
        for row, target in zip(rows, t, strict=True):
            answer = np.heaviside(row @ v, 0)
            v += lr * (target - answer) * row
            wrong += int(answer != target)
        mistakes.append(wrong)
        if wrong == 0:
            break
    return v[:-1], v[-1], mistakes


def train_lists(x, t, lr, epochs):
    w, b, mistakes = [0.0] * x.shape[1], 0.0, []
    for _ in range(epochs):
        flags = []
        for row, target in zip(x.tolist(), t.tolist(), strict=True):
            y = float(sum(a * c for a, c in zip(row, w, strict=True)) + b > 0)
            flags.append(y != target)
            w = [a + lr * (target - y) * c for a, c in zip(w, row, strict=True)]
            b += lr * (target - y)
        mistakes.append(sum(flags))
        if not any(flags):
            break
    return w, b, mistakes


def train_float32(x, t, lr, epochs):
    return train_short(np.float32(x), np.float32(t), np.float32(lr), epochs)


def train_rate_later(x, t, lr, epochs):  # from zero, the rate only scales the result
    w, b, mistakes = train_short(x, t, 1.0, epochs)
    return lr * w, lr * b, mistakes


def train_in_place(x, t, lr, epochs):
    t *= 2
    t -= 1
    w, b, mistakes = np.zeros(x.shape[1]), np.zeros(()), []
    for _ in range(epochs):
        mistakes.append(0)
        for row, sign in zip(x, t, strict=True):
            fires = row @ w + b > 0
            if fires != (sign > 0):
                w += lr * sign * row
                b += lr * sign
                mistakes[-1] += 1
        if mistakes[-1] == 0:
            break
    print(mistakes, file=sys.stderr)
    return [w, b, np.array(mistakes)]


TRAININGS = [
    train_short,
    train_calls,
    train_skips,
    train_appended,
    train_lists,
    train_float32,
    train_rate_later,
    train_in_place,
]

CASES = [
    *(("a1.perceptron_output", (f,)) for f in OUTPUTS),
    *(("a1.perceptron_step", (f,)) for f in STEPS),
    *(("a1.perceptron_train", (f, step_short, output_short)) for f in TRAININGS),
]


def _name(value: Any) -> str:
    return value if isinstance(value, str) else value[0].__name__


@pytest.mark.parametrize(("task", "functions"), CASES, ids=_name)
def test_a_right_solution_earns_everything(
    task: str, functions: tuple[Function, ...], earns_everything: EarnsEverything
) -> None:
    earns_everything(task, functions)


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_two_hundred_seeds_give_the_same_verdict(task: str) -> None:
    functions = next(functions for name, functions in CASES if name == task)
    assert all(checks.run(task, functions, hidden=True, seed=seed).ok for seed in range(200))


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_every_task_has_eight_right_variants(task: str) -> None:
    assert len([name for name, _ in CASES if name == task]) >= 8
