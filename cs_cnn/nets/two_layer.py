"""The two-layer network: affine, ReLU, affine."""

from __future__ import annotations

import numpy as np

from cs_cnn.init import he_normal
from cs_cnn.layers.activations import relu_backward, relu_forward
from cs_cnn.layers.affine import affine_backward, affine_forward
from cs_cnn.layers.losses import softmax_loss
from cs_cnn.nets.net import describe, penalty


class TwoLayerNet:
    """One hidden layer of ReLUs: ``h = max(0, x @ W1 + b1)``, ``scores = h @ W2 + b2``.

    Parameters
    ----------
    n_inputs, n_hidden, n_classes : int
    rng : numpy.random.Generator
        Source of the initial weights.
    scale : float, optional
        Standard deviation of the initial weights; He's rule ``sqrt(2 / fan_in)`` when left out.

    Attributes
    ----------
    params : dict
        ``W1`` (n_inputs, n_hidden), ``b1`` (n_hidden,), ``W2`` (n_hidden, n_classes), ``b2`` (n_classes,),
        float64; biases start at zero.

    Examples
    --------
    >>> net = TwoLayerNet(8, 16, 4, rng=np.random.default_rng(0))
    >>> net
    TwoLayerNet(W1 (8, 16), b1 (16,), W2 (16, 4), b2 (4,); 212 parameters)
    >>> loss, grads = net.loss(np.zeros((5, 8)), np.zeros(5, dtype=int))
    >>> bool(np.isclose(loss, np.log(4)))
    True
    """

    def __init__(
        self,
        n_inputs: int,
        n_hidden: int,
        n_classes: int,
        *,
        rng: np.random.Generator,
        scale: float | None = None,
    ) -> None:
        def weights(rows: int, columns: int) -> np.ndarray:
            return (
                he_normal((rows, columns), rng)
                if scale is None
                else rng.normal(scale=scale, size=(rows, columns))
            )

        self.params = {
            "W1": weights(n_inputs, n_hidden),
            "b1": np.zeros(n_hidden),
            "W2": weights(n_hidden, n_classes),
            "b2": np.zeros(n_classes),
        }

    def __repr__(self) -> str:
        return describe(self)

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Compute the scores; no nonlinearity follows the last layer.

        Parameters
        ----------
        x : numpy.ndarray, shape (N, ...)
            Inputs of `n_inputs` numbers each.

        Returns
        -------
        numpy.ndarray, shape (N, C)
        """
        p = self.params
        hidden = relu_forward(affine_forward(x, p["W1"], p["b1"])[0])[0]
        return affine_forward(hidden, p["W2"], p["b2"])[0]

    def loss(self, x: np.ndarray, y: np.ndarray, *, reg: float = 0.0) -> tuple[float, dict[str, np.ndarray]]:
        """Compute the mean cross-entropy plus ``reg / 2 * (sum(W1 ** 2) + sum(W2 ** 2))``, and the gradients.

        Parameters
        ----------
        x : numpy.ndarray, shape (N, ...)
        y : numpy.ndarray of int, shape (N,)
            True classes, from 0.
        reg : float
            Strength of the penalty, at least 0.

        Returns
        -------
        loss : float
        grads : dict of str to numpy.ndarray
            With the names of `params`.
        """
        p = self.params
        before, first = affine_forward(x, p["W1"], p["b1"])
        hidden, active = relu_forward(before)
        scores, second = affine_forward(hidden, p["W2"], p["b2"])
        loss, dscores = softmax_loss(scores, y)

        grads = {}
        dhidden, grads["W2"], grads["b2"] = affine_backward(dscores, second)
        dbefore = relu_backward(dhidden, active)
        _, grads["W1"], grads["b1"] = affine_backward(dbefore, first)

        extra, extra_grads = penalty(p, reg)
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
