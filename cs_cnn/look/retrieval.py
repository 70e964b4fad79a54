"""Finding images like one image: nearest neighbours, and how good an order is."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

Metric = Literal["cosine", "euclidean"]


def distances(queries: ArrayLike, gallery: ArrayLike, metric: Metric = "cosine") -> NDArray[np.float64]:
    """Compute how far every query is from every image of the gallery.

    Parameters
    ----------
    queries : array-like, shape (Q, ...)
        Pixels or features; what follows the first axis is read as one long row.
    gallery : array-like, shape (G, ...)
        The same kind of thing.
    metric : {"cosine", "euclidean"}
        1 minus the cosine of the angle between two rows, from 0 to 2, where the lengths do not matter; or the length
        of the difference.

    Returns
    -------
    numpy.ndarray, shape (Q, G)

    Raises
    ------
    ValueError
        When the rows have different lengths, a number is not finite, a row is 0 (its angle means nothing), or the
        metric is unknown.

    Examples
    --------
    >>> distances([[1.0, 0.0]], [[2.0, 0.0], [0.0, 3.0], [-1.0, 0.0]])
    array([[0., 1., 2.]])
    >>> distances([[1.0, 0.0]], [[2.0, 0.0], [1.0, 3.0]], "euclidean")
    array([[1., 3.]])
    """
    if metric not in get_args(Metric):
        raise ValueError(f'metric must be "cosine" or "euclidean", got {metric!r}')
    a, b = _rows("queries", queries), _rows("gallery", gallery)
    if a.shape[1] != b.shape[1]:
        raise ValueError(
            f"queries and gallery must have rows of one length, got {a.shape[1]} and {b.shape[1]}"
        )
    if metric == "cosine":
        return np.asarray(np.clip(1 - _unit("queries", a) @ _unit("gallery", b).T, 0, 2))
    # |a - b|^2 = |a|^2 - 2 a b + |b|^2 is one product of matrices. Rounding may take it a little below 0.
    squares = (a**2).sum(axis=1)[:, np.newaxis] - 2 * a @ b.T + (b**2).sum(axis=1)
    return np.asarray(np.sqrt(np.maximum(squares, 0)))


def _rows(name: str, values: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim < 2 or not len(array):
        raise ValueError(f"{name} must have shape (n, ...) with at least one image, got {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must hold finite numbers, got some that are infinite or not a number")
    return array.reshape(len(array), -1)


def _unit(name: str, rows: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not lengths.all():
        raise ValueError(f"{name} must have no row of zeros for the metric cosine; its angle means nothing")
    return np.asarray(rows / lengths)


def nearest(
    queries: ArrayLike, gallery: ArrayLike, k: int | None = None, metric: Metric = "cosine"
) -> NDArray[np.intp]:
    """Find the images of the gallery that are nearest to each query.

    Parameters
    ----------
    queries, gallery, metric
        See `distances`. An image that is in both is its own nearest neighbour; keep the two apart.
    k : int, optional
        How many, at most G; all of them when left out.

    Returns
    -------
    numpy.ndarray of int, shape (Q, k)
        Places in the gallery, the nearest first; of equal distances the lower place first.

    Raises
    ------
    ValueError
        As `distances`, and when `k` is out of its range.

    Examples
    --------
    >>> nearest([[1.0, 0.2]], [[0.0, 1.0], [3.0, 0.0], [1.0, 1.0]], k=2)
    array([[1, 2]])
    """
    table = distances(queries, gallery, metric)
    count = table.shape[1] if k is None else k
    if isinstance(count, bool) or not isinstance(count, int | np.integer) or not 1 <= count <= table.shape[1]:
        raise ValueError(
            f"k must be a whole number from 1 to the size of the gallery, {table.shape[1]}, got {k!r}"
        )
    return np.argsort(table, axis=1, kind="stable")[:, :count]


def _hits(relevant: ArrayLike) -> NDArray[np.bool_]:
    rows = np.asarray(relevant)
    if rows.ndim != 2 or rows.dtype != bool or 0 in rows.shape:
        raise ValueError(
            "relevant must be an array of bool (Q, G), a row for each query and its best answer first,"
            f" got {rows.dtype} {rows.shape}"
        )
    return rows


def precision_at(relevant: ArrayLike, k: int) -> NDArray[np.float64]:
    """Compute the share of the first k answers that are right.

    Parameters
    ----------
    relevant : array-like of bool, shape (Q, G)
        For each query whether its first, second, ... answer is right.
    k : int
        How many answers are looked at, from 1 to G.

    Returns
    -------
    numpy.ndarray, shape (Q,)

    Raises
    ------
    ValueError
        When `relevant` is no such array, or `k` out of its range.

    Examples
    --------
    >>> precision_at([[True, False, True, True]], k=2)
    array([0.5])
    """
    rows = _hits(relevant)
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or not 1 <= k <= rows.shape[1]:
        raise ValueError(
            f"k must be a whole number from 1 to the number of answers, {rows.shape[1]}, got {k!r}"
        )
    return np.asarray(rows[:, :k].mean(axis=1))


def average_precision(relevant: ArrayLike) -> NDArray[np.float64]:
    """Compute for each query the mean of the precision at every right answer.

    Parameters
    ----------
    relevant : array-like of bool, shape (Q, G)
        Over the whole gallery: right answers that are cut off would not be missed.

    Returns
    -------
    numpy.ndarray, shape (Q,)
        1 when all right answers come first.

    Raises
    ------
    ValueError
        When `relevant` is no such array, or a query has no right answer.

    Notes
    -----
    Without the interpolation of the Pascal VOC challenge, which `cs_cnn.detect.average_precision` has.

    Examples
    --------
    >>> average_precision([[True, False, True], [False, False, True]]).round(4)
    array([0.8333, 0.3333])
    """
    rows = _hits(relevant)
    if not rows.any(axis=1).all():
        without = int(np.flatnonzero(~rows.any(axis=1))[0])
        raise ValueError(f"relevant must have a right answer for every query, got none for query {without}")
    precision = np.cumsum(rows, axis=1) / np.arange(1, rows.shape[1] + 1)
    return np.asarray((precision * rows).sum(axis=1) / rows.sum(axis=1))


def mean_average_precision(relevant: ArrayLike) -> float:
    """Compute the mean of `average_precision` over the queries.

    Examples
    --------
    >>> round(mean_average_precision([[True, False, True], [False, False, True]]), 4)
    0.5833
    """
    return float(average_precision(relevant).mean())
