"""Many small pictures as one: filters, class templates and feature maps, tiled for `imshow`."""

from __future__ import annotations

import math
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from cs_cnn.errors import CsCnnError

Scale = Literal["each", "all", "none"]


def tile(
    pictures: Any,
    *,
    columns: int | None = None,
    signed: bool = False,
    scale: Scale = "each",
    gap: int = 1,
) -> NDArray[np.float64]:
    """Lay pictures out as one, row by row.

    Parameters
    ----------
    pictures : array or Tensor (n, h, w), (n, 1, h, w) or (n, 3, h, w)
        Feature maps, filters or images.
    columns : int, optional
        Pictures in a row; by default as many as make the whole about square.
    signed : bool
        Whether 0 shall lie in the middle of the scale, at 0.5: for weights and gradients, in whose pictures no
        colour stands for nothing.
    scale : {"each", "all", "none"}
        Whether each picture is stretched to the numbers 0 to 1 by itself, all of them alike (so that they can be
        compared), or none.
    gap : int
        Pixels between neighbours.

    Returns
    -------
    ndarray (H, W) or (H, W, 3)
        Gaps are nan, which `imshow` leaves out, or white in colour. Show it with ``vmin=0, vmax=1``.

    Raises
    ------
    CsCnnError
        When these are no pictures.

    Examples
    --------
    >>> tile([[[0, 5]], [[-5, 10]]], columns=1, signed=True, scale="all", gap=0)
    array([[0.5 , 0.75],
           [0.25, 1.  ]])
    """
    if hasattr(pictures, "detach"):
        pictures = pictures.detach().cpu().numpy()
    many = np.asarray(pictures, dtype=np.float64)
    if many.ndim == 3:
        many = many[:, None]
    if many.ndim != 4 or many.shape[1] not in (1, 3) or 0 in many.shape:
        raise CsCnnError(
            f"pictures must have shape (n, h, w), (n, 1, h, w) or (n, 3, h, w), got {np.shape(pictures)}."
        )
    if scale not in get_args(Scale):
        raise CsCnnError(f"scale must be {' or '.join(map(repr, get_args(Scale)))}, got {scale!r}.")
    n, channels, height, width = many.shape
    columns = math.ceil(math.sqrt(n)) if columns is None else columns
    if columns < 1 or gap < 0:
        raise CsCnnError(f"columns must be at least 1 and gap at least 0, got {columns} and {gap}.")
    many = _stretched(many, signed, scale)
    rows = -(-n // columns)
    background = np.nan if channels == 1 else 1.0
    whole = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, channels), background)
    for k, picture in enumerate(many):
        top, left = k // columns * (height + gap), k % columns * (width + gap)
        whole[top : top + height, left : left + width] = picture.transpose(1, 2, 0)
    return whole[:, :, 0] if channels == 1 else whole


def _stretched(many: NDArray[np.float64], signed: bool, scale: Scale) -> NDArray[np.float64]:
    if scale == "none":
        return many
    axes = (0, 1, 2, 3) if scale == "all" else (1, 2, 3)
    high = np.abs(many).max(axis=axes, keepdims=True) if signed else many.max(axis=axes, keepdims=True)
    low = -high if signed else many.min(axis=axes, keepdims=True)
    span = high - low
    middle = 0.5 if signed else 0.0  # of a picture in which all numbers are the same
    return np.asarray(np.where(span > 0, (many - low) / np.where(span > 0, span, 1), middle))
