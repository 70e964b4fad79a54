"""The history of a run: one row per epoch, kept as a CSV file that is always whole."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from typing import Any

from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write

Row = dict[str, Any]

COLUMNS = ("epoch", "lr", "train_loss", "train_accuracy", "test_loss", "test_accuracy", "seconds")

# Where there are more than five classes there is one column more.
TOP5 = "test_top5"


def write_history(path: str | os.PathLike[str], rows: Sequence[Mapping[str, Any]]) -> None:
    """Write all rows of a history; the file on disk is the old one or the new one, never half of one.

    Parameters
    ----------
    path : path-like
        The CSV file.
    rows : sequence of mappings
        Each with the keys `COLUMNS`, and all or none with `TOP5`. Numbers are written so that reading gives the
        same floats back.

    Raises
    ------
    CsCnnError
        When the file cannot be written.
    """
    with atomic_write(path) as file:
        more = (TOP5,) if rows and TOP5 in rows[0] else ()
        writer = csv.DictWriter(file, COLUMNS + more, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_history(path: str | os.PathLike[str]) -> list[Row]:
    """Read a history.

    Parameters
    ----------
    path : path-like
        A file that `write_history` wrote.

    Returns
    -------
    list of dict
        One for each epoch: `epoch` (int, from 1), `lr` (at the start of the epoch), `train_loss` and
        `train_accuracy` (means over the epoch, while the weights were changing), `test_loss` and
        `test_accuracy` (after the epoch), `seconds` (wall time of the epoch with its evaluation), and with more than
        five classes `test_top5` (how often the label is among the five highest logits).

    Raises
    ------
    CsCnnError
        When the file is missing or is no history.
    """
    try:
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            if tuple(reader.fieldnames or ()) not in (COLUMNS, (*COLUMNS, TOP5)):
                raise ValueError("its columns are not " + ", ".join(COLUMNS))
            return [{k: int(v) if k == "epoch" else float(v) for k, v in row.items()} for row in reader]
    except OSError as error:
        raise CsCnnError(f"Cannot read the history {path}: {error.strerror or error}.") from error
    except (ValueError, TypeError) as error:
        raise CsCnnError(f"{path} is not a history of cs_cnn.train: {error}.") from error
