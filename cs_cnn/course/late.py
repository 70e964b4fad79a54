"""What handing in late costs: grace, a rate per day, a cap, a bank of free days, and extensions for single students.

The penalty is a share of what the work earned. It is computed from the times in the gradebook whenever marks are read,
so a due date that moves, an extension or a mark given by hand changes it without grading again.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cs_cnn.course.calendar import Assignment, Course, LatePolicy
from cs_cnn.errors import CsCnnError

EXTENSIONS = "extensions.csv"
COLUMNS = ("student", "assignment", "due")


@dataclass(frozen=True)
class Lateness:
    """How late one piece of work is.

    Attributes
    ----------
    days : int
        Days begun after the due date and the grace; 0 is in time.
    free : int
        How many of them the student's bank paid for.
    share : float
        The part of the points that is taken off, 0 to 1.
    """

    days: int
    free: int
    share: float


IN_TIME = Lateness(0, 0, 0.0)


def days_late(submitted: datetime | None, due: datetime, policy: LatePolicy) -> int:
    """Count the days begun after the due date.

    Parameters
    ----------
    submitted : datetime or None
        When it was handed in; not known counts as in time.
    due : datetime
        When it should have been.
    policy : LatePolicy
        Its grace is not counted.

    Returns
    -------
    int

    Examples
    --------
    >>> due = datetime(2027, 2, 5, 23, 59, tzinfo=UTC)
    >>> policy = LatePolicy(grace_hours=2, per_day=10, cap=50, bank=0)
    >>> [days_late(due + timedelta(hours=hours), due, policy) for hours in (-1, 2, 2.5, 24, 26.1)]
    [0, 0, 1, 1, 2]
    """
    if submitted is None:
        return 0
    over = submitted - due
    if over <= timedelta(hours=policy.grace_hours):
        return 0
    return math.ceil(over / timedelta(days=1))


def spread(days: Sequence[int], policy: LatePolicy) -> list[Lateness]:
    """Pay late days from the bank, in the order of the due dates, and charge the rest.

    Parameters
    ----------
    days : sequence of int
        Days late of one student's work, in the order of the due dates.
    policy : LatePolicy

    Returns
    -------
    list of Lateness

    Examples
    --------
    >>> spread([1, 0, 3], LatePolicy(grace_hours=0, per_day=10, cap=15, bank=2))[2]
    Lateness(days=3, free=1, share=0.15)
    """
    left, found = policy.bank, []
    for late in days:
        free = min(left, late)
        left -= free
        found.append(Lateness(late, free, min(policy.per_day * (late - free), policy.cap) / 100))
    return found


def extensions(folder: Path, course: Course) -> dict[tuple[str, str], datetime]:
    """Read the extensions of a course directory.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory; `extensions.csv` in it has the columns student, assignment and due, and may be missing.
    course : Course
        The calendar.

    Returns
    -------
    dict of (str, str) to datetime
        The due date by student and full name of the assignment.

    Raises
    ------
    CsCnnError
        One sentence with the line.
    """
    path = folder / EXTENSIONS
    found: dict[tuple[str, str], datetime] = {}
    if not path.is_file():
        return found
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                raise CsCnnError(f"{path}, line 1: the column {missing[0]} is missing.")
            for row in reader:
                student, name, text = ((row[column] or "").strip() for column in COLUMNS)
                if not student:
                    continue
                try:
                    due = datetime.fromisoformat(text)
                    assignment = course.assignment(name)
                except ValueError:
                    problem = f"'{text}' is not a date and time; write it as 2027-02-12 23:59, local time"
                    raise CsCnnError(f"{path}, line {reader.line_num}: {problem}.") from None
                except CsCnnError as error:
                    raise CsCnnError(f"{path}, line {reader.line_num}: {error}") from None
                zone = ZoneInfo(course.time_zone)
                found[student, assignment.name] = due if due.tzinfo else due.replace(tzinfo=zone)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CsCnnError(f"Cannot read {path}: {error}.") from error
    return found


def lateness(
    course: Course,
    times: Mapping[tuple[str, str], datetime | None],
    extended: Mapping[tuple[str, str], datetime],
) -> dict[tuple[str, str], Lateness]:
    """Work out how late everything is.

    Parameters
    ----------
    course : Course
        The calendar; without a late policy nothing is late.
    times : mapping
        When each piece of work was handed in, by student and full name of the assignment.
    extended : mapping
        Due dates that differ from the calendar's, by the same keys.

    Returns
    -------
    dict
        By the same keys as `times`.
    """
    if course.late is None:
        return dict.fromkeys(times, IN_TIME)
    found: dict[tuple[str, str], Lateness] = {}
    order = sorted(course.assignments, key=lambda each: each.due)
    for student in sorted({student for student, _ in times}):
        mine = [each for each in order if (student, each.name) in times]
        days = [
            days_late(times[student, each.name], extended.get((student, each.name), each.due), course.late)
            for each in mine
        ]
        for each, late in zip(mine, spread(days, course.late), strict=True):
            found[student, each.name] = late
    return found


def apply(folder: Path, course: Course, opened: Any) -> dict[tuple[str, str], Lateness]:
    """Write the penalties of a whole class into the gradebook.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    course : Course
        Its calendar.
    opened : nbgrader.api.Gradebook
        Its gradebook.

    Returns
    -------
    dict of (str, str) to Lateness
        By student and full name of the assignment; what is in time is there too.
    """
    from nbgrader.api import Assignment as GradebookAssignment
    from nbgrader.api import Grade, SubmittedAssignment, SubmittedNotebook
    from sqlalchemy import func

    known: dict[str, Assignment] = {each.name: each for each in course.assignments}
    entries = [
        entry
        for entry in opened.db.query(SubmittedAssignment).join(GradebookAssignment).all()
        if entry.assignment.name in known
    ]
    times = {
        (entry.student_id, entry.assignment.name): entry.timestamp and entry.timestamp.replace(tzinfo=UTC)
        for entry in entries
    }
    found = lateness(course, times, extensions(folder, course))
    changed = False
    # All at once: asked for one by one, each sum would read the marks of everybody.
    sums = opened.db.query(Grade.notebook_id, func.sum(Grade.score)).group_by(Grade.notebook_id)
    scores = {notebook: float(total or 0) for notebook, total in sums}
    notebooks: dict[str, list[Any]] = {}
    for notebook in opened.db.query(SubmittedNotebook).all():
        notebooks.setdefault(notebook.assignment_id, []).append(notebook)
    for entry in entries:
        share = found[entry.student_id, entry.assignment.name].share
        for notebook in notebooks.get(entry.id, []):
            penalty = round(share * scores.get(notebook.id, 0.0), 6) or None
            if (notebook.late_submission_penalty or None) != penalty:
                notebook.late_submission_penalty = penalty
                changed = True
    if changed:
        opened.db.commit()
    return found
