"""Plans for the learning rate: by which factor it is multiplied in every epoch.

A schedule is called before every epoch with the number of epochs done and the curves so far, and remembers
nothing: the same curves give the same factor, so a training that was interrupted goes on exactly as it would have.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

Curves = Mapping[str, Sequence[float]]
"""One value per finished epoch under each name: ``loss``, ``train_accuracy``, ``val_loss``, ``val_accuracy``."""


class Schedule(Protocol):
    """What the training loop asks of a schedule; a function of the same two arguments serves as well."""

    def __call__(self, epoch: int, curves: Curves) -> float:
        """Return the factor on the first learning rate for the epoch after `epoch` finished ones."""
        ...


@dataclass(frozen=True)
class Constant:
    """The learning rate stays as it is.

    Examples
    --------
    >>> Constant()(7, {})
    1.0
    """

    def __call__(self, epoch: int, curves: Curves) -> float:
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class Exponential:
    """The learning rate is multiplied by a factor after every epoch.

    Parameters
    ----------
    factor : float
        Positive; the lectures use 0.9.

    Examples
    --------
    >>> [round(Exponential(0.9)(epoch, {}), 3) for epoch in range(4)]
    [1.0, 0.9, 0.81, 0.729]
    """

    factor: float = 0.9

    def __post_init__(self) -> None:
        _positive("factor", self.factor)

    def __call__(self, epoch: int, curves: Curves) -> float:
        """Return ``factor ** epoch``."""
        return float(self.factor**epoch)


@dataclass(frozen=True)
class StepDecay:
    """The learning rate is multiplied by a factor after every so many epochs.

    Parameters
    ----------
    every : int
        Epochs between two changes, at least 1.
    factor : float
        Positive.

    Examples
    --------
    >>> [round(StepDecay(every=2)(epoch, {}), 3) for epoch in range(5)]
    [1.0, 1.0, 0.1, 0.1, 0.01]
    """

    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        _positive("factor", self.factor)
        _at_least_1("every", self.every)

    def __call__(self, epoch: int, curves: Curves) -> float:
        """Return ``factor ** (epoch // every)``."""
        return float(self.factor ** (epoch // self.every))


@dataclass(frozen=True)
class Plateau:
    """The learning rate is divided by 10 when the validation no longer improves, as AlexNet's authors did by hand.

    Parameters
    ----------
    patience : int
        So many epochs in a row without an improvement are a plateau, at least 1. Then the factor is applied once
        and the counting starts anew. (``torch.optim.lr_scheduler.ReduceLROnPlateau`` waits one epoch longer.)
    factor : float
        Positive.
    watch : {"val_accuracy", "val_loss", "loss", "train_accuracy"}
        The curve to look at; a loss should fall and an accuracy rise.
    min_change : float
        Smaller improvements on the best value so far do not count.

    Notes
    -----
    Krizhevsky, Sutskever & Hinton (2012).

    Examples
    --------
    >>> stalls = {"val_accuracy": [0.5, 0.6, 0.6, 0.59, 0.7]}
    >>> [round(Plateau(patience=2)(n, {"val_accuracy": stalls["val_accuracy"][:n]}), 3) for n in range(6)]
    [1.0, 1.0, 1.0, 1.0, 0.1, 0.1]
    """

    patience: int = 5
    factor: float = 0.1
    watch: str = "val_accuracy"
    min_change: float = 0.0

    def __post_init__(self) -> None:
        _positive("factor", self.factor)
        _at_least_1("patience", self.patience)
        rises(self.watch)
        if not self.min_change >= 0:
            raise ValueError(f"min_change must be at least 0, got {self.min_change}")

    def __call__(self, epoch: int, curves: Curves) -> float:
        """Return the factor to the power of the number of plateaus so far."""
        if epoch and len(curves.get(self.watch, ())) == 0:
            raise ValueError(f"the schedule watches {self.watch}, and there is none: pass validation data")
        plateaus = waiting = 0
        best = -math.inf
        sign = 1 if rises(self.watch) else -1
        for value in curves.get(self.watch, ()):
            if sign * value > best + self.min_change:
                best, waiting = sign * value, 0
            else:
                waiting += 1
            if waiting == self.patience:
                plateaus, waiting = plateaus + 1, 0
        return float(self.factor**plateaus)


def rises(watch: str) -> bool:
    """Say whether a curve should rise: an accuracy should, a loss should not."""
    known = {"val_accuracy": True, "val_loss": False, "train_accuracy": True, "loss": False}
    if watch not in known:
        raise ValueError(f"watch must be one of {', '.join(known)}, got {watch!r}")
    return known[watch]


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be positive, got {value}")


def _at_least_1(name: str, value: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name} must be a whole number, at least 1, got {value!r}")
