"""Convolution with fewer multiplications: Winograd's minimal filtering, F(4x4, 3x3) and its relatives.

A filter of r entries slides over a signal: m neighbouring outputs are coefficients of a product of two polynomials,
and such a product is known from its values at m + r - 1 points (Toom and Cook). So: evaluate tile and filter at
the points, multiply value by value, interpolate. That is m + r - 1 multiplications instead of m * r, and in two
dimensions the square of it: 36 instead of 144 for 4x4 outputs of a 3x3 filter. The values of all channels are
summed before interpolating, so that the work is 36 matrix products (F, C) @ (C, tiles), and the three transforms
are paid once per tile and channel, not once per tile, channel and filter: it needs many channels.

    Y = A [ (G g G') * (B d B') ] A'     with d a tile of 6x6 pixels, g the filter, Y the outputs

Every tile here has 6x6 pixels, for the points 0, 1, -1, 2, -2 and infinity; a filter of r entries gives 7 - r
outputs. The gradients are the adjoint of this bilinear map: the same matrices, transposed.

Error: the transforms add and subtract numbers up to 8 times as large. In float32 the largest error is of the order
of 1e-4 of a typical output (3e-6 in the mean), where im2col has 2e-6; it is not used for float64.

Winograd, *Arithmetic complexity of computations* (1980); Lavin & Gray, *Fast algorithms for convolutional neural
networks* (2016).
"""

from __future__ import annotations

from functools import cache
from math import prod

import numpy as np

from cs_cnn.layers.convolution.kernels.geometry import Geometry, pieces
from cs_cnn.layers.convolution.kernels.tiles import Tiling, backward_tiles, forward_tiles
from cs_cnn.layers.windows import Pair, view_windows

__all__: list[str] = []

POINTS = (0, 1, -1, 2, -2)
TILE = len(POINTS) + 1
"""Side of a tile: as many values as points, of which the last is infinity."""

COLUMNS = 8192
"""Tiles times channels that are transformed at a time, so that a transform stays in the cache."""


