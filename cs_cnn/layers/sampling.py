"""Reading an image at points between its pixels, and the grids of points that an affine map makes.

Together they are the spatial transformer: a network chooses the map, and the gradient reaches it through the grid.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cs_cnn.layers.arguments import match_shapes, pair, same_shape
from cs_cnn.layers.registry import Layer, Pick, Sample, register
from cs_cnn.layers.windows import Pair

__all__ = [
    "affine_grid_backward",
    "affine_grid_forward",
    "grid_sample_backward",
    "grid_sample_forward",
    "grid_sample_plain",
]


class Cache(NamedTuple):
    """What the backward pass of `grid_sample_forward` needs."""

    x: np.ndarray
    grid: np.ndarray
    align_corners: bool


class Corner(NamedTuple):
    """One of the four pixels around every point, all arrays of shape (N, H_out, W_out)."""

    pixel: np.ndarray
    """Number of the pixel in its image, row by row; 0 where there is none."""
    inside: np.ndarray
    """1 where there is such a pixel, 0 where the point looks over the border."""
    weights: tuple[np.ndarray, np.ndarray]
    """How much of the pixel counts, by column and by row: 1 at the pixel, falling to 0 one pixel away."""
    signs: tuple[int, int]
    """Whether those grow (1) or shrink (-1) when the point moves to the right, and down."""


def _pixels(grid: np.ndarray, size: int, align_corners: bool) -> np.ndarray:
    """Turn coordinates from -1 to 1 into pixels from 0 to ``size - 1``."""
    if align_corners:
        return np.asarray((grid + 1) / 2 * (size - 1))
    return np.asarray(((grid + 1) * size - 1) / 2)


def _corners(grid: np.ndarray, image: Pair, align_corners: bool) -> list[Corner]:
    """Find the four pixels around every point, and how much of each counts."""
    height, width = image
    column = _pixels(grid[..., 0], width, align_corners)
    row = _pixels(grid[..., 1], height, align_corners)
    left, top = np.floor(column), np.floor(row)
    corners = []
    for down in (0, 1):
        for right in (0, 1):
            i, j = top + down, left + right
            inside = (i >= 0) & (i < height) & (j >= 0) & (j < width)
            # Compared as floats and cleared before they become whole numbers: a point may be anywhere.
            pixel = (np.where(inside, i, 0) * width + np.where(inside, j, 0)).astype(np.intp)
            weights = (1 - np.abs(column - j), 1 - np.abs(row - i))
            corners.append(Corner(pixel, inside.astype(grid.dtype), weights, (2 * right - 1, 2 * down - 1)))
    return corners


def _check(x: np.ndarray, grid: np.ndarray) -> None:
    sizes = match_shapes(x=(x, "N C H W"), grid=(grid, "N H_out W_out 2"))
    if sizes["2"] != 2:
        raise ValueError(f"grid must hold two coordinates, (x, y), for every point, got {sizes['2']}")
    if not np.isfinite(grid).all():
        raise ValueError("grid must hold finite coordinates, got some that are infinite or not a number")


def grid_sample_plain(x: np.ndarray, grid: np.ndarray, *, align_corners: bool = False) -> np.ndarray:
    """Sample by the formula of the paper: every pixel counts by how near it is; for reading, not for speed.

    Parameters and result are those of `grid_sample_forward`, without the cache.

    Examples
    --------
    >>> grid_sample_plain(np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), np.zeros((1, 1, 1, 2)))
    array([[[[2.5]]]])
    """
    _check(x, grid)
    channels, height, width = x.shape[1:]
    n_images, h_out, w_out, _ = grid.shape
    out = np.zeros((n_images, channels, h_out, w_out), np.result_type(x, grid))
    for n, c, i, j in np.ndindex(*out.shape):
        column = _pixels(grid[n, i, j, 0], width, align_corners)
        row = _pixels(grid[n, i, j, 1], height, align_corners)
        for k, m in np.ndindex(height, width):
            out[n, c, i, j] += x[n, c, k, m] * max(0, 1 - abs(row - k)) * max(0, 1 - abs(column - m))
    return out


def grid_sample_forward(
    x: np.ndarray, grid: np.ndarray, *, align_corners: bool = False
) -> tuple[np.ndarray, Cache]:
    """Read each image at the points of a grid, weighing the four pixels around a point (bilinear).

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images.
    grid : numpy.ndarray, shape (N, H_out, W_out, 2)
        For every pixel of the output the point (x, y) to read, x to the right and y down; the image reaches from
        -1 to 1 in both. Around the image there are zeros.
    align_corners : bool
        What -1 and 1 mean: the outer edges of the outermost pixels (False), or their centres (True, as in the
        first years of the spatial transformer).

    Returns
    -------
    out : numpy.ndarray, shape (N, C, H_out, W_out)
    cache : tuple
        What `grid_sample_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, the shapes do not fit each other, or a point is not finite.

    Notes
    -----
    Jaderberg et al., *Spatial transformer networks* (2015).

    Examples
    --------
    >>> x = np.array([[[[10.0, 20.0]]]])
    >>> grid = np.array([[[[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]]])
    >>> grid_sample_forward(x, grid)[0], grid_sample_forward(x, grid, align_corners=True)[0]
    (array([[[[ 5., 15., 10.]]]]), array([[[[10., 15., 20.]]]]))
    """
    _check(x, grid)
    values = x.reshape(*x.shape[:2], -1)
    out = np.zeros((*x.shape[:2], *grid.shape[1:3]), np.result_type(x, grid))
    for corner in _corners(grid, (x.shape[2], x.shape[3]), align_corners):
        weight = corner.inside * corner.weights[0] * corner.weights[1]
        out += weight[:, np.newaxis] * _gather(values, corner.pixel)
    return out, Cache(x, grid, align_corners)


def _gather(values: np.ndarray, pixel: np.ndarray) -> np.ndarray:
    """Read the pixels of those numbers in every channel: (N, C, H_out, W_out)."""
    return np.stack([image[:, numbers] for image, numbers in zip(values, pixel, strict=True)])


def grid_sample_backward(dout: np.ndarray, cache: Cache) -> tuple[np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back to the images and to the points.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, C, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `grid_sample_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
        A pixel collects from all points that looked at it.
    dgrid : numpy.ndarray, shape (N, H_out, W_out, 2)
        The slope of the image at the point. On a pixel's centre there are two slopes; this is the one to the
        right, and down.

    Examples
    --------
    >>> x = np.array([[[[10.0, 20.0]]]])
    >>> _, cache = grid_sample_forward(x, np.array([[[[0.5, 0.0]]]]), align_corners=True)
    >>> dx, dgrid = grid_sample_backward(np.ones((1, 1, 1, 1)), cache)
    >>> dx, dgrid
    (array([[[[0.25, 0.75]]]]), array([[[[5., 0.]]]]))
    """
    x, grid, align_corners = cache
    n, channels, height, width = x.shape
    same_shape("dout", dout, "out", (n, channels, *grid.shape[1:3]))
    values = x.reshape(n, channels, -1)
    dx = np.zeros(x.size, x.dtype)
    dgrid = np.zeros(grid.shape, grid.dtype)
    first = np.arange(0, x.size, height * width).reshape(n, channels, 1, 1)  # pixel 0 of every channel
    # Pixels for a step of 1 in the coordinates.
    scale = [(size - 1 if align_corners else size) / 2 for size in (width, height)]
    for corner in _corners(grid, (height, width), align_corners):
        by_column, by_row = corner.weights
        share = (corner.inside * by_column * by_row)[:, np.newaxis] * dout
        # Several points may look at one pixel: add.at counts every one of them.
        np.add.at(dx, (first + corner.pixel[:, np.newaxis]).ravel(), share.ravel())
        seen = corner.inside * (dout * _gather(values, corner.pixel)).sum(axis=1)
        dgrid[..., 0] += corner.signs[0] * scale[0] * by_row * seen
        dgrid[..., 1] += corner.signs[1] * scale[1] * by_column * seen
    return dx.reshape(x.shape), dgrid


def _base(shape: Pair, align_corners: bool, dtype: np.dtype) -> np.ndarray:
    """Return (x, y, 1) of every pixel of an image of this size: (H, W, 3)."""
    axes = []
    for size in shape:
        edge = 1.0 if align_corners else 1 - 1 / size
        # A single pixel lies in the middle, whatever its corners are.
        axes.append(np.linspace(-edge, edge, size) if size > 1 else np.zeros(1))
    y, x = np.meshgrid(*axes, indexing="ij")
    return np.stack([x, y, np.ones(shape)], axis=-1).astype(dtype)


def affine_grid_forward(
    theta: np.ndarray, *, shape: int | Pair, align_corners: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Map every pixel of the output to the point of the input that it shows: ``(x, y) = theta @ (x', y', 1)``.

    Parameters
    ----------
    theta : numpy.ndarray, shape (N, 2, 3)
        One affine map for every image: from the output to the input, so that half the scale makes things look
        twice as large.
    shape : int or (int, int)
        Height and width of the output, in pixels.
    align_corners : bool
        As in `grid_sample_forward`; give both the same.

    Returns
    -------
    grid : numpy.ndarray, shape (N, H_out, W_out, 2)
    cache : numpy.ndarray
        What `affine_grid_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When `theta` is not a float array of that shape.

    Notes
    -----
    Jaderberg et al., *Spatial transformer networks* (2015).

    Examples
    --------
    >>> shift = np.array([[[1.0, 0.0, 0.5], [0.0, 1.0, 0.0]]])
    >>> affine_grid_forward(shift, shape=(1, 2))[0]
    array([[[[0., 0.],
             [1., 0.]]]])
    """
    match_shapes(theta=(theta, "N 2 3"))
    if theta.shape[1:] != (2, 3):
        raise ValueError(f"theta must have shape (N, 2, 3), got {theta.shape}")
    base = _base(pair("shape", shape, at_least=1), align_corners, theta.dtype)
    return np.einsum("hwk,nck->nhwc", base, theta), base


