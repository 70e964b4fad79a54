"""Layers built from several affine maps: maxout, which keeps the largest, and highway, which mixes by a gate."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np

from cs_cnn.layers.activations import (
    relu_backward,
    relu_forward,
    sigmoid_backward,
    sigmoid_forward,
    tanh_backward,
    tanh_forward,
)
from cs_cnn.layers.affine import affine_backward, affine_forward
from cs_cnn.layers.arguments import match_shapes, same_shape
from cs_cnn.layers.registry import Layer, Pick, Sample, register

__all__ = ["highway_backward", "highway_forward", "maxout_backward", "maxout_forward"]

MaxoutCache = tuple[np.ndarray, np.ndarray, np.ndarray]
Activation = Literal["relu", "tanh"]
_ACTIVATIONS = {"relu": (relu_forward, relu_backward), "tanh": (tanh_forward, tanh_backward)}


def maxout_forward(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, MaxoutCache]:
    """Compute K affine maps and keep the largest result: ``out = max over k of (x @ w[k] + b[k])``.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, D)
        Examples.
    w : numpy.ndarray, shape (K, D, M)
        Weights of the K pieces.
    b : numpy.ndarray, shape (K, M)
        Biases of the K pieces.

    Returns
    -------
    out : numpy.ndarray, shape (N, M)
    cache : tuple
        What `maxout_backward` needs: above all which piece won.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, or the shapes do not fit.

    Notes
    -----
    Goodfellow et al. (2013). With K = 2 and one piece of zeros this is a ReLU; with enough pieces, any convex
    function. It has K times the weights of an affine layer.

    Examples
    --------
    >>> x = np.array([[-2.0], [3.0]])
    >>> maxout_forward(x, np.array([[[1.0]], [[-1.0]]]), np.zeros((2, 1)))[0].ravel()  # the absolute value
    array([2., 3.])
    """
    match_shapes(x=(x, "N D"), w=(w, "K D M"), b=(b, "K M"))
    pieces = x @ w + b[:, np.newaxis]
    winner = pieces.argmax(axis=0)[np.newaxis]
    return np.take_along_axis(pieces, winner, axis=0)[0], (x, w, winner)


def maxout_backward(dout: np.ndarray, cache: MaxoutCache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Send the gradient of each output to the piece that won it.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, M)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `maxout_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, D)
    dw : numpy.ndarray, shape (K, D, M)
    db : numpy.ndarray, shape (K, M)
        Zero for a piece that won nowhere. Of equal pieces the first one wins.
    """
    x, w, winner = cache
    same_shape("dout", dout, "out", winner.shape[1:])
    dpieces = np.zeros((len(w), *dout.shape), dout.dtype)
    np.put_along_axis(dpieces, winner, dout[np.newaxis], axis=0)
    dx = (dpieces @ w.swapaxes(1, 2)).sum(axis=0)
    dw = x.T @ dpieces
    db = dpieces.sum(axis=1)
    return dx, dw, db


def maxout_twin(x: Any, w: Any, b: Any) -> Any:
    """Compute the same in PyTorch."""
    return (x @ w + b[:, None]).max(dim=0).values


class HighwayCache(NamedTuple):
    """What the backward pass needs: the three numbers that are mixed, and the caches of the layers inside."""

    x: np.ndarray
    transformed: np.ndarray
    gate: np.ndarray
    activation: Activation
    caches: tuple[Any, Any, Any, Any]


