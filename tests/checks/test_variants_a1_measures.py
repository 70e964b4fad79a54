"""Right scores, predictions, accuracies and numerical gradients in many styles earn all points."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

from cs_cnn import checks

from .conftest import EarnsEverything

Function = Callable[..., Any]

# --- a1.scores, a1.predict, a1.accuracy ---------------------------------------------------------------------------


def scores_short(x, w, b):
    return x @ w + b


def scores_loops(x, w, b):
    out = np.zeros((x.shape[0], w.shape[1]))
    for i in range(x.shape[0]):
        for j in range(w.shape[1]):
            out[i, j] = b[j]
            for k in range(x.shape[1]):
                out[i, j] += x[i, k] * w[k, j]
    return out


def scores_einsum(x, w, b):
    return np.einsum("nd,dk->nk", x, w) + b[None]


def scores_columns(x, w, b):
    return np.stack([x @ w[:, j] + b[j] for j in range(len(b))], axis=1)


def scores_list(x, w, b):
    return [(row @ w + b).tolist() for row in x]


def scores_float32(x, w, b):
    return np.float32(x) @ np.float32(w) + np.float32(b)


def scores_transposed(x, w, b):
    return (w.T.dot(x.T) + b.reshape(-1, 1)).T


def scores_in_place(x, w, b):
    out = np.tile(b, (len(x), 1))
    out += np.tensordot(x, w, axes=1)
    b += 0.5
    return out


def scores_appended(x, w, b):
    print("scores", file=sys.stderr)
    return np.hstack([x, np.ones((len(x), 1))]) @ np.vstack([w, b])


SCORES = [
    scores_short,
    scores_loops,
    scores_einsum,
    scores_columns,
    scores_list,
    scores_float32,
    scores_transposed,
    scores_in_place,
    scores_appended,
]


def predict_short(x, w, b):
    return (x @ w + b).argmax(axis=1)


def predict_loops(x, w, b):
    classes = []
    for row in x:
        s = row @ w + b
        best = 0
        for j in range(1, len(s)):
            if s[j] > s[best]:
                best = j
        classes.append(best)
    return classes


def predict_sorted(x, w, b):
    return np.argsort(x @ w + b, axis=-1)[:, -1]


def predict_probabilities(x, w, b):
    s = x @ w + b
    e = np.exp(s - s.max(1, keepdims=True))
    return np.argmax(e / e.sum(1, keepdims=True), 1).astype(np.int8)


def predict_floats(x, w, b):
    return predict_short(x, w, b).astype(float)


def predict_negative(x, w, b):
    return (-(x @ w) - b).argmin(1)


def predict_float32(x, w, b):
    return np.argmax(np.float32(x) @ np.float32(w) + np.float32(b), axis=1)


def predict_compared(x, w, b):
    s = scores_einsum(x, w, b)
    return np.where(s == s.max(axis=1, keepdims=True))[1]


def predict_noisy(x, w, b):
    print("predict")
    x *= 1.0
    return np.array([max(range(len(b)), key=lambda j: row @ w[:, j] + b[j]) for row in x])


PREDICTS = [
    predict_short,
    predict_loops,
    predict_sorted,
    predict_probabilities,
    predict_floats,
    predict_negative,
    predict_float32,
    predict_compared,
    predict_noisy,
]


def accuracy_loop(predicted, y):
    right = 0
    for a, c in zip(predicted, y, strict=True):
        if a == c:
            right += 1
    return right / len(y)


def accuracy_in_place(predicted, y):
    predicted -= y
    return np.count_nonzero(predicted == 0) / y.size


def accuracy_noisy(predicted, y):
    print(predicted, file=sys.stderr)
    warnings.warn("accuracy", stacklevel=1)
    return [np.mean(predicted == y)][0]


ACCURACIES = [
    lambda predicted, y: np.mean(predicted == y),
    lambda predicted, y: (predicted == y).sum() / len(y),
    lambda predicted, y: 1 - (predicted != y).mean(),
    lambda predicted, y: float(np.equal(predicted, y).astype(np.float32).mean()),
    lambda predicted, y: np.average([int(a == c) for a, c in zip(predicted, y, strict=True)]),
    accuracy_loop,
    accuracy_in_place,
    accuracy_noisy,
]

# --- a1.numerical_gradient ----------------------------------------------------------------------------------------


def gradient_copies(f, x, h=1e-5):
    g = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[index] += h
        below[index] -= h
        g[index] = (f(above) - f(below)) / (2 * h)
    return g


def gradient_restores(f, x, h=1e-5):
    g = np.empty(x.shape)
    for index in np.ndindex(*x.shape):
        old = x[index]
        x[index] = old + h
        above = f(x)
        x[index] = old - h
        below = f(x)
        x[index] = old
        g[index] = (above - below) / (2 * h)
    return g


def gradient_nditer(f, x, h=1e-5):
    g = np.zeros(x.shape)
    it = np.nditer(x, flags=["multi_index"])
    while not it.finished:
        step = np.zeros(x.shape)
        step[it.multi_index] = h
        g[it.multi_index] = 0.5 * (f(x + step) - f(x - step)) / h
        it.iternext()
    return g


def gradient_flat(f, x, h=1e-5):
    flat = x.ravel().copy()
    g = []
    for i in range(flat.size):
        ends = []
        for sign in (1, -1):
            moved = flat.copy()
            moved[i] += sign * h
            ends.append(f(moved.reshape(x.shape)))
        g.append((ends[0] - ends[1]) / (2 * h))
    return np.array(g).reshape(x.shape)


def gradient_units(f, x, h=1e-5):
    units = np.eye(x.size).reshape(x.size, *x.shape) * h
    return np.array([f(x + e) - f(x - e) for e in units]).reshape(x.shape) / h / 2


def gradient_not_quite_restored(f, x, h=1e-5):
    g = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        x[index] += h
        above = f(x)
        x[index] -= 2 * h
        g[index] = (above - f(x)) / (2 * h)
        x[index] += h
    return g


def gradient_own_step(f, x, h=1e-5):  # a step of its own is as good
    return gradient_copies(f, x, 1e-6)


def gradient_four_points(f, x, h=1e-5):
    near, far = gradient_copies(f, x, h), gradient_copies(f, x, 2 * h)
    return (4 * near - far) / 3


def gradient_lists(f, x, h=1e-5):
    print("slow", file=sys.stderr)
    g = np.zeros(x.shape).tolist()
    for index in product(*(range(n) for n in x.shape)):
        up, down = np.array(x), np.array(x)
        up[index], down[index] = x[index] + h, x[index] - h
        row = g
        for i in index[:-1]:
            row = row[i]
        row[index[-1]] = (f(up) - f(down)) / (up[index] - down[index])
    return g


GRADIENTS = [
    gradient_copies,
    gradient_restores,
    gradient_nditer,
    gradient_flat,
    gradient_units,
    gradient_not_quite_restored,
    gradient_own_step,
    gradient_four_points,
    gradient_lists,
]

CASES = [
    *(("a1.scores", (f,)) for f in SCORES),
    *(("a1.predict", (f, scores_short)) for f in PREDICTS),
    *(("a1.accuracy", (f,)) for f in ACCURACIES),
    *(("a1.numerical_gradient", (f,)) for f in GRADIENTS),
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