@cache
def matrices(r: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the matrices of F(7 - r, r), in float32.

    Parameters
    ----------
    r : int
        Entries of the filter along this axis, 2 to 5.

    Returns
    -------
    evaluate_tile : numpy.ndarray, shape (6, 6)
        B' of Lavin & Gray. Row i holds the coefficients of the polynomial that is zero at all points but i.
    evaluate_filter : numpy.ndarray, shape (6, r)
        G: the powers of point i, divided by that polynomial's value there.
    interpolate : numpy.ndarray, shape (7 - r, 6)
        A': the powers of the points.

    Examples
    --------
    >>> tile, filter, interpolate = matrices(3)
    >>> d, g = np.array([1.0, 5.0, 2.0, 0.0, 3.0, 1.0]), np.array([1.0, 0.0, -1.0])
    >>> (interpolate @ ((filter @ g) * (tile @ d))).round(5), np.correlate(d, g)
    (array([-1.,  5., -1., -1.]), array([-1.,  5., -1., -1.]))
    """
    m = TILE + 1 - r
    tile, filters, interpolate = np.zeros((TILE, TILE)), np.zeros((TILE, r)), np.zeros((m, TILE))
    for i, point in enumerate(POINTS):
        others = np.poly([other for other in POINTS if other != point])[::-1]
        tile[i, : len(others)] = others
        filters[i] = np.power(float(point), range(r)) / np.polyval(others[::-1], point)
        interpolate[:, i] = np.power(float(point), range(m))
    tile[-1] = np.poly(POINTS)[::-1]
    filters[-1, -1] = interpolate[-1, -1] = 1
    return tile.astype(np.float32), filters.astype(np.float32), interpolate.astype(np.float32)


def transform(down: np.ndarray, across: np.ndarray, planes: np.ndarray) -> np.ndarray:
    """Apply one matrix to axis 0 and one to axis 1 of planes: ``down @ planes @ across.T``.

    Parameters
    ----------
    down, across : numpy.ndarray, shapes (i, k) and (j, l)
    planes : numpy.ndarray, shape (k, l, C, ...)
        Any view; it is gathered a few entries of axis 2 at a time, which stay in the cache.

    Returns
    -------
    numpy.ndarray, shape (i, j, C, ...)
    """
    shape = planes.shape[2:]
    out = np.empty((len(down), len(across), *shape), planes.dtype)
    for channels in pieces(shape[0], COLUMNS // prod(shape[1:])):
        part = np.ascontiguousarray(planes[:, :, channels])
        half = np.matmul(across, part.reshape(*part.shape[:2], -1))
        target = out[:, :, channels].reshape(len(down), len(across), -1)
        np.matmul(down, half.swapaxes(0, 1), out=target.swapaxes(0, 1))
    return out


class Winograd(Tiling):
    """F(m, r) with m + r - 1 = 6 along each axis."""

    side = TILE
    at_once = 256
    bytes = 4 * TILE**2

    def __init__(self, geometry: Geometry, kernel: Pair) -> None:
        super().__init__(geometry, kernel)
        down, across = matrices(self.reach[0]), matrices(self.reach[1])
        self.tile, self.interpolate = (down[0], across[0]), (down[2], across[2])
        # Of the small filters both axes at once: as one matrix (36, r * r).
        self.filter = np.kron(down[1], across[1])

    def evaluate_tiles(self, loaded: np.ndarray) -> np.ndarray:
        """Return B' d B for all tiles of loaded images: (6, 6, C, tiles)."""
        tiles = view_windows(loaded, (TILE, TILE), self.step).transpose(4, 5, 1, 0, 2, 3)
        values = transform(*self.tile, tiles)
        return values.reshape(*values.shape[:3], -1)

    def tiles_gradient(self, dvalues: np.ndarray, dloaded: np.ndarray) -> None:
        """Add to the gradient of loaded images; tiles overlap by r - 1 pixels, where they add up."""
        (n, _, height, width), (mh, mw) = dloaded.shape, self.step
        count, across = (height - TILE) // mh + 1, (width - TILE) // mw + 1
        # A tile is as wide as `spans` steps, the last of them not quite filled.
        spans = -(-TILE // mw)
        matrix = np.zeros((TILE, spans * mw), dvalues.dtype)
        matrix[:, :TILE] = self.tile[1]
        for channels in pieces(dvalues.shape[2], COLUMNS // dvalues.shape[3]):
            part = dvalues[:, :, channels].reshape(TILE, TILE, -1).swapaxes(0, 1)
            half = np.matmul(self.tile[0].T, part).transpose(1, 2, 0)
            shape = (TILE, channels.stop - channels.start, n, count, across + spans - 1, mw)
            lines = np.zeros(shape, half.dtype)
            for k in range(spans):
                steps = half @ matrix[:, k * mw : (k + 1) * mw]
                lines[..., k : k + across, :] += steps.reshape(*lines.shape[:4], across, mw)
            lines = lines.reshape(*lines.shape[:4], -1)[..., :width].swapaxes(1, 2)
            for i in range(TILE):
                dloaded[:, channels, i : i + (count - 1) * mh + 1 : mh] += lines[i]

    def evaluate_filters(self, w: np.ndarray) -> np.ndarray:
        """Return G g G' for filters of stride 1: (6, 6, F, C)."""
        each = w.reshape(w.shape[0] * w.shape[1], -1)
        values = np.empty((TILE, TILE, *w.shape[:2]), w.dtype)
        flat = values.reshape(TILE**2, -1)
        for some in pieces(len(each), COLUMNS // 4):
            np.matmul(self.filter, np.ascontiguousarray(each[some].T), out=flat[:, some])
        return values

    def filters_gradient(self, dvalues: np.ndarray, dw: np.ndarray) -> None:
        """Add to the gradient of filters of stride 1."""
        dw += np.matmul(dvalues.reshape(TILE**2, -1).T, self.filter).reshape(dw.shape)

    def interpolate_outputs(self, products: np.ndarray, b: np.ndarray, out: np.ndarray, rows: slice) -> None:
        """Write A' products A + b to the outputs (n, F, H_out, W_out) of some rows of tiles."""
        n, (mh, mw), count, across = len(out), self.step, rows.stop - rows.start, self.tiles[1]
        for filters in pieces(len(b), COLUMNS // products.shape[3]):
            part = products[:, :, filters].reshape(TILE, TILE, -1).swapaxes(0, 1)
            half = np.matmul(self.interpolate[0], part)
            # The last product leaves the m outputs of a tile side by side, as they are in a row of the image.
            lines = np.matmul(half.transpose(1, 2, 0), self.interpolate[1].T)
            lines = lines.reshape(mh, -1, n, count, across * mw)
            for i, target in self.output_rows(out[:, filters], rows):
                line = lines[i, :, :, : target.shape[2], : target.shape[3]].swapaxes(0, 1)
                np.add(line, b[filters, np.newaxis, np.newaxis], out=target)

    def evaluate_outputs(self, dout: np.ndarray, rows: slice) -> np.ndarray:
        """Return A dout A' for some rows of tiles: (6, 6, F, tiles); the adjoint of interpolating."""
        n, f = dout.shape[:2]
        (mh, mw), count, across = self.step, rows.stop - rows.start, self.tiles[1]
        values = np.empty((TILE, TILE, f, n * count * across), dout.dtype)
        for filters in pieces(f, COLUMNS // values.shape[3]):
            shape = (mh, filters.stop - filters.start, n, count, across * mw)
            lines = np.zeros(shape, dout.dtype)
            for i, source in self.output_rows(dout[:, filters], rows):
                lines[i, :, :, : source.shape[2], : source.shape[3]] = source.swapaxes(0, 1)
            half = np.matmul(self.interpolate[1].T, lines.reshape(mh, -1, mw).swapaxes(1, 2))
            target = values[:, :, filters].reshape(TILE, TILE, -1).swapaxes(0, 1)
            np.matmul(self.interpolate[0].T, half.swapaxes(0, 1), out=target)
        return values


def forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Convolve; as in `cs_cnn.layers.convolution.kernels`."""
    return forward_tiles(Winograd(geometry, (w.shape[2], w.shape[3])), x, w, b, geometry)


def backward(
    dout: np.ndarray, x: np.ndarray, w: np.ndarray, geometry: Geometry, *, only_filters: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the images and of the filters."""
    return backward_tiles(Winograd(geometry, (w.shape[2], w.shape[3])), dout, x, w, geometry, only_filters)
