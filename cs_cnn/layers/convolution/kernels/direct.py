"""Windows of one pixel: the convolution is a matrix product on the images as they lie in memory.

A 1x1 filter mixes the channels of each pixel (Lin, Chen & Yan, *Network in network*, 2014), so nothing has to be
gathered: ``out[n] = w @ x[n]``, with `w` a matrix (F, C) and each image a matrix (C, H * W).
"""

from __future__ import annotations

import numpy as np

from cs_cnn.layers.convolution.kernels.geometry import Geometry, pieces

__all__: list[str] = []

BLOCK = 2**20
"""Bytes of output that are computed before the bias is added to them."""


def _matrices(x: np.ndarray, groups: int) -> np.ndarray:
    """Read images (N, C, H, W) as matrices (N, groups, C / groups, H * W)."""
    matrices: np.ndarray = x.reshape(len(x), groups, x.shape[1] // groups, -1)
    return matrices


def forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Convolve; as in `cs_cnn.layers.convolution.kernels`."""
    groups = geometry.groups
    filters, images = w.reshape(groups, len(w) // groups, -1), _matrices(x, groups)
    out = np.empty((len(x), len(w), *geometry.positions), np.result_type(x, w, b))
    # A few images at a time, so that the bias is added while they are still in the cache.
    for some in pieces(len(x), BLOCK // out[0].nbytes):
        np.matmul(filters, images[some], out=_matrices(out[some], groups))
        out[some] += b[:, np.newaxis, np.newaxis]
    return out


def backward(
    dout: np.ndarray, x: np.ndarray, w: np.ndarray, geometry: Geometry, *, only_filters: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the images and of the filters."""
    groups = geometry.groups
    filters = w.reshape(groups, len(w) // groups, -1)
    columns, douts = _matrices(x, groups), _matrices(dout, groups)
    dtype = np.result_type(x, w, dout)
    dx, dw = np.zeros(x.shape, dtype), np.zeros(filters.shape, dtype)
    if not only_filters:
        np.matmul(filters.swapaxes(-1, -2), douts, out=_matrices(dx, groups))
    # One image at a time: a product of all of them would hold N matrices of the size of dw.
    for image, dimage in zip(columns, douts, strict=True):
        dw += dimage @ image.swapaxes(-1, -2)
    return dx, dw.reshape(w.shape)
