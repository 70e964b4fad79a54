"""Activation functions: one number in, one number out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.layers.arguments import match_shapes, positive, same_shape
from cs_cnn.layers.registry import Layer, Pick, Sample, register

__all__ = [
    "elu_backward",
    "elu_forward",
    "leaky_relu_backward",
    "leaky_relu_forward",
    "relu_backward",
    "relu_forward",
    "sigmoid_backward",
    "sigmoid_forward",
    "tanh_backward",
    "tanh_forward",
]


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
    same_shape("dout", dout, "x", cache.shape)
    return dout * (cache > 0)


def leaky_relu_forward(x: np.ndarray, *, slope: float = 0.1) -> tuple[np.ndarray, tuple[np.ndarray, float]]:
    """Make negative entries small instead of zero: ``out = x if x > 0 else slope * x``.

    Parameters
    ----------
    x : numpy.ndarray, any shape
    slope : float
        The slope below 0. The lectures write ``max(0.1 x, x)``; PyTorch's default is 0.01.

    Returns
    -------
    out : numpy.ndarray, shape of x
    cache : tuple
        What `leaky_relu_backward` needs.

    Notes
    -----
    Maas, Hannun & Ng (2013).

    Examples
    --------
    >>> leaky_relu_forward(np.array([-1.0, 2.0]))[0]
    array([-0.1,  2. ])
    """
    match_shapes(x=(x, "..."))
    return np.where(x > 0, x, slope * x).astype(x.dtype, copy=False), (x, slope)


def leaky_relu_backward(dout: np.ndarray, cache: tuple[np.ndarray, float]) -> np.ndarray:
    """Scale the gradient by the slope that its entry met.

    Parameters
    ----------
    dout : numpy.ndarray, shape of x
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `leaky_relu_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape of x
    """
    x, slope = cache
    same_shape("dout", dout, "x", x.shape)
    return np.where(x > 0, dout, slope * dout).astype(dout.dtype, copy=False)


def elu_forward(
    x: np.ndarray, *, alpha: float = 1.0
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray, float]]:
    """Bend negative entries smoothly towards ``-alpha``: ``out = x if x > 0 else alpha * (exp(x) - 1)``.

    Parameters
    ----------
    x : numpy.ndarray, any shape
    alpha : float
        How far below zero the function can go, positive.

    Returns
    -------
    out : numpy.ndarray, shape of x
    cache : tuple
        What `elu_backward` needs.

    Notes
    -----
    Clevert, Unterthiner & Hochreiter (2016).

    Examples
    --------
    >>> elu_forward(np.array([-50.0, 0.0, 2.0]))[0]
    array([-1.,  0.,  2.])
    """
    match_shapes(x=(x, "..."))
    positive("alpha", alpha)
    # expm1 of the negative part only: exp(x) of a large x would overflow, though its value is not used.
    out = np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))).astype(x.dtype, copy=False)
    return out, (x, out, alpha)


def elu_backward(dout: np.ndarray, cache: tuple[np.ndarray, np.ndarray, float]) -> np.ndarray:
    """Scale the gradient by 1 where x was positive and by ``out + alpha`` elsewhere.

    Parameters
    ----------
    dout : numpy.ndarray, shape of x
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `elu_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape of x
    """
    x, out, alpha = cache
    same_shape("dout", dout, "x", x.shape)
    return np.where(x > 0, dout, (out + alpha) * dout).astype(dout.dtype, copy=False)


def sigmoid_forward(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squash every entry into the range from 0 to 1: ``out = 1 / (1 + exp(-x))``.

    Parameters
    ----------
    x : numpy.ndarray, any shape
        Of any size: exp only sees numbers that are not positive.

    Returns
    -------
    out : numpy.ndarray, shape of x
    cache : numpy.ndarray
        What `sigmoid_backward` needs: ``out``.

    Examples
    --------
    >>> sigmoid_forward(np.array([-1000.0, 0.0, 1000.0]))[0]
    array([0. , 0.5, 1. ])
    """
    match_shapes(x=(x, "..."))
    small = np.exp(-np.abs(x))
    out = np.where(x >= 0, 1, small) / (1 + small)
    return out, out


