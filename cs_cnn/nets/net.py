"""What every network of this package can do, and what they share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Protocol

import numpy as np

from cs_cnn.layers.losses import softmax_loss


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


class Classifier(ABC):
    """The base of the networks here: softmax cross-entropy on scores, with a penalty on the weights.

    A network sets `params`, and says how scores come from inputs (`forward`) and how gradients go back
    (`backward`); all else follows.
    """

    params: dict[str, np.ndarray]

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name} {tuple(value.shape)}" for name, value in self.params.items())
        return f"{type(self).__name__}({shapes}; {self.n_params:,} parameters)"

    @property
    def n_params(self) -> int:
        """How many numbers the network has to learn."""
        return sum(value.size for value in self.params.values())

    @abstractmethod
    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Any]:
        """Compute the scores, and keep what the way back needs.

        Parameters
        ----------
        x : numpy.ndarray, shape (N, ...)

        Returns
        -------
        scores : numpy.ndarray, shape (N, C)
        cache : object
            What `backward` needs.
        """

    @abstractmethod
    def backward(self, dscores: np.ndarray, cache: Any) -> dict[str, np.ndarray]:
        """Carry the gradient of the loss back to the parameters.

        Parameters
        ----------
        dscores : numpy.ndarray, shape (N, C)
            Gradient of the loss with respect to the scores.
        cache : object
            From `forward`.

        Returns
        -------
        dict of str to numpy.ndarray
            With the names of `params`.
        """

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Compute the scores; no nonlinearity follows the last layer.

        Parameters
        ----------
        x : numpy.ndarray, shape (N, ...)
            Inputs of the size that the first layer takes.

        Returns
        -------
        numpy.ndarray, shape (N, C)
        """
        return self.forward(x)[0]

    def loss(self, x: np.ndarray, y: np.ndarray, *, reg: float = 0.0) -> tuple[float, dict[str, np.ndarray]]:
        """Compute the mean cross-entropy plus ``reg / 2 * sum(W ** 2)``, and the gradients.

        It is the mean over the examples, not the sum: so neither the loss nor the step grows with the batch.

        Parameters
        ----------
        x : numpy.ndarray, shape (N, ...)
        y : numpy.ndarray of int, shape (N,)
            True classes, from 0.
        reg : float
            Strength of the penalty on all weights (not on the biases), at least 0.

        Returns
        -------
        loss : float
        grads : dict of str to numpy.ndarray
            With the names of `params`.
        """
        scores, cache = self.forward(x)
        loss, dscores = softmax_loss(scores, y)
        grads = self.backward(dscores, cache)
        extra, extra_grads = penalty(self.params, reg)
        for name, gradient in extra_grads.items():
            grads[name] = grads[name] + gradient
        return float(loss) + extra, grads

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Name the class with the highest score.

        Parameters
        ----------
        x : numpy.ndarray, shape (N, ...)

        Returns
        -------
        numpy.ndarray of int, shape (N,)
        """
        return np.asarray(self.scores(x).argmax(axis=1))


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
