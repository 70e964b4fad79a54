"""Convolution with large filters: by Fourier transform, tile by tile.

Where a signal is shifted, its Fourier coefficients are multiplied, so sliding a filter over a tile is one product
for each coefficient: ``rfft2(out) = conj(rfft2(w)) * rfft2(x)``. The cost of an output does not grow with the
filter. The tile goes round: its last r - 1 rows and columns of output have seen the other side, and are dropped
("overlap-save"). A large tile drops less, but has more coefficients of every filter to keep.

Mathieu, Henaff & LeCun, *Fast training of convolutional networks through FFTs* (2014); NumPy before version 2
computes it in double precision.
"""

from __future__ import annotations

import numpy as np

from cs_cnn.layers.convolution.kernels.geometry import Geometry
from cs_cnn.layers.convolution.kernels.tiles import Tiling, backward_tiles, forward_tiles
from cs_cnn.layers.windows import add_windows, view_windows

__all__: list[str] = []

TILE = 32
"""Side of a tile; a power of two is fast to transform."""


def coefficients(tiles: np.ndarray) -> np.ndarray:
    """Transform tiles (A, B, h, w), filled up with zeros to 32x32, to (32, 17, A, B)."""
    values = np.fft.rfft2(tiles, (TILE, TILE))
    single = tiles.dtype == np.float32
    return np.ascontiguousarray(values.transpose(2, 3, 0, 1), np.complex64 if single else np.complex128)


def pixels(values: np.ndarray) -> np.ndarray:
    """Transform coefficients (32, 17, A, B) back to tiles (A, B, 32, 32)."""
    return np.fft.irfft2(np.ascontiguousarray(values.transpose(2, 3, 0, 1)), (TILE, TILE))


class Fourier(Tiling):
    """Tiles of 32x32 pixels, in the Fourier domain."""

    side = TILE
    at_once = 32
    bytes = 8 * TILE * (TILE // 2 + 1)

    def evaluate_tiles(self, loaded: np.ndarray) -> np.ndarray:
        """Return the coefficients of all tiles of loaded images: (32, 17, C, tiles)."""
        tiles = view_windows(loaded, (TILE, TILE), self.step).swapaxes(0, 1)
        return coefficients(tiles.reshape(len(tiles), -1, TILE, TILE))

    def tiles_gradient(self, dvalues: np.ndarray, dloaded: np.ndarray) -> None:
        """Add to the gradient of loaded images."""
        n, c, height, width = dloaded.shape
        count = ((height - TILE) // self.step[0] + 1, (width - TILE) // self.step[1] + 1)
        tiles = pixels(dvalues).reshape(c, n, *count, TILE, TILE)
        dloaded += add_windows(tiles.swapaxes(0, 1), dloaded.shape, self.step)

    def evaluate_filters(self, w: np.ndarray) -> np.ndarray:
        """Return the conjugate coefficients of the filters: (32, 17, F, C)."""
        return coefficients(w).conj()

    def filters_gradient(self, dvalues: np.ndarray, dw: np.ndarray) -> None:
        """Add to the gradient of the filters."""
        dw += pixels(dvalues.conj())[:, :, : self.reach[0], : self.reach[1]]

    def interpolate_outputs(self, products: np.ndarray, b: np.ndarray, out: np.ndarray, rows: slice) -> None:
        """Write the outputs of some rows of tiles, plus b, to `out`."""
        (mh, mw), count, across = self.step, rows.stop - rows.start, self.tiles[1]
        tiles = pixels(products)[:, :, :mh, :mw].reshape(len(b), len(out), count, across, mh, mw)
        image = tiles.transpose(1, 0, 2, 4, 3, 5).reshape(*out.shape[:2], count * mh, across * mw)
        target = out[:, :, rows.start * mh : rows.stop * mh]
        np.add(image[:, :, : target.shape[2], : target.shape[3]], b[:, np.newaxis, np.newaxis], out=target)

    def evaluate_outputs(self, dout: np.ndarray, rows: slice) -> np.ndarray:
        """Return the coefficients of the gradient of the outputs, for some rows of tiles."""
        (mh, mw), count, across = self.step, rows.stop - rows.start, self.tiles[1]
        source = dout[:, :, rows.start * mh : rows.stop * mh]
        image = np.zeros((*dout.shape[:2], count * mh, across * mw), dout.dtype)
        image[:, :, : source.shape[2], : source.shape[3]] = source
        tiles = image.reshape(*dout.shape[:2], count, mh, across, mw).transpose(1, 0, 2, 4, 3, 5)
        return coefficients(tiles.reshape(dout.shape[1], -1, mh, mw))


def forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Convolve; as in `cs_cnn.layers.convolution.kernels`."""
    return forward_tiles(Fourier(geometry, (w.shape[2], w.shape[3])), x, w, b, geometry)


def backward(
    dout: np.ndarray, x: np.ndarray, w: np.ndarray, geometry: Geometry, *, only_filters: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the images and of the filters."""
    return backward_tiles(Fourier(geometry, (w.shape[2], w.shape[3])), dout, x, w, geometry, only_filters)
