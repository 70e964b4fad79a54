"""The weights with which a transposed convolution enlarges a map as bilinear interpolation does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def bilinear_kernel(factor: int) -> NDArray[np.float64]:
    """Return the kernel of a transposed convolution that enlarges maps by linear interpolation.

    With stride `factor` and padding `bilinear_padding`, a map of H rows becomes one of `factor` H rows. A new pixel
    lies between two old ones, and the weights of the two fall with their distance, measured in old pixels; so along
    each axis the kernel is a triangle of `factor` pixels to each side.

    Parameters
    ----------
    factor : int
        How many times larger, at least 1.

    Returns
    -------
    numpy.ndarray, shape (K, K)
        K is ``2 * factor`` for an even factor and ``2 * factor - 1`` for an odd one.

    Raises
    ------
    ValueError
        When `factor` is no whole number, or below 1.

    Notes
    -----
    Long, Shelhamer & Darrell, *Fully convolutional networks for semantic segmentation* (2015), who begin with these
    weights and let training change them. It is the rule of ``align_corners=False``, except along the border, where
    half of the triangle lies over the edge and finds zeros.

    Examples
    --------
    >>> bilinear_kernel(2)[0] * 16
    array([1., 3., 3., 1.])
    >>> bilinear_kernel(3)[2] * 3
    array([1., 2., 3., 2., 1.])
    """
    if isinstance(factor, bool) or not isinstance(factor, int | np.integer) or factor < 1:
        raise ValueError(f"factor must be a whole number of at least 1, got {factor!r}")
    size = 2 * factor - factor % 2
    away = np.abs(np.arange(size) - (size - 1) / 2) / factor
    triangle = 1 - away
    return np.outer(triangle, triangle)


def bilinear_padding(factor: int) -> int:
    """Return the padding with which a map of H rows becomes one of exactly ``factor * H`` rows.

    Examples
    --------
    >>> [bilinear_padding(factor) for factor in (2, 3, 4, 8)]
    [1, 1, 2, 4]
    """
    return (len(bilinear_kernel(factor)) - factor) // 2


def bilinear_weights(channels: int, factor: int) -> NDArray[np.float64]:
    """Return weights that enlarge every channel by itself: the kernel on the diagonal, zeros elsewhere.

    Parameters
    ----------
    channels : int
        C, at least 1; as many maps come out as go in.
    factor : int
        How many times larger.

    Returns
    -------
    numpy.ndarray, shape (C, C, K, K)

    Raises
    ------
    ValueError
        When one of them is no whole number, or below 1.

    Examples
    --------
    >>> bilinear_weights(3, 2).shape, bilinear_weights(3, 2).sum(axis=(2, 3))[0]
    ((3, 3, 4, 4), array([4., 0., 0.]))
    """
    if isinstance(channels, bool) or not isinstance(channels, int | np.integer) or channels < 1:
        raise ValueError(f"channels must be a whole number of at least 1, got {channels!r}")
    return np.asarray(np.einsum("fc,hw->fchw", np.eye(channels), bilinear_kernel(factor)))
