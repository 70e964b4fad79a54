"""Pooling: a window becomes one number, channel by channel."""

from __future__ import annotations

from typing import Any

import numpy as np

from cs_cnn.layers.arguments import match_shapes, pair
from cs_cnn.layers.registry import Layer, Pick, Sample, register
from cs_cnn.layers.windows import Pair, add_windows, crop_images, output_size, pad_images, view_windows

__all__ = ["max_pool2d_backward", "max_pool2d_forward", "max_pool2d_plain"]

Setting = int | Pair
Cache = tuple[np.ndarray, Pair, tuple[int, ...], Pair, Pair]


def _settings(
    x: np.ndarray, size: Setting, stride: Setting | None, pad: Setting, fit: str
) -> tuple[Pair, Pair, Pair, Pair]:
    """Check the arguments of a pooling layer; return size, stride, pad and the output's (height, width)."""
    sizes = match_shapes(x=(x, "N C H W"))
    k = pair("size", size, at_least=1)
    s = k if stride is None else pair("stride", stride, at_least=1)
    p = pair("pad", pad, at_least=0)
    if any(2 * border > window for border, window in zip(p, k, strict=True)):
        raise ValueError(f"pad must be at most half of size {k}, got {p}: a window could see only padding")
    h_out = output_size(sizes["H"], k[0], stride=s[0], pad=p[0], fit=fit)
    w_out = output_size(sizes["W"], k[1], stride=s[1], pad=p[1], fit=fit)
    return k, s, p, (h_out, w_out)


def max_pool2d_plain(
    x: np.ndarray, *, size: Setting = 2, stride: Setting | None = None, pad: Setting = 0, fit: str = "floor"
) -> np.ndarray:
    """Take maxima by the formula, one output value at a time; for reading, not for speed.

    Parameters and result are those of `max_pool2d_forward`, without the cache.

    Examples
    --------
    >>> max_pool2d_plain(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    k, s, p, (h_out, w_out) = _settings(x, size, stride, pad, fit)
    padded = pad_images(x, p, -np.inf)
    out = np.empty((*x.shape[:2], h_out, w_out), x.dtype)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(h_out):
                for j in range(w_out):
                    top, left = i * s[0], j * s[1]
                    out[n, c, i, j] = padded[n, c, top : top + k[0], left : left + k[1]].max()
    return out


def max_pool2d_forward(
    x: np.ndarray, *, size: Setting = 2, stride: Setting | None = None, pad: Setting = 0, fit: str = "floor"
) -> tuple[np.ndarray, Cache]:
    """Keep the largest number of every window.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images.
    size : int or (int, int)
        Height and width of the window, in pixels.
    stride : int, (int, int) or None
        Step of the window; None means `size`, so that windows touch and do not overlap.
    pad : int or (int, int)
        Border added around the image, at most half of `size`; it never wins, since it is minus infinity.
    fit : {"floor", "strict"}
        When the last step does not reach the border: leave the rest of the image out, or raise.

    Returns
    -------
    out : numpy.ndarray, shape (N, C, H_out, W_out)
    cache : tuple
        What `max_pool2d_backward` needs: above all which entry of each window won.

    Notes
    -----
    Weng, Ahuja & Huang (1992).

    Examples
    --------
    >>> out, _ = max_pool2d_forward(np.arange(16.0).reshape(1, 1, 4, 4))
    >>> out[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    k, s, p, (h_out, w_out) = _settings(x, size, stride, pad, fit)
    padded = pad_images(x, p, -np.inf)
    windows = view_windows(padded, k, s).reshape(*x.shape[:2], h_out, w_out, -1)
    winner = windows.argmax(axis=-1)[..., np.newaxis]
    out = np.take_along_axis(windows, winner, axis=-1)[..., 0]
    return out, (winner, k, padded.shape, s, p)


def max_pool2d_backward(dout: np.ndarray, cache: Cache) -> np.ndarray:
    """Send the gradient of each window to the entry that won it.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, C, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `max_pool2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
        A pixel that won several overlapping windows receives the sum. Of equal entries the first one wins.

    Examples
    --------
    >>> _, cache = max_pool2d_forward(np.arange(16.0).reshape(1, 1, 4, 4))
    >>> max_pool2d_backward(np.ones((1, 1, 2, 2)), cache)[0, 0]
    array([[0., 0., 0., 0.],
           [0., 1., 0., 1.],
           [0., 0., 0., 0.],
           [0., 1., 0., 1.]])
    """
    winner, size, padded_shape, stride, pad = cache
    if dout.shape != winner.shape[:-1]:
        raise ValueError(f"dout must have the shape of out, {winner.shape[:-1]}, got {dout.shape}")
    windows = np.zeros((*dout.shape, size[0] * size[1]), dout.dtype)
    np.put_along_axis(windows, winner, dout[..., np.newaxis], axis=-1)
    return crop_images(add_windows(windows.reshape(*dout.shape, *size), padded_shape, stride), pad)


def max_pool2d_twin(
    x: Any, *, size: Setting = 2, stride: Setting | None = None, pad: Setting = 0, fit: str = "floor"
) -> Any:
    """Compute the same in PyTorch, which always leaves the rest out (``fit="floor"``)."""
    import torch.nn.functional as F

    return F.max_pool2d(x, size, stride=stride, padding=pad)


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    size, stride = (pick(1, 3), pick(1, 3)), (pick(1, 3), pick(1, 3))
    pad = (pick(0, size[0] // 2), pick(0, size[1] // 2))
    shape = (pick(1, 3), pick(1, 3), size[0] + pick(0, 4), size[1] + pick(0, 4))
    # Distinct and well apart: at a tie the maximum has no gradient, and a small step must not change the winner.
    x = rng.permutation(np.prod(shape)).reshape(shape) / 7.0
    return Sample({"x": x - x.mean()}, {"size": size, "stride": stride, "pad": pad})


register(
    Layer(
        name="max_pool2d",
        forward=max_pool2d_forward,
        backward=max_pool2d_backward,
        twin=max_pool2d_twin,
        wrt=("x",),
        sample=_sample,
        source="Weng, Ahuja & Huang (1992)",
        plain=max_pool2d_plain,
    )
)
