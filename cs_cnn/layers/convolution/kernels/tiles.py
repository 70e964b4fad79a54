"""Convolution tile by tile, in a domain where sliding is multiplying: what Winograd's way and Fourier's share.

Cut the images into tiles that overlap by the length of a filter less one, and take the tiles and the filters to
numbers (values of polynomials, or Fourier coefficients) such that the outputs of a tile follow from the products
of numbers in the same place. Each place is then one matrix product over the channels, (F, C) @ (C, tiles):

    outputs = back( sum over channels of filter(g) * tile(d) )

All three transforms are linear, so the gradients are the adjoint: the same transforms, taken backwards.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np

from cs_cnn.layers.convolution.kernels.geometry import Geometry, blocks, overlap, pieces
from cs_cnn.layers.windows import Pair

__all__: list[str] = []

BLOCK = 4 * 2**20
"""Bytes of transformed filters at a time."""


class Tiling(ABC):
    """How a convolution of one group is cut into tiles, and what it does with them; a stride is undone first.

    Pixels [p::s, q::s] of the images, and the same entries of the filters, become channels of their own, after
    which the stride is 1: AlexNet's 11x11 filters with stride 4 on 3 channels are 3x3 filters on 48.

    Parameters
    ----------
    geometry : Geometry
    kernel : tuple of int
        (HH, WW) of the filters.

    Attributes
    ----------
    side : int
        Pixels of a tile along each axis.
    at_once : int
        Most tiles that are worked on at a time.
    bytes : int
        What all numbers of one tile of one channel take.
    reach, step, tiles : tuple of int
        For each axis: entries of a filter, outputs of a tile, and tiles of an image.
    """

    side: int
    at_once: int
    bytes: int

    def __init__(self, geometry: Geometry, kernel: Pair) -> None:
        self.geometry, self.stride = geometry, geometry.stride
        self.reach = (-(-kernel[0] // self.stride[0]), -(-kernel[1] // self.stride[1]))
        self.step = (self.side + 1 - self.reach[0], self.side + 1 - self.reach[1])
        self.tiles = (-(-geometry.positions[0] // self.step[0]), -(-geometry.positions[1] // self.step[1]))

    @abstractmethod
    def evaluate_tiles(self, loaded: np.ndarray) -> np.ndarray:
        """Return the numbers of all tiles of loaded images: (k, l, C, tiles)."""

    @abstractmethod
    def tiles_gradient(self, dvalues: np.ndarray, dloaded: np.ndarray) -> None:
        """Add to the gradient of loaded images; tiles overlap by r - 1 pixels, where they add up."""

    @abstractmethod
    def evaluate_filters(self, w: np.ndarray) -> np.ndarray:
        """Return the numbers of filters (F, C, r, r) of stride 1: (k, l, F, C)."""

    @abstractmethod
    def filters_gradient(self, dvalues: np.ndarray, dw: np.ndarray) -> None:
        """Add to the gradient of filters of stride 1."""

    @abstractmethod
    def interpolate_outputs(self, products: np.ndarray, b: np.ndarray, out: np.ndarray, rows: slice) -> None:
        """Turn the products (k, l, F, tiles) of some rows of tiles into outputs, and write them, plus b, to `out`."""

    @abstractmethod
    def evaluate_outputs(self, dout: np.ndarray, rows: slice) -> np.ndarray:
        """Return the gradient of the products, (k, l, F, tiles), for some rows of tiles."""

    def convolve(self, x: np.ndarray, w: np.ndarray, b: np.ndarray, out: np.ndarray) -> None:
        """Convolve, and write the result to `out`."""
        w = self._undo_stride(w)
        parts = self._parts(*w.shape[:2])
        kept = self.evaluate_filters(w) if len(parts) == 1 else None
        for images, rows in self._blocks(len(x)):
            tiles = self.evaluate_tiles(self._load(x[images], rows))
            for part in parts:
                filters = self.evaluate_filters(w[part]) if kept is None else kept
                self.interpolate_outputs(filters @ tiles, b[part], out[images, part], rows)

    def gradients(self, dout: np.ndarray, x: np.ndarray, w: np.ndarray, dx: np.ndarray | None) -> np.ndarray:
        """Add the gradient of the images to `dx`, if it is wanted, and return that of the filters."""
        shape, w = w.shape, self._undo_stride(w)
        dw = np.zeros_like(w)
        parts = self._parts(w.shape[1], w.shape[0])
        kept = self.evaluate_filters(w) if len(parts) == 1 and dx is not None else None
        for images, rows in self._blocks(len(x)):
            dproducts = self.evaluate_outputs(dout[images], rows)
            loaded = self._load(x[images], rows)
            dloaded = np.zeros_like(loaded)
            for part in parts:
                tiles = self.evaluate_tiles(loaded[:, part])
                self.filters_gradient(dproducts @ adjoint(tiles), dw[:, part])
                if dx is None:  # only saves time
                    continue  # only saves time
                filters = self.evaluate_filters(w[:, part]) if kept is None else kept
                self.tiles_gradient(adjoint(filters) @ dproducts, dloaded[:, part])
            if dx is not None:
                self._add_back(dloaded, dx[images], rows)
        return self._redo_stride(dw, shape)

    def output_rows(self, out: np.ndarray, rows: slice) -> Iterator[tuple[int, np.ndarray]]:
        """Yield for i = 0, ..., m - 1 a view of row i of all tiles: (n, F, rows, W_out)."""
        m = self.step[0]
        for i in range(m):
            yield i, out[:, :, rows.start * m + i : rows.stop * m : m]

    def _blocks(self, images: int) -> Iterator[tuple[slice, slice]]:
        """Cut a batch into blocks of images and of rows of tiles."""
        return blocks(images, self.tiles[0], self.at_once // self.tiles[1])

    def _parts(self, count: int, other: int) -> list[slice]:
        """Cut the filters (or the channels) so that their numbers, for all of the other, stay below `BLOCK`."""
        return list(pieces(count, BLOCK // (self.bytes * other)))

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

    def _spread(self, padded: np.ndarray) -> np.ndarray:
        """Undo the stride: view (n, C, H, W) as (n, C, s, s, H / s, W / s)."""
        (n, c, height, width), (sh, sw) = padded.shape, self.stride
        return padded.reshape(n, c, height // sh, sh, width // sw, sw).transpose(0, 1, 3, 5, 2, 4)

    def _load(self, x: np.ndarray, rows: slice) -> np.ndarray:
        """Copy what some rows of tiles see, with zeros around it: (n, C * s * s, H, W)."""
        size, inside, seen = self._place(rows, x.shape[2:])
        padded = np.zeros((*x.shape[:2], *size), x.dtype)
        padded[:, :, *inside] = x[:, :, *seen]
        if self.stride == (1, 1):  # only saves time
            return padded  # only saves time
        spread = self._spread(padded)
        return spread.reshape(len(x), -1, *spread.shape[4:])

    def _add_back(self, loaded: np.ndarray, dx: np.ndarray, rows: slice) -> None:
        """Add the gradient of what was loaded to that of the images: the adjoint of `_load`."""
        size, inside, seen = self._place(rows, dx.shape[2:])
        if self.stride == (1, 1):
            padded = loaded
        else:
            padded = np.empty((*dx.shape[:2], *size), loaded.dtype)
            spread = self._spread(padded)
            spread[...] = loaded.reshape(spread.shape)
        dx[:, :, *seen] += padded[:, :, *inside]

    def _undo_stride(self, w: np.ndarray) -> np.ndarray:
        """Sort the entries of filters (F, C, HH, WW) into filters of stride 1: (F, C * s * s, r, r)."""
        if self.stride == (1, 1):  # only saves time
            return w  # only saves time
        (rh, rw), (sh, sw) = self.reach, self.stride
        padded = np.zeros((*w.shape[:2], rh * sh, rw * sw), w.dtype)
        padded[:, :, : w.shape[2], : w.shape[3]] = w
        return self._spread(padded).reshape(len(w), -1, rh, rw)

    def _redo_stride(self, w: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
        """Sort the entries back into filters of the given shape."""
        if self.stride == (1, 1):  # only saves time
            return w  # only saves time
        (rh, rw), (sh, sw) = self.reach, self.stride
        padded = np.empty((*shape[:2], rh * sh, rw * sw), w.dtype)
        spread = self._spread(padded)
        spread[...] = w.reshape(spread.shape)
        return padded[:, :, : shape[2], : shape[3]]


def adjoint(values: np.ndarray) -> np.ndarray:
    """Transpose the matrices of the last two axes, and conjugate them where they are complex."""
    transposed: np.ndarray = values.swapaxes(-1, -2).conj()
    return transposed


def forward_tiles(
    tiling: Tiling, x: np.ndarray, w: np.ndarray, b: np.ndarray, geometry: Geometry
) -> np.ndarray:
    """Convolve group by group."""
    out = np.empty((len(x), len(w), *geometry.positions), np.result_type(x, w, b))
    for channels, filters in _groups(x, w, geometry.groups):
        tiling.convolve(x[:, channels], w[filters], b[filters], out[:, filters])
    return out


def backward_tiles(
    tiling: Tiling,
    dout: np.ndarray,
    x: np.ndarray,
    w: np.ndarray,
    geometry: Geometry,
    only_filters: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the images and of the filters, group by group."""
    dx, dw = np.zeros_like(x), np.empty_like(w)
    for channels, filters in _groups(x, w, geometry.groups):
        to = None if only_filters else dx[:, channels]
        dw[filters] = tiling.gradients(dout[:, filters], x[:, channels], w[filters], to)
    return dx, dw


def _groups(x: np.ndarray, w: np.ndarray, groups: int) -> Iterator[tuple[slice, slice]]:
    """Yield the channels and the filters of each group."""
    return zip(pieces(x.shape[1], x.shape[1] // groups), pieces(len(w), len(w) // groups), strict=True)
