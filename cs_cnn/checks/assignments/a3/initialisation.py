"""Assignment 3, part C: Xavier's and He's initial weights. Random numbers are judged by their mean and spread."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome, Shared
from cs_cnn.checks.compare import CheckIsBrokenError, as_array
from cs_cnn.checks.task import PartOfTask, Task

_NEAR = 0.04
"""Largest accepted relative distance of a standard deviation: ten times that of 67,000 right numbers, and less than
a third of what lies between two of the rules."""

Rule = Callable[[int, int], float]


def _xavier(fan_in: int, fan_out: int) -> float:
    return math.sqrt(2 / (fan_in + fan_out))


def _he(fan_in: int, fan_out: int) -> float:
    return math.sqrt(2 / fan_in)


XAVIER_ELSE: Mapping[str, Rule] = {
    "fan_in_only": lambda i, o: 1 / math.sqrt(i),
    "fan_out_only": lambda i, o: 1 / math.sqrt(o),
    "variance_as_deviation": lambda i, o: 2 / (i + o),
    "two_forgotten": lambda i, o: math.sqrt(1 / (i + o)),
    "reciprocal": lambda i, o: math.sqrt((i + o) / 2),
    "small_numbers": lambda i, o: 0.01,
    "not_scaled": lambda i, o: 1.0,
    "six_for_a_normal": lambda i, o: math.sqrt(6 / (i + o)),
}
HE_ELSE: Mapping[str, Rule] = {
    "as_printed": lambda i, o: math.sqrt(i / 2),
    "two_forgotten": lambda i, o: 1 / math.sqrt(i),
    "outputs_counted": lambda i, o: math.sqrt(2 / o),
    "xavier": _xavier,
    "variance_as_deviation": lambda i, o: 2 / i,
    "root_of_one_factor": lambda i, o: 2 / math.sqrt(i),
    "small_numbers": lambda i, o: 0.01,
    "not_scaled": lambda i, o: 1.0,
}


def grade(bench: Bench, *, name: str, rule: Rule, others: Mapping[str, Rule]) -> None:
    """Judge shape, spread, mean, and where the random numbers come from."""
    rng = bench.rng
    for turn in range(bench.rounds):
        small, large = int(rng.integers(150, 180)), int(rng.integers(450, 540))
        fans = (small, large) if turn % 2 else (large, small)
        seed = int(rng.integers(1_000_000))
        generator = np.random.default_rng(seed)
        first = _draw(bench, name, fans, generator)
        second = _draw(bench, name, fans, generator)
        again = _draw(bench, name, fans, np.random.default_rng(seed))
        if first.failed:
            for part in bench.verdicts:
                bench.judge(part, False, first.failed.sentence)
            continue
        w = as_array(first.value)
        if w is None or not np.isfinite(w).all() or w.size == 0:
            for part in bench.verdicts:
                bench.judge(part, False, "w must be an array of finite numbers.")
            continue
        turned = "turned" if w.shape == fans[::-1] else ""
        message = f"w has shape {w.shape}, expected {fans}."
        bench.judge("shape", w.shape == fans, message, mistake=turned)
        _judge_spread(bench, w, fans, rule, others)
        _judge_source(bench, w, as_array(second.value), as_array(again.value))


def _draw(bench: Bench, name: str, fans: tuple[int, int], generator: np.random.Generator) -> Outcome:
    return bench.call(name, {"fan_in": fans[0], "fan_out": fans[1], "rng": Shared(generator)})


def _judge_spread(
    bench: Bench, w: Array, fans: tuple[int, int], rule: Rule, others: Mapping[str, Rule]
) -> None:
    numbers = w.ravel().tolist()
    mean = math.fsum(numbers) / len(numbers)
    spread = math.sqrt(math.fsum((number - mean) ** 2 for number in numbers) / len(numbers))
    right = rule(*fans)
    near = abs(spread / right - 1) < _NEAR
    if near and abs(1.1 * spread / right - 1) < _NEAR:
        raise CheckIsBrokenError("a spread that is a tenth too large passed")
    centred = abs(mean) < 0.05 * max(spread, 1e-12)
    mistake = next((key for key, other in others.items() if abs(spread / other(*fans) - 1) < _NEAR), "")
    if not centred:
        mistake = "only_positive" if min(numbers) >= 0 else ""
        message = f"The mean of the weights is {mean:.3g}, expected 0."
        bench.judge("size", False, message, mistake=mistake)
        return
    message = (
        f"The standard deviation is {spread:.4g}, expected {right:.4g} for fans of {fans[0]} and {fans[1]}."
    )
    bench.judge("size", near, message, mistake=mistake)


def _judge_source(bench: Bench, w: Array, second: Array | None, again: Array | None) -> None:
    if second is None or again is None or second.shape != w.shape or again.shape != w.shape:
        bench.judge(
            "source", False, "A second call with the same numbers did not give weights of the same shape."
        )
        return
    message = "Two calls with the same generator gave the same weights."
    bench.judge("source", not np.array_equal(w, second), message, mistake="seed_inside")
    message = (
        "Generators with the same seed gave different weights: some random number does not come from rng."
    )
    bench.judge("source", np.array_equal(w, again), message, mistake="another_generator")
    constant = bool((w == w.flat[0]).all())
    bench.judge("source", not constant, "All weights are equal.", mistake="seed_inside")


def _task(name: str, number: str, rule: Rule, others: Mapping[str, Rule], label: str) -> Task:
    return Task(
        name=f"a3.{name}",
        number=number,
        asks=name,
        functions=(name,),
        parts=(
            PartOfTask(
                "shape", 1, "the shape for x @ w", "Which of the two numbers belongs to the rows of w?"
            ),
            PartOfTask(
                "size",
                2,
                "mean and standard deviation",
                "Draw a matrix of 1000 by 1000 and compare w.std() with the formula.",
            ),
            PartOfTask(
                "source",
                1,
                "the weights come from rng alone",
                "Where does each random number come from? The generator is an argument.",
            ),
        ),
        grade=partial(grade, name=name, rule=rule, others=others),
        section=f"training/initialisation#{label}",
    )


TASKS = (
    _task("xavier", "3.9", _xavier, XAVIER_ELSE, "initialisation-xavier"),
    _task("he", "3.10", _he, HE_ELSE, "initialisation-he"),
)
