"""Assignment 3, training: right initial weights, update rules and searches in many styles earn all points."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from .conftest import EarnsEverything

Function = Callable[..., Any]


def noisy(function: Function) -> Function:
    """Print, write to stderr and warn."""

    def changed(*arguments: Any, **options: Any) -> Any:
        print("hello")
        print("careful", file=sys.stderr)
        warnings.warn("numbers ahead", stacklevel=1)
        return function(*arguments, **options)

    return changed


# --- a3.xavier, a3.he: the same styles with another spread --------------------------------------------------------


def _drawers(std: Callable[[int, int], float]) -> list[Function]:
    def loops(i, o, rng):
        w = np.zeros((i, o))
        for row in range(i):
            for column in range(o):
                w[row, column] = std(i, o) * rng.standard_normal()
        return w

    def in_place(i, o, rng):
        w = rng.standard_normal((i, o))
        w *= std(i, o)
        return w

    def box_muller(i, o, rng):
        u, v = 1 - rng.random((i, o)), rng.random((i, o))
        return std(i, o) * np.sqrt(-2 * np.log(u)) * np.cos(2 * np.pi * v)

    return [
        lambda i, o, rng: rng.normal(0, std(i, o), size=(i, o)),
        lambda i, o, rng: rng.normal(scale=std(i, o), size=(o, i)).T,
        lambda i, o, rng: rng.standard_normal((i, o)) * std(i, o),
        lambda i, o, rng: rng.uniform(-math.sqrt(3) * std(i, o), math.sqrt(3) * std(i, o), (i, o)),
        lambda i, o, rng: np.float32(std(i, o)) * rng.standard_normal((i, o), dtype=np.float32),
        lambda i, o, rng: rng.multivariate_normal(np.zeros(1), [[std(i, o) ** 2]], (i, o))[..., 0],
        lambda i, o, rng: np.array([rng.normal(0, std(i, o), o) for _ in range(i)]),
        loops,
        in_place,
        box_muller,
        noisy(in_place),
    ]


XAVIER = _drawers(lambda i, o: math.sqrt(2 / (i + o)))
HE = _drawers(lambda i, o: math.sqrt(2 / i))

# --- a3.sgd_step --------------------------------------------------------------------------------------------------


def sgd_loops(w, dw, lr):
    new = np.zeros(w.shape)
    for place in np.ndindex(*w.shape):
        new[place] = w[place] - lr * dw[place]
    return new


def sgd_in_place(w, dw, lr):
    w -= lr * dw
    return w


SGD = [
    lambda w, dw, lr: w - lr * dw,
    lambda w, dw, lr: w + -lr * dw,
    lambda w, dw, lr: np.subtract(w, np.multiply(lr, dw)),
    lambda w, dw, lr: np.float32(w) - np.float32(lr) * np.float32(dw),
    lambda w, dw, lr: (w - lr * dw).tolist(),
    lambda w, dw, lr: np.einsum("k,k...->...", [1.0, -lr], np.stack([w, dw])),
    lambda w, dw, lr: np.asfortranarray(w) - dw * lr,
    sgd_loops,
    sgd_in_place,
    noisy(sgd_in_place),
]

# --- rules with a memory: how the state is kept is a style of its own ---------------------------------------------


class _Box:
    """A state that is an object, with what the first step needs."""

    def __init__(self) -> None:
        self.kept: Any = None


Core = Callable[..., tuple[Any, Any]]


def _keepers(core: Core) -> list[Function]:
    """Return ways to keep what `core(w, dw, memory, settings)` returns second; memory is None at first."""

    def fresh(w, dw, state, **s):
        new, memory = core(w, dw, state.get("m"), s)
        return new, {"m": memory}

    def same_dictionary(w, dw, state, **s):
        w, state["anything"] = core(w, dw, state.get("anything"), s)
        return w, state

    def an_object(w, dw, state, **s):
        box = state if isinstance(state, _Box) else _Box()
        new, box.kept = core(w, dw, box.kept, s)
        return new, box

    def a_list(w, dw, state, **s):
        new, memory = core(w, dw, state[0] if state else None, s)
        return [new, [memory]]

    def in_place(w, dw, state, **s):
        w[...], state["m"] = core(w, dw, state.get("m"), s)
        dw *= 0
        return w, state

    def single(w, dw, state, **s):
        new, memory = core(np.float32(w), np.float32(dw), state.get("m"), s)
        return np.float32(new), {"m": memory}

    def loops(w, dw, state, **s):
        new, memories = np.zeros(w.shape), dict(state)
        for place in np.ndindex(*w.shape):
            new[place], memories[place] = core(w[place], dw[place], state.get(place), s)
        return new, memories

    def flat(w, dw, state, **s):
        new, memory = core(w.ravel(), dw.ravel(), state.get("m"), s)
        return np.reshape(new, w.shape), {"m": memory, "shape": w.shape}

    return [fresh, same_dictionary, an_object, a_list, in_place, single, loops, flat, noisy(fresh)]


def momentum_core(w, dw, v, s):
    v = s["momentum"] * (0 if v is None else v) + dw
    return w - s["lr"] * v, v


def momentum_rate_inside(w, dw, v, s):
    """Keep the step itself, which comes to the same while the rate stays."""
    v = s["momentum"] * (0 if v is None else v) - s["lr"] * dw
    return w + v, v


def momentum_all_gradients(w, dw, gradients, s):
    """Remember every gradient."""
    gradients = [*(gradients or []), np.array(dw)]
    v = sum(s["momentum"] ** k * g for k, g in enumerate(reversed(gradients)))
    return w - s["lr"] * v, gradients


def adagrad_core(w, dw, n, s):
    n = (np.zeros_like(w) if n is None else n) + dw * dw
    return w - s["lr"] / (np.sqrt(n) + s["eps"]) * dw, n


def adagrad_root(w, dw, root, s):
    root = np.hypot(0.0 if root is None else root, dw)
    return w - s["lr"] * dw / (root + s["eps"]), root


def rmsprop_core(w, dw, n, s):
    n = s["decay"] * (0 if n is None else n) + (1 - s["decay"]) * np.square(dw)
    return w - s["lr"] * dw / (n**0.5 + s["eps"]), n


def rmsprop_moves(w, dw, n, s):
    n = np.zeros_like(w) if n is None else n
    n = n + (1 - s["decay"]) * (dw**2 - n)
    return w - s["lr"] * dw / (np.sqrt(n) + s["eps"]), n


def adam_core(w, dw, memory, s):
    t, m, n = memory or (0, 0.0, 0.0)
    t += 1
    m = s["beta1"] * m + (1 - s["beta1"]) * dw
    n = s["beta2"] * n + (1 - s["beta2"]) * dw**2
    m_hat, n_hat = m / (1 - s["beta1"] ** t), n / (1 - s["beta2"] ** t)
    return w - s["lr"] * m_hat / (np.sqrt(n_hat) + s["eps"]), (t, m, n)


def adam_powers(w, dw, memory, s):
    """Keep the powers of the shares, and scale eps in the short form."""
    p1, p2, m, n = memory or (1.0, 1.0, np.zeros_like(w), np.zeros_like(w))
    p1, p2 = p1 * s["beta1"], p2 * s["beta2"]
    m, n = m + (1 - s["beta1"]) * (dw - m), n + (1 - s["beta2"]) * (dw**2 - n)
    rate = s["lr"] * (1 - p2) ** 0.5 / (1 - p1)
    return w - rate * m / (np.sqrt(n) + s["eps"] * (1 - p2) ** 0.5), (p1, p2, m, n)


RULES = {
    "a3.momentum_step": [
        *_keepers(momentum_core),
        *_keepers(momentum_rate_inside),
        *_keepers(momentum_all_gradients),
    ],
    "a3.adagrad_step": [*_keepers(adagrad_core), *_keepers(adagrad_root)],
    "a3.rmsprop_step": [*_keepers(rmsprop_core), *_keepers(rmsprop_moves)],
    "a3.adam_step": [*_keepers(adam_core), *_keepers(adam_powers)],
}

# --- a3.draw_rates ------------------------------------------------------------------------------------------------


def draw_loops(count, low, high, rng):
    rates = []
    while len(rates) < count:
        rates.append(10 ** rng.uniform(math.log10(low), math.log10(high)))
    return rates


def draw_shuffled(count, low, high, rng):
    """One rate in each of many strips of equal width: better spread than chance."""
    return np.exp(np.log(low) + np.log(high / low) * (rng.permutation(count) + rng.random(count)) / count)


def draw_rejected(count, low, high, rng):
    u = rng.uniform(-20, 5, 60 * count)
    return np.exp(u[(u > np.log(low)) & (u < np.log(high))][:count])


DRAWS = [
    lambda count, low, high, rng: 10 ** rng.uniform(np.log10(low), np.log10(high), count),
    lambda count, low, high, rng: np.exp(rng.uniform(np.log(low), np.log(high), size=count)),
    lambda count, low, high, rng: low * (high / low) ** rng.random(count),
    lambda count, low, high, rng: high * (low / high) ** rng.random(count),
    lambda count, low, high, rng: np.exp2(np.log2(low) + np.log2(high / low) * rng.random(count)),
    lambda count, low, high, rng: np.float32(
        10 ** rng.uniform(np.log10(low * 1.0001), np.log10(high * 0.9999), count)
    ),
    lambda count, low, high, rng: np.power(10.0, rng.uniform(*np.log10([low, high]), (count,))).tolist(),
    draw_loops,
    draw_shuffled,
    draw_rejected,
    noisy(draw_loops),
]

# --- a3.search ----------------------------------------------------------------------------------------------------


def search_lists(rates, train, accuracy):
    models = [train(lr) for lr in rates]
    scores = np.array([accuracy(model, "validation") for model in models])
    best = int(np.nanargmax(scores))
    return rates[best], scores[best], accuracy(models[best], "test")


def search_again(rates, train, accuracy):
    """Keep only the rate, and train the winner once more."""
    best = max(rates, key=lambda lr: np.nan_to_num(accuracy(train(lr), "validation"), nan=-1.0))
    model = train(best)
    return best, accuracy(model, "validation"), accuracy(model, "test")


def search_sorted(rates, train, accuracy):
    found = []
    for k, lr in enumerate(rates):
        model = train(lr)
        score = accuracy(model, "validation")
        if not math.isnan(score):
            found.append((score, k, lr, model))
    score, _, lr, model = sorted(found)[-1]
    return [lr, score, accuracy(model, "test")]


def search_by_error(rates, train, accuracy):
    lowest, kept = np.inf, None
    for lr in rates:
        model = train(lr)
        error = 1 - accuracy(model, "validation")
        if error < lowest:
            lowest, kept = error, (lr, model)
    assert kept is not None
    return kept[0], 1 - lowest, accuracy(kept[1], "test")


def search_table(rates, train, accuracy):
    """Look at the training rows too, out of curiosity."""
    table = {lr: train(lr) for lr in rates}
    seen = {lr: (accuracy(model, "training"), accuracy(model, "validation")) for lr, model in table.items()}
    good = {lr: both[1] for lr, both in seen.items() if both[1] == both[1]}
    best = max(good, key=good.__getitem__)
    return best, good[best], accuracy(table[best], "test")


def search_backwards(rates, train, accuracy):
    best = None
    while rates:
        lr = rates.pop()
        model = train(lr)
        score = accuracy(model, "validation")
        if np.isfinite(score) and (best is None or score > best[1]):
            best = (lr, score, model)
    assert best is not None
    return best[0], best[1], accuracy(best[2], "test")


def search_arrays(rates, train, accuracy):
    found = search_lists(np.array(rates), train, accuracy)
    return tuple(np.asarray(number) for number in found)


SEARCHES = [
    search_lists,
    search_again,
    search_sorted,
    search_by_error,
    search_table,
    search_backwards,
    search_arrays,
    noisy(search_sorted),
]

ALL = {
    "a3.xavier": XAVIER,
    "a3.he": HE,
    "a3.sgd_step": SGD,
    **RULES,
    "a3.draw_rates": DRAWS,
    "a3.search": SEARCHES,
}
EVERY = [
    pytest.param(task, function, id=f"{task}-{k}")
    for task, functions in ALL.items()
    for k, function in enumerate(functions)
]


def test_there_are_eight_of_each() -> None:
    assert min(len(functions) for functions in ALL.values()) >= 8


@pytest.mark.parametrize(("task", "function"), EVERY)
def test_a_right_function_earns_everything(
    task: str, function: Function, earns_everything: EarnsEverything
) -> None:
    earns_everything(task, function)
