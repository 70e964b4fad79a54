"""Max pooling: the largest number of every window."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cs_cnn.layers.arguments import match_shapes, pair, same_shape
from cs_cnn.layers.padding import Borders, borders
from cs_cnn.layers.registry import Layer, Pick, Sample, register
from cs_cnn.layers.windows import Pair, place_windows, view_windows

__all__ = ["max_pool2d_backward", "max_pool2d_forward", "max_pool2d_plain"]

Setting = int | Pair


class Cache(NamedTuple):
    """What the backward pass needs: which entry of each window won, and where the windows lie."""

    winner: np.ndarray
    size: Pair
    stride: Pair
    ends: Borders
    image: Pair


def pool_geometry(
    x: np.ndarray, size: Setting, stride: Setting | None, pad: Setting | Borders, fit: str
) -> tuple[Pair, Pair, Borders, Pair]:
    """Check the arguments of a pooling layer; return size, stride, padding and (H_out, W_out)."""
    sizes = match_shapes(x=(x, "N C H W"))
    k = pair("size", size, at_least=1)
    s = k if stride is None else pair("stride", stride, at_least=1)
    ends = borders(pad)
    if any(2 * max(end) > window for end, window in zip(ends, k, strict=True)):
        raise ValueError(f"pad must be at most half of size {k}, got {ends}: a window could see only padding")
    positions, ends = place_windows((sizes["H"], sizes["W"]), k, s, ends, (1, 1), fit)
    return k, s, ends, positions


def pad_with(x: np.ndarray, ends: Borders, value: float) -> np.ndarray:
    """Add a border of one value; returns `x` itself when there is none to add."""
    if ends == ((0, 0), (0, 0)):
        return x
    return np.pad(x, ((0, 0), (0, 0), *ends), constant_values=value)


def crop(x: np.ndarray, ends: Borders, image: Pair) -> np.ndarray:
    """Take a border off again."""
    return x[:, :, ends[0][0] : ends[0][0] + image[0], ends[1][0] : ends[1][0] + image[1]]


def max_pool2d_plain(
    x: np.ndarray,
    *,
    size: Setting = 2,
    stride: Setting | None = None,
    pad: Setting | Borders = 0,
    fit: str = "floor",
) -> np.ndarray:
    """Take maxima by the formula, one output value at a time; for reading, not for speed.

    Parameters and result are those of `max_pool2d_forward`, without the cache.

    Examples
    --------
    >>> max_pool2d_plain(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """
    k, s, ends, (h_out, w_out) = pool_geometry(x, size, stride, pad, fit)
    padded = pad_with(x, ends, -np.inf)
    out = np.empty((*x.shape[:2], h_out, w_out), x.dtype)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(h_out):
                for j in range(w_out):
                    top, left = i * s[0], j * s[1]
                    out[n, c, i, j] = padded[n, c, top : top + k[0], left : left + k[1]].max()
    return out


def max_pool2d_forward(
    x: np.ndarray,
    *,
    size: Setting = 2,
    stride: Setting | None = None,
    pad: Setting | Borders = 0,
    fit: str = "floor",
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
    pad : int, (int, int) or ((int, int), (int, int))
        Border around the image, at most half of `size`; it never wins, since it is minus infinity.
    fit : {"floor", "strict", "ceil"}
        When the last step does not reach the border: leave the rest of the image out, raise, or let a last
        window reach over it (GoogLeNet's pools need that).

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
    k, s, ends, _ = pool_geometry(x, size, stride, pad, fit)
    seen = view_windows(pad_with(x, ends, -np.inf), k, s)
    out = seen[..., 0, 0].copy()
    winner = np.zeros(out.shape, np.uint8 if k[0] * k[1] < 256 else np.intp)
    # All windows at once, one of their entries after the other: that reads the image in long rows.
    for entry, (i, j) in enumerate(np.ndindex(*k)):
        better = seen[..., i, j] > out
        np.maximum(winner, better.astype(winner.dtype) * winner.dtype.type(entry), out=winner)
        np.maximum(out, seen[..., i, j], out=out)
    return out, Cache(winner, k, s, ends, (x.shape[2], x.shape[3]))


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
    winner, size, stride, ends, image = cache
    same_shape("dout", dout, "out", winner.shape)
    (h_out, w_out), (sh, sw) = dout.shape[2:], stride
    padded = np.zeros((*dout.shape[:2], sum(ends[0]) + image[0], sum(ends[1]) + image[1]), dout.dtype)
    for entry, (i, j) in enumerate(np.ndindex(*size)):
        rows, columns = slice(i, i + sh * (h_out - 1) + 1, sh), slice(j, j + sw * (w_out - 1) + 1, sw)
        padded[:, :, rows, columns] += dout * (winner == entry)
    return crop(padded, ends, image)


def max_pool2d_twin(
    x: Any,
    *,
    size: Setting = 2,
    stride: Setting | None = None,
    pad: Setting | Borders = 0,
    fit: str = "floor",
) -> Any:
    """Compute the same in PyTorch."""
    import torch.nn.functional as F

    image = (x.shape[2], x.shape[3])
    k = pair("size", size, at_least=1)
    s = k if stride is None else pair("stride", stride, at_least=1)
    _, ((top, bottom), (left, right)) = place_windows(image, k, s, borders(pad), (1, 1), fit)
    return F.max_pool2d(F.pad(x, (left, right, top, bottom), value=-float("inf")), k, stride=s)


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    size, stride = (pick(1, 3), pick(1, 3)), (pick(1, 3), pick(1, 3))
    pad = tuple((pick(0, k // 2), pick(0, k // 2)) for k in size)
    shape = (pick(1, 3), pick(1, 3), size[0] + pick(0, 4), size[1] + pick(0, 4))
    # Distinct and well apart: at a tie the maximum has no gradient, and a small step must not change the winner.
    x = rng.permutation(np.prod(shape)).reshape(shape) / 7.0
    return Sample(
        {"x": x - x.mean()},
        {"size": size, "stride": stride, "pad": pad, "fit": ("floor", "ceil")[pick(0, 1)]},
    )


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
