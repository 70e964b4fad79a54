"""The log of a course directory, `grading/log.txt`: a line for everything that a command wrote."""

from __future__ import annotations

import logging
from pathlib import Path

from cs_cnn.course import engine

LOG = logging.getLogger("traitlets")
"""One of the loggers that `engine.session` listens to."""


def note(folder: Path, sentence: str) -> None:
    """Append a sentence to the log.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    sentence : str
    """
    with engine.session(folder / "grading" / "log.txt"):
        LOG.info(sentence)
