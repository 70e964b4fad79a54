"""Laying images on larger ones: turned, resized and moved, perhaps among scraps of others."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cs_cnn.layers.sampling import affine_grid_forward, grid_sample_forward


class Distorted(NamedTuple):
    """Images after `distort`, and how each came about."""

    images: NDArray[np.float32]
    """(N, 1, size, size)."""
    maps: NDArray[np.float64]
    """(N, 2, 3): from the points of the new image to those of the old one, both from -1 to 1."""

    def inverse(self) -> NDArray[np.float64]:
        """Return the maps (N, 2, 3) that undo the distortion: from the old image to the new one."""
        linear = np.linalg.inv(self.maps[:, :, :2])
        return np.concatenate([linear, -linear @ self.maps[:, :, 2:]], axis=2)


def distort(
    images: NDArray[np.float32],
    *,
    size: int,
    angle: float = 0.0,
    sides: tuple[float, float] = (1.0, 1.0),
    scraps: int = 0,
    rng: np.random.Generator,
) -> Distorted:
    """Lay each image somewhere on a dark square.

    Parameters
    ----------
    images : numpy.ndarray, shape (N, 1, H, H)
        Grey images, bright on dark.
    size : int
        Height and width of the result, in pixels; the image lies wholly inside, unless it is turned.
    angle : float
        Each is turned by up to so many degrees to either side.
    sides : (float, float)
        The smallest and the largest side that an image may take, as a share of `size`, above 0 and at most 1.
    scraps : int
        So many pieces of other images, a sixth of `size` wide and cut out after these were resized, are scattered over
        each result.
    rng : numpy.random.Generator
        Draws everything.

    Returns
    -------
    Distorted

    Raises
    ------
    ValueError
        When the images are not such images, or a setting is out of its range.

    Notes
    -----
    After Jaderberg et al. (2015), who distort handwritten digits in this way.

    Examples
    --------
    >>> result = distort(np.ones((2, 1, 8, 8), np.float32), size=32, sides=(0.5, 0.5), rng=np.random.default_rng(0))
    >>> result.images.shape, bool(abs(result.images.sum() - 2 * 16 * 16) < 1)
    ((2, 1, 32, 32), True)
    """
    if images.ndim != 4 or images.shape[1] != 1 or images.shape[2] != images.shape[3] or not len(images):
        raise ValueError(f"images must have shape (N, 1, H, H), at least one, got {images.shape}")
    if not 0 < sides[0] <= sides[1] <= 1 or size < 4 or scraps < 0 or angle < 0:
        raise ValueError(
            "sides must be two shares above 0 and up to 1, size at least 4, angle and scraps at least 0,"
            f" got {sides}, {size}, {angle} and {scraps}"
        )
    n = len(images)
    share = rng.uniform(*sides, n)
    turn = np.deg2rad(rng.uniform(-angle, angle, n))
    centre = rng.uniform(-1, 1, (n, 2)) * (1 - share)[:, np.newaxis]
    maps = similarity_maps(share, turn, centre)
    grid, _ = affine_grid_forward(maps, shape=size)
    out, _ = grid_sample_forward(images.astype(np.float64), grid)
    if scraps:
        out = np.maximum(out, _scatter(out, centre, share, scraps, rng))
    return Distorted(out.astype(np.float32), maps)


def similarity_maps(
    share: NDArray[np.float64], turn: NDArray[np.float64], centre: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the affine maps with which an image appears reduced, turned and moved.

    An output shows at the point p what the image has at ``R(-turn) (p - centre) / share``.

    Parameters
    ----------
    share : numpy.ndarray, shape (N,)
        The side of the image in the output, as a share of the output's side.
    turn : numpy.ndarray, shape (N,)
        Angle in radians, clockwise as seen, since y points down.
    centre : numpy.ndarray, shape (N, 2)
        Where the middle of the image comes to lie, (x, y) from -1 to 1.

    Returns
    -------
    numpy.ndarray, shape (N, 2, 3)

    Examples
    --------
    >>> similarity_maps(np.array([0.5]), np.zeros(1), np.array([[0.25, 0.0]]))
    array([[[ 2. ,  0. , -0.5],
            [ 0. ,  2. ,  0. ]]])
    """
    cos, sin = np.cos(turn) / share, np.sin(turn) / share
    linear = np.stack([np.stack([cos, sin], -1), np.stack([-sin, cos], -1)], axis=-2)
    shift = -linear @ centre[:, :, np.newaxis]
    return np.asarray(np.concatenate([linear, shift], axis=2) + 0.0)


def _scatter(
    laid: NDArray[np.float64],
    centre: NDArray[np.float64],
    share: NDArray[np.float64],
    scraps: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Draw pictures of nothing but scraps, which are cut out of laid images where these show something."""
    n, _, size, _ = laid.shape
    side = max(2, size // 6)
    out = np.zeros_like(laid)
    for target in out[:, 0]:
        for other in rng.integers(n, size=scraps):
            middle = centre[other, ::-1] + rng.uniform(-0.7, 0.7, 2) * share[other]
            row, column = np.clip((middle + 1) / 2 * size - side / 2, 0, size - side).astype(int)
            piece = laid[other, 0, row : row + side, column : column + side]
            top, left = rng.integers(0, size - side + 1, 2)
            corner = target[top : top + side, left : left + side]
            np.maximum(corner, piece, out=corner)
    return out
