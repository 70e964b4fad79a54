"""Convolution as one matrix product: all windows are gathered as the columns of a matrix ("im2col").

Chellapilla, Puri & Simard, *High performance convolutional neural networks for document processing* (2006). A
column holds the C * HH * WW numbers that one window sees, so that a filter is a row vector and all filters are a
matrix: ``out = w @ columns``. It works for every stride, dilation and number of groups. Written plainly it needs
HH * WW times the memory of the images, and copies them a few pixels at a time. Here

- the columns of a block of output rows are gathered at a time, few enough to stay in the cache;
- images that share a block are interleaved, [c, i, j, n], so that neighbours in memory are read together;
- they are gathered in two steps: sideways, one copy of the block for each column of the window, and then down,
  where whole rows follow each other and a step is one long copy.

The gradient of the images takes the same way back: every entry of a column is added to the pixel it was gathered
from. That is the adjoint of gathering, as ``w.T`` is the adjoint of ``w``.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cs_cnn.layers.convolution.kernels.geometry import Geometry, blocks, overlap
from cs_cnn.layers.windows import Pair

__all__: list[str] = []

BLOCK = 2 * 2**20
"""Bytes of columns at a time; a single row of output may need more."""


class Gather:
    """How the columns of some rows of output are gathered from images, and given back to them.

    Parameters
    ----------
    geometry : Geometry
    kernel : tuple of int
        (HH, WW).
    rows : slice
        Rows of the output.
    image : tuple of int
        (H, W).
    """

    def __init__(self, geometry: Geometry, kernel: Pair, rows: slice, image: Pair) -> None:
        self.geometry, self.kernel, self.count = geometry, kernel, rows.stop - rows.start
        (sh, _), (dh, dw), (top, left) = geometry.stride, geometry.dilation, (e[0] for e in geometry.ends)
        # What the windows see: lines of the padded image, as a whole number of strides, and columns of it.
        self.lines = self.count + dh * (kernel[0] - 1) // sh
        width = (geometry.positions[1] - 1) * geometry.stride[1] + dw * (kernel[1] - 1) + 1
        self.size = (self.lines * sh, width)
        down = overlap(rows.start * sh - top, self.size[0], image[0])
        across = overlap(-left, width, image[1])
        self.inside, self.seen = (down[0], across[0]), (down[1], across[1])

    def _sideways(self, padded: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Yield what column m of the windows sees, its lines sorted by stride: a view (s, C, lines, W_out, n)."""
        (sh, sw), w_out = self.geometry.stride, self.geometry.positions[1]
        sorted_lines = (
            padded.reshape(len(padded), self.lines, sh, *padded.shape[2:]).swapaxes(1, 2).swapaxes(0, 1)
        )
        for m in range(self.kernel[1]):
            first = m * self.geometry.dilation[1]
            yield m, sorted_lines[:, :, :, first : first + (w_out - 1) * sw + 1 : sw]

    def _down(self, shifted: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Yield what row k of the windows sees: a view (C, rows, W_out, n)."""
        for k in range(self.kernel[0]):
            first, phase = divmod(k * self.geometry.dilation[0], self.geometry.stride[0])
            yield k, shifted[phase, :, first : first + self.count]

    def columns(self, x: np.ndarray) -> np.ndarray:
        """Gather from images (n, C, H, W) the columns (C, HH, WW, rows, W_out, n)."""
        n, c = x.shape[:2]
        padded = np.zeros((c, *self.size, n), x.dtype)
        padded[:, *self.inside] = x[:, :, *self.seen].transpose(1, 2, 3, 0)
        columns = np.empty((c, *self.kernel, self.count, self.geometry.positions[1], n), x.dtype)
        for m, view in self._sideways(padded):
            for k, seen in self._down(np.ascontiguousarray(view)):
                columns[:, k, m] = seen
        return columns

    def give_back(self, dcolumns: np.ndarray, dx: np.ndarray) -> None:
        """Add the gradient of the columns to that of the images."""
        dpadded = np.zeros((len(dcolumns), *self.size, len(dx)), dcolumns.dtype)
        for m, view in self._sideways(dpadded):
            shifted = np.zeros(view.shape, view.dtype)
            for k, seen in self._down(shifted):
                seen += dcolumns[:, k, m]
            view += shifted
        dx[:, :, *self.seen] += dpadded[:, *self.inside].transpose(3, 0, 1, 2)


def _blocks(x: np.ndarray, w: np.ndarray, geometry: Geometry) -> Iterator[tuple[slice, slice, Gather]]:
    """Yield blocks of images and of rows of output, and how their columns are gathered."""
    kernel, image = (w.shape[2], w.shape[3]), (x.shape[2], x.shape[3])
    row = x.shape[1] * kernel[0] * kernel[1] * geometry.positions[1] * x.itemsize
    for images, rows in blocks(len(x), geometry.positions[0], BLOCK // row):
        yield images, rows, Gather(geometry, kernel, rows, image)


def forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Convolve; as in `cs_cnn.layers.convolution.kernels`."""
    (h_out, w_out), groups = geometry.positions, geometry.groups
    filters = w.reshape(groups, len(w) // groups, -1)
    out = np.empty((len(x), len(w), h_out, w_out), np.result_type(x, w, b))
    for images, rows, gather in _blocks(x, w, geometry):
        columns = gather.columns(x[images]).reshape(groups, filters.shape[2], -1)
        y = np.matmul(filters, columns).reshape(len(w), gather.count, w_out, -1)
        y += b[:, np.newaxis, np.newaxis, np.newaxis]
        out[images, :, rows] = y.transpose(3, 0, 1, 2)
    return out


def backward(
    dout: np.ndarray, x: np.ndarray, w: np.ndarray, geometry: Geometry, *, only_filters: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the images and of the filters."""
    filters = w.reshape(geometry.groups, len(w) // geometry.groups, -1)
    dtype = np.result_type(x, w, dout)
    dx, dw = np.zeros(x.shape, dtype), np.zeros(filters.shape, dtype)
    for images, rows, gather in _blocks(x, w, geometry):
        columns = gather.columns(x[images])
        dy = dout[images, :, rows].transpose(1, 2, 3, 0).reshape(*filters.shape[:2], -1)
        matrix = columns.reshape(*filters.shape[::2], -1)
        dw += dy @ matrix.swapaxes(1, 2)
        if only_filters:  # only saves time
            continue  # only saves time
        # The gradient of the columns takes their place.
        np.matmul(filters.swapaxes(1, 2), dy, out=matrix)
        gather.give_back(columns, dx[images])
    return dx, dw.reshape(w.shape)
