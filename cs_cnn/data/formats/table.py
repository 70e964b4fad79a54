"""The text format of the two-layer homework: eight features and a label from 1 to 4 on every line."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cs_cnn.errors import CsCnnError

FEATURES = 8
CLASSES = 4
ROWS = 500


def _row(line: str, where: str) -> tuple[list[float], int]:
    """Read one line; `where` names the file and the line in an error."""
    fields = line.split()
    if len(fields) != FEATURES + 1:
        raise CsCnnError(f"{where}: expected {FEATURES} features and a label, got {len(fields)} fields.")
    features = []
    for column, field in enumerate(fields[:FEATURES], start=1):
        try:
            value = float(field)
        except ValueError:
            value = math.nan
        if not math.isfinite(value):
            raise CsCnnError(f"{where}: feature {column} must be a finite number, got {field!r}.")
        features.append(value)
    label = fields[FEATURES]
    if label not in ("1", "2", "3", "4"):
        raise CsCnnError(f"{where}: the label must be 1, 2, 3 or 4, got {label!r}.")
    return features, int(label)


def homework_table(
    path: str | os.PathLike[str], *, rows: int | None = ROWS
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Read the file of the two-layer homework, or one of the same format.

    Parameters
    ----------
    path : path-like
        A text file; every line has eight numbers and a label from 1 to 4, separated by spaces.
    rows : int or None, default 500
        The number of lines the file must have; None takes any number from one.

    Returns
    -------
    x : ndarray of float64, shape (rows, 8)
        The features, in [0, 1] in the file of the lectures.
    y : ndarray of int64, shape (rows,)
        The labels from 0 to 3: one less than in the file.

    Raises
    ------
    CsCnnError
        When the file cannot be read, or a line is wrong; the sentence names the line.

    Examples
    --------
    >>> from cs_cnn.data.places import packaged_path
    >>> x, y = homework_table(packaged_path("two_layer_lookalike.txt"))
    >>> x.shape, y.min(), y.max()
    ((500, 8), np.int64(0), np.int64(3))
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise CsCnnError(
            f"{path} is not a text file (byte {error.start} is not UTF-8); use the homework's .txt."
        ) from error
    except OSError as error:
        raise CsCnnError(f"Cannot read the data file {path}: {error.strerror or error}.") from error
    while lines and not lines[-1].strip():  # editors add empty lines at the end
        lines.pop()
    if not lines or (rows is not None and len(lines) != rows):
        expected = "at least one" if rows is None else rows
        raise CsCnnError(
            f"{path} has {len(lines)} lines, expected {expected}; it may be cut off, so get it again."
        )
    table = [_row(line, f"{path}, line {number}") for number, line in enumerate(lines, start=1)]
    x = np.array([features for features, _ in table], dtype=np.float64)
    y = np.array([label for _, label in table], dtype=np.int64) - 1
    return x, y
