"""Activation functions: one number in, one number out."""

from __future__ import annotations

from typing import Any

import numpy as np

from cs_cnn.layers.arguments import match_shapes
from cs_cnn.layers.registry import Layer, Pick, Sample, register

__all__ = ["relu_backward", "relu_forward"]


def relu_forward(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Set negative entries to zero: ``out = max(x, 0)``.

    Parameters
    ----------
    x : numpy.ndarray, any shape

    Returns
    -------
    out : numpy.ndarray, shape of x
    cache : numpy.ndarray
        What `relu_backward` needs: `x`.

    Notes
    -----
    Fukushima (1969); Nair & Hinton (2010) brought it to deep learning, AlexNet made it standard.

    Examples
    --------
    >>> relu_forward(np.array([-1.0, 0.0, 2.0]))[0]
    array([0., 0., 2.])
    """
    match_shapes(x=(x, "..."))
    return np.maximum(x, 0), x


def relu_backward(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    """Pass the gradient where the input was positive, and stop it elsewhere.

    Parameters
    ----------
    dout : numpy.ndarray, shape of x
        Gradient of the loss with respect to ``out``.
    cache : numpy.ndarray
        From `relu_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape of x
        At exactly 0, where the derivative does not exist, the gradient is 0, as in PyTorch.

    Examples
    --------
    >>> relu_backward(np.array([5.0, 5.0, 5.0]), np.array([-1.0, 0.0, 2.0]))
    array([0., 0., 5.])
    """
    if dout.shape != cache.shape:
        raise ValueError(f"dout must have the shape of x, {cache.shape}, got {dout.shape}")
    return np.where(cache > 0, dout, 0).astype(dout.dtype, copy=False)


def relu_twin(x: Any) -> Any:
    """Compute the same in PyTorch."""
    import torch.nn.functional as F

    return F.relu(x)


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    return Sample({"x": rng.normal(size=(pick(1, 4), pick(1, 5)))})


register(
    Layer(
        name="relu",
        forward=relu_forward,
        backward=relu_backward,
        twin=relu_twin,
        wrt=("x",),
        sample=_sample,
        source="Fukushima (1969); Nair & Hinton (2010)",
    )
)
