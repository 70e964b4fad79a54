"""Layer normalization: every example gets mean 0 and variance 1 over its own features."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cs_cnn.layers.arguments import match_shapes, positive, same_shape
from cs_cnn.layers.registry import Layer, Pick, Sample, register

__all__ = ["layer_norm_backward", "layer_norm_forward"]


class Cache(NamedTuple):
    """What the backward pass needs: the normalised numbers, the scale, and one over each deviation."""

    normalised: np.ndarray
    gamma: np.ndarray
    over_deviation: np.ndarray


def layer_norm_forward(
    x: np.ndarray, gamma: np.ndarray, beta: np.ndarray, *, eps: float = 1e-5
) -> tuple[np.ndarray, Cache]:
    """Normalise every example by itself: ``out = gamma * (x - mean) / sqrt(var + eps) + beta``.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, ..., D, ...)
        Examples.
    gamma, beta : numpy.ndarray, shape (D, ...)
        Scale and shift, learned. Their shape says over which axes to normalise: the last ones of `x`.
    eps : float
        Keeps the division finite; it is added to the variance, under the root.

    Returns
    -------
    out : numpy.ndarray, shape of x
    cache : tuple
        What `layer_norm_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, or `gamma` and `beta` have not the shape of the last axes.

    Notes
    -----
    Ba, Kiros & Hinton (2016). No example sees another one, so training and testing are the same, and a batch
    of one will do. The variance is the biased one, over the number of features.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
    >>> layer_norm_forward(x, np.ones(3), np.zeros(3))[0].round(2)
    array([[-1.22,  0.  ,  1.22],
           [-1.22,  0.  ,  1.22]])
    """
    match_shapes(x=(x, "..."), gamma=(gamma, "..."), beta=(beta, "..."))
    positive("eps", eps)
    if not 0 < gamma.ndim < x.ndim or x.shape[-gamma.ndim :] != gamma.shape:
        raise ValueError(
            f"gamma must have the shape of the last axes of x, {x.shape}, without the first, got {gamma.shape}"
        )
    same_shape("beta", beta, "gamma", gamma.shape)
    axes = tuple(range(-gamma.ndim, 0))
    centred = x - x.mean(axis=axes, keepdims=True)
    over_deviation = 1 / np.sqrt((centred**2).mean(axis=axes, keepdims=True) + np.asarray(eps, x.dtype))
    normalised = centred * over_deviation
    return normalised * gamma + beta, Cache(normalised, gamma, over_deviation)


def layer_norm_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient back through the normalization, and through mean and variance of each example.

    Parameters
    ----------
    dout : numpy.ndarray, shape of x
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `layer_norm_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape of x
        Without the parts that shift or scale all features of an example alike: they change nothing.
    dgamma, dbeta : numpy.ndarray, shape (D, ...)
        Sums over all examples.
    """
    normalised, gamma, over_deviation = cache
    same_shape("dout", dout, "out", normalised.shape)
    features = tuple(range(-gamma.ndim, 0))
    examples = tuple(range(dout.ndim - gamma.ndim))
    dgamma = (dout * normalised).sum(axis=examples)
    dbeta = dout.sum(axis=examples)
    scaled = dout * gamma
    shift = scaled.mean(axis=features, keepdims=True)
    scale = (scaled * normalised).mean(axis=features, keepdims=True)
    dx = (scaled - shift - normalised * scale) * over_deviation
    return dx, dgamma, dbeta


def layer_norm_twin(x: Any, gamma: Any, beta: Any, *, eps: float = 1e-5) -> Any:
    """Compute the same in PyTorch, which is told the shape of the last axes."""
    import torch.nn.functional as F

    return F.layer_norm(x, tuple(gamma.shape), gamma, beta, eps=eps)


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    examples = (pick(1, 3), *[pick(1, 2)] * pick(0, 1))
    # At least four numbers, well apart: with two of them the gradient is nearly 0, and no check could measure it.
    features = (4 + pick(0, 3),) if pick(0, 1) else (pick(2, 3), pick(2, 3))
    count = int(np.prod(features))
    rows = np.tile(np.arange(count) - count / 2, (int(np.prod(examples)), 1))
    x = rng.permuted(rows, axis=1) + rng.uniform(-0.3, 0.3, rows.shape)
    arrays = {
        "x": x.reshape(*examples, *features),
        "gamma": rng.normal(size=features),
        "beta": rng.normal(size=features),
    }
    return Sample(arrays, {"eps": (1e-5, 0.1)[pick(0, 1)]})


register(
    Layer(
        name="layer_norm",
        forward=layer_norm_forward,
        backward=layer_norm_backward,
        twin=layer_norm_twin,
        wrt=("x", "gamma", "beta"),
        sample=_sample,
        source="Ba, Kiros & Hinton (2016)",
    )
)
