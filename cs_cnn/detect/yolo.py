"""The target of YOLO (version 1): objects written into a grid of cells, and read from it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cs_cnn.detect.boxes import Boxes, Size, as_boxes, to_centres, to_corners


class Objects(NamedTuple):
    """The objects of an image."""

    boxes: Boxes
    """Corners x1, y1, x2, y2; (n, 4)."""
    labels: NDArray[np.int64]
    """Classes from 0; (n,)."""


class Found(NamedTuple):
    """What a detector says about an image."""

    boxes: Boxes
    """Corners x1, y1, x2, y2; (n, 4)."""
    scores: NDArray[np.float64]
    """How sure it is; (n,)."""
    labels: NDArray[np.int64]
    """Classes from 0; (n,)."""

    def take(self, places: NDArray[np.int64]) -> Found:
        """Return some of the boxes, in the order of `places`."""
        return Found(self.boxes[places], self.scores[places], self.labels[places])


def encode(
    boxes: ArrayLike, labels: ArrayLike, image_size: Size, *, grid: int, per_cell: int, classes: int
) -> NDArray[np.float64]:
    """Write the objects of an image into a grid.

    The cell with the centre of an object is in charge of it; of several centres in a cell the first has it, and the
    others are lost. There stand, for each of the `per_cell` boxes, x and y of the centre within the cell, width and
    height as shares of the image, and 1; then the classes, with a 1 in the place of the label.

    Parameters
    ----------
    boxes : array-like, shape (n, 4)
        Corners x1, y1, x2, y2 in pixels.
    labels : array-like of int, shape (n,)
        From 0 to classes - 1.
    image_size : (int, int)
        Height and width.
    grid, per_cell, classes : int
        Cells on a side, S; boxes of a cell, B; and C.

    Returns
    -------
    numpy.ndarray, shape (S, S, 5 B + C)
        Row of the cell, column of the cell, numbers; 0 in cells without an object.

    Raises
    ------
    ValueError
        When a label is no class, a centre is not in the image, or the numbers of boxes and labels differ.

    Notes
    -----
    Redmon, Divvala, Girshick and Farhadi, *You only look once* (2016): S = 7, B = 2, C = 20.

    Examples
    --------
    >>> target = encode([[60, 40, 100, 80]], [1], (100, 200), grid=4, per_cell=1, classes=3)
    >>> target.shape, target[2, 1].round(3)
    ((4, 4, 8), array([0.6, 0.4, 0.2, 0.4, 1. , 0. , 1. , 0. ]))
    """
    corners, names = as_boxes("boxes", boxes), np.asarray(labels, dtype=np.int64)
    if names.shape != (len(corners),):
        raise ValueError(
            f"labels must hold one class for each of the {len(corners)} boxes, got {names.shape}"
        )
    if len(names) and not (names.min() >= 0 and names.max() < classes):
        raise ValueError(
            f"labels must be whole numbers from 0 to {classes - 1}, got {sorted(set(names.tolist()))}"
        )
    shape = np.array(image_size[::-1], dtype=np.float64)  # width first, as x comes first
    middle, size = np.hsplit(to_centres(corners), 2)
    if (middle < 0).any() or (middle > shape).any():
        raise ValueError(f"boxes must have their centres in the image of {image_size}, got one that has not")
    in_cells = middle / shape * grid
    cell = np.minimum(in_cells.astype(np.int64), grid - 1)  # a centre on the right or lower edge
    target = np.zeros((grid, grid, 5 * per_cell + classes))
    for number in reversed(range(len(corners))):  # so that the first comes last, and stays
        numbers = target[cell[number, 1], cell[number, 0]]
        numbers[: 5 * per_cell].reshape(per_cell, 5)[:] = np.concatenate(
            [in_cells[number] - cell[number], size[number] / shape, [1.0]]
        )
        numbers[5 * per_cell :] = np.eye(classes)[names[number]]
    return target


def decode(prediction: ArrayLike, image_size: Size, *, per_cell: int, threshold: float = 0.0) -> Found:
    """Read boxes from what a net says of the cells; the way back from `encode`.

    Parameters
    ----------
    prediction : array-like, shape (S, S, 5 B + C)
        As `encode` has it; the boxes of a cell may differ.
    image_size : (int, int)
        Height and width.
    per_cell : int
        Boxes of a cell, B.
    threshold : float
        Only boxes with a greater score are returned.

    Returns
    -------
    Found
        Boxes, scores and labels, by the rows of cells, their columns, and the places in a cell. A score is the
        confidence of the box times the largest class probability of its cell. Boxes may reach beyond the image.

    Raises
    ------
    ValueError
        When the shape is not that of a square grid with at least one class.

    Examples
    --------
    >>> target = encode([[60, 40, 100, 80]], [1], (100, 200), grid=4, per_cell=1, classes=3)
    >>> decode(target, (100, 200), per_cell=1)
    Found(boxes=array([[ 60.,  40., 100.,  80.]]), scores=array([1.]), labels=array([1]))
    """
    cells = np.asarray(prediction, dtype=np.float64)
    if cells.ndim != 3 or cells.shape[0] != cells.shape[1] or cells.shape[2] <= 5 * per_cell:
        raise ValueError(
            f"prediction must have shape (S, S, 5 B + C) with B = {per_cell} and C at least 1, got {cells.shape}"
        )
    grid = len(cells)
    told = cells[..., : 5 * per_cell].reshape(grid, grid, per_cell, 5)
    probabilities = cells[..., 5 * per_cell :]
    scores = told[..., 4] * probabilities.max(axis=2, keepdims=True)
    rows, columns, places = np.nonzero(scores > threshold)
    shape = np.array(image_size[::-1], dtype=np.float64)
    x, y, *size = told[rows, columns, places, :4].T
    centres = np.stack([columns + x, rows + y], axis=1) / grid * shape
    # The sizes of an untrained net may be negative; a box is then empty.
    boxes = to_corners(np.hstack([centres, np.maximum(np.stack(size, axis=1), 0.0) * shape]))
    return Found(boxes, scores[rows, columns, places], probabilities.argmax(axis=2)[rows, columns])
