"""Random search: try settings drawn at random, and keep those that do best on the validation data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from tqdm.auto import tqdm

Draw = Callable[[np.random.Generator], Any]
"""Draws one value of a setting, such as `LogUniform`."""


def log_uniform(low: float, high: float, rng: np.random.Generator) -> float:
    """Draw a number whose logarithm is uniform: every power of ten between the bounds is equally likely.

    Parameters
    ----------
    low, high : float
        The bounds themselves, not their logarithms; positive, in either order.
    rng : numpy.random.Generator

    Returns
    -------
    float

    Raises
    ------
    ValueError
        When a bound is not a positive number.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> draws = [log_uniform(1e-3, 1e-6, rng) for _ in range(1000)]
    >>> min(draws) > 1e-6, max(draws) < 1e-3, round(sum(draw < 1e-5 for draw in draws) / 1000, 1)
    (True, True, 0.3)
    """
    for name, bound in (("low", low), ("high", high)):
        if not (math.isfinite(bound) and bound > 0):
            raise ValueError(
                f"{name} must be positive, got {bound}; pass the bound itself, 1e-3, and not its logarithm, -3"
            )
    first, last = sorted((math.log(low), math.log(high)))
    return math.exp(rng.uniform(first, last))


@dataclass(frozen=True)
class LogUniform:
    """A setting between two bounds whose logarithm is uniform, such as a learning rate.

    Parameters
    ----------
    low, high : float
        See `log_uniform`.
    """

    low: float
    high: float

    def __post_init__(self) -> None:
        self(np.random.default_rng(0))  # so that a wrong bound is found before the first trial

    def __call__(self, rng: np.random.Generator) -> float:
        """Draw a value."""
        return log_uniform(self.low, self.high, rng)


@dataclass(frozen=True)
class Uniform:
    """A setting between two bounds, such as a momentum.

    Parameters
    ----------
    low, high : float
        In either order.
    """

    low: float
    high: float

    def __call__(self, rng: np.random.Generator) -> float:
        """Draw a value."""
        return rng.uniform(min(self.low, self.high), max(self.low, self.high))


@dataclass(frozen=True)
class Choice:
    """A setting that is one of several, all equally likely, such as the number of hidden units.

    Parameters
    ----------
    options : sequence
        At least one.
    """

    options: Sequence[Any]

    def __post_init__(self) -> None:
        if len(self.options) == 0:
            raise ValueError("options must hold at least one value to choose, got none")

    def __call__(self, rng: np.random.Generator) -> Any:
        """Draw a value."""
        return self.options[int(rng.integers(len(self.options)))]


@dataclass(frozen=True)
class Trial:
    """One try of a random search.

    Attributes
    ----------
    number : int
        The how-manieth it was, from 1.
    settings : dict
        What was drawn.
    score : float
        On the validation data, more is better; minus infinity when the training diverged.
    result : object
        What else the training function returned, such as the network.
    """

    number: int
    settings: dict[str, Any]
    score: float
    result: Any = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        drawn = ", ".join(
            f"{name}: {value:.6e}" if isinstance(value, float) else f"{name}: {value}"
            for name, value in self.settings.items()
        )
        return f"score: {self.score:.6f}, {drawn} (trial {self.number})"


def random_search(
    train: Callable[[dict[str, Any], np.random.Generator], Any],
    space: Mapping[str, Draw],
    *,
    trials: int,
    rng: np.random.Generator,
    progress: bool = False,
) -> list[Trial]:
    """Train with settings drawn at random, and sort the trials by their score on the validation data.

    Parameters
    ----------
    train : callable
        ``train(settings, rng)`` trains with a dictionary of settings and returns the score on the *validation*
        data, more is better, or a pair of the score and anything to keep. The test data have no business here:
        the best of many scores is too good to be true, and only data that chose nothing can say by how much.
    space : mapping of str to callable
        For each setting what draws its value: `LogUniform`, `Uniform`, `Choice`, or any function of a generator.
    trials : int
        How many to make, at least 1.
    rng : numpy.random.Generator
        Each trial gets a generator of its own, spawned from this one: it draws the settings and is then passed to
        `train`. So a trial does not depend on how much the ones before it have drawn, and the first ten trials of
        a hundred are those of a search of ten.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    list of Trial
        The best first; of two equals the one that came first. A trial whose training raised FloatingPointError,
        or whose score is not a number, comes last.

    Raises
    ------
    ValueError
        When there is nothing to search.

    Notes
    -----
    Bergstra & Bengio (2012): where few of the settings matter, a grid tries few values of those, and random
    draws as many as there are trials.

    Examples
    --------
    >>> def train(settings, rng):
    ...     return -abs(np.log10(settings["lr"]) + 2)  # best at 0.01
    >>> best = random_search(train, {"lr": LogUniform(1e-6, 1)}, trials=50, rng=np.random.default_rng(0))[0]
    >>> 0.005 < best.settings["lr"] < 0.02
    True
    """
    if not space:
        raise ValueError("space must name at least one setting to draw, got none")
    if not isinstance(trials, (int, np.integer)) or isinstance(trials, bool) or trials < 1:
        raise ValueError(f"trials must be a whole number, at least 1, got {trials!r}")
    done = []
    with tqdm(rng.spawn(int(trials)), desc="trials", disable=not progress) as bar:
        for number, own_rng in enumerate(bar, start=1):
            settings = {name: draw(own_rng) for name, draw in space.items()}
            try:
                outcome = train(dict(settings), own_rng)
            except FloatingPointError:
                outcome = -math.inf
            score, result = outcome if isinstance(outcome, tuple) else (outcome, None)
            score = -math.inf if math.isnan(score) else float(score)
            done.append(Trial(number, settings, score, result))
            bar.set_postfix(best=f"{max(trial.score for trial in done):.3f}")
    return sorted(done, key=lambda trial: -trial.score)
