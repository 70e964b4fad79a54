"""RoIAlign: regions of any size become images of one size, without rounding their corners."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cs_cnn.detect.boxes import as_boxes
from cs_cnn.layers.arguments import match_shapes, pair, positive, same_shape


class Cache(NamedTuple):
    """What the backward pass needs: how much of each row and column counts, and the image of each region."""

    rows: NDArray[np.float64]
    columns: NDArray[np.float64]
    images: NDArray[np.int64]
    shape: tuple[int, ...]


def _weights(
    starts: NDArray[np.float64], ends: NDArray[np.float64], bins: int, samples: int, size: int
) -> NDArray[np.float64]:
    """Compute how much each pixel of an axis counts in each bin: (R, bins, size)."""
    share = (np.arange(bins * samples) + 0.5) / (bins * samples)
    # Corners are points; the centre of pixel 0 lies at 0.5.
    points = starts[:, None] + share * (ends - starts)[:, None] - 0.5
    near = np.clip(points, 0, size - 1)[..., None] - np.arange(size)
    tent = np.maximum(1 - np.abs(near), 0) * ((points >= -1) & (points <= size))[..., None]
    return np.asarray(tent.reshape(len(starts), bins, samples, size).mean(axis=2))


def roi_align_forward(
    x: NDArray[np.float64],
    rois: NDArray[np.float64],
    *,
    size: int | tuple[int, int],
    scale: float = 1.0,
    samples: int = 2,
) -> tuple[NDArray[np.float64], Cache]:
    """Read each region at evenly spaced points, between the pixels, and average the points of each bin.

    The weights of rows and of columns are independent of each other, so every region is a product of three
    matrices: weights of rows, image, weights of columns.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images, usually the feature maps of a network.
    rois : numpy.ndarray, shape (R, 5)
        Number of the image, then x1, y1, x2, y2; corners are points, as everywhere in this package.
    size : int or (int, int)
        Height and width (H_out, W_out) of the grid of bins.
    scale : float
        Pixels of `x` for a pixel of `rois`.
    samples : int
        Points of a bin along each axis.

    Returns
    -------
    out : numpy.ndarray, shape (R, C, H_out, W_out)
    cache : tuple
        What `roi_align_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, the shapes do not fit, or a region has no image.

    Notes
    -----
    He, Gkioxari, Dollár and Girshick, *Mask R-CNN* (2017). ONNX's operator RoiAlign with `half_pixel` and
    `sampling_ratio` equal to `samples` gives the same.

    Examples
    --------
    >>> x = np.arange(16.0).reshape(1, 1, 4, 4)
    >>> roi_align_forward(x, np.array([[0.0, 0.5, 1.0, 2.5, 3.0]]), size=2)[0][0, 0]
    array([[4.5, 5.5],
           [8.5, 9.5]])
    """
    sizes = match_shapes(x=(x, "N C H W"), rois=(rois, "R 5"))
    if sizes["5"] != 5:
        raise ValueError(f"rois must have five columns (image, x1, y1, x2, y2), got {sizes['5']}")
    h_out, w_out = pair("size", size, at_least=1)
    samples, _ = pair("samples", samples, at_least=1)
    positive("scale", scale)
    named = rois[:, 0]
    if ((named != np.floor(named)) | (named < 0) | (named >= sizes["N"])).any():
        raise ValueError(f"rois must name in column 0 an image from 0 to {sizes['N'] - 1}, got another one")
    x1, y1, x2, y2 = as_boxes("rois", rois[:, 1:]).T * scale
    images = named.astype(np.int64)
    rows = _weights(y1, y2, h_out, samples, sizes["H"])
    columns = _weights(x1, x2, w_out, samples, sizes["W"])
    out = rows[:, None] @ x[images] @ columns[:, None].swapaxes(2, 3)
    return out, Cache(rows, columns, images, x.shape)


def roi_align_backward(dout: NDArray[np.float64], cache: Cache) -> NDArray[np.float64]:
    """Send the gradient back to the pixels, with the weights with which they were read.

    Parameters
    ----------
    dout : numpy.ndarray, shape (R, C, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `roi_align_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
        Regions that share pixels add up.

    Examples
    --------
    >>> out, cache = roi_align_forward(np.ones((1, 1, 1, 3)), np.array([[0.0, 0.5, 0.0, 1.5, 1.0]]), size=1)
    >>> roi_align_backward(np.ones_like(out), cache)
    array([[[[0.5, 0.5, 0. ]]]])
    """
    rows, columns, images, shape = cache
    expected = (len(images), shape[1], rows.shape[1], columns.shape[1])
    same_shape("dout", dout, "out", expected)
    dx = np.zeros(shape, dout.dtype)
    np.add.at(dx, images, rows[:, None].swapaxes(2, 3) @ dout @ columns[:, None])
    return dx
