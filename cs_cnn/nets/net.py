"""What every network of this package can do, and what they share."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np


class Net(Protocol):
    """A classifier with named parameters; the training loop asks for no more than this.

    Attributes
    ----------
    params : dict of str to numpy.ndarray
        The parameters by name; an optimiser changes the arrays in place.
    """

    params: dict[str, np.ndarray]

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Return one score per class, shape (N, C), for inputs of shape (N, ...)."""
        ...

    def loss(self, x: np.ndarray, y: np.ndarray, *, reg: float = 0.0) -> tuple[float, dict[str, np.ndarray]]:
        """Return the mean loss and its gradient for every parameter."""
        ...

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Return the class with the highest score, shape (N,)."""
        ...


def penalty(params: dict[str, np.ndarray], reg: float) -> tuple[float, dict[str, np.ndarray]]:
    """Compute ``reg / 2 * sum(W ** 2)`` over the weights, not the biases, and its gradient ``reg * W``.

    Parameters
    ----------
    params : dict of str to numpy.ndarray
        Arrays with one axis are biases and are left out.
    reg : float
        Strength, at least 0.

    Returns
    -------
    value : float
    grads : dict of str to numpy.ndarray
        For the weights only.
    """
    if reg < 0:
        raise ValueError(f"reg must be at least 0, got {reg}")
    weights = {name: w for name, w in params.items() if w.ndim > 1} if reg else {}
    value = 0.5 * reg * sum(float((w * w).sum()) for w in weights.values())
    return value, {name: reg * w for name, w in weights.items()}


def describe(net: Any) -> str:
    """Say the shapes of the parameters, for the representation of a network."""
    shapes = ", ".join(f"{name} {tuple(value.shape)}" for name, value in net.params.items())
    return f"{type(net).__name__}({shapes}; {sum(v.size for v in net.params.values()):,} parameters)"
