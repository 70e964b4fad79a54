"""Representational similarity: which images are alike, to neurons and to a net."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

import numpy as np

from cs_cnn.errors import CsCnnError
from cs_cnn.look.cortex.tables import Array, as_table, correlations, standardised

Method = Literal["spearman", "pearson"]


def rdm(responses: Any) -> Array:
    """Return the representational dissimilarity matrix: for every two images, 1 minus the correlation of responses.

    Parameters
    ----------
    responses : array (N, D)
        At least 2 units.

    Returns
    -------
    ndarray (N, N)
        Symmetric, 0 on the diagonal, up to 2. The order of the units does not matter, nor does one scale and shift of
        a whole row.

    Raises
    ------
    CsCnnError
        When an image has the same response in all units, so that it has no correlation with others.

    Examples
    --------
    >>> rdm([[1, 2, 3], [2, 4, 6], [3, 2, 1], [1, 0, 1]]).round(3).tolist()
    [[0.0, 0.0, 2.0, 1.0], [0.0, 0.0, 2.0, 1.0], [2.0, 2.0, 0.0, 1.0], [1.0, 1.0, 1.0, 0.0]]
    """
    table = as_table(responses, "responses")
    centred = table - table.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    flat = np.flatnonzero(norm[:, 0] <= 1e-12 * np.abs(table).max(axis=1))
    if len(flat):
        raise CsCnnError(
            f"Image {flat[0]} has the same response in all {table.shape[1]} units, so that no correlation can be "
            "computed; take more units, or leave the image out."
        )
    unit = centred / norm
    found = np.clip(1 - unit @ unit.T, 0, 2)
    np.fill_diagonal(found, 0)
    return np.asarray((found + found.T) / 2)


def similarity(first: Any, second: Any, *, method: Method = "spearman") -> float:
    """Correlate two dissimilarity matrices, over all pairs of images.

    Parameters
    ----------
    first, second : array (N, N)
        From `rdm`, for the same images in the same order; at least 3.
    method : {"spearman", "pearson"}
        Spearman's compares the ranks: which pairs are more alike than others, and not by how much.

    Returns
    -------
    float
        From -1 to 1.

    Raises
    ------
    CsCnnError
        When these are no two such matrices.

    Examples
    --------
    >>> a = np.array([[0, 1, 2], [1, 0, 3], [2, 3, 0]])
    >>> similarity(a, a**2), round(similarity(a, a**2, method="pearson"), 4)
    (1.0, 0.9897)
    """
    one, other = _upper([first, second], method)
    return float(correlations(one[:, None], other[:, None])[0])


def rdm_ceiling(rdms: Sequence[Any], *, method: Method = "spearman") -> tuple[float, float]:
    """Return between which two values the similarity of a perfect model to these animals lies, on average.

    Parameters
    ----------
    rdms : sequence of arrays (N, N)
        One for each animal (or recording), at least 2.
    method : {"spearman", "pearson"}
        As for `similarity`.

    Returns
    -------
    lower, upper : float
        Mean similarity of each animal to the mean of the others, which does not know its noise; and to the mean of
        all, which does.

    Raises
    ------
    CsCnnError
        When there are fewer than two, or the shapes differ.
    """
    if len(rdms) < 2:
        raise CsCnnError(f"rdms must hold the matrices of at least 2 animals, got {len(rdms)}.")
    rows = _upper(rdms, method)
    rows = standardised(rows.T).T
    others = (rows.sum(axis=0) - rows) / (len(rows) - 1)
    everyone = np.broadcast_to(rows.mean(axis=0), rows.shape)
    lower, upper = (float(correlations(rows.T, model.T).mean()) for model in (others, everyone))
    return lower, upper


def ranks(values: Any) -> Array:
    """Return the ranks of numbers, from 1; equal ones share the mean of their places.

    Parameters
    ----------
    values : array (n,)

    Examples
    --------
    >>> ranks([0.3, 0.1, 0.3, 0.9]).tolist()
    [2.5, 1.0, 2.5, 4.0]
    """
    _, place, counts = np.unique(np.asarray(values, dtype=float), return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place])


def _upper(rdms: Sequence[Any], method: Method) -> Array:
    """Return what is above the diagonals, a row for each matrix; as ranks for Spearman's correlation."""
    if method not in get_args(Method):
        raise CsCnnError(f"method must be {' or '.join(map(repr, get_args(Method)))}, got {method!r}.")
    rows = []
    for matrix in (np.asarray(each, dtype=float) for each in rdms):
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or len(matrix) < 3:
            raise CsCnnError(
                f"A dissimilarity matrix must have shape (N, N) with N at least 3, got {matrix.shape}."
            )
        if not np.allclose(matrix, matrix.T):
            raise CsCnnError("A dissimilarity matrix must be symmetric; pass the result of rdm(responses).")
        row = matrix[np.triu_indices(len(matrix), 1)]
        if np.ptp(row) == 0:
            raise CsCnnError("All pairs of images are equally dissimilar, so that nothing can be compared.")
        rows.append(ranks(row) if method == "spearman" else row)
    if len({len(row) for row in rows}) > 1:
        raise CsCnnError(
            f"All matrices must be of the same images, got {', '.join(str(np.shape(each)) for each in rdms)}."
        )
    return np.array(rows)
