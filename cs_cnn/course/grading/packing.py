"""From `submitted/` to a task: the preflight of one submission, with what only this machine needs to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cs_cnn import notebooks
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.grading import tasks
from cs_cnn.course.grading.preflight import TIMESTAMP, Problem, prepare
from cs_cnn.course.grading.tasks import Task


@dataclass(frozen=True)
class Packed:
    """A submission that is ready to be graded, or the reason why it cannot be.

    Attributes
    ----------
    student : str
        Whose.
    content : str
        The hash of what was handed in.
    submitted : datetime or None
        When, in UTC without a zone, as nbgrader keeps it.
    task : Task or Problem
        What to grade, or why there is nothing.
    notes : tuple of str
        What was mended or left out.
    suspicious : bool
        Whether a person should look.
    """

    student: str
    content: str
    submitted: datetime | None
    task: Task | Problem
    notes: tuple[str, ...] = ()
    suspicious: bool = False


def pack(folder: Path, assignment: Assignment, student: str, content: str) -> Packed:
    """Look at a submission and read what is needed of it.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.
    student : str
        Whose.
    content : str
        The hash of what was handed in.

    Returns
    -------
    Packed
        Nothing in `submitted/` was changed, and no code of the student's ran.
    """
    submitted = folder / "submitted" / student / assignment.name
    when, notes = _time(submitted / TIMESTAMP)
    released = folder / "release" / assignment.name / f"{assignment.notebook}.ipynb"
    try:
        prepared = prepare(submitted, assignment, released)
        if isinstance(prepared, Problem):
            return Packed(student, content, when, prepared, notes)
        files = tasks.contents(submitted, prepared.files)
    except (RecursionError, MemoryError, UnicodeError) as error:
        why = f"This submission cannot be read ({type(error).__name__})."
        return Packed(student, content, when, Problem("unreadable", why), notes)
    task = Task(student, notebooks.written(prepared.notebook), files)
    return Packed(student, content, when, task, (*notes, *prepared.notes), prepared.suspicious)


def _time(path: Path) -> tuple[datetime | None, tuple[str, ...]]:
    """Read when something was handed in."""
    from nbgrader.utils import parse_utc

    if not path.is_file() or path.is_symlink():
        return None, ()
    try:
        text = path.read_text(encoding="utf-8").strip()
        when = parse_utc(text) if text else None
    except (ValueError, OverflowError, TypeError, OSError):
        sentence = "timestamp.txt does not hold a time, so it is not known when this was handed in."
        return None, (sentence,)
    return (when if isinstance(when, datetime) else None), ()
