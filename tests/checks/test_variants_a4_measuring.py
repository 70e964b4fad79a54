"""Assignment 4, measuring and comparing gradients: right solutions in many styles earn all points."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cs_cnn import gradcheck

from .conftest import EarnsEverything

Function = Callable[..., Any]


def noisy(function: Function) -> Function:
    """Print, write to stderr and warn."""

    def changed(*arguments: Any, **options: Any) -> Any:
        print("hello")
        print("careful", file=sys.stderr)
        warnings.warn("numbers ahead", stacklevel=1)
        return function(*arguments, **options)

    changed.__name__ = f"{function.__name__}_noisy"
    return changed


# --- measuring ----------------------------------------------------------------------------------------------------


def measure_ndindex(f, x, dout):
    h, gradient = 1e-5, np.empty(x.shape)
    for index in np.ndindex(x.shape):
        old = x[index]
        x[index] = old + h
        above = f(x).copy()
        x[index] = old - h
        below = f(x).copy()
        x[index] = old
        gradient[index] = ((above - below) * dout).sum() / (2 * h)
    return gradient


def measure_copies(f, x, dout, h=1e-5):
    gradient = np.zeros_like(x)
    for k in range(x.size):
        up, down = x.copy(), x.copy()
        up.flat[k] += h
        down.flat[k] -= h
        gradient.flat[k] = np.sum(dout * (f(up) - f(down))) / (2 * h)
    return gradient


def measure_loss(f, x, dout):
    def loss(at):
        return float(np.sum(dout * f(at)))

    steps = 1e-5 * np.eye(x.size).reshape(-1, *x.shape)
    return np.array([(loss(x + e) - loss(x - e)) / 2e-5 for e in steps]).reshape(x.shape)


def measure_nditer(f, x, dout):
    gradient = np.zeros(x.shape)
    it = np.nditer(x, flags=["multi_index"], op_flags=[["readwrite"]])
    while not it.finished:
        ix = it.multi_index
        old = float(x[ix])
        x[ix] = old + 1e-6
        above = np.array(f(x), copy=True)
        x[ix] = old - 1e-6
        below = np.array(f(x), copy=True)
        x[ix] = old
        gradient[ix] = np.vdot(above - below, dout) / 2e-6
        it.iternext()
    return gradient


def measure_four_points(f, x, dout):
    def slope(e, h):
        return np.sum(dout * (f(x + h * e) - f(x - h * e))) / (2 * h)

    units = np.eye(x.size).reshape(-1, *x.shape)
    return np.reshape([(4 * slope(e, 1e-4) - slope(e, 2e-4)) / 3 for e in units], x.shape).tolist()


def measure_by_steps(f, x, dout):  # x moves in place and comes back only up to rounding
    gradient = np.zeros(x.shape)
    for index in np.ndindex(*x.shape):
        x[index] += 1e-5
        above = np.array(f(x))
        x[index] -= 2e-5
        below = np.array(f(x))
        x[index] += 1e-5
        gradient[index] = (dout * (above - below)).sum() / 2e-5
    return gradient


def measure_library(f, x, dout):
    return gradcheck.numerical_gradient(f, x, dout)


MEASURES = [
    measure_ndindex,
    measure_copies,
    measure_loss,
    measure_nditer,
    measure_four_points,
    measure_by_steps,
    measure_library,
    noisy(measure_copies),
]


def _errors(measure: Function, compare: Function) -> Function:
    def gradient_errors(forward, backward, arrays, dout):
        gradients = backward(dout, forward(*arrays)[1])
        errors = []
        for k in range(len(arrays)):

            def f(moved, k=k):
                given = list(arrays)
                given[k] = moved
                return forward(*given)[0]

            errors.append(compare(np.asarray(gradients[k]), np.asarray(measure(f, arrays[k].copy(), dout))))
        return errors

    gradient_errors.__name__ = f"errors_{measure.__name__}_{compare.__name__}"
    return gradient_errors


def compare_plain(g, m):
    if g.shape != m.shape:
        return np.inf
    return np.abs(g - m).max() / max(np.abs(g).max(), np.abs(m).max())


def compare_norm(g, m):
    if np.shape(g) != np.shape(m):
        return float("inf")
    size = np.linalg.norm(np.concatenate([g.ravel(), m.ravel()]), ord=np.inf)
    return np.linalg.norm((g - m).ravel(), ord=np.inf) / size


def compare_library(g, m):
    return gradcheck.relative_error(g, m)


def compare_loop(g, m):
    if g.ndim != m.ndim or any(a != b for a, b in zip(g.shape, m.shape, strict=True)):
        return np.float64("inf")
    worst = max(abs(a - b) for a, b in zip(g.flat, m.flat, strict=True))
    return worst / (max(max(abs(a), abs(b)) for a, b in zip(g.flat, m.flat, strict=True)) + 1e-300)


def errors_array(forward, backward, arrays, dout):
    return np.array(_errors(measure_copies, compare_plain)(forward, backward, arrays, dout))


ERRORS = [
    *(
        _errors(measure_ndindex, compare)
        for compare in (compare_plain, compare_norm, compare_library, compare_loop)
    ),
    _errors(measure_loss, compare_plain),
    _errors(measure_library, compare_library),
    noisy(_errors(measure_nditer, compare_norm)),
    errors_array,
]

CASES = [
    *(("a4.numerical_gradient", (f,)) for f in MEASURES),
    *(("a4.gradient_errors", (f,)) for f in ERRORS),
]


def _name(value: Any) -> str:
    return value if isinstance(value, str) else "-".join(function.__name__ for function in value)


@pytest.mark.parametrize(("task", "functions"), CASES, ids=_name)
def test_a_right_solution_earns_everything(
    task: str, functions: tuple[Function, ...], earns_everything: EarnsEverything
) -> None:
    earns_everything(task, functions, turns=((False, None), (True, 40403), (True, 987654321)))
