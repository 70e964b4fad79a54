"""What all step rules share: the parameters, the learning rate, the L2 pull, and what they remember."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np


class Optimiser(ABC):
    """The base of all step rules.

    A rule names the arrays it remembers for every parameter in `memory`, its numbers in `settings`, and says in
    `move` how one parameter moves.

    Parameters
    ----------
    params : dict of str to numpy.ndarray
        The parameters by name. The arrays are changed in place.
    lr : float
        Learning rate, positive; may be set to another value between steps.
    weight_decay : float
        Strength of the pull towards zero, at least 0: every gradient becomes ``g + weight_decay * w``, which is
        the gradient of ``weight_decay / 2 * sum(w ** 2)`` added to the loss (L2 penalty).

    Attributes
    ----------
    t : int
        Number of steps made: 0 before the first one, and 1 while the first one is made.

    Raises
    ------
    ValueError
        When a setting is out of its range.
    """

    memory: tuple[str, ...] = ()
    """Names of the arrays, all zero at first, that the rule keeps for every parameter."""

    settings: tuple[str, ...] = ("weight_decay",)
    """Names of the numbers that decide what a step does, the learning rate aside."""

    def __init__(self, params: dict[str, np.ndarray], lr: float, *, weight_decay: float = 0.0) -> None:
        if not (math.isfinite(weight_decay) and weight_decay >= 0):
            raise ValueError(f"weight_decay must be at least 0, got {weight_decay}")
        self.params = params
        self.lr = lr
        self.weight_decay = weight_decay
        self.t = 0
        for kind in self.memory:
            setattr(self, kind, {name: np.zeros_like(value) for name, value in params.items()})

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        return self._lr

    @lr.setter
    def lr(self, value: float) -> None:
        if not (math.isfinite(value) and value > 0):
            raise ValueError(f"lr must be positive and finite, got {value}")
        self._lr = float(value)

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name}={getattr(self, name)}" for name in self.settings)
        return f"{type(self).__name__}(lr={self.lr}, {numbers})"

    def step(self, grads: Mapping[str, np.ndarray]) -> None:
        """Move every parameter once.

        Parameters
        ----------
        grads : mapping of str to numpy.ndarray
            The gradient of every parameter, of its shape.

        Raises
        ------
        ValueError
            When a gradient is missing or has another shape; no parameter is moved then.
        """
        for name, value in self.params.items():
            if name not in grads or grads[name].shape != value.shape:
                got = grads[name].shape if name in grads else "none"
                raise ValueError(f"the gradient of {name} must have shape {value.shape}, got {got}")
        self.t += 1
        for name, value in self.params.items():
            self.move(
                name, value, grads[name] + self.weight_decay * value if self.weight_decay else grads[name]
            )

    @abstractmethod
    def move(self, name: str, w: np.ndarray, g: np.ndarray) -> None:
        """Move one parameter in place.

        Parameters
        ----------
        name : str
            Under which the rule finds what it remembers of it.
        w, g : numpy.ndarray
            The parameter and its gradient, of one shape; `g` belongs to the caller and is not changed.
        """

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copy all that the rule remembers, so that training can go on later as if it had never stopped.

        Returns
        -------
        dict of str to numpy.ndarray
            ``"t"``, ``"lr"`` and, for instance, ``"velocity.W1"``: arrays only, as `numpy.savez` wants them.
        """
        state = {"t": np.array(self.t), "lr": np.array(self.lr)}
        for kind in self.memory:
            state |= {f"{kind}.{name}": value.copy() for name, value in getattr(self, kind).items()}
        return state

    def load_state_dict(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what another optimiser of the same rule and the same parameters remembered.

        Parameters
        ----------
        state : mapping of str to numpy.ndarray
            From `state_dict`.

        Raises
        ------
        ValueError
            When a name or a shape does not fit; nothing is changed then.
        """
        own = {name: value.shape for name, value in self.state_dict().items()}
        given = {name: np.shape(value) for name, value in state.items()}
        if own != given:
            name = next(name for name in [*own, *given] if own.get(name) != given.get(name))
            raise ValueError(
                f"the state is of another optimiser or net: {name} has shape {given.get(name, 'none')} there and"
                f" {own.get(name, 'none')} here"
            )
        self.lr, self.t = float(state["lr"]), int(state["t"])
        for kind in self.memory:
            for name, value in getattr(self, kind).items():
                value[...] = state[f"{kind}.{name}"]


def share(name: str, value: float) -> float:
    """Check that a setting is a share, from 0 to below 1, and return it."""
    if not 0 <= value < 1:
        raise ValueError(f"{name} must lie between 0 and 1 (1 excluded), got {value}")
    return value


def small(name: str, value: float) -> float:
    """Check that a setting is a positive number, and return it."""
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"{name} must be positive, so that nothing is divided by 0, got {value}")
    return value
