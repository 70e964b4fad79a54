"""The history of a run for TensorBoard, where that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cs_cnn.errors import CsCnnError
from cs_cnn.train.history import Row

FOLDER = "tensorboard"


def require_tensorboard() -> Any:
    """Return the class that writes for TensorBoard, or say that it is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise CsCnnError(
            "TensorBoard is not installed; install it with `pip install tensorboard`, or leave tensorboard out "
            "(the history is written to history.csv in any case)."
        ) from error
    return SummaryWriter


class Board:
    """Writes every row of a history as scalars.

    Parameters
    ----------
    folder : pathlib.Path
        The folder of the run; the events lie in its folder `tensorboard`.
    done : int
        Epochs that are done already; what an earlier run wrote after them is hidden.
    """

    def __init__(self, folder: Path, done: int) -> None:
        self._writer = require_tensorboard()(str(folder / FOLDER), purge_step=done + 1)

    def write(self, row: Row) -> None:
        """Add a row, and let it be seen."""
        for key, value in row.items():
            if key != "epoch":
                self._writer.add_scalar(key.replace("_", "/", 1), value, row["epoch"])
        self._writer.flush()

    def close(self) -> None:
        """Close the file of events."""
        self._writer.close()
