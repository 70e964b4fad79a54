"""Reading marks from nbgrader's gradebook."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cs_cnn.course import calendar, engine, late
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.grading import submissions
from cs_cnn.course.grading.journal import STATES, Journal
from cs_cnn.course.late import IN_TIME, Lateness
from cs_cnn.errors import CsCnnError

OTHER_STATES = {
    "not_submitted": "nothing was handed in",
    "not_graded": "handed in, not graded yet",
    "changed": "handed in again since it was graded",
}


@dataclass(frozen=True)
class Cell:
    """A graded cell of an assignment: nbgrader's id, points, and whether a person marks it."""

    grade_id: str
    points: float
    written: bool

    @property
    def name(self) -> str:
        """The task's name: the id without nbgrader's `test_`."""
        return self.grade_id.removeprefix("test_")


@dataclass(frozen=True)
class Row:
    """Everything about one student in one assignment; `cells` holds points by grade id, None where none are known."""

    student: str
    first_name: str
    last_name: str
    email: str
    state: str
    points: float
    max_points: float
    note: str
    submitted: datetime | None
    cells: dict[str, float | None]
    late: Lateness = IN_TIME

    @property
    def name(self) -> str:
        """The student's name, or the id where there is none."""
        return f"{self.first_name} {self.last_name}".strip() or self.student

    @property
    def meaning(self) -> str:
        """What the state means, in words."""
        return {**STATES, **OTHER_STATES}[self.state]


def number(value: float) -> str:
    """Write points without needless digits: 5, 2.5, 0.33."""
    return f"{round(value, 2):g}" if abs(value) < 100000 else f"{value:.2f}"


def graded_cells(folder: Path, assignment: Assignment) -> list[Cell]:
    """List the graded cells of an assignment in their order.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.

    Returns
    -------
    list of Cell
        Read from `source/`.
    """
    path = folder / "source" / assignment.name / f"{assignment.notebook}.ipynb"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError) as error:
        raise CsCnnError(
            f"{path} cannot be read; `cs-cnn init {folder}` in the repository makes it again."
        ) from error
    marks = [cell["metadata"].get("nbgrader", {}) for cell in cells]
    return [
        Cell(each["grade_id"], float(each["points"]), each["solution"]) for each in marks if each.get("grade")
    ]


@contextlib.contextmanager
def gradebook(folder: Path) -> Iterator[Any]:
    """Open the gradebook of a course directory; inside `engine.session`.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.

    Yields
    ------
    nbgrader.api.Gradebook
        Closed at the end.

    Raises
    ------
    CsCnnError
        When the file is not a gradebook, or is locked by another program.
    """
    import sqlalchemy
    from nbgrader.api import Gradebook

    try:
        with Gradebook(engine.database_url(folder)) as opened:
            yield opened
    except sqlalchemy.exc.DatabaseError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise CsCnnError(f"The gradebook {engine.database_name(folder)} cannot be used: {reason}.") from error


def known_submissions(folder: Path, assignment: Assignment) -> set[str]:
    """List the students with marks for an assignment, without importing nbgrader (which takes seconds)."""
    import sqlalchemy

    query = sqlalchemy.text(
        "select submitted_assignment.student_id from submitted_assignment "
        "join assignment on assignment.id = submitted_assignment.assignment_id where assignment.name = :name"
    )
    database = sqlalchemy.create_engine(engine.database_url(folder))
    try:
        with database.connect() as connection:
            return set(connection.scalars(query, {"name": assignment.name}))
    except sqlalchemy.exc.DatabaseError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise CsCnnError(f"The gradebook {engine.database_name(folder)} cannot be read: {reason}.") from error
    finally:
        database.dispose()


@dataclass
class Marks:
    """What the gradebook says about one submission.

    Attributes
    ----------
    submitted : datetime or None
        When it was handed in, in UTC.
    cells : dict of str to float or None
        Points of every graded cell; None where there is no mark yet.
    waiting : set of str
        Grade ids of what a person should look at.
    penalty : float
        What is taken off for lateness.
    """

    submitted: datetime | None = None
    cells: dict[str, float | None] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    penalty: float = 0.0

    def points(self) -> float:
        """Return the points after what is taken off for lateness."""
        return max(0.0, sum(score or 0.0 for score in self.cells.values()) - self.penalty)

    def ordered(self, cells: list[Cell]) -> dict[str, float | None]:
        """Return the points of every cell in the order of the notebook."""
        return {cell.grade_id: self.cells.get(cell.grade_id) for cell in cells}

    def to_read(self, cells: list[Cell]) -> list[str]:
        """List the names of the written answers that wait for a person."""
        return [cell.name for cell in cells if cell.written and cell.grade_id in self.waiting]


