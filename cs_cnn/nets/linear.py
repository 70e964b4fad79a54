"""The linear classifier: one affine layer."""

from __future__ import annotations

import numpy as np

from cs_cnn.layers.affine import affine_backward, affine_forward
from cs_cnn.layers.losses import softmax_loss
from cs_cnn.nets.net import describe, penalty


class LinearClassifier:
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

    def __repr__(self) -> str:
        return describe(self)

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Compute the scores.

        Parameters
        ----------
        x : numpy.ndarray, shape (N, ...)
            Inputs of `n_inputs` numbers each.

        Returns
        -------
        numpy.ndarray, shape (N, C)
        """
        return affine_forward(x, self.params["W"], self.params["b"])[0]

    def loss(self, x: np.ndarray, y: np.ndarray, *, reg: float = 0.0) -> tuple[float, dict[str, np.ndarray]]:
        """Compute the mean cross-entropy plus ``reg / 2 * sum(W ** 2)``, and the gradients.

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
        scores, cache = affine_forward(x, self.params["W"], self.params["b"])
        loss, dscores = softmax_loss(scores, y)
        _, dw, db = affine_backward(dscores, cache)
        extra, extra_grads = penalty(self.params, reg)
        return float(loss) + extra, {"W": dw + extra_grads.get("W", 0.0), "b": db}

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
