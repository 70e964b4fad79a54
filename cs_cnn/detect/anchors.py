"""Anchors: a fixed grid of boxes, which of them belong to an object, and boxes told as steps away from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cs_cnn.detect.boxes import Boxes, Size, area, as_boxes, iou_matrix, to_centres, to_corners

OBJECT, IGNORED, NOTHING = 1, -1, 0


class Match(NamedTuple):
    """What each anchor is told to say."""

    kind: NDArray[np.int64]
    """1 for an object, 0 for background, -1 for anchors that are left out of the loss; (A,)."""
    place: NDArray[np.int64]
    """Which box an anchor overlaps most, 0 where there is no box; (A,)."""


def anchor_grid(
    map_size: Size, stride: int, *, sides: Sequence[float], ratios: Sequence[float] = (0.5, 1.0, 2.0)
) -> Boxes:
    """Lay the same boxes around the centre of every place of a feature map.

    Parameters
    ----------
    map_size : (int, int)
        Height and width of the feature map.
    stride : int
        Pixels of the image for one step on the map.
    sides : sequence of float
        Sides of the square anchors, in pixels; the other ones have the same areas.
    ratios : sequence of float
        Height divided by width.

    Returns
    -------
    numpy.ndarray, shape (map height * map width * sides * ratios, 4)
        Corners x1, y1, x2, y2: row by row, and at each place side by side, with all ratios of a side together.

    Raises
    ------
    ValueError
        When a number is not positive, or there is none.

    Notes
    -----
    Ren, He, Girshick and Sun, *Faster R-CNN* (2015): three sides, 128, 256 and 512, and three ratios.

    Examples
    --------
    >>> anchor_grid((1, 2), 16, sides=[8], ratios=[1, 4])
    array([[ 4.,  4., 12., 12.],
           [ 6.,  0., 10., 16.],
           [20.,  4., 28., 12.],
           [22.,  0., 26., 16.]])
    """
    if not sides or not ratios or min(*map_size, stride, *sides, *ratios) <= 0:
        raise ValueError(
            "anchor_grid needs a map, a stride, sides and ratios that are positive,"
            f" got {map_size}, {stride}, {list(sides)}, {list(ratios)}"
        )
    rows, columns = ((np.arange(size) + 0.5) * stride for size in map_size)
    shapes = np.array([(side / ratio**0.5, side * ratio**0.5) for side in sides for ratio in ratios])
    grid = np.empty((len(rows), len(columns), len(shapes), 4))
    grid[..., 0], grid[..., 1] = columns[None, :, None], rows[:, None, None]
    grid[..., 2:] = shapes
    return to_corners(grid.reshape(-1, 4))


def match(anchors: ArrayLike, boxes: ArrayLike, *, enough: float = 0.7, too_little: float = 0.3) -> Match:
    """Decide which anchors stand for an object, and for which.

    An anchor stands for an object when it overlaps a box by `enough`; also when no other anchor overlaps that box
    more, so that every box has one. It is background when it overlaps every box by less than `too_little`.

    Parameters
    ----------
    anchors : array-like, shape (A, 4)
        Corners x1, y1, x2, y2.
    boxes : array-like, shape (N, 4)
        The objects of the image.
    enough, too_little : float
        Intersections over union.

    Returns
    -------
    Match
        `kind` and `place`, one number for each anchor.

    Raises
    ------
    ValueError
        When the thresholds are not in order.

    Examples
    --------
    >>> match([[0, 0, 8, 8], [8, 0, 16, 8], [0, 4, 8, 12]], [[0, 1, 8, 9]])
    Match(kind=array([ 1,  0, -1]), place=array([0, 0, 0]))
    """
    if not 0 <= too_little <= enough <= 1:
        raise ValueError(f"0 <= too_little <= enough <= 1 must hold, got {too_little} and {enough}")
    corners, objects = as_boxes("anchors", anchors), as_boxes("boxes", boxes)
    if not len(objects):
        nothing = np.zeros(len(corners), dtype=np.int64)
        return Match(nothing, nothing.copy())
    overlap = iou_matrix(corners, objects)
    best, place = overlap.max(axis=1), overlap.argmax(axis=1)
    kind = np.where(best >= enough, OBJECT, np.where(best < too_little, NOTHING, IGNORED))
    for number, column in enumerate(overlap.T):
        # Two anchors may overlap a box equally, up to rounding; an object that no anchor touches stays without one.
        nearest = (column >= column.max() - 1e-9) & (column > 0)
        kind[nearest], place[nearest] = OBJECT, number
    return Match(kind, place)


def to_offsets(boxes: ArrayLike, anchors: ArrayLike) -> Boxes:
    """Tell boxes as steps away from anchors, in units in which every object is alike.

    Parameters
    ----------
    boxes, anchors : array-like, shape (N, 4)
        Corners; box i is told from anchor i.

    Returns
    -------
    numpy.ndarray, shape (N, 4)
        Step of the centre to the right and down, in widths and heights of the anchor, and the logarithms of the
        factors of width and height.

    Raises
    ------
    ValueError
        When the numbers of boxes and anchors differ, or one has no area.

    Examples
    --------
    >>> to_offsets([[12, 10, 32, 30]], [[10, 10, 20, 30]]).round(3)
    array([[0.7  , 0.   , 0.693, 0.   ]])
    """
    told, start = to_centres(boxes), to_centres(anchors)
    if told.shape != start.shape:
        raise ValueError(f"boxes and anchors must be as many, got {len(told)} and {len(start)}")
    if not (area(boxes) > 0).all() or not (area(anchors) > 0).all():
        raise ValueError("boxes and anchors must have areas, got one that has none")
    return np.hstack([(told[:, :2] - start[:, :2]) / start[:, 2:], np.log(told[:, 2:] / start[:, 2:])])


def from_offsets(offsets: ArrayLike, anchors: ArrayLike) -> Boxes:
    """Go the steps: the inverse of `to_offsets`.

    Parameters
    ----------
    offsets : array-like, shape (N, 4)
        As `to_offsets` gives them. Factors are limited to 1000 / 16, so that an untrained net cannot overflow.
    anchors : array-like, shape (N, 4)
        Corners.

    Returns
    -------
    numpy.ndarray, shape (N, 4)
        Corners.

    Examples
    --------
    >>> from_offsets([[0.7, 0, np.log(2), 0]], [[10, 10, 20, 30]])
    array([[12., 10., 32., 30.]])
    """
    steps, start = np.asarray(offsets, dtype=np.float64), to_centres(anchors)
    if steps.shape != start.shape:
        raise ValueError(f"offsets must have the shape of anchors, {start.shape}, got {steps.shape}")
    size = start[:, 2:] * np.exp(np.minimum(steps[:, 2:], np.log(1000 / 16)))
    return to_corners(np.hstack([start[:, :2] + steps[:, :2] * start[:, 2:], size]))
