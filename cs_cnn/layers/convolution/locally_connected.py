"""Locally connected layer: windows as in a convolution, but every position has filters of its own."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cs_cnn.layers.arguments import match_shapes, pair, same_shape
from cs_cnn.layers.padding import Borders, borders, pad2d_backward, pad2d_forward, pad2d_twin
from cs_cnn.layers.registry import Layer, Pick, Sample, register
from cs_cnn.layers.windows import Pair, add_windows, place_windows, view_windows

__all__ = ["locally_connected2d_backward", "locally_connected2d_forward", "locally_connected2d_plain"]

Setting = int | Pair


class Cache(NamedTuple):
    """What the backward pass needs: the padded images, the filters, and where the windows lie."""

    padded: np.ndarray
    w: np.ndarray
    stride: Pair
    dilation: Pair
    padding: tuple[Any, ...]


def _geometry(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: Setting, pad: Setting | Borders, dilation: Setting
) -> tuple[Pair, Pair, Borders]:
    """Check the arguments; return stride, dilation and padding."""
    sizes = match_shapes(x=(x, "N C H W"), w=(w, "H_out W_out F C HH WW"), b=(b, "F H_out W_out"))
    s, d = pair("stride", stride, at_least=1), pair("dilation", dilation, at_least=1)
    ends = borders(pad)
    positions, _ = place_windows((sizes["H"], sizes["W"]), (sizes["HH"], sizes["WW"]), s, ends, d, "floor")
    if w.shape[:2] != positions:
        raise ValueError(
            f"w must have filters for {positions[0]} by {positions[1]} positions of the window, got"
            f" {sizes['H_out']} by {sizes['W_out']}"
        )
    return s, d, ends


def locally_connected2d_plain(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    *,
    stride: Setting = 1,
    pad: Setting | Borders = 0,
    dilation: Setting = 1,
) -> np.ndarray:
    """Apply each position's own filters by the formula; for reading, not for speed.

    Parameters and result are those of `locally_connected2d_forward`, without the cache.

    Examples
    --------
    >>> w = np.arange(3.0).reshape(1, 3, 1, 1, 1, 1)
    >>> locally_connected2d_plain(np.ones((1, 1, 1, 3)), w, np.zeros((1, 1, 3)))[0, 0]
    array([[0., 1., 2.]])
    """
    s, d, ends = _geometry(x, w, b, stride, pad, dilation)
    padded, _ = pad2d_forward(x, pad=ends)
    h_out, w_out, filters, channels, hh, ww = w.shape
    out = np.zeros((len(x), filters, h_out, w_out), np.result_type(x, w, b))
    for n, f, i, j in np.ndindex(*out.shape):
        total = b[f, i, j]
        for c, k, m in np.ndindex(channels, hh, ww):
            total = total + padded[n, c, i * s[0] + k * d[0], j * s[1] + m * d[1]] * w[i, j, f, c, k, m]
        out[n, f, i, j] = total
    return out


def locally_connected2d_forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    *,
    stride: Setting = 1,
    pad: Setting | Borders = 0,
    dilation: Setting = 1,
) -> tuple[np.ndarray, Cache]:
    """Take the product of every window with filters that belong to its position alone.

    Between the affine layer, where every output sees every pixel, and the convolution, where all positions share
    one set of filters: outputs see a window, and share nothing. With the same filters at all positions it *is*
    the convolution.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images.
    w : numpy.ndarray, shape (H_out, W_out, F, C, HH, WW)
        Filters: F for every position of the window.
    b : numpy.ndarray, shape (F, H_out, W_out)
        Biases, of the shape of one output.
    stride, dilation : int or (int, int)
        Step of the window and distance between the entries of a filter, in pixels.
    pad : int, (int, int) or ((int, int), (int, int))
        Zeros around the image, as in `conv2d_forward`.

    Returns
    -------
    out : numpy.ndarray, shape (N, F, H_out, W_out)
    cache : tuple
        What `locally_connected2d_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, or the shapes do not fit each other and the settings.

    Notes
    -----
    LeCun, *Generalization and network design strategies* (1989); Taigman et al., *DeepFace* (2014).

    Examples
    --------
    >>> w = np.arange(3.0).reshape(1, 3, 1, 1, 1, 1)
    >>> locally_connected2d_forward(np.ones((1, 1, 1, 3)), w, np.zeros((1, 1, 3)))[0][0, 0]
    array([[0., 1., 2.]])
    """
    s, d, ends = _geometry(x, w, b, stride, pad, dilation)
    padded, padding = pad2d_forward(x, pad=ends)
    cache = Cache(padded, w, s, d, padding)
    h_out, w_out, filters = w.shape[:3]
    # One small matrix product for every position: (N, D) by (D, F), with D = C * HH * WW.
    out = _rows(cache) @ w.reshape(h_out, w_out, filters, -1).swapaxes(-1, -2)
    return out.transpose(2, 3, 0, 1) + b, cache


def _rows(cache: Cache) -> np.ndarray:
    """Gather the windows by position, one example a row: (H_out, W_out, N, C * HH * WW)."""
    h_out, w_out, *_, hh, ww = cache.w.shape
    windows = view_windows(cache.padded, (hh, ww), cache.stride, cache.dilation)
    return windows.transpose(2, 3, 0, 1, 4, 5).reshape(h_out, w_out, len(cache.padded), -1)


def locally_connected2d_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back through a locally connected layer.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, F, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `locally_connected2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
    dw : numpy.ndarray, shape (H_out, W_out, F, C, HH, WW)
        Summed over the examples only: the positions share nothing.
    db : numpy.ndarray, shape (F, H_out, W_out)

    Examples
    --------
    >>> _, cache = locally_connected2d_forward(
    ...     np.ones((5, 1, 1, 2)), np.ones((1, 2, 1, 1, 1, 1)), np.zeros((1, 1, 2))
    ... )
    >>> dx, dw, db = locally_connected2d_backward(np.ones((5, 1, 1, 2)), cache)
    >>> dw[..., 0], db
    (array([[[[[5.]]], [[[5.]]]]]), array([[[5., 5.]]]))
    """
    padded, w, s, d, padding = cache
    h_out, w_out, filters, channels, hh, ww = w.shape
    n = len(padded)
    same_shape("dout", dout, "out", (n, filters, h_out, w_out))
    by_position = dout.transpose(2, 3, 1, 0)  # (H_out, W_out, F, N)
    dw = (by_position @ _rows(cache)).reshape(w.shape)
    rows = by_position.swapaxes(-1, -2) @ w.reshape(h_out, w_out, filters, -1)
    windows = rows.reshape(h_out, w_out, n, channels, hh, ww).transpose(2, 3, 0, 1, 4, 5)
    dx = pad2d_backward(add_windows(windows, padded.shape, s, d), padding)
    return dx, dw, dout.sum(axis=0)


def locally_connected2d_twin(
    x: Any,
    w: Any,
    b: Any,
    *,
    stride: Setting = 1,
    pad: Setting | Borders = 0,
    dilation: Setting = 1,
) -> Any:
    """Compute the same in PyTorch, which has no such layer: unfold the windows, then one product for each."""
    import torch
    import torch.nn.functional as F

    h_out, w_out, filters, _, hh, ww = w.shape
    columns = F.unfold(pad2d_twin(x, pad=pad), (hh, ww), dilation=dilation, stride=stride)
    out = torch.einsum("ndp,pfd->nfp", columns, w.reshape(h_out * w_out, filters, -1))
    return out.reshape(-1, filters, h_out, w_out) + b


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    kernel, stride, dilation = (
        (pick(1, 2), pick(1, 3)),
        (pick(1, 3), pick(1, 2)),
        (pick(1, 2), pick(1, 2)),
    )
    pad = ((pick(0, 1), pick(0, 1)), (pick(0, 1), pick(0, 1)))
    image = (dilation[0] * (kernel[0] - 1) + pick(1, 2), dilation[1] * (kernel[1] - 1) + pick(1, 2))
    (h_out, w_out), _ = place_windows(image, kernel, stride, pad, dilation, "floor")
    n, channels, filters = pick(1, 2), pick(1, 2), pick(1, 2)
    shapes = {
        "x": (n, channels, *image),
        "w": (h_out, w_out, filters, channels, *kernel),
        "b": (filters, h_out, w_out),
    }
    options = {"stride": stride, "pad": pad, "dilation": dilation}
    return Sample({name: rng.normal(size=shape) for name, shape in shapes.items()}, options)


register(
    Layer(
        name="locally_connected2d",
        forward=locally_connected2d_forward,
        backward=locally_connected2d_backward,
        twin=locally_connected2d_twin,
        wrt=("x", "w", "b"),
        sample=_sample,
        source="LeCun (1989)",
        plain=locally_connected2d_plain,
    )
)
