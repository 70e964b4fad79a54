"""Convolution in two dimensions (as in all of deep learning: cross-correlation, the kernel is not flipped)."""

from __future__ import annotations

from typing import Any

import numpy as np

from cs_cnn.layers.arguments import match_shapes, pair
from cs_cnn.layers.registry import Layer, Pick, Sample, register
from cs_cnn.layers.windows import Pair, add_windows, crop_images, output_size, pad_images, view_windows

__all__ = ["conv2d_backward", "conv2d_forward", "conv2d_plain"]

Cache = tuple[np.ndarray, np.ndarray, tuple[int, ...], Pair, Pair, Pair, int]
Setting = int | Pair


def _settings(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    stride: Setting,
    pad: Setting,
    dilation: Setting,
    groups: int,
    fit: str,
) -> tuple[Pair, Pair, Pair, Pair]:
    """Check the arguments of a convolution; return stride, pad, dilation and the output's (height, width)."""
    sizes = match_shapes(x=(x, "N C H W"), w=(w, "F C/groups HH WW"), b=(b, "F"))
    if not isinstance(groups, (int, np.integer)) or groups < 1 or sizes["C"] % groups or sizes["F"] % groups:
        raise ValueError(f"groups must divide C = {sizes['C']} and F = {sizes['F']}, got {groups!r}")
    if sizes["C/groups"] * groups != sizes["C"]:
        raise ValueError(
            f"w must have {sizes['C'] // groups} channels (C / groups = {sizes['C']} / {groups}),"
            f" got {sizes['C/groups']}"
        )
    s = pair("stride", stride, at_least=1)
    p = pair("pad", pad, at_least=0)
    d = pair("dilation", dilation, at_least=1)
    h_out = output_size(sizes["H"], sizes["HH"], stride=s[0], pad=p[0], dilation=d[0], fit=fit)
    w_out = output_size(sizes["W"], sizes["WW"], stride=s[1], pad=p[1], dilation=d[1], fit=fit)
    return s, p, d, (h_out, w_out)


def conv2d_plain(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    *,
    stride: Setting = 1,
    pad: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
    fit: str = "floor",
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
    s, p, d, (h_out, w_out) = _settings(x, w, b, stride, pad, dilation, groups, fit)
    padded = pad_images(x, p)
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
    pad: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
    fit: str = "floor",
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
    stride, pad, dilation : int or (int, int)
        Step of the window, zeros added at each border, and distance between the entries of a filter, in
        pixels; one number, or (height, width).
    groups : int
        The channels are cut into this many groups, and each filter sees one. ``groups=C`` is depthwise.
    fit : {"floor", "strict"}
        When the last step does not reach the border: leave the rest of the image out, or raise.

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
    LeCun et al. (1989, 1998). All windows are gathered as the columns of a matrix, so that one matrix product
    does the work ("im2col", Chellapilla et al. 2006); `conv2d_plain` is the same in loops.

    Examples
    --------
    >>> x, w = np.zeros((1, 3, 32, 32)), np.zeros((6, 3, 5, 5))
    >>> conv2d_forward(x, w, np.zeros(6))[0].shape, conv2d_forward(x, w, np.zeros(6), pad=2)[0].shape
    ((1, 6, 28, 28), (1, 6, 32, 32))
    """
    s, p, d, size = _settings(x, w, b, stride, pad, dilation, groups, fit)
    n, f, kernel = len(x), len(w), (w.shape[2], w.shape[3])
    padded = pad_images(x, p)
    # (N, C, H_out, W_out, HH, WW) -> per group one column of C/groups * HH * WW pixels for every position
    columns = (
        view_windows(padded, kernel, s, d)
        .transpose(0, 1, 4, 5, 2, 3)
        .reshape(n, groups, -1, size[0] * size[1])
    )
    out = (w.reshape(groups, f // groups, -1) @ columns).reshape(n, f, *size)
    out += b[:, np.newaxis, np.newaxis]
    return out, (columns, w, padded.shape, s, p, d, groups)


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
    columns, w, padded_shape, stride, pad, dilation, groups = cache
    match_shapes(w=(w, "F C/groups HH WW"), dout=(dout, "N F H_out W_out"))
    n, f, h_out, w_out = dout.shape
    per_group = dout.reshape(n, groups, f // groups, h_out * w_out)
    db = dout.sum(axis=(0, 2, 3))
    dw = (per_group @ columns.swapaxes(-1, -2)).sum(axis=0).reshape(w.shape)
    dcolumns = w.reshape(groups, f // groups, -1).swapaxes(-1, -2) @ per_group
    windows = dcolumns.reshape(n, padded_shape[1], *w.shape[2:], h_out, w_out).transpose(0, 1, 4, 5, 2, 3)
    dx = crop_images(add_windows(windows, padded_shape, stride, dilation), pad)
    return dx, dw, db


def conv2d_twin(
    x: Any,
    w: Any,
    b: Any,
    *,
    stride: Setting = 1,
    pad: Setting = 0,
    dilation: Setting = 1,
    groups: int = 1,
    fit: str = "floor",
) -> Any:
    """Compute the same in PyTorch, which always leaves the rest out (``fit="floor"``)."""
    import torch.nn.functional as F

    return F.conv2d(x, w, b, stride=stride, padding=pad, dilation=dilation, groups=groups)


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    groups = pick(1, 3)
    channels, filters = groups * pick(1, 2), groups * pick(1, 2)
    kernel, stride, pad, dilation = (
        (pick(1, 3), pick(1, 3)),
        (pick(1, 3), pick(1, 3)),
        (pick(0, 2), pick(0, 2)),
        (pick(1, 2), pick(1, 2)),
    )
    # The image is at least as large as what the window spans, so that every choice is a valid one.
    size = [dilation[a] * (kernel[a] - 1) + 1 + pick(0, 4) for a in (0, 1)]
    shapes = {
        "x": (pick(1, 3), channels, *size),
        "w": (filters, channels // groups, *kernel),
        "b": (filters,),
    }
    arrays = {name: rng.normal(size=shape) for name, shape in shapes.items()}
    return Sample(arrays, {"stride": stride, "pad": pad, "dilation": dilation, "groups": groups})


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