def affine_grid_backward(dout: np.ndarray, cache: np.ndarray) -> np.ndarray:
    """Carry the gradient of the loss back to the affine maps.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, H_out, W_out, 2)
        Gradient of the loss with respect to the grid.
    cache : numpy.ndarray
        From `affine_grid_forward`.

    Returns
    -------
    dtheta : numpy.ndarray, shape (N, 2, 3)

    Examples
    --------
    >>> _, cache = affine_grid_forward(np.ones((1, 2, 3)), shape=(1, 2))
    >>> affine_grid_backward(np.ones((1, 1, 2, 2)), cache)
    array([[[0., 0., 2.],
            [0., 0., 2.]]])
    """
    same_shape("dout", dout, "the grid", (len(dout), *cache.shape[:2], 2))
    return np.asarray(np.einsum("nhwc,hwk->nck", dout, cache))


def grid_sample_twin(x: Any, grid: Any, *, align_corners: bool = False) -> Any:
    """Compute the same in PyTorch."""
    import torch.nn.functional as F

    return F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=align_corners)


def affine_grid_twin(theta: Any, *, shape: int | Pair, align_corners: bool = False) -> Any:
    """Compute the same in PyTorch, which takes the shape of the images (N, C, H_out, W_out)."""
    import torch.nn.functional as F

    size = [len(theta), 1, *pair("shape", shape, at_least=1)]
    return F.affine_grid(theta, size, align_corners=align_corners)


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    align = bool(pick(0, 1))
    n, image, out = pick(1, 2), (pick(1, 4), pick(1, 4)), (pick(1, 3), pick(1, 3))
    # On a pixel's row or column the image has a kink: stay off them, within the image and around it.
    grid = np.empty((n, *out, 2))
    for axis, size in ((0, image[1]), (1, image[0])):
        pixels = rng.integers(-2, size + 1, (n, *out)) + rng.uniform(0.05, 0.95, (n, *out))
        grid[..., axis] = pixels * 2 / max(size - 1, 1) - 1 if align else (pixels * 2 + 1) / size - 1
    x = rng.normal(size=(n, pick(1, 2), *image))
    return Sample({"x": x, "grid": grid}, {"align_corners": align})


def _theta_sample(pick: Pick, rng: np.random.Generator) -> Sample:
    align = bool(pick(0, 1))
    # PyTorch warns of a single pixel whose corners are aligned: they would lie on top of each other.
    shape = (pick(1 + align, 4), pick(1 + align, 4))
    return Sample({"theta": rng.normal(size=(pick(1, 3), 2, 3))}, {"shape": shape, "align_corners": align})


register(
    Layer(
        name="grid_sample",
        forward=grid_sample_forward,
        backward=grid_sample_backward,
        twin=grid_sample_twin,
        wrt=("x", "grid"),
        sample=_sample,
        source="Jaderberg et al. (2015)",
        plain=grid_sample_plain,
    )
)
register(
    Layer(
        name="affine_grid",
        forward=affine_grid_forward,
        backward=affine_grid_backward,
        twin=affine_grid_twin,
        wrt=("theta",),
        sample=_theta_sample,
        source="Jaderberg et al. (2015)",
    )
)
