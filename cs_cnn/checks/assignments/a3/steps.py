"""Assignment 3, part D: update rules. What a student's state holds is free; only the parameters are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome, Shared
from cs_cnn.checks.pairs import away_from_zero, sizes
from cs_cnn.checks.task import PartOfTask, Task

Settings = Mapping[str, float]
Rule = Callable[..., list[Array]]
"""Returns the parameters after each of some gradients."""

_STEPS = 5


def _momentum(w: Array, gradients: list[Array], *, lr: float, momentum: float) -> list[Array]:
    """Return the course by the sum that the rule stands for, term by term."""
    course = []
    for t in range(len(gradients)):
        velocity = sum(momentum ** (t - k) * gradients[k] for k in range(t + 1))
        w = w - lr * np.asarray(velocity)
        course.append(w)
    return course


def _adagrad(w: Array, gradients: list[Array], *, lr: float, eps: float) -> list[Array]:
    course = []
    for t, dw in enumerate(gradients):
        squares = np.asarray(sum(np.square(g) for g in gradients[: t + 1]))
        w = w - lr * dw / (np.sqrt(squares) + eps)
        course.append(w)
    return course


def _mean(gradients: list[Array], share: float, power: int) -> Array:
    """Return the running mean of powers of the gradients, which starts at 0."""
    t = len(gradients)
    terms = ((1 - share) * share ** (t - 1 - k) * gradients[k] ** power for k in range(t))
    return np.asarray(sum(terms))


def _rmsprop(w: Array, gradients: list[Array], *, lr: float, decay: float, eps: float) -> list[Array]:
    course = []
    for t, dw in enumerate(gradients, 1):
        w = w - lr * dw / (np.sqrt(_mean(gradients[:t], decay, 2)) + eps)
        course.append(w)
    return course


def _adam(
    w: Array, gradients: list[Array], *, lr: float, beta1: float, beta2: float, eps: float
) -> list[Array]:
    course = []
    for t in range(1, len(gradients) + 1):
        first = _mean(gradients[:t], beta1, 1) / (1 - beta1**t)
        second = _mean(gradients[:t], beta2, 2) / (1 - beta2**t)
        w = w - lr * first / (np.sqrt(second) + eps)
        course.append(w)
    return course


def grade(bench: Bench, *, name: str, rule: Rule, cases: Mapping[str, Settings]) -> None:
    """Follow several steps with the student's own state; the first step belongs to a part of its own."""
    rng = bench.rng
    for _ in range(bench.rounds):
        for part, settings in cases.items():
            lr = float(rng.uniform(0.05, 0.3))
            shape = tuple(sizes(rng, 2 if part == "first step" else 1))
            w = away_from_zero(rng, shape)
            gradients = [away_from_zero(rng, shape) for _ in range(_STEPS)]
            if part == "first step":
                gradients = gradients[:1]
            _follow(
                bench, part, name, w, gradients, partial(rule, w, gradients, lr=lr, **settings), lr, settings
            )


def _follow(
    bench: Bench,
    part: str,
    name: str,
    w: Array,
    gradients: list[Array],
    course: Callable[[], list[Array]],
    lr: float,
    settings: Settings,
) -> None:
    """Call the rule step by step, with another parameter of another shape between."""
    state, other = Shared({}), Shared({})
    beside, between = np.ones(2), len(gradients) > 1
    for t, dw in enumerate(gradients):
        outcome = bench.call(name, {"w": w, "dw": dw, "state": state}, lr=lr, **settings)
        now, kept = bench.unpack(outcome, ("w", "state"), name)
        where = f"step {t + 1}, {now.where}"
        right = partial(lambda t: course()[t], t)
        bench.expect(part, Outcome(now.value, where, now.failed), right, name="w")
        if now.failed or kept.failed:
            return
        w = np.array(course()[t])  # each step from the right place, so that one slip is not carried on
        state = Shared(kept.value)
        if between:
            outcome = bench.call(
                name, {"w": beside, "dw": np.full(2, 9.0), "state": other}, lr=lr, **settings
            )
            _, kept = bench.unpack(outcome, ("w", "state"), name)
            other = Shared(kept.value)


