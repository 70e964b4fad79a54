"""Boxes: corners and centres, areas, what two boxes have in common.

A box is ``x1, y1, x2, y2``: its upper left and its lower right corner in pixels, x to the right and y down. Corners
are points between pixels, so a box is x2 - x1 wide, and the box of the whole image is ``0, 0, width, height``.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Boxes = NDArray[np.float64]
Size = tuple[int, int]
"""Height and width of an image."""


def as_boxes(name: str, boxes: ArrayLike) -> Boxes:
    """Read boxes given by their corners, and refuse what is none.

    Parameters
    ----------
    name : str
        Name of the argument, for the message.
    boxes : array-like, shape (N, 4)
        Corners x1, y1, x2, y2; an empty list is no box.

    Returns
    -------
    numpy.ndarray of float64, shape (N, 4)

    Raises
    ------
    ValueError
        When the shape is another one, a number is not finite, or a box ends before it begins.
    """
    array = np.asarray(boxes, dtype=np.float64)
    if array.size == 0:
        return np.zeros((0, 4))
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"{name} must have shape (N, 4), corners x1, y1, x2, y2, got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers, got some that are infinite or not a number")
    wrong = (array[:, :2] > array[:, 2:]).any(axis=1)
    if wrong.any():
        raise ValueError(
            f"{name} must have x1 <= x2 and y1 <= y2, got {array[wrong][0].tolist()}; "
            "for centres and sizes use to_corners first"
        )
    return array


def area(boxes: ArrayLike) -> NDArray[np.float64]:
    """Compute the area of every box.

    Parameters
    ----------
    boxes : array-like, shape (N, 4)
        Corners x1, y1, x2, y2.

    Returns
    -------
    numpy.ndarray, shape (N,)
        In square pixels.

    Examples
    --------
    >>> area([[1, 1, 4, 3]])
    array([6.])
    """
    x1, y1, x2, y2 = as_boxes("boxes", boxes).T
    return np.asarray((x2 - x1) * (y2 - y1))


def iou_matrix(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Compute intersection over union, the area two boxes share divided by the area they cover, for all pairs.

    Parameters
    ----------
    a : array-like, shape (N, 4)
        Corners x1, y1, x2, y2.
    b : array-like, shape (M, 4)
        Likewise.

    Returns
    -------
    numpy.ndarray, shape (N, M)
        From 0 (nothing in common) to 1 (equal). A box without area has nothing in common with any.

    Raises
    ------
    ValueError
        When an argument holds no boxes.

    Examples
    --------
    >>> iou_matrix([[0, 0, 4, 4]], [[0, 0, 4, 4], [2, 2, 6, 6], [4, 0, 8, 4]]).round(3)
    array([[1.   , 0.143, 0.   ]])
    """
    a, b = as_boxes("a", a), as_boxes("b", b)
    # One axis at a time: the intervals share what lies between the later start and the earlier end.
    shared = np.ones((len(a), len(b)))
    for axis in (0, 1):
        start = np.maximum.outer(a[:, axis], b[:, axis])
        end = np.minimum.outer(a[:, axis + 2], b[:, axis + 2])
        shared *= np.maximum(end - start, 0.0)
    union = np.add.outer(area(a), area(b)) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def to_centres(boxes: ArrayLike) -> Boxes:
    """Turn corners into centres and sizes.

    Parameters
    ----------
    boxes : array-like, shape (N, 4)
        Corners x1, y1, x2, y2.

    Returns
    -------
    numpy.ndarray, shape (N, 4)
        x and y of the centre, width, height.

    Examples
    --------
    >>> to_centres([[60, 40, 100, 80]])
    array([[80., 60., 40., 40.]])
    """
    corners = as_boxes("boxes", boxes)
    size = corners[:, 2:] - corners[:, :2]
    return np.hstack([corners[:, :2] + size / 2, size])


def to_corners(centres: ArrayLike) -> Boxes:
    """Turn centres and sizes into corners; the inverse of `to_centres`.

    Parameters
    ----------
    centres : array-like, shape (N, 4)
        x and y of the centre, width, height.

    Returns
    -------
    numpy.ndarray, shape (N, 4)
        Corners x1, y1, x2, y2.

    Raises
    ------
    ValueError
        When the shape is another one, or a width or height is negative.

    Examples
    --------
    >>> to_corners([[80, 60, 40, 40]])
    array([[ 60.,  40., 100.,  80.]])
    """
    array = np.asarray(centres, dtype=np.float64)
    if array.size == 0:
        return np.zeros((0, 4))
    if array.ndim != 2 or array.shape[1] != 4:
        raise ValueError(f"centres must have shape (N, 4), x, y, width, height, got {array.shape}")
    if (array[:, 2:] < 0).any():
        raise ValueError("centres must have widths and heights that are not negative, got a negative one")
    half = array[:, 2:] / 2
    return np.hstack([array[:, :2] - half, array[:, :2] + half])


def clip(boxes: ArrayLike, image_size: Size) -> Boxes:
    """Cut off what lies outside the image.

    Parameters
    ----------
    boxes : array-like, shape (N, 4)
        Corners x1, y1, x2, y2.
    image_size : (int, int)
        Height and width of the image.

    Returns
    -------
    numpy.ndarray, shape (N, 4)
        A box beside the image has no area left.

    Examples
    --------
    >>> clip([[-5, 10, 30, 90]], (80, 100))
    array([[ 0., 10., 30., 80.]])
    """
    height, width = image_size
    return np.clip(as_boxes("boxes", boxes), 0.0, np.array([width, height, width, height], dtype=np.float64))
