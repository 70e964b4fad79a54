"""Max unpooling: put every maximum back where it came from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cs_cnn.layers.arguments import match_shapes, pair, same_shape
from cs_cnn.layers.pooling import maximum
from cs_cnn.layers.registry import Layer, Pick, Sample, register
from cs_cnn.layers.windows import Pair

__all__ = ["max_pool2d_switches", "max_unpool2d_backward", "max_unpool2d_forward"]


class Cache(NamedTuple):
    """What the backward pass needs: where each number went, and which of several went there last."""

    switches: np.ndarray
    kept: np.ndarray
    image: Pair


def max_pool2d_switches(cache: maximum.Cache) -> np.ndarray:
    """Read from the cache of `max_pool2d_forward` which pixel won each window.

    Parameters
    ----------
    cache : tuple
        From `max_pool2d_forward`.

    Returns
    -------
    numpy.ndarray of int64, shape (N, C, H_out, W_out)
        Number of the winning pixel in its image, counted row by row: ``row * W + column``.

    Examples
    --------
    >>> _, cache = maximum.max_pool2d_forward(np.array([[[[1.0, 2.0, 8.0], [4.0, 3.0, 5.0]]]]), size=2, stride=1)
    >>> max_pool2d_switches(cache)
    array([[[[3, 2]]]])
    """
    in_window = cache.winner.reshape(cache.winner.shape[:4])
    rows, columns = in_window // cache.size[1], in_window % cache.size[1]
    h_out, w_out = cache.winner.shape[2:4]
    rows = rows + np.arange(h_out)[:, np.newaxis] * cache.stride[0] - cache.ends[0][0]
    columns = columns + np.arange(w_out) * cache.stride[1] - cache.ends[1][0]
    return np.asarray(rows * cache.image[1] + columns, np.int64)


def max_unpool2d_forward(
    x: np.ndarray, switches: np.ndarray, *, image: int | Pair
) -> tuple[np.ndarray, Cache]:
    """Put every number at the pixel that its switch names, and zeros everywhere else.

    With the switches of a max pooling this undoes it as far as that can be done: each maximum returns to its
    place, and what lost is gone.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Numbers to put back, such as the output of `max_pool2d_forward`.
    switches : numpy.ndarray of int, shape (N, C, H, W)
        For each the number of its pixel, ``row * W_out + column``; see `max_pool2d_switches`. Where several
        name the same pixel (windows that overlapped), the last one stays.
    image : int or (int, int)
        Height and width of the output, in pixels.

    Returns
    -------
    out : numpy.ndarray, shape (N, C, H_out, W_out)
    cache : tuple
        What `max_unpool2d_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not of that type and shape, or a switch names no pixel of the output.

    Notes
    -----
    Zeiler & Fergus, *Visualizing and understanding convolutional networks* (2014).

    Examples
    --------
    >>> out, cache = maximum.max_pool2d_forward(np.array([[[[1.0, 2.0], [4.0, 3.0]]]]))
    >>> max_unpool2d_forward(out, max_pool2d_switches(cache), image=(2, 2))[0][0, 0]
    array([[0., 0.],
           [4., 0.]])
    """
    match_shapes(x=(x, "N C H W"))
    if not isinstance(switches, np.ndarray) or not np.issubdtype(switches.dtype, np.integer):
        kind = getattr(switches, "dtype", type(switches).__name__)
        raise TypeError(f"switches must be a NumPy array of whole numbers, got {kind}")
    same_shape("switches", switches, "x", x.shape)
    height, width = pair("image", image, at_least=1)
    if switches.size and not (switches.min() >= 0 and switches.max() < height * width):
        raise ValueError(
            f"switches must name pixels from 0 to {height * width - 1} of an image of {height} by {width}, got"
            f" {switches.min()} to {switches.max()}"
        )
    n, channels = x.shape[:2]
    flat = switches.reshape(n, channels, -1)
    out = np.zeros((n, channels, height * width), x.dtype)
    np.put_along_axis(out, flat, x.reshape(flat.shape), axis=2)
    # The same with the numbers' numbers: what is found at its place afterwards has stayed, and has a gradient.
    own = np.broadcast_to(np.arange(flat.shape[2]), flat.shape)
    arrived = np.zeros(out.shape, np.intp)
    np.put_along_axis(arrived, flat, own, axis=2)
    kept = np.take_along_axis(arrived, flat, axis=2) == own
    return out.reshape(n, channels, height, width), Cache(switches, kept.reshape(x.shape), (height, width))


def max_unpool2d_backward(dout: np.ndarray, cache: Cache) -> np.ndarray:
    """Fetch for every number the gradient of the pixel it was put at.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, C, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `max_unpool2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
        Zero for a number that another one replaced. (PyTorch gives it the gradient too, which is not the
        derivative of its forward pass.)

    Examples
    --------
    >>> _, cache = max_unpool2d_forward(np.ones((1, 1, 1, 2)), np.array([[[[3, 1]]]]), image=2)
    >>> max_unpool2d_backward(np.array([[[[10.0, 11.0], [12.0, 13.0]]]]), cache)
    array([[[[13., 11.]]]])
    """
    switches, kept, image = cache
    n, channels = switches.shape[:2]
    same_shape("dout", dout, "out", (n, channels, *image))
    flat = switches.reshape(n, channels, -1)
    fetched = np.take_along_axis(dout.reshape(n, channels, -1), flat, axis=2)
    return np.where(kept, fetched.reshape(switches.shape), 0).astype(dout.dtype, copy=False)


def max_unpool2d_twin(x: Any, switches: Any, *, image: int | Pair) -> Any:
    """Compute the same in PyTorch, which also wants to know a window and a step that fit the two sizes."""
    import torch.nn.functional as F

    size = pair("image", image, at_least=1)
    small = (x.shape[2], x.shape[3])
    stride = [max(1, large // n) for large, n in zip(size, small, strict=True)]
    kernel = [large - (n - 1) * s for large, n, s in zip(size, small, stride, strict=True)]
    return F.max_unpool2d(x, switches, kernel, stride, output_size=size)


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    n, channels, small = pick(1, 2), pick(1, 3), (pick(1, 3), pick(1, 3))
    image = (small[0] + pick(0, 3), small[1] + pick(0, 3))
    # No pixel is named twice: there PyTorch's gradient is another one.
    every = np.broadcast_to(np.arange(image[0] * image[1]), (n, channels, image[0] * image[1]))
    switches = rng.permuted(every, axis=2)[..., : small[0] * small[1]].reshape(n, channels, *small)
    return Sample({"x": rng.normal(size=switches.shape), "switches": switches}, {"image": image})


register(
    Layer(
        name="max_unpool2d",
        forward=max_unpool2d_forward,
        backward=max_unpool2d_backward,
        twin=max_unpool2d_twin,
        wrt=("x",),
        sample=_sample,
        source="Zeiler & Fergus (2014)",
    )
)
