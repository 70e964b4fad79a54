"""Assignment 3, layers: right solutions in many styles earn all points."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

from .conftest import EarnsEverything

Function = Callable[..., Any]
Pair = tuple[Function, Function]

# --- the same pair with other manners -----------------------------------------------------------------------------


def _noisy(function: Function) -> Function:
    def changed(*arguments: Any, **options: Any) -> Any:
        print("hello")
        print("careful", file=sys.stderr)
        warnings.warn("numbers ahead", stacklevel=1)
        np.log(np.zeros(1))
        return function(*arguments, **options)

    return changed


def _single(function: Function) -> Function:
    def changed(*arguments: Any, **options: Any) -> Any:
        return function(*(np.float32(a) if isinstance(a, np.ndarray) else a for a in arguments), **options)

    return changed


def _in_place(function: Function) -> Function:
    """Change the array arguments once the result is there, and keep copies in the cache."""

    def changed(*arguments: Any, **options: Any) -> Any:
        own = [a.copy() if isinstance(a, np.ndarray) else a for a in arguments]
        result = function(*own, **options)
        for a in arguments:
            if isinstance(a, np.ndarray):
                a += 1
        return result

    return changed


def _strided(function: Function) -> Function:
    """Work on arrays that are not contiguous in memory."""

    def changed(*arguments: Any, **options: Any) -> Any:
        wide = [np.repeat(a, 2, axis=-1)[..., ::2] if isinstance(a, np.ndarray) else a for a in arguments]
        return function(*wide, **options)

    return changed


def _with_manners(pair: Pair) -> list[Pair]:
    forward, backward = pair
    return [(way(forward), way(backward)) for way in (_noisy, _single, _in_place, _strided)]


def _in_a_box(pair: Pair) -> Pair:
    """Keep a cache that is a function."""
    forward, backward = pair

    def boxed(*arguments: Any, **options: Any) -> Any:
        out, cache = forward(*arguments, **options)
        return out, lambda: cache

    return boxed, lambda dout, box: backward(dout, box())


# --- a3.affine_forward, a3.affine_backward ------------------------------------------------------------------------


def affine_short(x, w, b):
    return x.reshape(x.shape[0], -1).dot(w) + b, (x, w, b)


def affine_back(dout, cache):
    x, w, b = cache
    dx = np.dot(dout, w.T).reshape(x.shape)
    return dx, x.reshape(x.shape[0], -1).T.dot(dout), np.sum(dout, axis=0).reshape(b.shape)


def affine_loops(x, w, b):
    flat = np.array([example.ravel() for example in x])
    out = np.zeros((len(x), w.shape[1]))
    for n in range(len(x)):
        for m in range(w.shape[1]):
            out[n, m] = b[m] + sum(flat[n, d] * w[d, m] for d in range(w.shape[0]))
    return out, {"flat": flat, "shape": x.shape, "w": w}


def affine_loops_back(dout, cache):
    flat, w = cache["flat"], cache["w"]
    dx, dw, db = np.zeros(flat.shape), np.zeros(w.shape), np.zeros(w.shape[1])
    for n, m in np.ndindex(*dout.shape):
        db[m] += dout[n, m]
        dx[n] += dout[n, m] * w[:, m]
        dw[:, m] += dout[n, m] * flat[n]
    return dx.reshape(cache["shape"]), dw, db


def affine_einsum(x, w, b):
    flat = np.reshape(x, (len(x), np.prod(x.shape[1:])))
    return np.einsum("nd,dm->nm", flat, w) + b[None], [x, w]


def affine_einsum_back(dout, cache):
    x, w = cache
    flat = x.reshape(len(x), w.shape[0])
    dx = np.einsum("nm,dm->nd", dout, w).reshape(x.shape)
    return [dx, np.einsum("nd,nm->dm", flat, dout), np.einsum("nm->m", dout)]


def affine_augmented(x, w, b):
    extended = np.hstack([x.reshape(len(x), -1), np.ones((len(x), 1))])
    return extended @ np.vstack([w, b]), (extended, np.vstack([w, b]), x.shape)


def affine_augmented_back(dout, cache):
    extended, both, shape = cache
    d = extended.T @ dout
    return (dout @ both.T)[:, :-1].reshape(shape), d[:-1], d[-1]


AFFINE = [
    (affine_short, affine_back),
    (affine_loops, affine_loops_back),
    (affine_einsum, affine_einsum_back),
    (affine_augmented, affine_augmented_back),
    _in_a_box((affine_short, affine_back)),
    *_with_manners((affine_short, affine_back)),
]

# --- a3.relu ------------------------------------------------------------------------------------------------------


def relu_where(x):
    return np.where(x > 0, x, 0.0), x > 0


def relu_copy(x):
    out = x.copy()
    out[out < 0] = 0
    return out, out


def relu_copy_back(dout, out):
    dx = np.array(dout)
    dx[out <= 0] = 0
    return dx


def relu_loops(x):
    out = np.empty(x.shape)
    for place in np.ndindex(*x.shape):
        out[place] = max(0.0, x[place])
    return out, x


def relu_loops_back(dout, x):
    dx = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        if x[place] >= 0:
            dx[place] = dout[place]
    return dx


def relu_overwrites(x):
    np.maximum(x, 0, out=x)
    return x, x


def relu_overwrites_back(dout, x):
    dout[x == 0] = 0
    return dout


RELU = [
    (lambda x: (np.maximum(0, x), x), lambda dout, x: (x > 0) * dout),
    (relu_where, lambda dout, mask: np.where(mask, dout, 0)),
    (relu_copy, relu_copy_back),
    (relu_loops, relu_loops_back),
    (lambda x: ((x + np.abs(x)) / 2, x), lambda dout, x: dout * np.heaviside(x, 1)),
    (relu_overwrites, relu_overwrites_back),
    _in_a_box((relu_where, lambda dout, mask: dout * mask)),
    *_with_manners((lambda x: (x.clip(0), x), lambda dout, x: dout * (np.sign(x) + 1) / 2)),
]

# --- a3.sigmoid ---------------------------------------------------------------------------------------------------


def sigmoid_masks(x):
    out = np.empty(x.shape)
    low = x < 0
    out[~low] = 1 / (1 + np.exp(-x[~low]))
    out[low] = np.exp(x[low]) / (1 + np.exp(x[low]))
    return out, out


def sigmoid_loops(x):
    out = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        out[place] = 1 / (1 + np.exp(-x[place])) if x[place] > 0 else 1 - 1 / (1 + np.exp(x[place]))
    return out, out


def _slope(dout, s):
    return dout * s * (1 - s)


SIGMOID = [
    (lambda x: (1 / (1 + np.exp(-x)), x), lambda dout, x: dout * np.exp(-x) / (1 + np.exp(-x)) ** 2),
    (lambda x: (expit(x), x), lambda dout, x: dout * expit(x) * expit(-x)),
    (lambda x: (0.5 * (1 + np.tanh(x / 2)), x), lambda dout, x: dout * (1 - np.tanh(x / 2) ** 2) / 4),
    (sigmoid_masks, _slope),
    (sigmoid_loops, lambda dout, s: np.array(dout) * (s - s**2)),
    (lambda x: (1 / (1 + np.exp(-np.clip(x, -500, 500))),) * 2, _slope),
    (lambda x: (np.exp(-np.logaddexp(0, -x)),) * 2, _slope),
    _in_a_box((sigmoid_masks, _slope)),
    *_with_manners((sigmoid_masks, _slope)),
]

# --- a3.dropout_forward, a3.dropout_backward ----------------------------------------------------------------------


def dropout_short(x, p, rng, train=True):
    mask = (rng.random(x.shape) > p) / (1 - p) if train else np.ones_like(x)
    return x * mask, mask


def dropout_keep(x, p, rng, train=True):
    """Compare with the probability to keep, and keep None as the cache after training."""
    if not train:
        return x, None
    keep = 1 - p
    mask = rng.random(x.shape) < keep
    return np.where(mask, x / keep, 0), (mask, keep)


def dropout_keep_back(dout, cache):
    return dout if cache is None else dout * cache[0] / cache[1]


def dropout_binomial(x, p, rng, train=True):
    mask = rng.binomial(1, 1 - p, size=x.shape)
    return (x * mask / (1 - p), ("train", mask, p)) if train else (x.copy(), ("test",))


def dropout_binomial_back(dout, cache):
    return dout * cache[1] / (1 - cache[2]) if cache[0] == "train" else dout


def dropout_choice(x, p, rng, train=True):
    factors = rng.choice([0.0, 1 / (1 - p)], p=[p, 1 - p], size=x.shape) if train else 1.0
    return factors * x, factors


def dropout_gaussian(x, p, rng, train=True):
    from scipy.stats import norm

    factors = (rng.standard_normal(x.shape) > norm.ppf(p)) / (1 - p) if train else np.full(x.shape, 1.0)
    return x * factors, factors


def dropout_loops(x, p, rng, train=True):
    out, cache = x.copy(), np.ones(x.size)
    if train:
        flat = out.reshape(-1)
        for k in range(flat.size):
            cache[k] = 0 if rng.random() < p else 1 / (1 - p)
            flat[k] *= cache[k]
    return out, cache


def dropout_loops_back(dout, cache):
    return (dout.ravel() * cache).reshape(dout.shape)


def dropout_bytes(x, p, rng, train=True):
    dropped = rng.integers(0, 10**6, size=x.shape) < p * 10**6
    return (np.ma.filled(np.ma.array(x / (1 - p), mask=dropped), 0), (dropped, p)) if train else (x, 1)


def dropout_bytes_back(dout, cache):
    return dout if cache == 1 else np.where(cache[0], 0, dout / (1 - cache[1]))


def _times(dout, factors):
    return dout * factors


DROPOUT = [
    (dropout_short, _times),
    (dropout_keep, dropout_keep_back),
    (dropout_binomial, dropout_binomial_back),
    (dropout_choice, _times),
    (dropout_gaussian, _times),
    (dropout_loops, dropout_loops_back),
    (dropout_bytes, dropout_bytes_back),
    _in_a_box((dropout_short, _times)),
    *_with_manners((dropout_short, _times)),
]

# --- a3.batch_norm_forward, a3.batch_norm_backward ----------------------------------------------------------------


def norm_short(x, gamma, beta, running, train=True, momentum=0.1, eps=1e-5):
    if not train:
        return gamma * (x - running["mean"]) / np.sqrt(running["var"] + eps) + beta, None
    n, mu = len(x), np.mean(x, axis=0)
    var = np.mean((x - mu) ** 2, axis=0)
    running["mean"] = running["mean"] + momentum * (mu - running["mean"])
    running["var"] = running["var"] + momentum * (var * n / (n - 1) - running["var"])
    hat = (x - mu) * (var + eps) ** -0.5
    return gamma * hat + beta, (x, mu, var, eps, gamma, hat)


def norm_steps_back(dout, cache):
    """Follow the graph line by line."""
    x, mu, var, eps, gamma, hat = cache
    n = len(x)
    dhat = dout * gamma
    dvar = np.sum(dhat * (x - mu) * -0.5 * (var + eps) ** -1.5, axis=0)
    dmu = np.sum(-dhat / np.sqrt(var + eps), axis=0) + dvar * np.mean(-2 * (x - mu), axis=0)
    dx = dhat / np.sqrt(var + eps) + dvar * 2 * (x - mu) / n + dmu / n
    return dx, np.sum(dout * hat, axis=0), np.sum(dout, axis=0)


def norm_compact_back(dout, cache):
    x, _, var, eps, gamma, hat = cache
    n = len(x)
    dgamma, dbeta = (dout * hat).sum(0), dout.sum(0)
    return gamma / (n * np.sqrt(var + eps)) * (n * dout - dbeta - hat * dgamma), dgamma, dbeta


def norm_jacobian_back(dout, cache):
    """Write out the derivative of every normalised number by every x of its column."""
    x, _, var, eps, gamma, hat = cache
    n, d = x.shape
    dx = np.zeros((n, d))
    for j in range(d):
        root = np.sqrt(var[j] + eps)
        jacobian = (np.eye(n) - 1 / n - np.outer(hat[:, j], hat[:, j]) / n) / root
        dx[:, j] = jacobian.T @ (gamma[j] * dout[:, j])
    return dx, np.einsum("nd,nd->d", dout, hat), np.einsum("nd->d", dout)


def norm_loops(x, gamma, beta, running, train=True, momentum=0.1, eps=1e-5):
    n, d = x.shape
    out, hat, roots = np.zeros((n, d)), np.zeros((n, d)), np.zeros(d)
    mean, var = list(running["mean"]), list(running["var"])
    for j in range(d):
        mu, s2 = mean[j], var[j]
        if train:
            mu = sum(x[:, j]) / n
            squares = sum((x[i, j] - mu) ** 2 for i in range(n))
            s2 = squares / n
            mean[j] = (1 - momentum) * mean[j] + momentum * mu
            var[j] = (1 - momentum) * var[j] + momentum * squares / (n - 1)
        roots[j] = (s2 + eps) ** 0.5
        for i in range(n):
            hat[i, j] = (x[i, j] - mu) / roots[j]
            out[i, j] = gamma[j] * hat[i, j] + beta[j]
    running["mean"], running["var"] = np.array(mean), np.array(var)
    return out, (x, None, roots**2, 0.0, gamma, hat)


def norm_in_place(x, gamma, beta, running, train=True, momentum=0.1, eps=1e-5):
    """Update the arrays in the dictionary in place, and overwrite x."""
    if not train:
        mean, var = running["mean"][None], running["var"][None]
    else:
        mean, var = x.mean(0, keepdims=True), x.var(0, keepdims=True)
        running["mean"] *= 1 - momentum
        running["mean"] += momentum * mean[0]
        running["var"] *= 1 - momentum
        running["var"] += momentum * np.var(x, axis=0, ddof=1)
    x -= mean
    x /= np.sqrt(var + eps)
    return x * gamma + beta, (x.copy(), None, var[0], eps, gamma.copy(), x.copy())


def norm_updated(x, gamma, beta, running, train=True, momentum=0.1, eps=1e-5):
    """Use np.cov and dict.update."""
    mean, var = running["mean"], running["var"]
    if train:
        covariance = np.cov(x, rowvar=False).reshape(x.shape[1], -1).diagonal()
        mean, var = np.average(x, axis=0), covariance * (len(x) - 1) / len(x)
        new = {"mean": mean, "var": covariance}
        running.update({key: (1 - momentum) * running[key] + momentum * new[key] for key in new})
    hat = (x - mean) / np.sqrt(var + eps)
    return np.multiply(gamma, hat) + beta, (x, mean, var, eps, gamma, hat)


NORM = [
    (norm_short, norm_steps_back),
    (norm_short, norm_compact_back),
    (norm_short, norm_jacobian_back),
    (norm_loops, norm_compact_back),
    (norm_in_place, norm_compact_back),
    (norm_updated, norm_steps_back),
    _in_a_box((norm_updated, norm_compact_back)),
    *_with_manners((norm_short, norm_steps_back)),
]

EVERY = [
    (tasks, pair)
    for tasks, pairs in (
        (("a3.affine_forward", "a3.affine_backward"), AFFINE),
        (("a3.relu",), RELU),
        (("a3.sigmoid",), SIGMOID),
        (("a3.dropout_forward", "a3.dropout_backward"), DROPOUT),
        (("a3.batch_norm_forward", "a3.batch_norm_backward"), NORM),
    )
    for pair in pairs
]


def test_there_are_eight_of_each() -> None:
    assert min(len(pairs) for pairs in (AFFINE, RELU, SIGMOID, DROPOUT, NORM)) >= 8


@pytest.mark.parametrize(("tasks", "pair"), EVERY)
def test_a_right_layer_earns_everything(
    tasks: tuple[str, ...], pair: Pair, earns_everything: EarnsEverything
) -> None:
    for task in tasks:
        earns_everything(task, pair[:1] if task.endswith("forward") else pair)
