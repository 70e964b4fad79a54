"""Running nbgrader's converters from Python: one configuration, one log, nothing on the terminal."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cs_cnn.errors import CsCnnError

if TYPE_CHECKING:
    from traitlets.config import Config

CONFIG_NAME = "nbgrader_config.py"

# Written into every course directory, and read from there, so that `nbgrader autograde` and `cs-cnn grade` agree.
CONFIG_TEXT = '''\
"""The settings of nbgrader in this course directory; made by `cs-cnn init`, yours to change."""

import os

c = get_config()  # noqa: F821 (nbgrader defines it)

# For nbgrader's exchange: a name for the course on this server.
# c.CourseDirectory.course_id = "cnn"

# What students find in the place of a solution.
c.ClearSolutions.code_stub = {
    "python": "# Write your code here, then delete the next line.\\nraise NotImplementedError"
}
c.ClearSolutions.text_stub = "*Write your answer here.*"

# Grading: seconds for one cell, seconds for a whole notebook.
c.RunCells.timeout = 60
c.RunCells.total = 600
c.Autograde.autograde_preprocessors = [
    "cs_cnn.course.grading.preprocessors.RunCells",  # nbgrader's Execute with a limit for the whole notebook
    "cs_cnn.course.grading.preprocessors.MarksOnly",  # a warning costs no points; a test's result is a number
    "nbgrader.preprocessors.IgnorePattern",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# Two threads per kernel on a busy machine are many times slower than one.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
'''


@contextlib.contextmanager
def environment() -> Iterator[None]:
    """Change this process's environment as nbgrader and the kernels need it, and put it back at the end."""
    before = dict(os.environ)
    # nbgrader calls `alembic` by name when it makes its database; it lies beside the interpreter.
    os.environ["PATH"] = str(Path(sys.executable).parent) + os.pathsep + before.get("PATH", os.defpath)
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # silences a warning of every kernel's debugger
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def session(log: Path | None = None) -> Iterator[io.StringIO]:
    """Send everything that nbgrader and its libraries say to a file and to the text that is yielded.

    Parameters
    ----------
    log : pathlib.Path, optional
        A file to append to.

    Yields
    ------
    io.StringIO
        What was said since it was last emptied.

    Raises
    ------
    CsCnnError
        When the log file cannot be written.
    """
    heard = io.StringIO()
    handlers: list[logging.Handler] = [logging.StreamHandler(heard)]
    if log is not None:
        try:
            log.parent.mkdir(parents=True, exist_ok=True)
            handlers.append(logging.FileHandler(log, encoding="utf-8"))
        except OSError as error:
            raise CsCnnError(f"Cannot write the log {log}: {error.strerror or error}.") from error
    form = logging.Formatter("%(asctime)s %(levelname)s %(message)s")
    loggers = [logging.getLogger(name) for name in ("traitlets", "py.warnings", "asyncio", "tornado")]
    before = [(logger.propagate, logger.level) for logger in loggers]
    for handler in handlers:
        handler.setFormatter(form)
        for logger in loggers:
            logger.addHandler(handler)
    for logger in loggers:
        logger.propagate = False
        logger.setLevel(logging.INFO)
    try:
        with environment(), warnings.catch_warnings():
            logging.captureWarnings(True)
            yield heard
    finally:
        logging.captureWarnings(False)
        for logger, (propagate, level) in zip(loggers, before, strict=True):
            logger.propagate = propagate
            logger.setLevel(level)
            for handler in handlers:
                logger.removeHandler(handler)
        for handler in handlers:
            handler.close()