def highway_forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    w_gate: np.ndarray,
    b_gate: np.ndarray,
    *,
    activation: Activation = "relu",
) -> tuple[np.ndarray, HighwayCache]:
    """Let a gate decide, feature by feature, between a transformation and passing the input on.

    ``out = gate * transformed + (1 - gate) * x`` with ``transformed = activation(x @ w + b)`` and
    ``gate = sigmoid(x @ w_gate + b_gate)``.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, D)
        Examples.
    w, b : numpy.ndarray, shapes (D, D) and (D,)
        Weights and biases of the transformation, which must not change the number of features.
    w_gate, b_gate : numpy.ndarray, shapes (D, D) and (D,)
        Weights and biases of the transform gate. A bias of -1 to -3 at the start lets nearly everything pass
        unchanged, so that a deep network begins as an identity and can be trained at all.
    activation : {"relu", "tanh"}
        The function within the transformation.

    Returns
    -------
    out : numpy.ndarray, shape (N, D)
    cache : tuple
        What `highway_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, the shapes do not fit, or the activation is unknown.

    Notes
    -----
    Srivastava, Greff & Schmidhuber (2015). A residual layer, ``x + transformed``, is the same road without
    the gate.

    Examples
    --------
    >>> x, ones = np.array([[5.0, -5.0]]), np.ones((2, 2))
    >>> for bias in (-20.0, 0.0, 20.0):  # pass on, half and half, transform
    ...     out, _ = highway_forward(x, ones, np.ones(2), 0 * ones, np.full(2, bias))
    ...     print(out.round(3))
    [[ 5. -5.]]
    [[ 3. -2.]]
    [[1. 1.]]
    """
    match_shapes(x=(x, "N D"))
    square = (x.shape[1], x.shape[1])
    for name, weight, bias in (("", w, b), ("_gate", w_gate, b_gate)):
        match_shapes(**{f"w{name}": (weight, "D M"), f"b{name}": (bias, "M")})
        same_shape(f"w{name}", weight, "one matrix from D features to D features", square)
    if activation not in _ACTIVATIONS:
        raise ValueError(f'activation must be "relu" or "tanh", got {activation!r}')
    scores, affine_cache = affine_forward(x, w, b)
    transformed, activation_cache = _ACTIVATIONS[activation][0](scores)
    gate_scores, gate_affine_cache = affine_forward(x, w_gate, b_gate)
    gate, gate_cache = sigmoid_forward(gate_scores)
    caches = (affine_cache, activation_cache, gate_affine_cache, gate_cache)
    out = gate * transformed + (1 - gate) * x
    return out, HighwayCache(x, transformed, gate, activation, caches)


def highway_backward(
    dout: np.ndarray, cache: HighwayCache
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient back along all three roads: the transformation, the gate, and straight on.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, D)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `highway_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, D)
        Where the gate is nearly 0, nearly `dout`: no depth makes the gradient vanish there.
    dw, db : numpy.ndarray, shapes (D, D) and (D,)
    dw_gate, db_gate : numpy.ndarray, shapes (D, D) and (D,)
    """
    x, transformed, gate, activation, (affine_cache, activation_cache, gate_affine_cache, gate_cache) = cache
    same_shape("dout", dout, "out", x.shape)
    dscores = _ACTIVATIONS[activation][1](dout * gate, activation_cache)
    dx_transformed, dw, db = affine_backward(dscores, affine_cache)
    dgate_scores = sigmoid_backward(dout * (transformed - x), gate_cache)
    dx_gate, dw_gate, db_gate = affine_backward(dgate_scores, gate_affine_cache)
    dx = dx_transformed + dx_gate + dout * (1 - gate)
    return dx, dw, db, dw_gate, db_gate


def highway_twin(x: Any, w: Any, b: Any, w_gate: Any, b_gate: Any, *, activation: Activation = "relu") -> Any:
    """Compute the same in PyTorch."""
    import torch

    gate = torch.sigmoid(x @ w_gate + b_gate)
    transformed = getattr(torch, activation)(x @ w + b)
    return gate * transformed + (1 - gate) * x


def _sample_maxout(pick: Pick, rng: np.random.Generator) -> Sample:
    n, d, k, m = pick(1, 4), pick(1, 4), pick(1, 4), pick(1, 3)
    while True:
        shapes = {"x": (n, d), "w": (k, d, m), "b": (k, m)}
        arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        pieces = np.sort(arrays["x"] @ arrays["w"] + arrays["b"][:, np.newaxis], axis=0)
        # Where two pieces meet the maximum has no gradient, and a small step must not change the winner.
        if k == 1 or (pieces[-1] - pieces[-2]).min() > 1e-3:
            return Sample(arrays)


def _sample_highway(pick: Pick, rng: np.random.Generator) -> Sample:
    n, d, activation = pick(1, 4), pick(1, 4), ("relu", "tanh")[pick(0, 1)]
    while True:
        shapes = {"x": (n, d), "w": (d, d), "b": (d,), "w_gate": (d, d), "b_gate": (d,)}
        arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        if np.abs(arrays["x"] @ arrays["w"] + arrays["b"]).min() > 1e-3:  # away from the kink of the ReLU
            return Sample(arrays, {"activation": activation})


register(
    Layer(
        name="maxout",
        forward=maxout_forward,
        backward=maxout_backward,
        twin=maxout_twin,
        wrt=("x", "w", "b"),
        sample=_sample_maxout,
        source="Goodfellow et al. (2013)",
    )
)
register(
    Layer(
        name="highway",
        forward=highway_forward,
        backward=highway_backward,
        twin=highway_twin,
        wrt=("x", "w", "b", "w_gate", "b_gate"),
        sample=_sample_highway,
        source="Srivastava, Greff & Schmidhuber (2015)",
    )
)