def sigmoid_backward(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    """Scale the gradient by ``out * (1 - out)``, which is at most 1/4.

    Parameters
    ----------
    dout : numpy.ndarray, shape of x
        Gradient of the loss with respect to ``out``.
    cache : numpy.ndarray
        From `sigmoid_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape of x
    """
    same_shape("dout", dout, "x", cache.shape)
    return np.asarray(dout * cache * (1 - cache))


def tanh_forward(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Squash every entry into the range from -1 to 1: ``out = tanh(x)``, which is ``2 sigmoid(2 x) - 1``.

    Parameters
    ----------
    x : numpy.ndarray, any shape

    Returns
    -------
    out : numpy.ndarray, shape of x
    cache : numpy.ndarray
        What `tanh_backward` needs: ``out``.

    Examples
    --------
    >>> tanh_forward(np.array([-1000.0, 0.0, 1000.0]))[0]
    array([-1.,  0.,  1.])
    """
    match_shapes(x=(x, "..."))
    out = np.tanh(x)
    return out, out


def tanh_backward(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    """Scale the gradient by ``1 - out ** 2``.

    Parameters
    ----------
    dout : numpy.ndarray, shape of x
        Gradient of the loss with respect to ``out``.
    cache : numpy.ndarray
        From `tanh_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape of x
    """
    same_shape("dout", dout, "x", cache.shape)
    return np.asarray(dout * (1 - cache**2))


def relu_twin(x: Any) -> Any:
    """Compute the same in PyTorch."""
    import torch.nn.functional as F

    return F.relu(x)


def leaky_relu_twin(x: Any, *, slope: float = 0.1) -> Any:
    """Compute the same in PyTorch."""
    import torch.nn.functional as F

    return F.leaky_relu(x, negative_slope=slope)


def elu_twin(x: Any, *, alpha: float = 1.0) -> Any:
    """Compute the same in PyTorch."""
    import torch.nn.functional as F

    return F.elu(x, alpha=alpha)


def sigmoid_twin(x: Any) -> Any:
    """Compute the same in PyTorch."""
    import torch

    return torch.sigmoid(x)


def tanh_twin(x: Any) -> Any:
    """Compute the same in PyTorch."""
    import torch

    return torch.tanh(x)


def _sampler(**options: float) -> Callable[[Pick, np.random.Generator], Sample]:
    """Return a sampler of arrays away from 0, where most of these functions have a kink."""

    def sample(pick: Pick, rng: np.random.Generator) -> Sample:
        shape = (pick(1, 4), pick(1, 5))
        x = rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.01, 3, size=shape)
        return Sample({"x": x}, dict(options))

    return sample


for _layer in (
    Layer(
        name="relu",
        forward=relu_forward,
        backward=relu_backward,
        twin=relu_twin,
        wrt=("x",),
        sample=_sampler(),
        source="Fukushima (1969); Nair & Hinton (2010)",
    ),
    Layer(
        name="leaky_relu",
        forward=leaky_relu_forward,
        backward=leaky_relu_backward,
        twin=leaky_relu_twin,
        wrt=("x",),
        sample=_sampler(slope=0.1),
        source="Maas, Hannun & Ng (2013)",
    ),
    Layer(
        name="elu",
        forward=elu_forward,
        backward=elu_backward,
        twin=elu_twin,
        wrt=("x",),
        sample=_sampler(alpha=0.7),
        source="Clevert, Unterthiner & Hochreiter (2016)",
    ),
    Layer(
        name="sigmoid",
        forward=sigmoid_forward,
        backward=sigmoid_backward,
        twin=sigmoid_twin,
        wrt=("x",),
        sample=_sampler(),
        source="Rumelhart, Hinton & Williams (1986)",
    ),
    Layer(
        name="tanh",
        forward=tanh_forward,
        backward=tanh_backward,
        twin=tanh_twin,
        wrt=("x",),
        sample=_sampler(),
        source="LeCun et al. (1998)",
    ),
):
    register(_layer)
