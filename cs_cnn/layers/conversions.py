"""Fully connected layers as convolutions, and convolutions as fully connected layers."""

from __future__ import annotations

import math

import numpy as np

from cs_cnn.layers.arguments import match_shapes, pair
from cs_cnn.layers.convolution.conv2d import conv2d_forward
from cs_cnn.layers.padding import Borders, Mode, borders, pad2d_forward
from cs_cnn.layers.windows import Pair, place_windows, view_windows

__all__ = ["affine_to_conv2d", "conv2d_to_affine"]

Setting = int | Pair


def _volume(shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """Read the shape of an image."""
    whole = isinstance(shape, tuple) and all(isinstance(n, (int, np.integer)) and n >= 1 for n in shape)
    if not whole or len(shape) != 3:
        raise ValueError(f"shape must be three whole numbers (C, H, W), got {shape!r}")
    return shape


def affine_to_conv2d(
    w: np.ndarray, b: np.ndarray, shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Turn an affine layer on images of one size into a convolution whose filters are as large as the images.

    On an image of that size the convolution has one position and gives the same numbers. On a larger one it gives
    a map of them: what the affine layer says about every crop, without cropping. An affine layer that follows is
    one on images of 1 x 1 pixels, ``affine_to_conv2d(w, b, (M, 1, 1))``.

    Parameters
    ----------
    w : numpy.ndarray, shape (D, M)
        Weights of the affine layer, as in `affine_forward`.
    b : numpy.ndarray, shape (M,)
        Biases.
    shape : tuple of int
        Shape (C, H, W) of the images that the affine layer reads as D = C * H * W numbers.

    Returns
    -------
    filters : numpy.ndarray, shape (M, C, H, W)
    biases : numpy.ndarray, shape (M,)
        For `conv2d_forward`.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, or the shapes do not fit each other.

    Notes
    -----
    Matan et al. (1992); Sermanet et al., *OverFeat* (2014); Long, Shelhamer & Darrell (2015).

    Examples
    --------
    >>> filters, biases = affine_to_conv2d(np.ones((12, 10)), np.zeros(10), (3, 2, 2))
    >>> conv2d_forward(np.ones((1, 3, 2, 2)), filters, biases)[0].shape
    (1, 10, 1, 1)
    >>> conv2d_forward(np.ones((1, 3, 5, 4)), filters, biases)[0].shape
    (1, 10, 4, 3)
    """
    sizes = match_shapes(w=(w, "D M"), b=(b, "M"))
    if math.prod(_volume(shape)) != sizes["D"]:
        raise ValueError(
            f"shape must be (C, H, W) with C * H * W = {sizes['D']}, the number of rows of w, got {shape!r}"
        )
    return w.T.copy().reshape(-1, *shape), b.copy()


def conv2d_to_affine(
    w: np.ndarray,
    b: np.ndarray,
    shape: tuple[int, int, int],
    *,
    stride: Setting = 1,
    pad: Setting | Borders = 0,
    dilation: Setting = 1,
    groups: int = 1,
    fit: str = "floor",
    padding_mode: Mode = "zero",
) -> tuple[np.ndarray, np.ndarray]:
    """Write a convolution of images of one size as the one large matrix that it is.

    The matrix is that of an affine layer: almost all of its entries are zero (a pixel and an output that do not
    touch), and the rest are few numbers repeated (the filters, at every position).

    Parameters
    ----------
    w : numpy.ndarray, shape (F, C / groups, HH, WW)
        Filters, as in `conv2d_forward`.
    b : numpy.ndarray, shape (F,)
        Biases.
    shape : tuple of int
        Shape (C, H, W) of the images.
    stride, pad, dilation, groups, fit, padding_mode
        As in `conv2d_forward`.

    Returns
    -------
    matrix : numpy.ndarray, shape (C * H * W, F * H_out * W_out)
        Dense, zeros included, so meant for small images: 32 x 32 x 3 pixels and 6 filters of 5 x 5 make a matrix
        of 14 million numbers, out of 456 parameters.
    biases : numpy.ndarray, shape (F * H_out * W_out,)
        For `affine_forward`.

    Raises
    ------
    TypeError, ValueError
        As `conv2d_forward`.

    Examples
    --------
    >>> matrix, biases = conv2d_to_affine(np.array([[[[1.0, 2.0]]]]), np.zeros(1), (1, 1, 4))
    >>> matrix.T
    array([[1., 2., 0., 0.],
           [0., 1., 2., 0.],
           [0., 0., 1., 2.]])
    """
    shape = _volume(shape)
    match_shapes(w=(w, "F C/groups HH WW"), b=(b, "F"))
    # What the convolution makes of a black image is its bias at every position; it also checks all arguments.
    black, _ = conv2d_forward(
        np.zeros((1, *shape), w.dtype),
        w,
        b,
        stride=stride,
        pad=pad,
        dilation=dilation,
        groups=groups,
        fit=fit,
        padding_mode=padding_mode,
    )
    filters, channels, *kernel = w.shape
    s, d = pair("stride", stride, at_least=1), pair("dilation", dilation, at_least=1)
    _, ends = place_windows(shape[1:], (kernel[0], kernel[1]), s, borders(pad), d, fit)
    # Number the pixels from 1, and let the windows show which pixel lies under which entry; 0 is border.
    n_pixels = math.prod(shape)
    numbered = np.arange(1.0, n_pixels + 1).reshape(1, *shape)
    padded, _ = pad2d_forward(numbered, pad=ends, mode=padding_mode)
    pixel = view_windows(padded, (kernel[0], kernel[1]), s, d)[0].astype(int)
    position = np.arange(black[0, 0].size).reshape(*black.shape[2:], 1, 1)
    matrix = np.zeros((n_pixels + 1, filters, black[0, 0].size), w.dtype)
    for f in range(filters):
        first = f // (filters // groups) * channels  # the first channel this filter sees
        for c in range(channels):
            # Added, not assigned: a mirrored or repeated border shows a pixel to a window twice.
            np.add.at(matrix[:, f], (pixel[first + c], position), np.broadcast_to(w[f, c], pixel.shape[1:]))
    return matrix[1:].reshape(n_pixels, -1), black.reshape(-1)
