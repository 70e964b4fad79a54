"""The linear classifier: one affine layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from cs_cnn.layers.affine import affine_backward, affine_forward
from cs_cnn.nets.net import Classifier


class LinearClassifier(Classifier):
    """Scores that are a weighted sum of the inputs: ``scores = x @ W + b``.

    Parameters
    ----------
    n_inputs, n_classes : int
    rng : numpy.random.Generator
        Source of the initial weights, which are small; zero would do as well, since the loss is convex.

    Attributes
    ----------
    params : dict
        ``W`` of shape (n_inputs, n_classes) and ``b`` of shape (n_classes,), float64.

    Examples
    --------
    >>> net = LinearClassifier(3072, 10, rng=np.random.default_rng(0))
    >>> net
    LinearClassifier(W (3072, 10), b (10,); 30,730 parameters)
    """

    def __init__(self, n_inputs: int, n_classes: int, *, rng: np.random.Generator) -> None:
        self.params = {"W": rng.normal(scale=1e-3, size=(n_inputs, n_classes)), "b": np.zeros(n_classes)}

    def forward(self, x: np.ndarray) -> tuple[np.ndarray, Any]:
        """Compute the scores, see `Classifier.forward`."""
        return affine_forward(x, self.params["W"], self.params["b"])

    def backward(self, dscores: np.ndarray, cache: Any) -> dict[str, np.ndarray]:
        """Carry the gradient back, see `Classifier.backward`."""
        _, dw, db = affine_backward(dscores, cache)
        return {"W": dw, "b": db}
