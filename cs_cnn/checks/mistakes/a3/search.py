"""Known mistakes with drawing learning rates and with choosing one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _search(
    *,
    rows: str = "validation",
    better: Callable[[float, float], bool] = lambda new, best: new > best,
    start: float = -1.0,
    always_test: bool = False,
    answer: Callable[[float, float, float], Any] = lambda lr, v, t: (lr, v, t),
) -> Callable[..., Any]:
    """Build a search with one thing changed."""

    def search(rates: Any, train: Any, accuracy: Any) -> Any:
        best, kept, model_kept = start, rates[0], train(rates[0])
        for lr in rates:
            model = train(lr)
            now = accuracy(model, rows)
            if always_test:
                accuracy(model, "test")
            if better(now, best):
                best, kept, model_kept = now, lr, model
        return answer(kept, accuracy(model_kept, "validation"), accuracy(model_kept, "test"))

    return search


def _by_argmax(rates: Any, train: Any, accuracy: Any) -> Any:
    models = [train(lr) for lr in rates]
    scores = [accuracy(model, "validation") for model in models]
    best = int(np.argmax(scores))
    return rates[best], scores[best], accuracy(models[best], "test")


def _last(rates: Any, train: Any, accuracy: Any) -> Any:
    models = [train(lr) for lr in rates]
    best = max(
        value for value in (accuracy(model, "validation") for model in models) if not math.isnan(value)
    )
    return rates[-1], best, accuracy(models[-1], "test")


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a3.draw_rates and a3.search."""

    def draws(name: str, loses: tuple[str, ...], hint: str, function: Any) -> Mistake:
        return Mistake(name, "a3.draw_rates", {"draw_rates": function}, loses, hint, told_by_check=True)

    def choice(name: str, loses: tuple[str, ...], hint: str, function: Any) -> Mistake:
        return Mistake(name, "a3.search", {"search": function}, loses, hint)

    spread, everything = ("spread",), ("lr", "accuracies", "diverged")
    return [
        draws(
            "uniform_in_the_rate",
            spread,
            "Nearly all your rates have the size of the largest one. How many of them are below a tenth of it?",
            lambda count, low, high, rng: rng.uniform(low, high, count),
        ),
        draws(
            "uniform_in_the_inverse",
            spread,
            "Nearly all your rates have the size of the smallest one. The exponent should be uniform.",
            lambda count, low, high, rng: 1 / rng.uniform(1 / high, 1 / low, count),
        ),
        draws(
            "exponents_returned",
            ("bounds", "spread"),
            "These are exponents. What is the learning rate for the exponent -3?",
            lambda count, low, high, rng: rng.uniform(np.log10(low), np.log10(high), count),
        ),
        draws(
            "bounds_as_exponents",
            ("bounds", "spread"),
            "low and high are learning rates. You use them as if they were exponents.",
            lambda count, low, high, rng: 10 ** rng.uniform(low, high, count),
        ),
        draws(
            "two_bases",
            ("bounds", "spread"),
            "You take the logarithm to one base and go back with another.",
            lambda count, low, high, rng: np.exp(rng.uniform(np.log10(low), np.log10(high), count)),
        ),
        draws(
            "one_rate_repeated",
            spread,
            "All rates of a call are equal. How many random numbers do you draw?",
            lambda count, low, high, rng: np.full(count, low * (high / low) ** rng.random()),
        ),
        draws(
            "whole_exponents",
            spread,
            "Your rates are a handful of values that come again and again. Exponents need not be whole numbers.",
            lambda count, low, high, rng: (
                10.0 ** rng.integers(math.ceil(math.log10(low)), math.floor(math.log10(high)) + 1, count)
            ),
        ),
        draws(
            "a_grid",
            ("source",),
            "Your rates are a grid, the same in every search. What is rng for?",
            lambda count, low, high, rng: np.geomspace(low, high, count),
        ),
        draws(
            "another_generator",
            ("source",),
            "The rates cannot be drawn a second time. Which generator is the one you were given?",
            lambda count, low, high, rng: low * (high / low) ** np.random.default_rng().random(count),
        ),
        draws(
            "seed_inside",
            ("source",),
            "Every search draws the same rates. Is a seed set inside the function?",
            lambda count, low, high, rng: low * (high / low) ** np.random.default_rng(0).random(count),
        ),
        choice(
            "chosen_on_test",
            (*everything, "test rows"),
            "You choose by the test rows. Then their accuracy is no longer a promise for new images: which rows are "
            "there for choosing?",
            _search(rows="test"),
        ),
        choice(
            "chosen_on_training",
            everything,
            "You choose by the training rows. A network that has learned them by heart would win.",
            _search(rows="training"),
        ),
        choice(
            "the_worst",
            everything,
            "You keep the rate with the lowest accuracy. Is it a loss that you compare?",
            _search(better=lambda new, best: new < best, start=2.0),
        ),
        choice(
            "the_last_one",
            everything,
            "Your answer is the last rate of the list. What do you remember of the best one?",
            _last,
        ),
        choice(
            "the_first_one",
            everything,
            "Your answer is always the first rate. Can anything be better than what your search starts with?",
            _search(start=1.1),
        ),
        choice(
            "test_in_the_loop",
            ("test rows",),
            "The choice is right. How often have you looked at the test rows on the way?",
            _search(always_test=True),
        ),
        choice(
            "validation_for_test",
            ("accuracies", "test rows"),
            "Both accuracies that you return are the same. The second one is of the test rows.",
            lambda rates, train, accuracy: (lambda r: (r[0], r[1], r[1]))(_validated(rates, train, accuracy)),
        ),
        choice(
            "swapped",
            ("accuracies",),
            "Both accuracies are there, in the other order.",
            _search(answer=lambda lr, v, t: (lr, t, v)),
        ),
        choice(
            "nan_wins",
            ("diverged",),
            "The training that diverged has won. What does argmax, or max, make of nan?",
            _by_argmax,
        ),
    ]


def _validated(rates: Any, train: Any, accuracy: Any) -> Any:
    scores = [accuracy(train(lr), "validation") for lr in rates]
    best = int(np.nanargmax(scores))
    return rates[best], scores[best]