def score(auto: float | None, manual: float | None, extra: float | None) -> float | None:
    """Return what a cell counts, as nbgrader defines it; None where there is no mark yet."""
    given = auto if manual is None else manual
    return None if given is None else float(given) + float(extra or 0)


def of_class(opened: Any, assignment: Assignment) -> dict[str, Marks]:
    """Read the marks of everybody at once.

    One question for each student would make the gradebook look through everybody's marks each time.

    Parameters
    ----------
    opened : nbgrader.api.Gradebook
        The open gradebook.
    assignment : Assignment
        Which one.

    Returns
    -------
    dict of str to Marks
        By student.
    """
    from nbgrader import api

    submitted = (
        opened.db.query(
            api.SubmittedAssignment.student_id,
            api.SubmittedAssignment.timestamp,
            api.SubmittedNotebook.id,
            api.SubmittedNotebook.late_submission_penalty,
        )
        .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
        .join(api.SubmittedNotebook, api.SubmittedNotebook.assignment_id == api.SubmittedAssignment.id)
        .filter(api.Assignment.name == assignment.name)
    )
    found: dict[str, Marks] = {}
    owner: dict[str, Marks] = {}
    for student, when, notebook, penalty in submitted:
        entry = found.setdefault(student, Marks(when and when.replace(tzinfo=UTC)))
        entry.penalty += float(penalty or 0)
        owner[notebook] = entry
    grades = (
        opened.db.query(
            api.Grade.notebook_id,
            api.BaseCell.name,
            api.Grade.auto_score,
            api.Grade.manual_score,
            api.Grade.extra_credit,
            api.Grade.needs_manual_grade,
        )
        .join(api.BaseCell, api.BaseCell.id == api.Grade.cell_id)
        .join(api.Notebook, api.Notebook.id == api.BaseCell.notebook_id)
        .join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
        .filter(api.Assignment.name == assignment.name)
    )
    for notebook, name, auto, manual, extra, waits in grades:
        entry = owner[notebook]
        entry.cells[name] = score(auto, manual, extra)
        if waits:
            entry.waiting.add(name)
    return found


def table(folder: Path, assignment: Assignment) -> list[Row]:
    """List every student of the class with state and marks; inside `engine.session`.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.

    Returns
    -------
    list of Row
        By last name, first name, id; students who handed in nothing are there with 0 points. What handing in late
        costs is worked out anew.
    """
    cells = graded_cells(folder, assignment)
    handed_in = set(submissions.students(folder, assignment))
    results = Journal(folder, assignment).results
    total = sum(cell.points for cell in cells)
    rows = []
    with gradebook(folder) as opened:
        lateness = late.apply(folder, calendar.load(folder), opened)
        people = {person.id: person for person in opened.students}
        known = of_class(opened, assignment)
        for student in sorted(people.keys() | handed_in):
            person = people.get(student)
            first, last, email = (
                getattr(person, name, None) or "" for name in ("first_name", "last_name", "email")
            )
            result = results.get(student)
            state, note = "not_submitted", ""
            points, marks, when = 0.0, dict.fromkeys((cell.grade_id for cell in cells), 0.0), None
            found: dict[str, float | None] = dict(marks)
            if student in handed_in or result is not None:
                state = "not_graded" if result is None else result.state
                note = "" if result is None else result.note
                waiting: list[str] = []
                if result is not None and (entry := known.get(student)) is not None:
                    points, found, when = entry.points(), entry.ordered(cells), entry.submitted
                    waiting = entry.to_read(cells)
                if state in ("graded", "needs_reading"):
                    state = "needs_reading" if waiting else "graded"
                    if waiting:
                        note = f"{note} Waiting to be read: {', '.join(waiting)}.".strip()
                if result and student in handed_in:
                    now = submissions.content(folder, student, assignment)
                    if now != result.submission:
                        state, note = "changed", "These are the marks of the earlier submission."
            over = lateness.get((student, assignment.name), IN_TIME)
            rows.append(Row(student, first, last, email, state, points, total, note, when, found, over))
    return sorted(rows, key=lambda row: (row.last_name.casefold(), row.first_name.casefold(), row.student))
