"""The marks as a table for spreadsheets and registrars."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cs_cnn.course import engine
from cs_cnn.course.calendar import Assignment, Course
from cs_cnn.course.grading import marks
from cs_cnn.files import atomic_write

COLUMNS = (
    "student_id",
    "last_name",
    "first_name",
    "email",
    "assignment",
    "due",
    "submitted",
    "points",
    "max_points",
    "state",
    "note",
)
# A spreadsheet takes a cell that starts with one of these for a formula; some read the full-width forms too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def harmless(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would compute.

    Parameters
    ----------
    text : str
        For example a student's name.

    Returns
    -------
    str
        The same text, or the text with an apostrophe before it.

    Examples
    --------
    >>> harmless("Ada"), harmless("=cmd()"), harmless("  +1")
    ('Ada', "'=cmd()", "'  +1")
    """
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) or text.startswith(_FORMULA) else text


def rows(course: Course, folder: Path, assignments: list[Assignment]) -> tuple[list[str], list[list[str]]]:
    """Collect header and rows: every student of the class in every assignment.

    Parameters
    ----------
    course : Course
        The calendar, for the time zone.
    folder : pathlib.Path
        The course directory.
    assignments : list of Assignment
        Which ones.

    Returns
    -------
    tuple
        The names of the columns, and the rows as text. The columns after `note` hold the points of one task each;
        an empty one has not been marked yet, or belongs to another assignment.
    """
    zone = ZoneInfo(course.time_zone)
    header = list(COLUMNS)
    lines: list[dict[str, Any]] = []
    with engine.session():
        for assignment in assignments:
            cells = marks.graded_cells(folder, assignment)
            names = {cell.grade_id: f"{assignment.short}.{cell.name}" for cell in cells}
            header += list(names.values())
            for row in marks.table(folder, assignment):
                when = (
                    ""
                    if row.submitted is None
                    else row.submitted.astimezone(zone).isoformat(timespec="seconds")
                )
                line = {
                    "student_id": harmless(row.student),
                    "last_name": harmless(row.last_name),
                    "first_name": harmless(row.first_name),
                    "email": harmless(row.email),
                    "assignment": assignment.name,
                    "due": assignment.due.isoformat(timespec="minutes"),
                    "submitted": when,
                    "points": marks.number(row.points),
                    "max_points": marks.number(row.max_points),
                    "state": row.state,
                    "note": harmless(" ".join(row.note.split())),
                }
                for grade_id, points in row.cells.items():
                    line[names[grade_id]] = "" if points is None else marks.number(points)
                lines.append(line)
    return header, [[line.get(name, "") for name in header] for line in lines]


def write(course: Course, folder: Path, assignments: list[Assignment], target: Path) -> int:
    """Write the marks as CSV (UTF-8, commas, quoted where needed).

    Parameters
    ----------
    course : Course
        The calendar.
    folder : pathlib.Path
        The course directory.
    assignments : list of Assignment
        Which ones.
    target : pathlib.Path
        The file; an old one stays whole until the new one is complete.

    Returns
    -------
    int
        The number of rows below the header.
    """
    header, lines = rows(course, folder, assignments)
    with atomic_write(target) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)
    return len(lines)
