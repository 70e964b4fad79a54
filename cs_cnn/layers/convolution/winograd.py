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

from collections.abc import Iterator
from functools import cache
from math import prod

import numpy as np

from cs_cnn.layers.convolution.geometry import Geometry, blocks, overlap, pieces
from cs_cnn.layers.windows import Pair, view_windows

__all__: list[str] = []

POINTS = (0, 1, -1, 2, -2)
TILE = len(POINTS) + 1
"""Side of a tile: as many values as points, of which the last is infinity."""

BLOCK = 4 * 2**20
"""Bytes of transformed tiles at a time, and of transformed filters."""
TILES = 256
"""Most tiles at a time; more make no matrix product faster."""
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
    >>> (interpolate @ ((filter @ g) * (tile @ d))).round(3), np.correlate(d, g)
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


def empty_planes(rows: int, columns: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Allocate an array (rows, columns, *shape) whose planes lie an odd number of cache lines apart.

    A transform reads or writes all planes at the same place. At a distance of a power of two, which comes
    naturally with 64 or 512 channels, these places would share the few lines that a cache has for them.
    """
    size = prod(shape)
    distance = (-(-size * dtype.itemsize // 64) | 1) * 64 // dtype.itemsize
    return np.empty((rows, columns, distance), dtype)[:, :, :size].reshape(rows, columns, *shape)


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
    (rows, columns), shape = planes.shape[:2], planes.shape[2:]
    out = empty_planes(len(down), len(across), shape, planes.dtype)
    for channels in pieces(shape[0], COLUMNS // prod(shape[1:])):
        part = empty_planes(rows, columns, planes[0, 0, channels].shape, planes.dtype)
        part[...] = planes[:, :, channels]
        flat = part.reshape(rows, columns, -1)
        half = empty_planes(rows, len(across), flat.shape[2:], planes.dtype)
        np.matmul(across, flat, out=half)
        target = out[:, :, channels].reshape(len(down), len(across), -1)
        np.matmul(down, half.swapaxes(0, 1), out=target.swapaxes(0, 1))
    return out


class Tiling:
    """How a convolution of one group is cut into tiles; a stride is undone first.

    Pixels [p::s, q::s] of the images, and the same entries of the filters, become channels of their own, after
    which the stride is 1: AlexNet's 11x11 filters with stride 4 on 3 channels are 3x3 filters on 48.

    Parameters
    ----------
    geometry : Geometry
    kernel : tuple of int
        (HH, WW) of the filters.
    """

    def __init__(self, geometry: Geometry, kernel: Pair) -> None:
        self.geometry, self.stride = geometry, geometry.stride
        # For each axis: entries of a filter, outputs of a tile, and tiles.
        self.reach = (-(-kernel[0] // self.stride[0]), -(-kernel[1] // self.stride[1]))
        self.step = (TILE + 1 - self.reach[0], TILE + 1 - self.reach[1])
        self.tiles = (-(-geometry.positions[0] // self.step[0]), -(-geometry.positions[1] // self.step[1]))
        down, across = matrices(self.reach[0]), matrices(self.reach[1])
        self.tile, self.interpolate = (down[0], across[0]), (down[2], across[2])
        # Of the small filters both axes at once: as one matrix (36, r * r).
        self.filter = np.kron(down[1], across[1])

    def blocks(self, images: int, channels: int) -> Iterator[tuple[slice, slice]]:
        """Cut a batch into blocks of images and of rows of tiles."""
        tiles = min(TILES, BLOCK // (4 * TILE**2 * channels))
        return blocks(images, self.tiles[0], tiles // self.tiles[1])

    def _place(
        self, rows: slice, image: tuple[int, ...]
    ) -> tuple[Pair, tuple[slice, slice], tuple[slice, slice]]:
        """Return the size of what some rows of tiles see, and which part of it is which part of the image."""
        sizes, inside, seen = [], [], []
        first = (rows.start, 0)
        count = (rows.stop - rows.start, self.tiles[1])
        for axis in (0, 1):
            m, r, s = self.step[axis], self.reach[axis], self.stride[axis]
            sizes.append((count[axis] * m + r - 1) * s)
            start = first[axis] * m * s - self.geometry.ends[axis][0]
            part = overlap(start, sizes[axis], image[axis])
            inside.append(part[0])
            seen.append(part[1])
        return (sizes[0], sizes[1]), (inside[0], inside[1]), (seen[0], seen[1])

    def spread(self, padded: np.ndarray) -> np.ndarray:
        """Undo the stride: view (n, C, H, W) as (n, C, s, s, H / s, W / s)."""
        (n, c, height, width), (sh, sw) = padded.shape, self.stride
        return padded.reshape(n, c, height // sh, sh, width // sw, sw).transpose(0, 1, 3, 5, 2, 4)

    def load(self, x: np.ndarray, rows: slice) -> np.ndarray:
        """Copy what some rows of tiles see, with zeros around it: (n, C * s * s, H, W)."""
        size, inside, seen = self._place(rows, x.shape[2:])
        padded = np.zeros((*x.shape[:2], *size), x.dtype)
        padded[:, :, *inside] = x[:, :, *seen]
        if self.stride == (1, 1):
            return padded
        spread = self.spread(padded)
        return spread.reshape(len(x), -1, *spread.shape[4:])

    def add_back(self, loaded: np.ndarray, dx: np.ndarray, rows: slice) -> None:
        """Add the gradient of what was loaded to that of the images: the adjoint of `load`."""
        size, inside, seen = self._place(rows, dx.shape[2:])
        if self.stride == (1, 1):
            padded = loaded
        else:
            padded = np.empty((*dx.shape[:2], *size), loaded.dtype)
            spread = self.spread(padded)
            spread[...] = loaded.reshape(spread.shape)
        dx[:, :, *seen] += padded[:, :, *inside]

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
            lines = np.zeros(
                (TILE, channels.stop - channels.start, n, count, across + spans - 1, mw), half.dtype
            )
            for k in range(spans):
                steps = np.matmul(half, matrix[:, k * mw : (k + 1) * mw])
                lines[..., k : k + across, :] += steps.reshape(*lines.shape[:4], across, mw)
            lines = lines.reshape(*lines.shape[:4], -1)[..., :width].swapaxes(1, 2)
            for i in range(TILE):
                dloaded[:, channels, i : i + (count - 1) * mh + 1 : mh] += lines[i]

    def evaluate_filters(self, w: np.ndarray) -> np.ndarray:
        """Return G g G' for filters of stride 1: (6, 6, F, C)."""
        each = w.reshape(w.shape[0] * w.shape[1], -1)
        values = empty_planes(TILE, TILE, w.shape[:2], w.dtype)
        flat = values.reshape(TILE**2, -1)
        for some in pieces(len(each), COLUMNS // 4):
            np.matmul(self.filter, np.ascontiguousarray(each[some].T), out=flat[:, some])
        return values

    def filters_gradient(self, dvalues: np.ndarray, dw: np.ndarray) -> None:
        """Add to the gradient of filters of stride 1."""
        dw += np.matmul(dvalues.reshape(TILE**2, -1).T, self.filter).reshape(dw.shape)

    def _outputs(self, out: np.ndarray, rows: slice) -> Iterator[tuple[int, np.ndarray]]:
        """Yield for i = 0, ..., m - 1 a view of row i of all tiles: (n, F, rows, W_out)."""
        m = self.step[0]
        for i in range(m):
            yield i, out[:, :, rows.start * m + i : rows.stop * m : m]

    def interpolate_outputs(self, products: np.ndarray, b: np.ndarray, out: np.ndarray, rows: slice) -> None:
        """Write A' products A + b to the outputs (n, F, H_out, W_out) of some rows of tiles."""
        n, (count, across) = len(out), (rows.stop - rows.start, self.tiles[1])
        for filters in pieces(len(b), COLUMNS // products.shape[3]):
            half = np.matmul(
                self.interpolate[0], products[:, :, filters].swapaxes(0, 1).reshape(TILE, TILE, -1)
            )
            # The last product leaves the m outputs of a tile side by side, as they are in a row of the image.
            lines = np.matmul(half.transpose(1, 2, 0), self.interpolate[1].T)
            lines = lines.reshape(len(half[0]), -1, n, count, across * self.step[1])
            for i, target in self._outputs(out[:, filters], rows):
                line = lines[i, :, :, : target.shape[2], : target.shape[3]].swapaxes(0, 1)
                np.add(line, b[filters, np.newaxis, np.newaxis], out=target)

    def evaluate_outputs(self, dout: np.ndarray, rows: slice) -> np.ndarray:
        """Return A dout A' for some rows of tiles: (6, 6, F, tiles); the adjoint of interpolating."""
        n, f = dout.shape[:2]
        (mh, mw), count, across = self.step, rows.stop - rows.start, self.tiles[1]
        values = empty_planes(TILE, TILE, (f, n * count * across), dout.dtype)
        for filters in pieces(f, COLUMNS // values.shape[3]):
            lines = np.zeros((mh, filters.stop - filters.start, n, count, across * mw), dout.dtype)
            for i, source in self._outputs(dout[:, filters], rows):
                lines[i, :, :, : source.shape[2], : source.shape[3]] = source.swapaxes(0, 1)
            half = np.matmul(self.interpolate[1].T, lines.reshape(mh, -1, mw).swapaxes(1, 2))
            target = values[:, :, filters].reshape(TILE, TILE, -1).swapaxes(0, 1)
            np.matmul(self.interpolate[0].T, half.swapaxes(0, 1), out=target)
        return values


def _undo_stride(w: np.ndarray, tiling: Tiling) -> np.ndarray:
    """Sort the entries of filters (F, C, HH, WW) into filters of stride 1: (F, C * s * s, r, r)."""
    if tiling.stride == (1, 1):
        return w
    (rh, rw), (sh, sw) = tiling.reach, tiling.stride
    padded = np.zeros((*w.shape[:2], rh * sh, rw * sw), w.dtype)
    padded[:, :, : w.shape[2], : w.shape[3]] = w
    return tiling.spread(padded).reshape(len(w), -1, rh, rw)


def _redo_stride(spread: np.ndarray, tiling: Tiling, shape: tuple[int, ...]) -> np.ndarray:
    """Sort the entries back into filters of the given shape."""
    if tiling.stride == (1, 1):
        return spread
    (rh, rw), (sh, sw) = tiling.reach, tiling.stride
    padded = np.empty((*shape[:2], rh * sh, rw * sw), spread.dtype)
    view = tiling.spread(padded)
    view[...] = spread.reshape(view.shape)
    return padded[:, :, : shape[2], : shape[3]]


def _groups(x: np.ndarray, w: np.ndarray, groups: int) -> Iterator[tuple[slice, slice]]:
    """Yield the channels and the filters of each group."""
    return zip(pieces(x.shape[1], x.shape[1] // groups), pieces(len(w), len(w) // groups), strict=True)


def _parts(count: int, other: int) -> list[slice]:
    """Cut the filters (or the channels) so that their values, for all of the other, stay below `BLOCK`."""
    return list(pieces(count, BLOCK // (4 * TILE**2 * other)))


def forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Convolve; as in `cs_cnn.layers.convolution.kernels`."""
    tiling = Tiling(geometry, (w.shape[2], w.shape[3]))
    out = np.empty((len(x), len(w), *geometry.positions), x.dtype)
    for channels, filters in _groups(x, w, geometry.groups):
        _forward(x[:, channels], _undo_stride(w[filters], tiling), b[filters], tiling, out[:, filters])
    return out


def _forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, tiling: Tiling, out: np.ndarray) -> None:
    """Convolve one group."""
    parts = _parts(*w.shape[:2])
    kept = tiling.evaluate_filters(w) if len(parts) == 1 else None
    for images, rows in tiling.blocks(len(x), w.shape[1]):
        tiles = tiling.evaluate_tiles(tiling.load(x[images], rows))
        for part in parts:
            filters = tiling.evaluate_filters(w[part]) if kept is None else kept
            products = empty_planes(TILE, TILE, (filters.shape[2], tiles.shape[3]), x.dtype)
            np.matmul(filters, tiles, out=products)
            tiling.interpolate_outputs(products, b[part], out[images, part], rows)


def backward(
    dout: np.ndarray, x: np.ndarray, w: np.ndarray, geometry: Geometry
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the images and of the filters."""
    tiling = Tiling(geometry, (w.shape[2], w.shape[3]))
    dx, dw = np.zeros_like(x), np.empty_like(w)
    for channels, filters in _groups(x, w, geometry.groups):
        spread = _undo_stride(w[filters], tiling)
        dspread = _backward(dout[:, filters], x[:, channels], spread, tiling, dx[:, channels])
        dw[filters] = _redo_stride(dspread, tiling, w[filters].shape)
    return dx, dw


def _backward(dout: np.ndarray, x: np.ndarray, w: np.ndarray, tiling: Tiling, dx: np.ndarray) -> np.ndarray:
    """Add the gradient of one group's images to `dx`, and return that of its filters."""
    dw = np.zeros_like(w)
    parts = _parts(w.shape[1], w.shape[0])
    kept = tiling.evaluate_filters(w) if len(parts) == 1 else None
    for images, rows in tiling.blocks(len(x), len(w)):
        dproducts = tiling.evaluate_outputs(dout[images], rows)
        loaded = tiling.load(x[images], rows)
        dloaded = np.zeros_like(loaded)
        for part in parts:
            tiles = tiling.evaluate_tiles(loaded[:, part])
            dfilters = empty_planes(TILE, TILE, w[:, part].shape[:2], x.dtype)
            tiling.filters_gradient(np.matmul(dproducts, tiles.swapaxes(2, 3), out=dfilters), dw[:, part])
            filters = tiling.evaluate_filters(w[:, part]) if kept is None else kept
            dtiles = empty_planes(TILE, TILE, tiles.shape[2:], x.dtype)
            np.matmul(filters.swapaxes(2, 3), dproducts, out=dtiles)
            tiling.tiles_gradient(dtiles, dloaded[:, part])
        tiling.add_back(dloaded, dx[images], rows)
    return dw