def grade_sgd(bench: Bench) -> None:
    """Compare single steps, on arrays of one and two axes."""
    rng = bench.rng
    for _ in range(bench.rounds):
        for axes in (1, 2):
            shape = tuple(sizes(rng, axes))
            w, dw = away_from_zero(rng, shape), away_from_zero(rng, shape)
            lr = float(rng.uniform(0.05, 0.3))
            out = bench.call("sgd_step", {"w": w, "dw": dw}, lr=lr)
            bench.expect("step", out, partial(lambda w, dw, lr: w - lr * dw, w, dw, lr), name="w")


_FIRST_HINT = (
    "Begin with an empty state, w = 1, a gradient of 2 and lr = 0.1, and follow every line on paper."
)
_LATER_HINT = (
    "The first step is a special case, since nothing came before. What has to be in state for the second?"
)
_EPS_HINT = "With eps = 0.1 the place where it is added shows. Compare with the formula, bracket by bracket."


def _task(
    name: str,
    number: str,
    rule: Rule,
    cases: Mapping[str, Settings],
    points: Mapping[str, tuple[float, str, str]],
    label: str,
) -> Task:
    return Task(
        name=f"a3.{name}",
        number=number,
        asks=name,
        functions=(name,),
        parts=tuple(PartOfTask(part, *about) for part, about in points.items()),
        grade=partial(grade, name=name, rule=rule, cases=cases),
        section=f"training/optimizers#{label}",
    )


def _points(first: float, later: float, last: tuple[str, float, str, str]) -> dict[str, Any]:
    return {
        "first step": (first, "one step from an empty state", _FIRST_HINT),
        "later steps": (later, "five steps, with another parameter between", _LATER_HINT),
        last[0]: last[1:],
    }


_TINY = 1e-9
TASKS = (
    Task(
        name="a3.sgd_step",
        number="3.11",
        asks="sgd_step",
        functions=("sgd_step",),
        parts=(
            PartOfTask(
                "step", 2, "steps for vectors and matrices", "Take w = 1, a gradient of 2 and lr = 0.1: 0.8."
            ),
        ),
        grade=grade_sgd,
        section="training/optimizers#optimizers-sgd",
    ),
    _task(
        "momentum_step",
        "3.12",
        _momentum,
        {
            "first step": {"momentum": 0.9},
            "later steps": {"momentum": 0.9},
            "settings": {"momentum": 0.5},
        },
        _points(
            1,
            3,
            (
                "settings",
                1,
                "another momentum",
                "Change momentum: does anything in your result change with it?",
            ),
        ),
        "optimizers-momentum",
    ),
    _task(
        "adagrad_step",
        "3.13",
        _adagrad,
        {"first step": {"eps": _TINY}, "later steps": {"eps": _TINY}, "eps": {"eps": 0.1}},
        _points(1, 2, ("eps", 1, "a large eps", _EPS_HINT)),
        "optimizers-adagrad",
    ),
    _task(
        "rmsprop_step",
        "3.14",
        _rmsprop,
        {
            "first step": {"decay": 0.9, "eps": _TINY},
            "later steps": {"decay": 0.8, "eps": _TINY},
            "eps": {"decay": 0.9, "eps": 0.1},
        },
        _points(1, 2, ("eps", 1, "a large eps", _EPS_HINT)),
        "optimizers-rmsprop",
    ),
    _task(
        "adam_step",
        "3.15",
        _adam,
        {
            "first step": {"beta1": 0.9, "beta2": 0.999, "eps": _TINY},
            "later steps": {"beta1": 0.9, "beta2": 0.999, "eps": _TINY},
            "settings": {"beta1": 0.5, "beta2": 0.7, "eps": _TINY},
            "eps": {"beta1": 0.9, "beta2": 0.999, "eps": 0.1},
        },
        {
            **_points(
                2,
                3,
                (
                    "settings",
                    1,
                    "other shares beta1 and beta2",
                    "Which of the two shares belongs to which mean?",
                ),
            ),
            "eps": (1, "a large eps", _EPS_HINT),
        },
        "optimizers-adam",
    ),
)
