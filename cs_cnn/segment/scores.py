"""How good a segmentation is: a table of all pixels, and what is read off it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Counts = NDArray[np.int64]
"""(C, C): how many pixels of class i (row) were called class j (column)."""


def confusion(
    target: ArrayLike, predicted: ArrayLike, classes: int, *, ignore: int | None = None
) -> NDArray[np.int64]:
    """Count the pixels of every class by what they were called.

    The counts of several images are added up; the measures below are read off the sum.

    Parameters
    ----------
    target, predicted : array-like of int, of one shape
        True and predicted class of every pixel, usually (H, W) or (N, H, W).
    classes : int
        C, the ground included.
    ignore : int, optional
        Pixels with this target do not count: edges that nobody could draw, 255 in the files of Pascal VOC.

    Returns
    -------
    numpy.ndarray of int64, shape (C, C)
        A row for each true class, a column for each predicted one.

    Raises
    ------
    ValueError
        When the shapes differ, a number is no class, or no pixel counts.

    Examples
    --------
    >>> confusion([[0, 0, 1], [2, 2, 1]], [[0, 1, 1], [2, 2, 0]], classes=3)
    array([[1, 1, 0],
           [1, 1, 0],
           [0, 0, 2]])
    """
    if isinstance(classes, bool) or not isinstance(classes, int | np.integer) or classes < 1:
        raise ValueError(f"classes must be a whole number of at least 1, got {classes!r}")
    true, said = np.asarray(target), np.asarray(predicted)
    if true.shape != said.shape:
        raise ValueError(f"target and predicted must have one shape, got {true.shape} and {said.shape}")
    counted = np.ones(true.shape, dtype=bool) if ignore is None else true != ignore
    if not counted.any():
        raise ValueError("target must have at least one pixel that counts, got none")
    rows, columns = (
        _as_classes(name, array[counted], classes) for name, array in (("target", true), ("predicted", said))
    )
    return np.bincount(rows * classes + columns, minlength=classes**2).reshape(classes, classes)


def _as_classes(name: str, values: NDArray[Any], classes: int) -> NDArray[np.int64]:
    if not np.issubdtype(values.dtype, np.integer):
        raise ValueError(
            f"{name} must hold whole numbers, got {values.dtype}; take the argmax of scores first"
        )
    if values.min() < 0 or values.max() >= classes:
        raise ValueError(
            f"{name} must hold classes from 0 to {classes - 1}, got {values.min()} to {values.max()}"
        )
    return values.astype(np.int64)


def _checked(counts: ArrayLike) -> NDArray[np.float64]:
    table = np.asarray(counts)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ValueError(f"counts must be a table (C, C) from confusion, got shape {table.shape}")
    if not np.issubdtype(table.dtype, np.number) or not (table >= 0).all() or not table.sum() > 0:
        raise ValueError("counts must hold numbers of pixels, at least one of them above 0")
    return table.astype(np.float64)


def pixel_accuracy(counts: ArrayLike) -> float:
    """Compute the share of pixels that are called what they are.

    Parameters
    ----------
    counts : array-like, shape (C, C)
        From `confusion`.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        When `counts` is no such table.

    Examples
    --------
    >>> pixel_accuracy([[6, 2], [1, 1]])
    0.7
    """
    table = _checked(counts)
    return float(np.trace(table) / table.sum())


def class_accuracy(counts: ArrayLike) -> NDArray[np.float64]:
    """Compute for every class the share of its pixels that are found.

    Parameters
    ----------
    counts : array-like, shape (C, C)
        From `confusion`.

    Returns
    -------
    numpy.ndarray, shape (C,)
        nan for a class of which there is no pixel. The mean of the others is what papers call mean accuracy.

    Raises
    ------
    ValueError
        When `counts` is no such table.

    Examples
    --------
    >>> class_accuracy([[6, 2], [1, 1]])
    array([0.75, 0.5 ])
    """
    table = _checked(counts)
    return _ratio(np.diag(table), table.sum(axis=1))


def iou_by_class(counts: ArrayLike) -> NDArray[np.float64]:
    """Compute for every class its pixels that are found over all that belong to it or were said to.

    Parameters
    ----------
    counts : array-like, shape (C, C)
        From `confusion`.

    Returns
    -------
    numpy.ndarray, shape (C,)
        Intersection over union; nan for a class that is neither there nor predicted anywhere.

    Raises
    ------
    ValueError
        When `counts` is no such table.

    Examples
    --------
    >>> iou_by_class([[6, 2], [1, 1]])
    array([0.66666667, 0.25      ])
    """
    table = _checked(counts)
    right = np.diag(table)
    return _ratio(right, table.sum(axis=0) + table.sum(axis=1) - right)


def mean_iou(counts: ArrayLike) -> float:
    """Compute the mean intersection over union of the classes that are there or were predicted.

    Parameters
    ----------
    counts : array-like, shape (C, C)
        From `confusion`, over all images.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        When `counts` is no such table.

    Notes
    -----
    The measure of the Pascal VOC challenge: every class counts the same, however few its pixels.

    Examples
    --------
    >>> round(mean_iou([[6, 2], [1, 1]]), 4)
    0.4583
    """
    return float(np.nanmean(iou_by_class(counts)))


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.full_like(part, np.nan), where=whole > 0)
