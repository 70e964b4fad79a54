"""Assignment 4: a numerical gradient, and a check of any layer's gradients with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Shared
from cs_cnn.checks.compare import as_array
from cs_cnn.checks.pairs import away_from_zero, sizes
from cs_cnn.checks.task import PartOfTask, Task


def grade_numerical_gradient(bench: Bench) -> None:
    """Hand over functions whose gradients are known, and look at x afterwards."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, d, m = sizes(rng, 3, 2, 5)
        x, w = away_from_zero(rng, (n, d)), away_from_zero(rng, (d, m))
        dout, weights = away_from_zero(rng, (n, m)), away_from_zero(rng, (n, d))

        def linear(at: Any, w: Any = w) -> Any:
            return at @ w

        _measure(bench, "values", linear, x, dout, partial(np.matmul, dout, w.T))
        _measure(
            bench, "accuracy", _cube, x, weights, partial(np.multiply, 3 * weights, x**2), tolerance=1e-7
        )
        _measure(bench, "any function", _itself, x, weights, partial(np.copy, weights))


def _cube(x: Any) -> Any:
    return x**3


def _itself(x: Any) -> Any:
    return x


def _measure(
    bench: Bench,
    part: str,
    f: Callable[[Any], Any],
    x: Array,
    dout: Array,
    right: Callable[[], Array],
    tolerance: float = 1e-5,
) -> None:
    """Call the student's function on an array that is not copied again, so that a change of it can be seen."""
    given = x.copy()
    arguments = {"f": Shared(f), "x": Shared(given), "dout": dout}
    outcome = bench.call("numerical_gradient", arguments)
    bench.expect(part, outcome, right, name="the gradient", tolerance=tolerance)
    if part == "values" and not outcome.failed:
        # Rounding in (x + h) - h is no change to speak of. Who returns no gradient need not move x.
        result = as_array(outcome.value)
        tried = result is not None and result.shape == x.shape and bool(np.any(result))
        kept = bool(np.abs(given - x).max() < 1e-12)
        message = "x is not as it was before the call." if tried else "There is no gradient of the shape of x yet."
        record = np.where(kept, 0.0, np.sign(given - x))
        bench.judge("x kept", kept and tried, message, record=record)
    elif part == "values":
        bench.expect("x kept", outcome, right)


def grade_gradient_errors(bench: Bench) -> None:
    """Hand over a right layer, layers with one wrong gradient, and one with a gradient of a wrong shape."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, d, m = sizes(rng, 3, 2, 5)
        arrays = [away_from_zero(rng, shape) for shape in ((n, d), (d, m), m)]
        dout = away_from_zero(rng, (n, m))
        factors = [float(rng.uniform(0.2, 0.8)), float(rng.uniform(1.5, 4.0)), -1.0]
        outcome = _errors(bench, _backward, arrays, dout)
        small = _small(outcome.value)
        if outcome.failed:
            bench.expect("right layer", outcome, partial(np.zeros, 3))
        else:
            message = "A layer with right gradients must get three errors below 1e-6; yours are not."
            bench.judge("right layer", small, message, record=small)
        for which, factor in enumerate(factors):
            wrong = partial(_one_wrong, which, factor)
            outcome = _errors(bench, wrong, arrays, dout)
            right = partial(_expected, which, wrong, arrays, dout)
            bench.expect("wrong gradient", outcome, right, name="the list of errors", tolerance=1e-4)
        outcome = _errors(bench, _row, arrays, dout)
        told = _infinite(outcome.value)
        if outcome.failed:
            bench.expect("wrong shape", outcome, partial(np.zeros, 3))
        else:
            message = (
                "The last gradient had shape (1, M) where the array has (M,), and its error was not infinite."
            )
            bench.judge("wrong shape", told, message, record=told)


def _forward(x: Any, w: Any, b: Any) -> Any:
    return x @ w + b, (x, w, b)


def _backward(dout: Any, cache: Any) -> Any:
    x, w, _ = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)


def _one_wrong(which: int, factor: float, dout: Any, cache: Any) -> Any:
    gradients = list(_backward(dout, cache))
    gradients[which] = gradients[which] * factor
    gradients[which].flat[0] += 0.5
    return tuple(gradients)


def _expected(which: int, wrong: Callable[..., Any], arrays: list[Array], dout: Array) -> Array:
    right, given = _backward(dout, arrays)[which], wrong(dout, arrays)[which]
    errors = np.zeros(3)
    errors[which] = np.abs(right - given).max() / max(np.abs(right).max(), np.abs(given).max())
    return errors


def _row(dout: Any, cache: Any) -> Any:
    dx, dw, db = _backward(dout, cache)
    return dx, dw, db[None]


def _errors(bench: Bench, backward: Callable[..., Any], arrays: list[Array], dout: Array) -> Any:
    copies = Shared([array.copy() for array in arrays])
    arguments = {"forward": Shared(_forward), "backward": Shared(backward), "arrays": copies, "dout": dout}
    return bench.call("gradient_errors", arguments)


def _numbers(value: Any) -> list[float] | None:
    try:
        return [float(entry) for entry in value]
    except Exception:  # not a list of numbers, whatever it is
        return None


def _small(value: Any) -> bool:
    numbers = _numbers(value)
    return numbers is not None and len(numbers) == 3 and all(abs(entry) < 1e-6 for entry in numbers)


def _infinite(value: Any) -> bool:
    numbers = _numbers(value)
    return numbers is not None and len(numbers) == 3 and numbers[2] == np.inf


TASKS = (
    Task(
        name="a4.numerical_gradient",
        number="4.3",
        asks="numerical_gradient",
        functions=("numerical_gradient",),
        parts=(
            PartOfTask(
                "values",
                2,
                "the gradient of a product of matrices",
                "Start with a function of one number whose derivative you know, then with two numbers.",
            ),
            PartOfTask(
                "accuracy",
                1,
                "seven right digits for x**3",
                "How does the error change when h is ten times as large? The formula and h both matter.",
            ),
            PartOfTask(
                "any function", 1, "a function that returns its argument", "What is f(x) for f = lambda x: x?"
            ),
            PartOfTask(
                "x kept", 1, "x is the same before and after", "Print x before the call and after it."
            ),
        ),
        grade=grade_numerical_gradient,
        section="foundations/two_layer_networks#two-layer-gradient-check",
    ),
    Task(
        name="a4.gradient_errors",
        number="4.4",
        asks="gradient_errors",
        functions=("gradient_errors",),
        parts=(
            PartOfTask(
                "right layer",
                1,
                "small errors for a layer with right gradients",
                "One measured gradient for each array: which function of one array do you measure?",
            ),
            PartOfTask(
                "wrong gradient",
                3,
                "the error of every gradient, when one is wrong",
                "Compute the error for the lists [1, 2] and [1, 4] by hand.",
            ),
            PartOfTask(
                "wrong shape", 1, "a shape that only broadcasts", "What does (M,) minus (1, M) give in NumPy?"
            ),
        ),
        grade=grade_gradient_errors,
        section="foundations/two_layer_networks#two-layer-gradient-check",
    ),
)
