"""The affine (fully connected) layer."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from cs_cnn.layers.arguments import match_shapes
from cs_cnn.layers.registry import Layer, Pick, Sample, register

__all__ = ["affine_backward", "affine_forward"]

Cache = tuple[np.ndarray, np.ndarray]


def affine_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, Cache]:
    """Multiply each example by a matrix and add a bias: ``out = x @ w + b``.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, ...)
        N examples of any shape; each is read as a vector of D numbers.
    w : numpy.ndarray, shape (D, M)
        Weights.
    b : numpy.ndarray, shape (M,)
        Biases.

    Returns
    -------
    out : numpy.ndarray, shape (N, M)
    cache : tuple
        What `affine_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, or the shapes do not fit.

    Notes
    -----
    Rumelhart, Hinton & Williams (1986).

    Examples
    --------
    >>> affine_forward(np.array([[1.0, 2.0]]), np.array([[1.0], [10.0]]), np.array([0.5]))[0]
    array([[21.5]])
    """
    match_shapes(x=(x, "N ..."))
    rows = _rows(x)
    match_shapes(**{"x, one row per example": (rows, "N D"), "w": (w, "D M"), "b": (b, "M")})
    return rows @ w + b, (x, w)


def affine_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back through the affine layer.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, M)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `affine_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape of x
    dw : numpy.ndarray, shape (D, M)
    db : numpy.ndarray, shape (M,)

    Examples
    --------
    >>> _, cache = affine_forward(np.array([[1.0, 2.0]]), np.array([[1.0], [10.0]]), np.zeros(1))
    >>> dx, dw, db = affine_backward(np.array([[2.0]]), cache)
    >>> dx.tolist(), dw.tolist(), db.tolist()
    ([[2.0, 20.0]], [[2.0], [4.0]], [2.0])
    """
    x, w = cache
    match_shapes(w=(w, "D M"), dout=(dout, "N M"))
    dx = (dout @ w.T).reshape(x.shape)
    dw = _rows(x).T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db


def _rows(x: np.ndarray) -> np.ndarray:
    """Read every example as a vector; of no example, too, the length is known."""
    return x.reshape(len(x), prod(x.shape[1:]))


def affine_twin(x: Any, w: Any, b: Any) -> Any:
    """Compute the same in PyTorch, where the weight is stored as (M, D)."""
    import torch.nn.functional as F

    return F.linear(x.flatten(1), w.T, b)


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    n, c, h, m = pick(1, 4), pick(1, 3), pick(1, 4), pick(1, 5)
    shapes = {"x": (n, c, h), "w": (c * h, m), "b": (m,)}
    return Sample({name: rng.normal(size=shape) for name, shape in shapes.items()})


register(
    Layer(
        name="affine",
        forward=affine_forward,
        backward=affine_backward,
        twin=affine_twin,
        wrt=("x", "w", "b"),
        sample=_sample,
        source="Rumelhart, Hinton & Williams (1986)",
    )
)
