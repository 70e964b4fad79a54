"""Assignment 3, part E: drawing learning rates, and choosing one without looking at the test rows."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome, Shared
from cs_cnn.checks.compare import CheckIsBrokenError, as_array
from cs_cnn.checks.task import PartOfTask, Task

_COUNT = 2000
_FAR = 0.07
"""Largest accepted distance between two distributions: 2,000 right draws exceed it once in a hundred million times."""


def grade_draws(bench: Bench) -> None:
    """Judge bounds, distribution and source of many drawn rates."""
    rng = bench.rng
    for _ in range(bench.rounds):
        low = float(rng.uniform(2, 8) * 10.0 ** rng.integers(-6, -3))
        high = float(rng.uniform(0.05, 0.5))
        seed = int(rng.integers(1_000_000))
        generator = np.random.default_rng(seed)
        first = _draw(bench, low, high, generator)
        rates = _rates(first)
        if rates is None:
            found = np.shape(first.value)
            sentence = f"rates must be an array of {_COUNT} finite numbers; it has shape {found}."
            message = first.failed.sentence if first.failed else sentence
            for part in bench.verdicts:
                bench.judge(part, False, message)
            continue
        second = _rates(_draw(bench, low, high, generator))
        again = _rates(_draw(bench, low, high, np.random.default_rng(seed)))
        _judge_bounds(bench, rates, low, high)
        _judge_spread(bench, rates, low, high)
        _judge_source(bench, rates, second, again)


def _draw(bench: Bench, low: float, high: float, generator: np.random.Generator) -> Outcome:
    return bench.call("draw_rates", {"count": _COUNT, "low": low, "high": high, "rng": Shared(generator)})


def _rates(outcome: Outcome) -> Array | None:
    array = None if outcome.failed else as_array(outcome.value)
    return array if array is not None and array.shape == (_COUNT,) and np.isfinite(array).all() else None


def _judge_bounds(bench: Bench, rates: Array, low: float, high: float) -> None:
    smallest, largest = min(rates.tolist()), max(rates.tolist())
    inside = smallest >= low * (1 - 1e-9) and largest <= high * (1 + 1e-9)
    mistake = ""
    if smallest < 0 and largest < 0:
        mistake = "exponents_returned"
    elif smallest >= 0.9 * 10**low and largest <= 1.1 * 10**high:
        mistake = "bounds_as_exponents"
    elif (smallest > low and largest > high) or smallest < low < largest < high:
        mistake = "two_bases"
    message = f"The rates lie between {smallest:.3g} and {largest:.3g}, asked for {low:.3g} to {high:.3g}."
    bench.judge("bounds", inside, message, mistake=mistake)


def _distance(shares: list[float]) -> float:
    """Return the largest distance between numbers from 0 to 1 and a uniform distribution (Kolmogorov, Smirnov)."""
    ordered = sorted(shares)
    count = len(ordered)
    return max(max(abs(u - k / count), abs(u - (k + 1) / count)) for k, u in enumerate(ordered))


def _judge_spread(bench: Bench, rates: Array, low: float, high: float) -> None:
    if min(rates.tolist()) <= 0:
        mistake = bench.verdicts["bounds"].mistake
        bench.judge("spread", False, "Some rates are not positive.", mistake=mistake)
        return
    span = math.log(high / low)
    shares = [math.log(rate / low) / span for rate in rates.tolist()]
    far = _distance(shares)
    if far < _FAR and _distance([share**2 for share in shares]) < _FAR:
        raise CheckIsBrokenError("two different distributions are called the same")
    different = len(set(rates.tolist()))
    plain = _distance([(rate - low) / (high - low) for rate in rates.tolist()])
    inverse = _distance([(1 / rate - 1 / high) / (1 / low - 1 / high) for rate in rates.tolist()])
    if different == 1:
        mistake = "one_rate_repeated"
    elif different < 20:
        mistake = "whole_exponents"
    elif plain < _FAR:
        mistake = "uniform_in_the_rate"
    elif inverse < _FAR:
        mistake = "uniform_in_the_inverse"
    else:
        mistake = bench.verdicts["bounds"].mistake
    middle = math.sqrt(low * high)
    below = sum(1 for rate in rates.tolist() if rate < middle) / _COUNT
    message = (
        f"{100 * below:.0f} per cent of the rates lie below {middle:.3g}, the middle of the exponents; the "
        f"distribution is {far:.2f} away from a uniform one."
    )
    bench.judge("spread", far < _FAR, message, mistake=mistake)


def _judge_source(bench: Bench, rates: Array, second: Array | None, again: Array | None) -> None:
    if second is None or again is None:
        bench.judge("source", False, "A second call did not give rates of the same form.")
        return
    ordered = bool((np.diff(rates) > 0).all()) and np.array_equal(rates, second)
    message = "Two calls with the same generator gave the same rates."
    mistake = "a_grid" if ordered else "seed_inside"
    bench.judge("source", not np.array_equal(rates, second), message, mistake=mistake)
    message = "Generators with the same seed gave different rates: some random number does not come from rng."
    bench.judge("source", np.array_equal(rates, again), message, mistake="another_generator")


class _Laboratory:
    """Pretends to train: gives each learning rate a model with three accuracies, and writes down what is asked."""

    def __init__(self, table: dict[float, dict[str, float]]) -> None:
        self.table = table
        self.looked: list[tuple[float, str]] = []

    def train(self, lr: float) -> dict[str, float]:
        """Return the model of a learning rate."""
        if lr not in self.table:
            raise ValueError(f"train was called with the learning rate {lr!r}, which is not one of rates")
        return {"lr": lr}

    def accuracy(self, model: dict[str, float], rows: str) -> float:
        """Return the accuracy of a model on the training, validation or test rows."""
        if rows not in ("training", "validation", "test"):
            raise ValueError(f"rows must be 'training', 'validation' or 'test', got {rows!r}")
        self.looked.append((model["lr"], rows))
        return self.table[model["lr"]][rows]


def grade_choice(bench: Bench) -> None:
    """Let the student's search run in a laboratory where the best rates of the three sets differ."""
    rng = bench.rng
    for _ in range(bench.rounds):
        for diverging in (False, True):
            _search(bench, rng, diverging=diverging)


