"""How the learning rate moves, and when training stops early.

A schedule gives the factor of the learning rate at any moment of a run. Those that wait for the test accuracy are
worked out from the history of the run, so that a run that is resumed needs no other memory of it.

References
----------
Krizhevsky, Sutskever, Hinton: ImageNet Classification with Deep Convolutional Neural Networks, 2012 (plateau).
Simonyan, Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, 2015 (plateau).
Szegedy et al.: Going Deeper with Convolutions, 2015 (exponential: 4 % less every 8 epochs).
He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, 2016 (step, warm-up for the 110 layers).
Loshchilov, Hutter: SGDR: Stochastic Gradient Descent with Warm Restarts, 2017 (cosine).
Goyal et al.: Accurate, Large Minibatch SGD, 2017 (warm-up in a straight line).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cs_cnn.train.recipe.settings import Settings


@dataclass(frozen=True)
class Moment:
    """Where a run stands before a step.

    Attributes
    ----------
    epochs_done : float
        Epochs that lie behind, a fraction within an epoch.
    epochs : int
        Epochs of the whole run.
    accuracies : sequence of float
        Test accuracy after every epoch so far.
    """

    epochs_done: float
    epochs: int
    accuracies: Sequence[float] = ()

    @property
    def done(self) -> float:
        """The part of the run that lies behind, from 0 to 1."""
        return self.epochs_done / self.epochs


@dataclass(frozen=True)
class Schedule:
    """A schedule.

    Attributes
    ----------
    factor : callable (Settings, Moment) -> float
        What the learning rate is multiplied by.
    ends : bool
        Whether it falls to zero at the last epoch, so that the number of epochs shapes every step before it.
    """

    factor: Callable[[Settings, Moment], float]
    ends: bool = False


def drops(accuracies: Sequence[float], patience: int) -> int:
    """Return how often a plateau of `patience` epochs without a better accuracy was reached.

    Examples
    --------
    >>> drops([0.5, 0.6, 0.6, 0.55, 0.7, 0.7], patience=2)
    1
    """
    best, waited, found = -math.inf, 0, 0
    for accuracy in accuracies:
        best, waited = (accuracy, 0) if accuracy > best else (best, waited + 1)
        if waited == patience:
            waited, found = 0, found + 1
    return found


def should_stop(accuracies: Sequence[float], stop_after: int | None) -> bool:
    """Tell whether the last `stop_after` epochs brought no better accuracy than those before them.

    Examples
    --------
    >>> should_stop([0.5, 0.7, 0.6, 0.7], stop_after=2), should_stop([0.5, 0.7, 0.6, 0.7], stop_after=3)
    (True, False)
    """
    if stop_after is None or len(accuracies) <= stop_after:
        return False
    return max(accuracies[-stop_after:]) <= max(accuracies[:-stop_after])


def _tenth(settings: Settings) -> float:
    return 0.1 if settings.factor is None else settings.factor


def _step(settings: Settings, moment: Moment) -> float:
    passed = sum(moment.epochs_done >= milestone for milestone in settings.milestones)
    return float(_tenth(settings) ** passed)


SCHEDULES: dict[str, Schedule] = {
    "cosine": Schedule(lambda _, at: 0.5 * (1 + math.cos(math.pi * at.done)), ends=True),
    "constant": Schedule(lambda _, at: 1.0),
    "linear": Schedule(lambda _, at: 1 - at.done, ends=True),
    "polynomial": Schedule(lambda s, at: float((1 - at.done) ** s.power), ends=True),
    "exponential": Schedule(
        lambda s, at: float((0.95 if s.factor is None else s.factor) ** math.floor(at.epochs_done))
    ),
    "step": Schedule(_step),
    "plateau": Schedule(lambda s, at: float(_tenth(s) ** drops(at.accuracies, s.patience))),
}


def learning_rate(settings: Settings, moment: Moment) -> float:
    """Return the learning rate for a step: the schedule's, or the part of it that the warm-up has reached."""
    rate = settings.rate * SCHEDULES[settings.schedule].factor(settings, moment)
    if moment.epochs_done < settings.warmup:
        # It begins above zero: a first step of length zero would be a step for nothing.
        rate *= max(moment.epochs_done, 0.01) / settings.warmup
    return rate
