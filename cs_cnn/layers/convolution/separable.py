"""Convolution in parts: each channel for itself, each pixel for itself, and a filter as column times row."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cs_cnn.layers.arguments import match_shapes, same_shape
from cs_cnn.layers.convolution.conv2d import conv2d_backward, conv2d_forward, conv2d_twin
from cs_cnn.layers.padding import Borders, Mode
from cs_cnn.layers.registry import Layer, Pick, Sample, register
from cs_cnn.layers.windows import Pair

__all__ = [
    "depthwise_conv2d_backward",
    "depthwise_conv2d_forward",
    "pointwise_conv2d_backward",
    "pointwise_conv2d_forward",
    "separable_filter",
]

Setting = int | Pair


class DepthwiseCache(NamedTuple):
    """What the backward pass needs: the cache of `conv2d_forward`, and the shape of the filters."""

    conv2d: Any
    shape: tuple[int, ...]


def depthwise_conv2d_forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    *,
    stride: Setting = 1,
    pad: Setting | Borders = 0,
    dilation: Setting = 1,
    fit: str = "floor",
    padding_mode: Mode = "zero",
) -> tuple[np.ndarray, DepthwiseCache]:
    """Filter every channel for itself, with M filters each: a convolution with as many groups as channels.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images.
    w : numpy.ndarray, shape (C, M, HH, WW)
        M filters for every channel; M, the channel multiplier, is usually 1.
    b : numpy.ndarray, shape (C * M,)
        Biases.
    stride, pad, dilation, fit, padding_mode
        As in `conv2d_forward`.

    Returns
    -------
    out : numpy.ndarray, shape (N, C * M, H_out, W_out)
        Channel ``c * M + m`` is the result of filter m of channel c.
    cache : tuple
        What `depthwise_conv2d_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, or the shapes do not fit each other.

    Notes
    -----
    Sifre (2014); Howard et al., *MobileNets* (2017). Followed by `pointwise_conv2d_forward` it costs
    ``1 / F + 1 / (HH * WW)`` of the products of a convolution with F filters.

    Examples
    --------
    >>> x = np.array([[[[1.0]], [[2.0]]]])  # two channels of one pixel
    >>> w = np.array([[[[1.0]], [[10.0]]], [[[1.0]], [[100.0]]]])  # two filters for each
    >>> depthwise_conv2d_forward(x, w, np.zeros(4))[0].ravel()
    array([  1.,  10.,   2., 200.])
    """
    sizes = match_shapes(x=(x, "N C H W"), w=(w, "C M HH WW"), b=(b, "C*M"))
    channels, multiplier = sizes["C"], sizes["M"]
    if sizes["C*M"] != channels * multiplier:
        raise ValueError(
            f"b must have C * M = {channels} * {multiplier} = {channels * multiplier} entries, got {sizes['C*M']}"
        )
    out, cache = conv2d_forward(
        x,
        w.reshape(channels * multiplier, 1, *w.shape[2:]),
        b,
        stride=stride,
        pad=pad,
        dilation=dilation,
        groups=channels,
        fit=fit,
        padding_mode=padding_mode,
    )
    return out, DepthwiseCache(cache, w.shape)


def depthwise_conv2d_backward(
    dout: np.ndarray, cache: DepthwiseCache
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back through a depthwise convolution.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, C * M, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `depthwise_conv2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
        A channel collects from its M filters only.
    dw : numpy.ndarray, shape (C, M, HH, WW)
    db : numpy.ndarray, shape (C * M,)

    Examples
    --------
    >>> x, w = np.array([[[[1.0]], [[2.0]]]]), np.array([[[[3.0]]], [[[5.0]]]])
    >>> _, cache = depthwise_conv2d_forward(x, w, np.zeros(2))
    >>> [g.ravel() for g in depthwise_conv2d_backward(np.ones((1, 2, 1, 1)), cache)]
    [array([3., 5.]), array([1., 2.]), array([1., 1.])]
    """
    dx, dw, db = conv2d_backward(dout, cache.conv2d)
    return dx, dw.reshape(cache.shape), db


def pointwise_conv2d_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Mix the channels of every pixel by one matrix: a convolution with 1 x 1 filters.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images.
    w : numpy.ndarray, shape (F, C)
        One row of weights for every channel that comes out.
    b : numpy.ndarray, shape (F,)
        Biases.

    Returns
    -------
    out : numpy.ndarray, shape (N, F, H, W)
    cache : tuple
        What `pointwise_conv2d_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, or the shapes do not fit each other.

    Notes
    -----
    Lin, Chen & Yan, *Network in network* (2014).

    Examples
    --------
    >>> x = np.array([[[[1.0, 2.0]], [[3.0, 4.0]]]])  # a row of two pixels with two channels
    >>> pointwise_conv2d_forward(x, np.array([[1.0, 1.0]]), np.zeros(1))[0]
    array([[[[4., 6.]]]])
    """
    match_shapes(x=(x, "N C H W"), w=(w, "F C"), b=(b, "F"))
    pixels = x.reshape(*x.shape[:2], -1)
    return (w @ pixels).reshape(len(x), len(w), *x.shape[2:]) + b[:, np.newaxis, np.newaxis], (x, w)


