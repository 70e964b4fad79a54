"""The two-layer network: affine, ReLU, affine."""

from __future__ import annotations

from typing import Any

import numpy as np

from cs_cnn.init import he_normal, small_normal
from cs_cnn.layers.activations import relu_backward, relu_forward
from cs_cnn.layers.affine import affine_backward, affine_forward
from cs_cnn.nets.net import Classifier


class TwoLayerNet(Classifier):
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
            shape = (rows, columns)
            return he_normal(shape, rng) if scale is None else small_normal(shape, rng, std=scale)

        self.params = {
            "W1": weights(n_inputs, n_hidden),
            "b1": np.zeros(n_hidden),
            "W2": weights(n_hidden, n_classes),
            "b2": np.zeros(n_classes),
        }

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Any]:
        """Compute the scores, see `Classifier.forward`."""
        p = self.params
        before, first = affine_forward(x, p["W1"], p["b1"])
        hidden, active = relu_forward(before)
        scores, second = affine_forward(hidden, p["W2"], p["b2"])
        return scores, (first, active, second)

    def backward(self, dscores: np.ndarray, cache: Any) -> dict[str, np.ndarray]:
        """Carry the gradient back, see `Classifier.backward`."""
        first, active, second = cache
        dhidden, dw2, db2 = affine_backward(dscores, second)
        dbefore = relu_backward(dhidden, active)
        _, dw1, db1 = affine_backward(dbefore, first)
        return {"W1": dw1, "b1": db1, "W2": dw2, "b2": db2}