def _search(bench: Bench, rng: np.random.Generator, *, diverging: bool) -> None:
    count = int(rng.integers(6, 10))
    rates = [float(rate) for rate in np.exp(rng.uniform(-9, -1, count))]
    accuracies = {
        rows: rng.permutation(np.linspace(0.2, 0.9, count)) + rng.uniform(0, 0.01, count)
        for rows in ("training", "validation", "test")
    }
    # Four different places, none of them the first or the last: what a slip would choose is never right.
    best, best_on_test, best_on_training, worst = (
        int(place) for place in rng.permutation(range(1, count - 1))[:4]
    )
    _exchange(accuracies["validation"], int(accuracies["validation"].argmax()), best)
    _exchange(accuracies["validation"], int(accuracies["validation"].argmin()), worst)
    _exchange(accuracies["test"], int(accuracies["test"].argmax()), best_on_test)
    _exchange(accuracies["training"], int(accuracies["training"].argmax()), best_on_training)
    if diverging:  # the first one, where a comparison with what came before has nothing to compare with
        for values in accuracies.values():
            values[0] = math.nan
    table = {
        rate: {rows: float(values[k]) for rows, values in accuracies.items()} for k, rate in enumerate(rates)
    }
    laboratory = _Laboratory(table)
    arguments = {"rates": list(rates), "train": laboratory.train, "accuracy": laboratory.accuracy}
    outcome = bench.call("search", {key: Shared(value) for key, value in arguments.items()})
    where = Outcome(outcome.value, f"{count} rates", outcome.failed)
    lr, validation, test = bench.unpack(where, ("lr", "on_validation", "on_test"), "search")
    right = (rates[best], float(accuracies["validation"][best]), float(accuracies["test"][best]))
    if diverging:
        bench.expect("diverged", lr, lambda: np.asarray(right[0]), name="lr")
        return
    bench.expect("lr", lr, lambda: np.asarray(right[0]), name="lr")
    bench.expect("accuracies", validation, lambda: np.asarray(right[1]), name="on_validation")
    bench.expect("accuracies", test, lambda: np.asarray(right[2]), name="on_test")
    looks = [rate for rate, rows in laboratory.looked if rows == "test"]
    record: Any = [float(len(looks))]
    if outcome.failed:
        bench.judge("test rows", False, outcome.failed.sentence, record=[-1.0])
        return
    message = (
        f"The test rows were looked at {len(looks)} times, expected once."
        if len(looks) != 1
        else "The test rows were looked at with another model than the best one."
    )
    chosen = as_array(lr.value)
    honest = len(looks) == 1 and (looks[0] == right[0] or (chosen is not None and looks[0] == float(chosen)))
    bench.judge("test rows", honest, message, record=record)


def _exchange(values: Array, first: int, second: int) -> None:
    values[[first, second]] = values[[second, first]]


_BOOK = "training/learning_rates"
_CHOICE_HINT = (
    "Print the three accuracies for every rate. Which of them may decide, and which one comes afterwards?"
)

TASKS = (
    Task(
        name="a3.draw_rates",
        number="3.16",
        asks="draw_rates",
        functions=("draw_rates",),
        parts=(
            PartOfTask(
                "bounds", 1, "2,000 rates between low and high", "Print the smallest and the largest rate."
            ),
            PartOfTask(
                "spread",
                2,
                "every power of ten is as likely",
                "Draw a histogram of the logarithms of your rates. It should be flat.",
            ),
            PartOfTask(
                "source", 1, "the rates come from rng alone", "Where does each random number come from?"
            ),
        ),
        grade=grade_draws,
        section=f"{_BOOK}#learning-rates-log-space",
    ),
    Task(
        name="a3.search",
        number="3.17",
        asks="search",
        functions=("search",),
        parts=(
            PartOfTask("lr", 2, "the rate that is best on the validation rows", _CHOICE_HINT),
            PartOfTask("accuracies", 1, "both accuracies of that rate", _CHOICE_HINT),
            PartOfTask("test rows", 1, "one look at the test rows", _CHOICE_HINT),
            PartOfTask(
                "diverged",
                1,
                "one training that diverged, with accuracy nan",
                "nan > 0.5 is False, and 0.5 > nan is False as well. What follows for your comparison?",
            ),
        ),
        grade=grade_choice,
        section=f"{_BOOK}#learning-rates-log-space",
    ),
)
