"""Right losses of assignment 1 in many styles earn all points; loops and vectorised code are equally welcome."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp

from cs_cnn import checks

from .conftest import EarnsEverything

Function = Callable[..., Any]

# --- a1.softmax_loss_loops and a1.softmax_loss_vectorised ---------------------------------------------------------


def softmax_short(x, w, b, y):
    log_p = log_softmax(x @ w + b, axis=1)
    n = np.arange(len(y))
    d = np.exp(log_p)
    d[n, y] -= 1
    return -log_p[n, y].mean(), x.T @ d / len(y), d.mean(axis=0)


def softmax_loops(x, w, b, y):
    loss, dw, db = 0.0, np.zeros_like(w), np.zeros_like(b)
    for i in range(len(x)):
        s = [b[j] + sum(x[i, k] * w[k, j] for k in range(x.shape[1])) for j in range(len(b))]
        e = [math.exp(v - max(s)) for v in s]
        loss += math.log(sum(e)) - (s[y[i]] - max(s))
        for j in range(len(b)):
            p = e[j] / sum(e)
            if j == y[i]:
                p -= 1
            for k in range(x.shape[1]):
                dw[k, j] += p * x[i, k] / len(x)
            db[j] += p / len(x)
    return loss / len(x), dw, db


def softmax_rows(x, w, b, y):
    losses, dw, db = [], np.zeros(w.shape), np.zeros(b.shape)
    for row, label in zip(x, y, strict=True):
        s = row @ w + b
        p = np.exp(s - s.max())
        p /= p.sum()
        losses.append(-np.log(p[label]))
        p[label] -= 1
        dw += np.outer(row, p)
        db += p
    return np.mean(losses), dw / len(x), db / len(x)


def softmax_one_hot(x, w, b, y):
    target = np.eye(len(b))[y]
    s = x @ w + b
    e = np.exp(s - s.max(axis=1)[:, None])
    p = e / e.sum(axis=1)[:, None]
    error = (p - target) / len(y)
    return -np.sum(target * np.log(p + 1e-300)) / len(y), x.T.dot(error), np.ones(len(y)) @ error


def softmax_einsum(x, w, b, y):
    s = np.einsum("nd,dk->nk", x, w) + b
    p = np.exp(s - logsumexp(s, axis=1, keepdims=True))
    p[np.arange(len(y)), y] -= 1
    loss = (logsumexp(s, axis=1) - np.take_along_axis(s, y[:, None], axis=1)[:, 0]).mean()
    return [loss, np.einsum("nd,nk->dk", x, p) / len(y), np.einsum("nk->k", p) / len(y)]


def softmax_in_place(x, w, b, y):
    s = x @ w
    s += b
    s -= s.max(axis=1, keepdims=True)
    np.exp(s, out=s)
    s /= s.sum(axis=1, keepdims=True)
    loss = -np.log(s[range(len(y)), y]).mean()
    s[range(len(y)), y] -= 1
    s /= len(y)
    dw = x.T @ s
    x *= 0
    w += 1
    return loss, dw, s.sum(axis=0)


def softmax_float32(x, w, b, y):
    return softmax_short(np.float32(x), np.float32(w), np.float32(b), y)


def softmax_appended_one(x, w, b, y):
    rows, v = np.hstack([x, np.ones((len(x), 1))]), np.vstack([w, b])
    log_p = log_softmax(rows @ v, axis=1)
    d = rows.T @ (np.exp(log_p) - (np.arange(len(b)) == y[:, None])) / len(y)
    return float(-log_p[np.arange(len(y)), y].sum() / len(y)), d[:-1], d[-1]


def softmax_noisy(x, w, b, y):
    np.log(np.zeros(1))  # a warning that does not matter
    print("loss")
    print("loss", file=sys.stderr)
    warnings.warn("softmax", stacklevel=1)
    return softmax_rows(x, w, b, y)


def softmax_lists(x, w, b, y):
    loss, dw, db = softmax_rows(x, w, b, y)
    return [float(loss), dw.tolist(), db.tolist()]


SOFTMAXES = [
    softmax_short,
    softmax_loops,
    softmax_rows,
    softmax_one_hot,
    softmax_einsum,
    softmax_in_place,
    softmax_float32,
    softmax_appended_one,
    softmax_noisy,
    softmax_lists,
]

# --- a1.penalised_loss: with a softmax loss of any style ----------------------------------------------------------


def penalised_short(x, w, b, y, reg):
    loss, dw, db = softmax_short(x, w, b, y)
    return loss + reg * np.sum(w**2), dw + 2 * reg * w, db


def penalised_in_place(x, w, b, y, reg):
    loss, dw, db = softmax_rows(x, w, b, y)
    loss += reg * np.sum(w * w)
    dw += 2 * reg * w
    return loss, dw, db


def penalised_loops(x, w, b, y, reg):
    loss, dw, db = softmax_loops(x, w, b, y)
    for k in range(w.shape[0]):
        for j in range(w.shape[1]):
            loss += reg * w[k, j] ** 2
            dw[k, j] += 2 * reg * w[k, j]
    return loss, dw, db


def penalised_norm(x, w, b, y, reg):
    loss, dw, db = softmax_einsum(x, w, b, y)
    return loss + reg * np.linalg.norm(w) ** 2, np.add(dw, reg * (w + w)), db


def penalised_einsum(x, w, b, y, reg):
    loss, dw, db = softmax_one_hot(x, w, b, y)
    return loss + reg * np.einsum("dk,dk->", w, w), dw + np.einsum(",dk->dk", np.asarray(2 * reg), w), db


def penalised_dot(x, w, b, y, reg):
    loss, dw, db = softmax_appended_one(x, w, b, y)
    return [np.asarray(loss + reg * w.ravel().dot(w.ravel())), dw + 2.0 * reg * w, db.copy()]


def penalised_float32(x, w, b, y, reg):
    return penalised_short(np.float32(x), np.float32(w), np.float32(b), y, np.float32(reg))


def penalised_apart(x, w, b, y, reg):
    print("penalty", file=sys.stderr)
    loss, dw, db = softmax_short(x, w, b, y)
    if reg == 0:
        return loss, dw, db
    return loss + (reg * np.square(w)).sum(), dw + 2 * reg * w, db + 0 * b


PENALISED = [
    penalised_short,
    penalised_in_place,
    penalised_loops,
    penalised_norm,
    penalised_einsum,
    penalised_dot,
    penalised_float32,
    penalised_apart,
]

# --- a1.svm_loss_loops and a1.svm_loss_vectorised -----------------------------------------------------------------


def svm_loops(x, w, b, y):
    loss, dw, db = 0.0, np.zeros(w.shape), np.zeros(b.shape)
    for i in range(len(x)):
        s = x[i] @ w + b
        for j in range(len(b)):
            if j == y[i]:
                continue
            margin = s[j] - s[y[i]] + 1
            if margin > 0:
                loss += margin
                dw[:, j] += x[i]
                dw[:, y[i]] -= x[i]
                db[j] += 1
                db[y[i]] -= 1
    return loss / len(x), dw / len(x), db / len(x)


def svm_vectorised(x, w, b, y):
    n, s = np.arange(len(y)), x @ w + b
    m = np.maximum(0, s - s[n, y][:, None] + 1)
    m[n, y] = 0
    g = (m > 0).astype(float)
    g[n, y] = -g.sum(axis=1)
    return m.sum() / len(y), x.T @ g / len(y), g.mean(axis=0)


def svm_counts_itself(x, w, b, y):  # the right class costs exactly 1, which is taken off again
    n, s = np.arange(len(y)), x @ w + b
    m = np.maximum(0, s - s[n, y, None] + 1)
    g = np.where(m > 0, 1.0, 0.0)
    g[n, y] -= g.sum(axis=1)
    return np.mean(np.sum(m, axis=1) - 1), np.dot(x.T, g) / len(y), g.sum(axis=0) / len(y)


def svm_one_hot(x, w, b, y):
    target = np.eye(len(b))[y]
    s = x @ w + b
    m = (s - (s * target).sum(axis=1, keepdims=True) + 1) * (1 - target)
    hot = (m > 0) * 1.0
    g = (hot - target * hot.sum(axis=1, keepdims=True)) / len(y)
    return m[m > 0].sum() / len(y), x.T @ g, np.ones(len(y)) @ g


def svm_einsum(x, w, b, y):
    s = np.einsum("nd,dk->nk", x, w) + b
    right = np.take_along_axis(s, y[:, None], axis=1)
    others = np.arange(len(b)) != y[:, None]
    hot = ((s - right + 1 > 0) & others).astype(int)
    g = hot - np.einsum("nk->n", hot)[:, None] * ~others
    loss = np.einsum("nk,nk->", s - right + 1, hot) / len(y)
    return [loss, np.einsum("nd,nk->dk", x, g) / len(y), np.einsum("nk->k", g) / len(y)]


def svm_rows(x, w, b, y):
    losses, dw, db = [], np.zeros_like(w), np.zeros_like(b)
    for row, label in zip(x, y, strict=True):
        s = row @ w + b
        m = np.delete(s, label) - s[label] + 1
        losses.append(m.clip(0).sum())
        g = np.insert((m > 0).astype(float), label, -(m > 0).sum())
        dw += np.outer(row, g)
        db += g
    return np.mean(losses), dw / len(x), db / len(x)


def svm_in_place(x, w, b, y):
    s = x @ w + b
    n = range(len(y))
    s -= s[n, y].reshape(-1, 1)
    s += 1
    s[n, y] = 0
    s[s < 0] = 0
    loss = s.sum() / len(y)
    s[s > 0] = 1
    s[n, y] = -s.sum(axis=1)
    s /= len(y)
    dw = x.T @ s
    x += 1
    b *= 2
    return loss, dw, s.sum(axis=0)


def svm_float32(x, w, b, y):
    return svm_vectorised(np.float32(x), np.float32(w), np.float32(b), y)


def svm_edge_of_the_kink(x, w, b, y):  # the slope at a margin of exactly 0 is nobody's business
    n, s = np.arange(len(y)), x @ w + b
    m = s - s[n, y][:, None] + 1
    m[n, y] = -1
    g = (m >= 0).astype(float)
    g[n, y] = -g.sum(axis=1)
    return np.where(m > 0, m, 0).sum(axis=1).mean(), x.T @ g / len(y), g.sum(0) / len(y)


def svm_noisy(x, w, b, y):
    print("hinge")
    print("hinge", file=sys.stderr)
    warnings.warn("hinge", stacklevel=1)
    loss, dw, db = svm_loops(x, w, b, y)
    return np.asarray(loss), dw.tolist(), db.tolist()


SVMS = [
    svm_loops,
    svm_vectorised,
    svm_counts_itself,
    svm_one_hot,
    svm_einsum,
    svm_rows,
    svm_in_place,
    svm_float32,
    svm_edge_of_the_kink,
    svm_noisy,
]

CASES = [
    *((f"a1.softmax_loss_{way}", (f,)) for way in ("loops", "vectorised") for f in SOFTMAXES),
    *(("a1.penalised_loss", (f, softmax_short)) for f in PENALISED),
    *((f"a1.svm_loss_{way}", (f,)) for way in ("loops", "vectorised") for f in SVMS),
]


def _name(value: Any) -> str:
    return value if isinstance(value, str) else value[0].__name__


@pytest.mark.parametrize(("task", "functions"), CASES, ids=_name)
def test_a_right_solution_earns_everything(
    task: str, functions: tuple[Function, ...], earns_everything: EarnsEverything
) -> None:
    earns_everything(task, functions)


@pytest.mark.parametrize(
    "task", ["a1.softmax_loss_vectorised", "a1.penalised_loss", "a1.svm_loss_vectorised"]
)
def test_two_hundred_seeds_give_the_same_verdict(task: str) -> None:
    functions = next(functions for name, functions in CASES if name == task)
    assert all(checks.run(task, functions, hidden=True, seed=seed).ok for seed in range(200))


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_every_task_has_eight_right_variants(task: str) -> None:
    assert len([name for name, _ in CASES if name == task]) >= 8
