"""Average pooling: the mean of every window, or of a whole image."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cs_cnn.layers.arguments import match_shapes, pair, same_shape
from cs_cnn.layers.padding import Borders, borders, pad2d_backward, pad2d_forward
from cs_cnn.layers.registry import Layer, Pick, Sample, register
from cs_cnn.layers.windows import Pair, add_windows, place_windows, view_windows

__all__ = [
    "avg_pool2d_backward",
    "avg_pool2d_forward",
    "avg_pool2d_plain",
    "global_avg_pool2d_backward",
    "global_avg_pool2d_forward",
]

Setting = int | Pair


class Geometry(NamedTuple):
    """Where the windows lie, along height and width."""

    size: Pair
    stride: Pair
    asked: Borders
    """The padding that the caller asked for."""
    ends: Borders
    """The padding that all windows need: larger where a last one reaches over the border."""
    positions: Pair


class Cache(NamedTuple):
    """What the backward pass needs: where the windows lie, and how many numbers each of them averages."""

    geometry: Geometry
    counts: np.ndarray
    padding: tuple[Any, ...]


def _geometry(
    x: np.ndarray, size: Setting, stride: Setting | None, pad: Setting | Borders, fit: str
) -> Geometry:
    """Check the arguments, and place the windows."""
    sizes = match_shapes(x=(x, "N C H W"))
    k = pair("size", size, at_least=1)
    s = k if stride is None else pair("stride", stride, at_least=1)
    asked = borders(pad)
    if any(2 * max(end) > window for end, window in zip(asked, k, strict=True)):
        raise ValueError(
            f"pad must be at most half of size {k}, got {asked}: a window could see only padding"
        )
    positions, ends = place_windows((sizes["H"], sizes["W"]), k, s, asked, (1, 1), fit)
    return Geometry(k, s, asked, ends, positions)


def _counts(image: Pair, geometry: Geometry, count_include_pad: bool) -> np.ndarray:
    """Count the numbers that each window averages: (H_out, W_out)."""
    per_axis = []
    for axis in (0, 1):
        before, after = geometry.asked[axis]
        starts = np.arange(geometry.positions[axis]) * geometry.stride[axis] - before
        # A window counts up to the border that was asked for; what reaches over that never counts.
        first, last = (-before, image[axis] + after) if count_include_pad else (0, image[axis])
        stops = np.minimum(starts + geometry.size[axis], last)
        per_axis.append(stops - np.maximum(starts, first))
    return np.outer(*per_axis)


def avg_pool2d_plain(
    x: np.ndarray,
    *,
    size: Setting = 2,
    stride: Setting | None = None,
    pad: Setting | Borders = 0,
    fit: str = "floor",
    count_include_pad: bool = True,
) -> np.ndarray:
    """Take means by the formula, one output value at a time; for reading, not for speed.

    Parameters and result are those of `avg_pool2d_forward`, without the cache.

    Examples
    --------
    >>> avg_pool2d_plain(np.arange(16.0).reshape(1, 1, 4, 4))[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """
    k, s, ((top, bottom), (left, right)), _, positions = _geometry(x, size, stride, pad, fit)
    height, width = x.shape[2:]
    out = np.empty((*x.shape[:2], *positions), x.dtype)
    for n, c, i, j in np.ndindex(*out.shape):
        total, count = 0.0, 0
        for row in range(i * s[0] - top, i * s[0] - top + k[0]):
            for column in range(j * s[1] - left, j * s[1] - left + k[1]):
                if 0 <= row < height and 0 <= column < width:
                    total, count = total + x[n, c, row, column], count + 1
                elif count_include_pad and row < height + bottom and column < width + right:
                    count += 1
        out[n, c, i, j] = total / count
    return out


def avg_pool2d_forward(
    x: np.ndarray,
    *,
    size: Setting = 2,
    stride: Setting | None = None,
    pad: Setting | Borders = 0,
    fit: str = "floor",
    count_include_pad: bool = True,
) -> tuple[np.ndarray, Cache]:
    """Take the mean of every window.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images.
    size : int or (int, int)
        Height and width of the window, in pixels.
    stride : int, (int, int) or None
        Step of the window; None means `size`, so that windows touch and do not overlap.
    pad : int, (int, int) or ((int, int), (int, int))
        Zeros around the image, at most half of `size`.
    fit : {"floor", "strict", "ceil"}
        When the last step does not reach the border: leave the rest of the image out, raise, or let a last
        window reach over it.
    count_include_pad : bool
        Whether the zeros of `pad` count as numbers (True, as in PyTorch) or a window at the border divides by
        the pixels it sees (False, as in ONNX when nothing is said). What a last window under ``fit="ceil"``
        sees beyond `pad` never counts.

    Returns
    -------
    out : numpy.ndarray, shape (N, C, H_out, W_out)
    cache : tuple
        What `avg_pool2d_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When `x` is not a float array of four axes, or a setting does not fit it.

    Notes
    -----
    LeCun et al. (1989).

    Examples
    --------
    >>> out, _ = avg_pool2d_forward(np.arange(16.0).reshape(1, 1, 4, 4))
    >>> out[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    >>> for include in (True, False):
    ...     print(avg_pool2d_forward(np.ones((1, 1, 1, 3)), size=(1, 3), stride=1, pad=(0, 1),
    ...                              count_include_pad=include)[0][0, 0, 0].round(2))
    [0.67 1.   0.67]
    [1. 1. 1.]
    """
    geometry = _geometry(x, size, stride, pad, fit)
    padded, padding = pad2d_forward(x, pad=geometry.ends)
    windows = view_windows(padded, geometry.size, geometry.stride)
    counts = _counts((x.shape[2], x.shape[3]), geometry, count_include_pad).astype(x.dtype)
    out = np.zeros(windows.shape[:4], x.dtype)
    # One addition of whole images per entry of the window is much faster than a sum over short last axes.
    for i, j in np.ndindex(*geometry.size):
        out += windows[..., i, j]
    out /= counts
    return out, Cache(geometry, counts, padding)


def avg_pool2d_backward(dout: np.ndarray, cache: Cache) -> np.ndarray:
    """Share the gradient of each window equally among the numbers it averaged.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, C, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `avg_pool2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
        A pixel of several windows receives the sum of its shares.

    Examples
    --------
    >>> _, cache = avg_pool2d_forward(np.zeros((1, 1, 2, 4)))
    >>> avg_pool2d_backward(np.array([[[[4.0, 8.0]]]]), cache)[0, 0]
    array([[1., 1., 2., 2.],
           [1., 1., 2., 2.]])
    """
    geometry, counts, padding = cache
    (n, channels, height, width), ((top, bottom), (left, right)) = padding[0], geometry.ends
    same_shape("dout", dout, "out", (n, channels, *geometry.positions))
    share = np.broadcast_to((dout / counts)[..., np.newaxis, np.newaxis], (*dout.shape, *geometry.size))
    padded = (n, channels, top + height + bottom, left + width + right)
    return pad2d_backward(add_windows(share, padded, geometry.stride), padding)


def global_avg_pool2d_forward(x: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
    """Take the mean of every channel over the whole image, of whatever size.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images.

    Returns
    -------
    out : numpy.ndarray, shape (N, C)
    cache : tuple of int
        What `global_avg_pool2d_backward` needs: the shape of `x`.

    Raises
    ------
    TypeError, ValueError
        When `x` is not a float array of four axes.

    Notes
    -----
    Lin, Chen & Yan, *Network in network* (2014).

    Examples
    --------
    >>> global_avg_pool2d_forward(np.arange(8.0).reshape(1, 2, 2, 2))[0]
    array([[1.5, 5.5]])
    """
    match_shapes(x=(x, "N C H W"))
    return x.mean(axis=(2, 3)), x.shape


def global_avg_pool2d_backward(dout: np.ndarray, cache: tuple[int, ...]) -> np.ndarray:
    """Share the gradient of each channel equally among its pixels.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, C)
        Gradient of the loss with respect to ``out``.
    cache : tuple of int
        From `global_avg_pool2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)

    Examples
    --------
    >>> global_avg_pool2d_backward(np.array([[4.0]]), (1, 1, 1, 2))
    array([[[[2., 2.]]]])
    """
    same_shape("dout", dout, "out", cache[:2])
    share = dout / (cache[2] * cache[3])
    return np.broadcast_to(share[..., np.newaxis, np.newaxis], cache).copy()


def avg_pool2d_twin(
    x: Any,
    *,
    size: Setting = 2,
    stride: Setting | None = None,
    pad: Setting | Borders = 0,
    fit: str = "floor",
    count_include_pad: bool = True,
) -> Any:
    """Compute the same in PyTorch; with unequal borders, sums of the windows over sums of the same windows of ones."""
    import torch
    import torch.nn.functional as F

    k = pair("size", size, at_least=1)
    s = k if stride is None else pair("stride", stride, at_least=1)
    asked = borders(pad)
    if all(before == after for before, after in asked):
        both = (asked[0][0], asked[1][0])
        return F.avg_pool2d(x, k, s, both, ceil_mode=fit == "ceil", count_include_pad=count_include_pad)

    def framed(image: Any, ends: Borders, value: float) -> Any:
        return F.pad(image, (*ends[1], *ends[0]), value=value)

    _, ends = place_windows((x.shape[2], x.shape[3]), k, s, asked, (1, 1), fit)
    beyond = tuple((0, end[1] - old[1]) for end, old in zip(ends, asked, strict=True))
    counted = framed(torch.ones_like(x), asked, float(count_include_pad))
    sums = F.avg_pool2d(framed(x, ends, 0), k, s, divisor_override=1)
    return sums / F.avg_pool2d(framed(counted, beyond, 0), k, s, divisor_override=1)  # type: ignore[arg-type]


def global_avg_pool2d_twin(x: Any) -> Any:
    """Compute the same in PyTorch."""
    import torch.nn.functional as F

    return F.adaptive_avg_pool2d(x, 1).flatten(1)


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    size, stride = (pick(1, 3), pick(1, 3)), (pick(1, 3), pick(1, 3))
    pad: Any = tuple((pick(0, k // 2), pick(0, k // 2)) for k in size)
    if pick(0, 1):
        pad = (pad[0][0], pad[1][0])  # the same on both sides
    x = rng.normal(size=(pick(1, 3), pick(1, 3), size[0] + pick(0, 4), size[1] + pick(0, 4)))
    options = {
        "size": size,
        "stride": stride,
        "pad": pad,
        "fit": ("floor", "ceil")[pick(0, 1)],
        "count_include_pad": bool(pick(0, 1)),
    }
    return Sample({"x": x}, options)


def _global_sample(pick: Pick, rng: np.random.Generator) -> Sample:
    return Sample({"x": rng.normal(size=(pick(1, 3), pick(1, 3), pick(1, 5), pick(1, 5)))})


register(
    Layer(
        name="avg_pool2d",
        forward=avg_pool2d_forward,
        backward=avg_pool2d_backward,
        twin=avg_pool2d_twin,
        wrt=("x",),
        sample=_sample,
        source="LeCun et al. (1989)",
        plain=avg_pool2d_plain,
    )
)
register(
    Layer(
        name="global_avg_pool2d",
        forward=global_avg_pool2d_forward,
        backward=global_avg_pool2d_backward,
        twin=global_avg_pool2d_twin,
        wrt=("x",),
        sample=_global_sample,
        source="Lin, Chen & Yan (2014)",
    )
)
