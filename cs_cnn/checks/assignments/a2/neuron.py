"""Assignment 2, problem 1: the sigmoid, and the gradients of one sigmoid neuron."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.task import PartOfTask, Task
from cs_cnn.gradcheck import numerical_gradient

_SECTION = "foundations/two_layer_networks"


def _sigmoid(z: Any) -> Any:
    # The same function by another name: tanh does not overflow.
    return 0.5 * (1.0 + np.tanh(0.5 * np.asarray(z)))


def grade_sigmoid(bench: Bench) -> None:
    """Compare on numbers, on arrays of several shapes, and far from zero."""
    rng = bench.rng
    for _ in range(bench.rounds):
        n, m = _different(rng, 2)
        for z in (rng.normal(0, 3, size=n), rng.normal(0, 3, size=(n, m))):
            bench.expect("values", bench.call("sigmoid", {"z": z}), partial(_sigmoid, z), name="sigmoid(z)")
        number = float(rng.normal())
        outcome = bench.call("sigmoid", {"z": number})
        bench.expect("number", outcome, partial(_sigmoid, number), name="sigmoid(z)")
        far = rng.permutation(np.array([-1000.0, -720.0, -50.0, 0.0, 50.0, 720.0, 1000.0]))
        outcome = bench.call("sigmoid", {"z": far})
        bench.expect("large", outcome, partial(_sigmoid, far), name="sigmoid(z) for |z| up to 1000")


def _neuron(x: Array, w: Array, b: Any, t: float) -> Any:
    return 0.5 * (_sigmoid(x @ w + b) - t) ** 2


def grade_neuron(bench: Bench) -> None:
    """Compare the loss with its formula, and the gradients with the slope of the loss."""
    rng = bench.rng
    for turn in range(bench.rounds + 1):
        given = _neuron_and_target(rng, (0.0, 1.0, 0.3)[turn % 3])
        outcome = bench.call("neuron_loss", given)
        loss, dx, dw, db = bench.unpack(outcome, ("loss", "dx", "dw", "db"), "neuron_loss")
        bench.expect("loss", loss, partial(_neuron, **given), name="loss")
        for wrt, gradient in (("x", dx), ("w", dw), ("b", db)):
            bench.expect(
                f"d{wrt}",
                gradient,
                partial(_slope, given, wrt),
                own=partial(_own_slope, bench, given, wrt),
                name=f"d{wrt}",
            )


def _neuron_and_target(rng: np.random.Generator, t: float) -> dict[str, Any]:
    """Draw a neuron that is neither saturated nor nearly right: there every mistake would look small."""
    while True:
        d = int(rng.integers(3, 8))
        x, w = rng.normal(size=d), rng.normal(size=d) / np.sqrt(d)
        b = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.3, 1.0))
        z = float(x @ w + b)
        if 0.3 < abs(z) < 2.5 and abs(_sigmoid(z) - t) > 0.1:
            return {"x": x, "w": w, "b": b, "t": t}


def _slope(given: dict[str, Any], wrt: str) -> Array:
    """Differentiate the loss numerically."""
    return numerical_gradient(
        lambda at: _neuron(**{**given, wrt: at}), np.array(given[wrt], dtype=np.float64)
    )


def _own_slope(bench: Bench, given: dict[str, Any], wrt: str) -> Array | None:
    """Differentiate the student's own loss, if that depends on everything a loss of a neuron depends on."""

    def loss(**changes: Any) -> Any:
        value = bench.call("neuron_loss", {**given, **changes}).value
        return value[0]

    def at(moved: Array) -> Any:
        return loss(**{wrt: float(moved) if moved.ndim == 0 else moved})

    try:
        here = loss()
        alive = all(loss(**{name: given[name] + 0.5}) != here for name in given)
    except Exception:
        return None
    return bench.own_gradient(at, given[wrt]) if alive else None


def _different(rng: np.random.Generator, count: int) -> list[int]:
    """Draw sizes that all differ, so that a mix-up of axes shows."""
    return [int(size) for size in rng.permutation(np.arange(2, 2 + count + 2))[:count]]


_GRADIENT_HINT = (
    "Write the chain z -> a -> L as three boxes, note the local derivative of each, and multiply backwards. Compare "
    "with a numerical gradient for one entry."
)

TASKS = (
    Task(
        name="a2.sigmoid",
        number="1.1",
        asks="sigmoid",
        functions=("sigmoid",),
        parts=(
            PartOfTask(
                "values",
                2,
                "arrays of one and two axes",
                "Compute sigmoid(0) and sigmoid(2) by hand and compare.",
            ),
            PartOfTask(
                "number", 1, "a plain number", "z may be a plain float: which of your lines needs an array?"
            ),
            PartOfTask(
                "large",
                2,
                "|z| up to 1000",
                "Which exponential overflows for z = 1000, and which for z = -1000? Can exp see only numbers that are "
                "not positive?",
            ),
        ),
        grade=grade_sigmoid,
        section=f"{_SECTION}#two-layer-sigmoid-neuron",
    ),
    Task(
        name="a2.neuron",
        number="1.2",
        asks="neuron_loss",
        functions=("neuron_loss",),
        parts=(
            PartOfTask(
                "loss",
                3,
                "the value of the loss",
                "Follow the formula with D = 1 and numbers you can check by hand.",
            ),
            PartOfTask("dx", 3, "the gradient with respect to x", _GRADIENT_HINT),
            PartOfTask("dw", 5, "the gradient with respect to w", _GRADIENT_HINT),
            PartOfTask("db", 4, "the gradient with respect to b", _GRADIENT_HINT),
        ),
        grade=grade_neuron,
        section=f"{_SECTION}#two-layer-sigmoid-neuron",
    ),
)
