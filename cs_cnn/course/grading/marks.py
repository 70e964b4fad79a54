"""Reading marks from nbgrader's gradebook, and clearing those whose work was replaced."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
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
        raise CsCnnError(f"The gradebook {folder / 'gradebook.db'} cannot be used: {reason}.") from error


def known_submissions(folder: Path, assignment: Assignment) -> set[str]:
    """List the students with marks for an assignment, without importing nbgrader (which takes seconds)."""
    query = (
        "select submitted_assignment.student_id from submitted_assignment "
        "join assignment on assignment.id = submitted_assignment.assignment_id where assignment.name = ?"
    )
    path = folder / "gradebook.db"
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            return {row[0] for row in database.execute(query, (assignment.name,))}
    except sqlite3.Error as error:
        raise CsCnnError(f"The gradebook {path} cannot be read: {error}.") from error


def begin(opened: Any, assignment: Assignment, student: str, submitted: datetime | None) -> None:
    """Make the student's entry ready for grading: the new time, and no automatic marks of earlier work."""
    opened.update_or_create_student(student)
    submission = opened.update_or_create_submission(assignment.name, student, timestamp=submitted)
    for notebook in submission.notebooks:
        notebook.late_submission_penalty = None
        for grade in notebook.grades:
            grade.auto_score = None
            grade.needs_manual_grade = False
    opened.db.commit()


def zero(opened: Any, assignment: Assignment, student: str, *, by_hand: bool) -> dict[str, float]:
    """Set every mark of a submission that could not be graded to 0.

    Parameters
    ----------
    opened : nbgrader.api.Gradebook
        The open gradebook.
    assignment : Assignment
        Which one.
    student : str
        Whose.
    by_hand : bool
        Whether to clear marks that a person gave, too.

    Returns
    -------
    dict of str to float
        The marks given by hand that were cleared.
    """
    cleared = {}
    for notebook in opened.find_submission(assignment.name, student).notebooks:
        for grade in notebook.grades:
            grade.auto_score = 0
            grade.needs_manual_grade = False
            if by_hand and (grade.manual_score is not None or grade.extra_credit):
                cleared[grade.name] = float(grade.manual_score or 0) + float(grade.extra_credit or 0)
                grade.manual_score = grade.extra_credit = None
    opened.db.commit()
    return cleared


def points_of(submission: Any, cells: list[Cell]) -> tuple[float, dict[str, float | None], list[str]]:
    """Read a submission from the gradebook.

    Parameters
    ----------
    submission : nbgrader.api.SubmittedAssignment
        The entry.
    cells : list of Cell
        The graded cells in order.

    Returns
    -------
    tuple
        Points after a penalty for lateness; points of every cell (None: not marked yet); names of the written
        answers that wait for a person.
    """
    found: dict[str, float | None] = {}
    waiting = set()
    for notebook in submission.notebooks:
        for grade in notebook.grades:
            unknown = grade.auto_score is None and grade.manual_score is None
            found[grade.name] = None if unknown else float(grade.score)
            if grade.needs_manual_grade:
                waiting.add(grade.name)
    penalty = submission.late_submission_penalty or 0
    points = max(0.0, float(submission.score or 0) - float(penalty))
    ordered = {cell.grade_id: found.get(cell.grade_id) for cell in cells}
    return points, ordered, [cell.name for cell in cells if cell.written and cell.grade_id in waiting]


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
    from nbgrader.api import MissingEntry

    cells = graded_cells(folder, assignment)
    handed_in = set(submissions.students(folder, assignment))
    results = Journal(folder, assignment).results
    total = sum(cell.points for cell in cells)
    rows = []
    with gradebook(folder) as opened:
        lateness = late.apply(folder, calendar.load(folder), opened)
        people = {person.id: person for person in opened.students}
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
                if result is not None:
                    with contextlib.suppress(MissingEntry):
                        entry = opened.find_submission(assignment.name, student)
                        points, found, waiting = points_of(entry, cells)
                        when = None if entry.timestamp is None else entry.timestamp.replace(tzinfo=UTC)
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
