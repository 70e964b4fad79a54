"""RoI max pooling: regions of any size become images of one size."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from cs_cnn.layers.arguments import match_shapes, pair, positive, same_shape
from cs_cnn.layers.registry import Layer, Pick, Sample, register
from cs_cnn.layers.windows import Pair

__all__ = ["roi_max_pool2d_backward", "roi_max_pool2d_forward"]


class Cache(NamedTuple):
    """What the backward pass needs: which pixel won each bin (-1: none did), and the image of each region."""

    winner: np.ndarray
    images: np.ndarray
    shape: tuple[int, ...]


def _check(x: np.ndarray, rois: np.ndarray) -> None:
    sizes = match_shapes(x=(x, "N C H W"), rois=(rois, "R 5"))
    if sizes["5"] != 5:
        raise ValueError(f"rois must have five columns (image, x1, y1, x2, y2), got {sizes['5']}")
    if not np.isfinite(rois).all():
        raise ValueError("rois must hold finite numbers, got some that are infinite or not a number")
    images = rois[:, 0]
    if ((images != np.floor(images)) | (images < 0) | (images >= sizes["N"])).any():
        raise ValueError(
            f"rois must name in column 0 an image from 0 to {sizes['N'] - 1}, got {sorted(set(images.tolist()))}"
        )
    if (rois[:, 1] > rois[:, 3]).any() or (rois[:, 2] > rois[:, 4]).any():
        raise ValueError(
            "rois must be (image, x1, y1, x2, y2) with x1 <= x2 and y1 <= y2, got one that is not"
        )


def _to_pixels(rois: np.ndarray, scale: float) -> np.ndarray:
    """Round the corners to whole pixels of `x`, halves up: (R, 4) as x1, y1, x2, y2."""
    return np.floor(rois[:, 1:] * scale + 0.5).astype(int)


def _bins(first: int, last: int, n: int, size: int) -> list[slice]:
    """Cut the pixels from `first` to `last` into n bins, and keep of each what lies within the image."""
    length = last - first + 1
    starts = [first + i * length // n for i in range(n)]
    stops = [first - (-(i + 1) * length // n) for i in range(n)]
    return [
        slice(min(max(start, 0), size), min(max(stop, 0), size))
        for start, stop in zip(starts, stops, strict=True)
    ]


def roi_max_pool2d_forward(
    x: np.ndarray, rois: np.ndarray, *, size: int | Pair, scale: float = 1.0
) -> tuple[np.ndarray, Cache]:
    """Cut every region into a grid of bins, and keep the largest number of each.

    Two roundings make whole pixels of a region, as in Fast R-CNN. Its corners go to the nearest pixel (halves
    up), and both belong to it: a region of x1 = x2 is one pixel wide. A region of h rows is cut into H_out bins,
    bin i from row ``floor(i * h / H_out)`` to before row ``ceil((i + 1) * h / H_out)``, so that neighbours may
    share a row. What lies outside the image is not looked at, and a bin without any pixel is 0.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images, usually the feature maps of a network.
    rois : numpy.ndarray, shape (R, 5)
        Regions of interest: number of the image, then x1, y1, x2, y2 in pixels, x to the right and y down. No
        gradient reaches them, since rounding has none.
    size : int or (int, int)
        Height and width (H_out, W_out) of the grid, in bins.
    scale : float
        Pixels of `x` for a pixel of `rois`: 1/16 for regions of the image on the feature maps of VGG-16.

    Returns
    -------
    out : numpy.ndarray, shape (R, C, H_out, W_out)
    cache : tuple
        What `roi_max_pool2d_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When an argument is not a float array, the shapes do not fit, or a region has no image or ends before it
        begins.

    Notes
    -----
    Girshick, *Fast R-CNN* (2015).

    Examples
    --------
    >>> x = np.arange(16.0).reshape(1, 1, 4, 4)
    >>> roi_max_pool2d_forward(x, np.array([[0.0, 1.0, 1.0, 3.0, 3.0]]), size=2)[0][0, 0]
    array([[10., 11.],
           [14., 15.]])
    """
    _check(x, rois)
    h_out, w_out = pair("size", size, at_least=1)
    positive("scale", scale)
    channels, height, width = x.shape[1:]
    images = rois[:, 0].astype(int)
    out = np.zeros((len(rois), channels, h_out, w_out), x.dtype)
    winner = np.full(out.shape, -1)
    for r, (x1, y1, x2, y2) in enumerate(_to_pixels(rois, scale).tolist()):
        for i, rows in enumerate(_bins(y1, y2, h_out, height)):
            for j, columns in enumerate(_bins(x1, x2, w_out, width)):
                seen = x[images[r], :, rows, columns]
                if not seen.size:
                    continue
                at = seen.reshape(channels, -1).argmax(axis=1)
                row, column = np.divmod(at, seen.shape[2])
                winner[r, :, i, j] = (rows.start + row) * width + columns.start + column
                out[r, :, i, j] = seen.reshape(channels, -1)[np.arange(channels), at]
    return out, Cache(winner, images, x.shape)


def roi_max_pool2d_backward(dout: np.ndarray, cache: Cache) -> np.ndarray:
    """Send the gradient of each bin to the pixel that won it.

    Parameters
    ----------
    dout : numpy.ndarray, shape (R, C, H_out, W_out)
        Gradient of the loss with respect to ``out``.
    cache : tuple
        From `roi_max_pool2d_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C, H, W)
        A pixel that won bins of several regions receives the sum.

    Examples
    --------
    >>> rois = np.array([[0.0, 0.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0, 0.0]])
    >>> _, cache = roi_max_pool2d_forward(np.array([[[[1.0, 2.0, 3.0]]]]), rois, size=1)
    >>> roi_max_pool2d_backward(np.ones((2, 1, 1, 1)), cache)
    array([[[[0., 2., 0.]]]])
    """
    winner, images, shape = cache
    same_shape("dout", dout, "out", winner.shape)
    dx = np.zeros((*shape[:2], shape[2] * shape[3]), dout.dtype)
    region, channel, *_ = won = np.nonzero(winner >= 0)
    np.add.at(dx, (images[region], channel, winner[won]), dout[won])
    return dx.reshape(shape)


def roi_max_pool2d_twin(x: Any, rois: Any, *, size: int | Pair, scale: float = 1.0) -> Any:
    """Compute the same in PyTorch: adaptive max pooling of each crop, on images with a border that never wins."""
    import torch
    import torch.nn.functional as F

    grid = pair("size", size, at_least=1)
    corners = _to_pixels(rois.detach().numpy(), scale)
    far = int(max(-corners.min(), corners.max() - min(x.shape[2:]) + 1, 0))
    framed = F.pad(x, (far, far, far, far), value=-float("inf"))
    pooled = [
        F.adaptive_max_pool2d(framed[int(image), :, y1 + far : y2 + far + 1, x1 + far : x2 + far + 1], grid)
        for image, (x1, y1, x2, y2) in zip(rois[:, 0], corners.tolist(), strict=True)
    ]
    out = torch.stack(pooled)
    return torch.where(out.isinf(), torch.zeros_like(out), out)


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    n, height, width, regions = pick(1, 2), pick(1, 6), pick(1, 6), pick(1, 3)
    shape = (n, pick(1, 2), height, width)
    scale = (1.0, 0.5)[pick(0, 1)]
    # Regions within the image, over its border, and now and then beside it.
    starts = np.stack([rng.uniform(-2, width, regions), rng.uniform(-2, height, regions)], axis=1)
    corners = np.hstack([starts, starts + rng.uniform(0, 6, (regions, 2))])
    rois = np.column_stack([rng.integers(0, n, regions), corners / scale])
    # Distinct and well apart, as for max pooling.
    x = rng.permutation(np.prod(shape)).reshape(shape) / 7.0
    return Sample({"x": x - x.mean(), "rois": rois}, {"size": (pick(1, 3), pick(1, 3)), "scale": scale})


register(
    Layer(
        name="roi_max_pool2d",
        forward=roi_max_pool2d_forward,
        backward=roi_max_pool2d_backward,
        twin=roi_max_pool2d_twin,
        wrt=("x",),
        sample=_sample,
        source="Girshick (2015)",
    )
)