def pointwise_conv2d_backward(
    dout: np.ndarray, cache: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back: an affine layer, at every pixel.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, F, H, W)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `pointwise_conv2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
    dw : numpy.ndarray, shape (F, C)
        Summed over all examples and pixels.
    db : numpy.ndarray, shape (F,)

    Examples
    --------
    >>> x = np.array([[[[1.0, 2.0]], [[3.0, 4.0]]]])
    >>> _, cache = pointwise_conv2d_forward(x, np.array([[1.0, 10.0]]), np.zeros(1))
    >>> dx, dw, db = pointwise_conv2d_backward(np.ones((1, 1, 1, 2)), cache)
    >>> dw, db
    (array([[3., 7.]]), array([2.]))
    """
    x, w = cache
    same_shape("dout", dout, "out", (len(x), len(w), *x.shape[2:]))
    upstream = dout.reshape(*dout.shape[:2], -1)
    dw = (upstream @ x.reshape(*x.shape[:2], -1).swapaxes(1, 2)).sum(axis=0)
    return (w.T @ upstream).reshape(x.shape), dw, dout.sum(axis=(0, 2, 3))


def separable_filter(kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Write a filter as a column times a row, so that two passes of a line replace one of the whole.

    A k x k filter costs k * k products for a pixel; a column and then a row cost 2 k. It works for filters of
    rank 1 only, which the singular value decomposition tells.

    Parameters
    ----------
    kernel : numpy.ndarray, shape (HH, WW)
        The filter.

    Returns
    -------
    column : numpy.ndarray, shape (HH, 1)
    row : numpy.ndarray, shape (1, WW)
        With ``column @ row`` equal to `kernel`, of one length, and the largest entry of the column positive:
        any other pair is ``column * a`` and ``row / a``.

    Raises
    ------
    TypeError, ValueError
        When `kernel` is not a float array of two axes, or its rank is larger than 1.

    Examples
    --------
    >>> column, row = separable_filter(np.array([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]))
    >>> column.ravel() / column[0, 0], row.ravel() / row[0, 0] + 0
    (array([1., 2., 1.]), array([ 1.,  0., -1.]))
    >>> separable_filter(np.array([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]]))
    Traceback (most recent call last):
        ...
    ValueError: kernel must have rank 1 to be a column times a row, got rank 2: its singular values are 4.45, 0.449,
    0; a sum of 2 such pairs is needed
    """
    match_shapes(kernel=(kernel, "HH WW"))
    left, values, right = np.linalg.svd(kernel, full_matrices=False)
    # What rounding leaves of a singular value that is zero.
    noise = values[0] * max(kernel.shape) * np.finfo(kernel.dtype).eps
    rank = int((values > noise).sum())
    if rank > 1:
        listed = ", ".join(f"{value:.3g}" for value in np.where(values > noise, values, 0))
        raise ValueError(
            f"kernel must have rank 1 to be a column times a row, got rank {rank}: its singular values are"
            f" {listed}; a sum of {rank} such pairs is needed"
        )
    scale = np.sqrt(values[0])
    sign = np.sign(left[np.abs(left[:, 0]).argmax(), 0])
    return sign * scale * left[:, :1], sign * scale * right[:1]


def depthwise_conv2d_twin(x: Any, w: Any, b: Any, **options: Any) -> Any:
    """Compute the same in PyTorch, where it is a convolution with groups."""
    return conv2d_twin(x, w.flatten(0, 1)[:, None], b, groups=x.shape[1], **options)


def pointwise_conv2d_twin(x: Any, w: Any, b: Any) -> Any:
    """Compute the same in PyTorch."""
    import torch.nn.functional as F

    return F.conv2d(x, w[:, :, None, None], b)


def _depthwise_sample(pick: Pick, rng: np.random.Generator) -> Sample:
    kernel, dilation = (pick(1, 3), pick(1, 3)), (pick(1, 2), pick(1, 2))
    channels, multiplier = pick(1, 3), pick(1, 2)
    size = [max(dilation[a] * (kernel[a] - 1) + 1, 3) + pick(0, 2) for a in (0, 1)]
    shapes = {
        "x": (pick(1, 2), channels, *size),
        "w": (channels, multiplier, *kernel),
        "b": (channels * multiplier,),
    }
    options = {
        "stride": (pick(1, 3), pick(1, 3)),
        "pad": ((pick(0, 2), pick(0, 2)), (pick(0, 2), pick(0, 2))),
        "dilation": dilation,
        "fit": ("floor", "ceil")[pick(0, 1)],
        "padding_mode": ("zero", "reflect", "edge")[pick(0, 2)],
    }
    return Sample({name: rng.normal(size=shape) for name, shape in shapes.items()}, options)


def _pointwise_sample(pick: Pick, rng: np.random.Generator) -> Sample:
    channels, filters = pick(1, 4), pick(1, 4)
    shapes = {"x": (pick(1, 3), channels, pick(1, 4), pick(1, 4)), "w": (filters, channels), "b": (filters,)}
    return Sample({name: rng.normal(size=shape) for name, shape in shapes.items()})


register(
    Layer(
        name="depthwise_conv2d",
        forward=depthwise_conv2d_forward,
        backward=depthwise_conv2d_backward,
        twin=depthwise_conv2d_twin,
        wrt=("x", "w", "b"),
        sample=_depthwise_sample,
        source="Sifre (2014); Howard et al. (2017)",
    )
)
register(
    Layer(
        name="pointwise_conv2d",
        forward=pointwise_conv2d_forward,
        backward=pointwise_conv2d_backward,
        twin=pointwise_conv2d_twin,
        wrt=("x", "w", "b"),
        sample=_pointwise_sample,
        source="Lin, Chen & Yan (2014)",
    )
)
