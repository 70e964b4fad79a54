"""Convolution in two dimensions (as in all of deep learning: cross-correlation, the kernel is not flipped)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from cs_cnn.layers.arguments import pair, same_shape
from cs_cnn.layers.convolution import kernels
from cs_cnn.layers.convolution.kernels.geometry import Geometry, Setting, geometry_of
from cs_cnn.layers.padding import Borders, Mode, borders, pad2d_backward, pad2d_forward, pad2d_twin
from cs_cnn.layers.registry import Layer, Pick, Sample, register
from cs_cnn.layers.windows import place_windows

__all__ = ["conv2d_backward", "conv2d_forward", "conv2d_plain"]

NO_BORDER: Borders = ((0, 0), (0, 0))


class Cache(NamedTuple):
    """What the backward pass needs: the images, the filters, where the windows lie, and what the border shows."""

    x: np.ndarray
    w: np.ndarray
    geometry: Geometry
    mode: Mode


def conv2d_plain(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    *,
    stride: Setting = 1,
    pad: Setting | Borders = 0,
    dilation: Setting = 1,
    groups: int = 1,
    fit: str = "floor",
    padding_mode: Mode = "zero",
) -> np.ndarray:
    """Convolve by the formula, one output value at a time; for reading, not for speed.

    Parameters and result are those of `conv2d_forward`, without the cache.

    Examples
    --------
    >>> image = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> conv2d_plain(image, np.ones((1, 1, 2, 2)), np.zeros(1))[0, 0]
    array([[ 8., 12.],
           [20., 24.]])
    """
    geometry = geometry_of(x, w, b, stride, pad, dilation, groups, fit)
    padded, _ = pad2d_forward(x, pad=geometry.ends, mode=padding_mode)
    s, d, (h_out, w_out) = geometry.stride, geometry.dilation, geometry.positions
    n_images, n_filters = len(x), len(w)
    channels, hh, ww = w.shape[1:]
    out = np.zeros((n_images, n_filters, h_out, w_out), np.result_type(x, w, b))
    for n in range(n_images):
        for f in range(n_filters):
            first = f // (n_filters // groups) * channels  # the first channel this filter sees
            for i in range(h_out):
                for j in range(w_out):
                    total = b[f]
                    for c in range(channels):
                        for k in range(hh):
                            for m in range(ww):
                                pixel = padded[n, first + c, i * s[0] + k * d[0], j * s[1] + m * d[1]]
                                total = total + pixel * w[f, c, k, m]
                    out[n, f, i, j] = total
    return out


def conv2d_forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    *,
    stride: Setting = 1,
    pad: Setting | Borders = 0,
    dilation: Setting = 1,
    groups: int = 1,
    fit: str = "floor",
    padding_mode: Mode = "zero",
) -> tuple[np.ndarray, Cache]:
    """Slide F filters over N images; each output is the product of a filter with the window under it.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images.
    w : numpy.ndarray, shape (F, C / groups, HH, WW)
        Filters.
    b : numpy.ndarray, shape (F,)
        Biases.
    stride, dilation : int or (int, int)
        Step of the window and distance between the entries of a filter, in pixels; one number, or
        (height, width).
    pad : int, (int, int) or ((int, int), (int, int))
        Border around the image: on every side, by (height, width), or ((top, bottom), (left, right)).
    groups : int
        The channels are cut into this many groups, and each filter sees one. ``groups=C`` is depthwise.
    fit : {"floor", "strict", "ceil"}
        When the last step does not reach the border: leave the rest of the image out, raise, or extend the
        border at the bottom and the right.
    padding_mode : {"zero", "reflect", "edge"}
        What the border shows, see `pad2d_forward`.

    Returns
    -------
    out : numpy.ndarray, shape (N, F, H_out, W_out)
        Where ``H_out = (H + 2 * pad - dilation * (HH - 1) - 1) // stride + 1``.
    cache : tuple
        What `conv2d_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, the shapes do not fit each other, or the window is too large.

    Notes
    -----
    LeCun et al. (1989, 1998). In general all windows are gathered as the columns of a matrix, a block at a time, so
    that one matrix product does the work ("im2col", Chellapilla et al. 2006); some shapes have a faster way. In
    float32 that may be Winograd's, whose largest error is about 1e-4 of a typical output. `conv2d_plain` is the
    same in loops.

    Examples
    --------
    >>> x, w = np.zeros((1, 3, 32, 32)), np.zeros((6, 3, 5, 5))
    >>> conv2d_forward(x, w, np.zeros(6))[0].shape, conv2d_forward(x, w, np.zeros(6), pad=2)[0].shape
    ((1, 6, 28, 28), (1, 6, 32, 32))
    """
    geometry = geometry_of(x, w, b, stride, pad, dilation, groups, fit)
    # A border of zeros the kernels add by themselves.
    if padding_mode == "zero":  # only saves time
        return kernels.forward(x, w, b, geometry), Cache(x, w, geometry, padding_mode)  # only saves time
    padded, _ = pad2d_forward(x, pad=geometry.ends, mode=padding_mode)
    out = kernels.forward(padded, w, b, replace(geometry, ends=NO_BORDER))
    return out, Cache(x, w, geometry, padding_mode)


def conv2d_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back through a convolution.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, F, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `conv2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
        A pixel belongs to several windows: their contributions add up.
    dw : numpy.ndarray, shape (F, C / groups, HH, WW)
    db : numpy.ndarray, shape (F,)

    Examples
    --------
    >>> _, cache = conv2d_forward(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2)), np.zeros(1))
    >>> dx, dw, db = conv2d_backward(np.ones((1, 1, 2, 2)), cache)
    >>> dx[0, 0]
    array([[1., 2., 1.],
           [2., 4., 2.],
           [1., 2., 1.]])
    """
    x, w, geometry, mode = cache
    same_shape("dout", dout, "out", (len(x), len(w), *geometry.positions))
    db = dout.sum(axis=(0, 2, 3))
    if mode == "zero":  # only saves time
        return *kernels.backward(dout, x, w, geometry), db  # only saves time
    padded, padding = pad2d_forward(x, pad=geometry.ends, mode=mode)
    dpadded, dw = kernels.backward(dout, padded, w, replace(geometry, ends=NO_BORDER))
    return pad2d_backward(dpadded, padding), dw, db


def conv2d_twin(
    x: Any,
    w: Any,
    b: Any,
    *,
    stride: Setting = 1,
    pad: Setting | Borders = 0,
    dilation: Setting = 1,
    groups: int = 1,
    fit: str = "floor",
    padding_mode: Mode = "zero",
) -> Any:
    """Compute the same in PyTorch; a border that is not zero, or not the same on both sides, comes first."""
    import torch.nn.functional as F

    image, kernel = (x.shape[2], x.shape[3]), (w.shape[2], w.shape[3])
    s, d = pair("stride", stride, at_least=1), pair("dilation", dilation, at_least=1)
    _, ends = place_windows(image, kernel, s, borders(pad), d, fit)
    x = pad2d_twin(x, pad=ends, mode=padding_mode)
    return F.conv2d(x, w, b, stride=stride, dilation=dilation, groups=groups)


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    groups = pick(1, 3)
    channels, filters = groups * pick(1, 2), groups * pick(1, 2)
    kernel, stride, dilation = (
        (pick(1, 3), pick(1, 3)),
        (pick(1, 3), pick(1, 3)),
        (pick(1, 2), pick(1, 2)),
    )
    ends = ((pick(0, 2), pick(0, 2)), (pick(0, 2), pick(0, 2)))
    # The image is at least as large as what the window spans, so that every choice is a valid one, and larger
    # than its border, so that the border can be a mirror.
    size = [max(dilation[a] * (kernel[a] - 1) + 1, 4) + pick(0, 3) for a in (0, 1)]
    shapes = {
        "x": (pick(1, 3), channels, *size),
        "w": (filters, channels // groups, *kernel),
        "b": (filters,),
    }
    options = {
        "stride": stride,
        "pad": ends,
        "dilation": dilation,
        "groups": groups,
        "fit": ("floor", "ceil")[pick(0, 1)],
        "padding_mode": ("zero", "reflect", "edge")[pick(0, 2)],
    }
    return Sample({name: rng.normal(size=shape) for name, shape in shapes.items()}, options)


register(
    Layer(
        name="conv2d",
        forward=conv2d_forward,
        backward=conv2d_backward,
        twin=conv2d_twin,
        wrt=("x", "w", "b"),
        sample=_sample,
        source="LeCun et al. (1998)",
        plain=conv2d_plain,
    )
)
