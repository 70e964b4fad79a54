"""Convolution of few channels by few filters: one product for each row of output, of columns that overlap in memory.

With few of both the products are small, and gathering the columns takes as long as they do. So pixels are copied
sideways only, WW times instead of HH * WW: a *line* holds what all windows see of one row of the image, a matrix
(C * WW, W_out). The columns of a row of output are then HH lines that follow each other in memory, and those of the
next row begin a stride further: a view. Images that share a block are interleaved, as in `im2col`.

Cho & Brand, *MEC: memory-efficient convolution for deep neural network* (2017).
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided

from cs_cnn.layers.convolution.kernels import im2col
from cs_cnn.layers.convolution.kernels.geometry import Geometry, blocks, overlap

__all__: list[str] = []

BLOCK = 2 * 2**20
"""Bytes of columns at a time, as if they were gathered; a single row of output may need more."""


def forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Convolve; as in `cs_cnn.layers.convolution.kernels`, with dilation 1 and one group."""
    (h_out, w_out), (sh, _) = geometry.positions, geometry.stride
    filters = w.transpose(0, 2, 1, 3).reshape(len(w), -1)  # in the order of the lines
    out = np.empty((len(x), len(w), h_out, w_out), np.result_type(x, w, b))
    for images, rows in blocks(len(x), h_out, BLOCK // (filters[0].size * w_out * x.itemsize)):
        lines = gather(x[images], w, geometry, rows)
        shape = (rows.stop - rows.start, filters.shape[1], w_out * lines.shape[-1])
        columns = as_strided(lines, shape, (sh * lines.strides[0], shape[2] * x.itemsize, x.itemsize))
        products = np.matmul(filters, columns).reshape(*shape[:1], len(w), w_out, -1)
        np.add(products.transpose(3, 1, 0, 2), b[:, np.newaxis, np.newaxis], out=out[images, :, rows])
    return out


def gather(x: np.ndarray, w: np.ndarray, geometry: Geometry, rows: slice) -> np.ndarray:
    """Copy from images (n, C, H, W) the lines that some rows of output see: (lines, C, WW, W_out, n)."""
    (sh, sw), (top, left) = geometry.stride, (ends[0] for ends in geometry.ends)
    w_out = geometry.positions[1]
    height = (rows.stop - rows.start - 1) * sh + w.shape[2]
    width = (w_out - 1) * sw + w.shape[3]
    (down, from_down), (across, from_across) = (
        overlap(rows.start * sh - top, height, x.shape[2]),
        overlap(-left, width, x.shape[3]),
    )
    padded = np.zeros((height, x.shape[1], width, len(x)), x.dtype)
    padded[down, :, across] = x[:, :, from_down, from_across].transpose(2, 1, 3, 0)
    lines = np.empty((height, x.shape[1], w.shape[3], w_out, len(x)), x.dtype)
    for m in range(w.shape[3]):
        lines[:, :, m] = padded[:, :, m : m + (w_out - 1) * sw + 1 : sw]
    return lines


def backward(
    dout: np.ndarray, x: np.ndarray, w: np.ndarray, geometry: Geometry, *, only_filters: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the images and of the filters: three products in four, for which columns pay."""
    return im2col.backward(dout, x, w, geometry, only_filters=only_filters)
