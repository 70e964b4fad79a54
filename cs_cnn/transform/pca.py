"""Principal component analysis: the best linear code of a given size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Pca(NamedTuple):
    """The mean of some rows, and the directions in which they vary most."""

    mean: NDArray[np.float64]
    """(D,)."""
    axes: NDArray[np.float64]
    """(M, D): of length 1, at right angles to each other, that of the largest variance first."""
    variances: NDArray[np.float64]
    """(M,): of the rows along each axis, with N - 1 in the denominator."""

    def encode(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the codes (N, M) of rows (N, D): how far each lies from the mean along every axis."""
        return (_rows(x, len(self.mean)) - self.mean) @ self.axes.T

    def decode(self, codes: ArrayLike) -> NDArray[np.float64]:
        """Return the rows (N, D) that codes (N, M) stand for."""
        return np.asarray(codes, dtype=np.float64) @ self.axes + self.mean


def _rows(x: ArrayLike, length: int | None = None) -> NDArray[np.float64]:
    rows = np.asarray(x, dtype=np.float64)
    if rows.ndim != 2 or not len(rows) or (length is not None and rows.shape[1] != length):
        wanted = "(N, D)" if length is None else f"(N, {length})"
        raise ValueError(f"x must have shape {wanted} with N at least 1, got {rows.shape}")
    if not np.isfinite(rows).all():
        raise ValueError("x must hold finite numbers, got some that are infinite or not a number")
    return rows


def pca(x: ArrayLike, size: int) -> Pca:
    """Find the axes along which rows vary most.

    Parameters
    ----------
    x : array-like, shape (N, D)
        An example in each row.
    size : int
        M, the number of axes: from 1 to D, and to N.

    Returns
    -------
    Pca
        The sign of an axis is arbitrary; here its largest entry is positive.

    Raises
    ------
    ValueError
        When `x` is no such table, or `size` is out of its range.

    Notes
    -----
    Of all affine maps to M numbers and back, this one has the smallest squared error (Eckart & Young, 1936).

    Examples
    --------
    >>> found = pca([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]], size=1)
    >>> found.axes.round(6), found.encode([[3.0, 4.0]]), found.decode([[5.0]]).round(6)
    (array([[0.6, 0.8]]), array([[0.]]), array([[6., 8.]]))
    """
    rows = _rows(x)
    most = min(rows.shape)
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or not 1 <= size <= most:
        raise ValueError(f"size must be a whole number from 1 to {most} for rows {rows.shape}, got {size!r}")
    mean = rows.mean(axis=0)
    _, lengths, axes = np.linalg.svd(rows - mean, full_matrices=False)
    axes = axes[:size]
    largest = np.abs(axes).argmax(axis=1)
    axes = axes * np.sign(axes[np.arange(size), largest])[:, np.newaxis]
    return Pca(mean, axes, lengths[:size] ** 2 / max(len(rows) - 1, 1))
