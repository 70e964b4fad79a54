"""Tables of responses: what they must be, standardised, and correlated column by column."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cs_cnn.errors import CsCnnError

Array = NDArray[np.float64]


def as_table(responses: Any, name: str) -> Array:
    """Return responses as a table of floats (N, D), or raise a sentence."""
    if hasattr(responses, "detach"):
        responses = responses.detach().cpu().numpy()
    table = np.asarray(responses, dtype=np.float64)
    if table.ndim != 2 or 0 in table.shape:
        raise CsCnnError(
            f"{name} must have shape (N, D): a row for each image, a column for each unit; got {table.shape}."
        )
    if not np.isfinite(table).all():
        raise CsCnnError(f"{name} must hold finite numbers, got nan or infinity.")
    return table


def as_pair(train: Any, test: Any) -> tuple[Array, Array]:
    """Return two tables of the same units."""
    first, second = as_table(train, "train"), as_table(test, "test")
    if first.shape[1] != second.shape[1]:
        raise CsCnnError(
            f"Training and test responses must be of the same units, got {first.shape[1]} and {second.shape[1]}."
        )
    return first, second


def standardised(responses: Any, by: Any = None) -> Array:
    """Return responses with mean 0 and standard deviation 1 in every column; a constant column becomes 0.

    Parameters
    ----------
    responses : array (N, D)
    by : array (M, D), optional
        Whose means and deviations are taken, for instance those of the training images.
    """
    table = as_table(responses, "responses")
    source = table if by is None else as_table(by, "by")
    scale = source.std(axis=0)
    varies = scale > 1e-12 * np.abs(source).max(axis=0)  # rounding leaves a little of a constant column
    return np.asarray((table - source.mean(axis=0)) / np.where(varies, scale, np.inf))


def correlations(a: Array, b: Array) -> Array:
    """Return Pearson's correlation of every column of one table with that of the other; 0 where one is constant."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    norms = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    products = (a * b).sum(axis=0)
    return np.asarray(np.divide(products, norms, out=np.zeros_like(products), where=norms > 0))