def config(folder: Path | None) -> Config:
    """Read the nbgrader configuration of a course directory.

    Parameters
    ----------
    folder : pathlib.Path or None
        The course directory; None for the configuration that new ones get.

    Returns
    -------
    traitlets.config.Config
        The settings; the environment variables of the file are set too.

    Raises
    ------
    CsCnnError
        When the file is missing or not valid Python.
    """
    from traitlets.config.loader import PyFileConfigLoader

    if folder is None:
        with tempfile.TemporaryDirectory() as temporary:
            (Path(temporary) / CONFIG_NAME).write_text(CONFIG_TEXT, encoding="utf-8")
            return config(Path(temporary))
    try:
        return PyFileConfigLoader(CONFIG_NAME, path=str(folder)).load_config()
    except FileNotFoundError as error:
        raise CsCnnError(
            f"{folder / CONFIG_NAME} is missing; `cs-cnn init {folder}` writes it again."
        ) from error
    except Exception as error:  # the file is Python that a person may have edited: anything can be raised
        raise CsCnnError(
            f"{folder / CONFIG_NAME} cannot be read: {type(error).__name__}: {error}."
        ) from error


def convert(kind: str, root: Path, assignment: str, settings: Config, *, database: str | None = None) -> None:
    """Run one of nbgrader's converters over everything below `root`.

    Parameters
    ----------
    kind : {"GenerateAssignment", "Autograde", "GenerateFeedback"}
        The converter.
    root : pathlib.Path
        A course directory, real or temporary.
    assignment : str
        The full name of the assignment.
    settings : traitlets.config.Config
        The configuration.
    database : str, optional
        URL of the gradebook when it is not the one in `root`.

    Raises
    ------
    nbgrader.converters.base.NbGraderException
        When nbgrader reports a failure.
    """
    from nbgrader import converters
    from nbgrader.coursedir import CourseDirectory

    arguments: dict[str, Any] = {"root": str(root.resolve()), "assignment_id": assignment}
    if database is not None:
        arguments["db_url"] = database
    directory = CourseDirectory(config=settings, **arguments)
    converter = getattr(converters, kind)(coursedir=directory, config=settings)
    converter.start()


_chosen: ContextVar[str | None] = ContextVar("database", default=None)


@contextlib.contextmanager
def using_database(url: str) -> Iterator[None]:
    """Use another gradebook than the course directory names, until the end of the block.

    Parameters
    ----------
    url : str
        As `--db` takes it.
    """
    token = _chosen.set(_with_driver(url))
    try:
        yield
    finally:
        _chosen.reset(token)


def sqlite_url(path: Path) -> str:
    """Return the URL of a gradebook in a file."""
    return f"sqlite:///{path.resolve()}"


def database_url(folder: Path) -> str:
    """Return the URL of the gradebook of a course directory.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory; `database` in its `course.yml` names a gradebook on a server.

    Returns
    -------
    str
        By default of the file `gradebook.db`.

    Raises
    ------
    CsCnnError
        When the name is not the URL of a database.
    """
    from cs_cnn.course import calendar

    chosen = _chosen.get()
    if chosen is None and (folder / "course.yml").is_file():
        named = calendar.load(folder).database
        chosen = None if named is None else _with_driver(named)
    return chosen or sqlite_url(folder / "gradebook.db")


def in_a_file(folder: Path) -> bool:
    """Whether the gradebook of a course directory is the file in it."""
    return database_url(folder) == sqlite_url(folder / "gradebook.db")


def database_name(folder: Path) -> str:
    """Return what to call the gradebook of a course directory in a message: without a password."""
    import sqlalchemy

    if in_a_file(folder):
        return str(folder / "gradebook.db")
    return sqlalchemy.make_url(database_url(folder)).render_as_string(hide_password=True)


def _with_driver(url: str) -> str:
    """Check a URL, and name the driver that is installed with the extra `cluster`."""
    import sqlalchemy

    try:
        parsed = sqlalchemy.make_url(url)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        parsed = None
    kind = None if parsed is None else parsed.drivername.partition("+")[0]
    if parsed is None or kind not in ("postgresql", "postgres", "sqlite"):
        raise CsCnnError(
            "The gradebook's database must be a URL such as postgresql://user@host/name or sqlite:////folder/file.db."
        )
    if kind != "sqlite":
        parsed = parsed.set(drivername="postgresql+psycopg")
    return parsed.render_as_string(hide_password=False)
