"""The marks as a table for spreadsheets and registrars."""

from __future__ import annotations

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from cs_cnn.course import engine, late
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


def computed(text: str) -> bool:
    """Tell whether a spreadsheet would compute a text; numbers and a lone dash are not meant.

    >>> [computed(text) for text in ("=cmd()", "+1 (555)", "-2.5", "-", "Ada")]
    [True, True, False, False, False]
    """
    if len(text.strip()) < 2 or not (text.startswith(_FORMULA) or text.lstrip(" ").startswith(_FORMULA)):
        return False
    try:
        float(text.replace(",", "."))
    except ValueError:
        return True
    return False


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


def _local(when: datetime | None, zone: ZoneInfo) -> str | None:
    """Return a moment as the course's clocks showed it."""
    return None if when is None else when.astimezone(zone).isoformat(timespec="seconds")


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
        The names of the columns, and the rows as text. `due` is the student's own where there is an extension. The
        columns after `note` hold the points of one task each; an empty one has not been marked yet, or belongs to
        another assignment.
    """
    zone = ZoneInfo(course.time_zone)
    extended = late.extensions(folder, course)
    header = list(COLUMNS)
    lines: list[dict[str, Any]] = []
    with engine.session():
        for assignment in assignments:
            cells = marks.graded_cells(folder, assignment)
            names = {cell.grade_id: f"{assignment.short}.{cell.name}" for cell in cells}
            header += list(names.values())
            for row in marks.table(folder, assignment):
                line = {
                    "student_id": harmless(row.student),
                    "last_name": harmless(row.last_name),
                    "first_name": harmless(row.first_name),
                    "email": harmless(row.email),
                    "assignment": assignment.name,
                    "due": extended.get((row.student, assignment.name), assignment.due).isoformat(
                        timespec="minutes"
                    ),
                    "submitted": _local(row.submitted, zone) or "",
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


def document(course: Course, folder: Path, assignments: list[Assignment]) -> dict[str, Any]:
    """Collect the marks for other programs.

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
    dict
        What `write_json` writes: texts as they are, points as numbers, None for what is not known.
    """
    zone = ZoneInfo(course.time_zone)
    listed = []
    with engine.session():
        for assignment in assignments:
            cells = marks.graded_cells(folder, assignment)
            names = {cell.grade_id: cell.name for cell in cells}
            students = [
                {
                    "id": row.student,
                    "last_name": row.last_name,
                    "first_name": row.first_name,
                    "email": row.email,
                    "submitted": _local(row.submitted, zone),
                    "points": round(row.points, 2),
                    "days_late": row.late.days,
                    "state": row.state,
                    "note": row.note,
                    "tasks": {names[grade_id]: points for grade_id, points in row.cells.items()},
                }
                for row in marks.table(folder, assignment)
            ]
            listed.append(
                {
                    "name": assignment.name,
                    "title": assignment.title,
                    "due": assignment.due.isoformat(timespec="minutes"),
                    "max_points": sum(cell.points for cell in cells),
                    "tasks": [
                        {"name": cell.name, "points": cell.points, "written": cell.written} for cell in cells
                    ],
                    "students": students,
                }
            )
    return {"course": course.title, "version": course.version, "assignments": listed}


def write_json(course: Course, folder: Path, assignments: list[Assignment], target: Path) -> int:
    """Write the marks as JSON (UTF-8).

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
        The number of entries, one for each student and assignment.
    """
    content = document(course, folder, assignments)
    with atomic_write(target) as file:
        json.dump(content, file, indent=1, ensure_ascii=False)
        file.write("\n")
    return sum(len(each["students"]) for each in content["assignments"])
