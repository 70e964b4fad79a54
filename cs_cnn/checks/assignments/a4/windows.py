"""What the checks of assignment 4 share: images whose windows fit, and the windows themselves."""

from __future__ import annotations

from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array
from cs_cnn.checks.pairs import sizes

Pair = tuple[int, int]


def windows(x: Any, kernel: Pair, stride: int = 1, pad: int = 0) -> Array:
    """Return what every window sees: a view (N, C, H_out, W_out, HH, WW) of the padded images."""
    padded = np.pad(np.asarray(x, dtype=np.float64), ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    every = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(2, 3))
    return np.asarray(every[:, :, ::stride, ::stride])


def spread(values: Array, shape: tuple[int, ...], stride: int = 1, pad: int = 0) -> Array:
    """Add what every window returns to the pixels it came from: the transpose of `windows`, taken literally.

    Parameters
    ----------
    values : ndarray, shape (N, C, H_out, W_out, HH, WW)
    shape : tuple of int
        (N, C, H, W) of the images.
    stride, pad : int
    """
    numbers = np.arange(1, int(np.prod(shape)) + 1, dtype=np.float64).reshape(shape)
    came_from = windows(numbers, (values.shape[4], values.shape[5]), stride, pad).astype(int)  # 0: the border
    sums = np.bincount(came_from.ravel(), weights=values.ravel(), minlength=numbers.size + 1)
    return np.asarray(sums[1:].reshape(shape), dtype=np.float64)


def image(out: Pair, kernel: Pair, stride: int = 1, pad: int = 0) -> Pair:
    """Return the size of the image in which so many windows fit exactly."""
    high, wide = ((n - 1) * stride + k - 2 * pad for n, k in zip(out, kernel, strict=True))
    return high, wide


def draw(
    rng: np.random.Generator, *, stride: int = 1, pad: int = 0, kernels: Pair = (2, 4), outputs: Pair = (2, 4)
) -> tuple[Pair, Pair]:
    """Draw a window and an image, neither of them square, into which the windows fit exactly.

    Parameters
    ----------
    rng : numpy.random.Generator
    stride, pad : int
    kernels, outputs : tuple of int
        Smallest and largest size of a window, and of the output.

    Returns
    -------
    kernel, image : tuple of int
        (HH, WW) and (H, W).
    """
    while True:
        hh, ww = sizes(rng, 2, max(kernels[0], pad + 1), max(kernels[1], pad + 2))
        up, across = sizes(rng, 2, outputs[0], outputs[1] + pad)  # a border leaves room for more positions
        high, wide = image((up, across), (hh, ww), stride, pad)
        if high != wide and min(high, wide) >= 2:
            return (hh, ww), (high, wide)
