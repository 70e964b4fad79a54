"""Right solutions in many styles earn all points: the checks grade the task, not the way it is written."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, log_softmax

from cs_cnn import checks

from .conftest import EarnsEverything

Function = Callable[..., Any]

# --- a2.sigmoid ---------------------------------------------------------------------------------------------------


def sigmoid_textbook(z):  # overflows with a warning, and is right
    return 1 / (1 + np.exp(-z))


def sigmoid_masks(z):
    z = np.asarray(z, dtype=float)
    out = np.empty_like(z)
    positive = z >= 0
    out[positive] = 1 / (1 + np.exp(-z[positive]))
    out[~positive] = np.exp(z[~positive]) / (1 + np.exp(z[~positive]))
    return out


def sigmoid_loop(z):
    def one(v):
        return 1 / (1 + math.exp(-v)) if v > -700 else 0.0

    return np.vectorize(one)(z)


def sigmoid_tanh(z):
    return (1 + np.tanh(np.asarray(z) / 2)) / 2


def sigmoid_float32(z):
    return expit(np.float32(z))


def sigmoid_list(z):
    value = 1 / (1 + np.exp(-np.clip(z, -500, 500)))
    return value.tolist()


def sigmoid_noisy(z):
    print("z", z)
    print("careful", file=sys.stderr)
    warnings.warn("numbers ahead", stacklevel=1)
    return expit(z)


SIGMOIDS = [
    sigmoid_textbook,
    sigmoid_masks,
    sigmoid_loop,
    sigmoid_tanh,
    sigmoid_float32,
    sigmoid_list,
    sigmoid_noisy,
]

# --- a2.neuron ----------------------------------------------------------------------------------------------------


def neuron_short(x, w, b, t):
    a = expit(x @ w + b)
    d = (a - t) * a * (1 - a)
    return (a - t) ** 2 / 2, d * w, d * x, d


def neuron_loops(x, w, b, t):
    z = b + sum(wi * xi for wi, xi in zip(w, x, strict=True))
    a = 1 / (1 + math.exp(-z))
    d = (a - t) * a * (1 - a)
    return 0.5 * (a - t) ** 2, [d * wi for wi in w], [d * xi for xi in x], d


def neuron_in_place(x, w, b, t):
    a = expit(np.dot(x, w) + b)
    loss = 0.5 * (a - t) ** 2
    d = (a - t) * a * (1 - a)
    dw, dx = x, w
    dw *= d
    dx *= d
    return loss, dx, dw, d


def neuron_einsum(x, w, b, t):
    a = expit(np.einsum("i,i", x, w) + b)
    d = np.asarray((a - t) * (a - a * a))
    return np.asarray((a - t) ** 2 / 2), np.einsum(",i->i", d, w), np.einsum(",i->i", d, x), d


def neuron_float32(x, w, b, t):
    return neuron_short(np.float32(x), np.float32(w), np.float32(b), np.float32(t))


def neuron_other_slope(x, w, b, t):
    z = w.dot(x) + b
    error = 1 / (1 + np.exp(-z)) - t
    d = error * np.exp(-z) / (1 + np.exp(-z)) ** 2
    return [error * error * 0.5, w * d, x * d, d]


NEURONS = [neuron_short, neuron_loops, neuron_in_place, neuron_einsum, neuron_float32, neuron_other_slope]

# --- a2.load ------------------------------------------------------------------------------------------------------


def load_loadtxt(path):
    table = np.loadtxt(path)
    y = table[:, 8].astype(int) - 1
    return table[:400, :8], y[:400], table[400:, :8], y[400:]


def load_genfromtxt(path):
    table = np.genfromtxt(path, delimiter=None)
    x, y = np.split(table, [8], axis=1)
    y = y.ravel().astype(np.int8) - 1
    return [x[:-100], y[:-100], x[-100:], y[-100:]]


def load_by_hand(path):
    x, y = [], []
    with open(path) as file:
        for line in file:
            *features, label = line.strip().split(" ")
            x.append([float(value) for value in features])
            y.append(int(label) - 1)
    return np.array(x[:400]), np.array(y[:400]), np.array(x[400:]), np.array(y[400:])


def load_lists(path):
    with open(path) as file:
        rows = [line.split() for line in file if line.strip()]
    x = [[float(value) for value in row[:8]] for row in rows]
    y = [int(row[8]) - 1 for row in rows]
    return x[:400], y[:400], x[400:], y[400:]


def load_float32(path):
    x_train, y_train, x_test, y_test = load_loadtxt(path)
    return (
        x_train.astype(np.float32),
        y_train.astype(np.uint8),
        x_test.astype(np.float32),
        y_test.astype(np.uint8),
    )


def load_fromstring(path):
    with open(path, encoding="utf-8") as file:
        table = np.array(file.read().split(), dtype=float).reshape(-1, 9)
    x, y = table[:, 0:8], np.rint(table[:, 8]).astype(np.intp) - 1
    print("read", table.shape, file=sys.stderr)
    return x[0:400, :], y[0:400], x[400:500, :], y[400:500]


LOADS = [load_loadtxt, load_genfromtxt, load_by_hand, load_lists, load_float32, load_fromstring]

# --- a2.init ------------------------------------------------------------------------------------------------------


def _init(draw: Function) -> Function:
    def init_params(n_inputs, n_hidden, n_classes, rng):
        return {
            "W1": draw(rng, (n_inputs, n_hidden)),
            "b1": np.zeros(n_hidden),
            "W2": draw(rng, (n_hidden, n_classes)),
            "b2": np.zeros((n_classes,)),
        }

    return init_params


def init_children(n_inputs, n_hidden, n_classes, rng):
    a, b = rng.spawn(2)
    return {
        "extra": 1,
        "b2": [0.0] * n_classes,
        "b1": np.zeros(n_hidden, dtype=int),
        "W2": 0.05 * b.standard_normal((n_hidden, n_classes)),
        "W1": 0.05 * a.standard_normal((n_inputs, n_hidden)),
    }


INITS = [
    _init(lambda rng, shape: rng.normal(0, np.sqrt(2 / shape[0]), shape)),
    _init(lambda rng, shape: rng.standard_normal(shape) / np.sqrt(shape[0])),
    _init(lambda rng, shape: rng.uniform(-1, 1, shape) / np.sqrt(shape[0])),
    _init(lambda rng, shape: 0.01 * rng.standard_normal(shape)),
    _init(lambda rng, shape: 0.1 * rng.standard_normal(shape, dtype=np.float32)),
    _init(
        lambda rng, shape: np.array([[rng.normal(0, 0.1) for _ in range(shape[1])] for _ in range(shape[0])])
    ),
    _init(lambda rng, shape: rng.choice([-0.1, 0.1], shape)),
    init_children,
]

# --- a2.loss ------------------------------------------------------------------------------------------------------


def loss_short(scores, y):
    p = np.exp(log_softmax(scores, axis=1))
    n = np.arange(len(y))
    loss = -log_softmax(scores, axis=1)[n, y].mean()
    p[n, y] -= 1
    return loss, p / len(y)


def loss_loops(scores, y):
    total, d = 0.0, np.zeros_like(scores)
    for i, row in enumerate(scores):
        top = max(row)
        e = [math.exp(s - top) for s in row]
        total -= math.log(e[y[i]] / sum(e))
        for j in range(len(row)):
            d[i, j] = (e[j] / sum(e) - (j == y[i])) / len(scores)
    return total / len(scores), d


def loss_in_place(scores, y):
    scores -= scores.max(1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(1, keepdims=True)
    loss = np.mean(-np.log(scores[np.arange(len(y)), y]))
    scores -= np.eye(scores.shape[1])[y]
    scores /= len(y)
    return loss, scores


def loss_one_hot(scores, y):
    target = np.eye(scores.shape[1])[y]
    p = np.exp(scores - scores.max(axis=1)[:, None])
    p = p / p.sum(axis=1)[:, None]
    return -np.einsum("nc,nc->", target, np.log(p + 1e-300)) / len(y), (p - target) / len(y)


def loss_logaddexp(scores, y):
    log_z = np.logaddexp.reduce(scores, axis=1)
    n = range(len(y))
    d = np.exp(scores - log_z[:, None])
    d[n, y] -= 1
    return float(np.mean(log_z - scores[n, y])), d / len(y)


def loss_float32(scores, y):
    return loss_short(np.float32(scores), y)


def loss_noisy(scores, y):
    np.log(np.zeros(1))  # a warning that does not matter
    print("loss", file=sys.stderr)
    return [np.asarray(value) for value in loss_short(scores, y)]


LOSSES = [loss_short, loss_loops, loss_in_place, loss_one_hot, loss_logaddexp, loss_float32, loss_noisy]

CASES = [
    *(("a2.sigmoid", (f,)) for f in SIGMOIDS),
    *(("a2.neuron", (f,)) for f in NEURONS),
    *(("a2.load", (f,)) for f in LOADS),
    *(("a2.init", (f,)) for f in INITS),
    *(("a2.loss", (f,)) for f in LOSSES),
]


@pytest.mark.parametrize(
    ("task", "functions"), CASES, ids=lambda value: value if isinstance(value, str) else value[-1].__name__
)
def test_a_right_solution_earns_everything(
    task: str, functions: tuple[Function, ...], earns_everything: EarnsEverything
) -> None:
    earns_everything(task, functions)


@pytest.mark.parametrize("task", ["a2.sigmoid", "a2.neuron", "a2.load", "a2.init", "a2.loss"])
def test_fifty_seeds_give_the_same_verdict(task: str) -> None:
    functions = next(functions for name, functions in CASES if name == task)
    seeds = range(5) if task == "a2.load" else range(50)
    assert all(checks.run(task, functions, hidden=True, seed=seed).ok for seed in seeds)
