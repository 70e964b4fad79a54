"""Filling the table of marks that a learning management system exported, so that it can be imported there again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cs_cnn.course.calendar import Assignment
from cs_cnn.course.grading.marks import Row, number
from cs_cnn.course.report.export import computed
from cs_cnn.course.report.sheet import Sheet
from cs_cnn.course.report.systems import SYSTEMS, Class, System, column_of
from cs_cnn.course.roster import Student
from cs_cnn.errors import CsCnnError

_WAITING = {
    "not_graded": "not graded yet, left as it is",
    "changed": "handed in again since it was graded; the earlier mark",
    "needs_reading": "a written answer waits to be read; the points so far",
}


@dataclass(frozen=True)
class Entry:
    """A value for one student: what stood there, and what stands there now."""

    student: str
    assignment: str
    before: str
    after: str


@dataclass
class Filled:
    """A filled table, and what a person should know of it.

    Attributes
    ----------
    content : bytes
        The whole file.
    columns : dict of str to str
        The heading under which each assignment was found.
    entries : list of Entry
        Every value that is filled in, also where it stood there already.
    refused : list of str
        Why the table does not fit the class, a sentence each.
    waiting : list of str
        Marks that are not final.
    formulas : list of str
        Places which a spreadsheet would compute; they are the system's own and stay as they are.
    """

    content: bytes = b""
    columns: dict[str, str] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    formulas: list[str] = field(default_factory=list)

    @property
    def changed(self) -> list[Entry]:
        """The entries that differ from what stood there before."""
        return [entry for entry in self.entries if not _same(entry.before, entry.after)]


def _same(before: str, after: str) -> bool:
    try:
        return float(before.replace(",", ".")) == float(after.replace(",", "."))
    except ValueError:
        return before == after


class _Template:
    """An exported table: its headings, the rows of students, and the rows that belong to nobody."""

    def __init__(self, sheet: Sheet, system: System, path: Path) -> None:
        self.sheet, self.system, self.path = sheet, system, path
        if not sheet.rows:
            raise CsCnnError(f"{path} is empty; export the table of marks from {system.title} once more.")
        self.headings = [field.value for field in sheet.rows[0]]
        self.known = [heading.strip().casefold() for heading in self.headings]
        if not set(self.known) & set(system.people):
            wanted = ", ".join(system.people)
            raise CsCnnError(
                f"{path} does not look like a table of marks of {system.title}: none of the columns {wanted} is there."
            )
        self.students: list[int] = []
        self.possible: list[str] = []
        for index, row in enumerate(sheet.rows[1:], 1):
            values = [field.value for field in row]
            if system.possible_row and values[0].strip().casefold().startswith(system.possible_row):
                self.possible = values
                self.students.clear()  # what stands above it are settings
            else:
                self.students.append(index)

    def row(self, index: int) -> dict[str, str]:
        return {
            name: field.value for name, field in zip(self.known, self.sheet.rows[index], strict=False) if name
        }

    def called(self, index: int) -> str:
        """Say whose a row is, for a person."""
        row, system = self.row(index), self.system
        name = " ".join(
            row.get(one, "") for one in (*system.full_name, *system.first_name, *system.last_name)
        )
        keys = [row[one] for one in system.people if row.get(one, "").strip()]
        return f"{' '.join(name.split()) or 'no name'} ({', '.join(keys) or 'no id'}), line {self.sheet.lines[index]}"

    def is_test_student(self, index: int) -> bool:
        """Whether it is the account with which Canvas lets instructors look at their course as students."""
        name = self.sheet.rows[index][0].value.strip().casefold()
        return self.system.title == "Canvas" and name in ("student, test", "test student")

    def column(self, assignment: Assignment, named: str | None) -> int | None:
        """Return the column of an assignment, or None when the table has none."""
        if named is not None:
            found = [
                number for number, heading in enumerate(self.headings) if heading.strip() == named.strip()
            ]
            if not found or found[0] < 0 or self.known[found[0]] in self.system.fixed:
                raise CsCnnError(
                    f"{self.path} has no column '{named}' for points; it has: {', '.join(self.headings)}."
                )
        elif sheet := [n for n, name in enumerate(self.known) if name in self.system.worksheet]:
            found = sheet
        else:
            found = column_of(self.system, self.headings, assignment)
        if len(found) > 1:
            several = " and ".join(f"'{self.headings[number]}'" for number in found)
            raise CsCnnError(
                f"{several} in {self.path} could both be {assignment.name}; choose with --column."
            )
        return found[0] if found else None

    @property
    def is_worksheet(self) -> bool:
        """Whether the table is for one assignment only."""
        return any(name in self.system.worksheet for name in self.known)

    def check_possible(self, assignment: Assignment, column: int, total: float) -> None:
        """Refuse a column with other possible points: the marks would mean something else there."""
        said: list[str] = []
        if column < len(self.possible):
            said.append(self.possible[column])
        if self.system.possible_heading:
            said += re.findall(self.system.possible_heading, self.headings[column])
        if self.is_worksheet:
            said += [
                self.row(index).get(name, "")
                for index in self.students
                for name in self.system.possible_column
            ]
        for text in said:
            try:
                points = float(text.replace(",", "."))
            except ValueError:
                continue  # "(read only)" and the like
            if points != total:
                raise CsCnnError(
                    f"'{self.headings[column]}' in {self.path} is out of {number(points)} points, and "
                    f"{assignment.name} has {number(total)}; set that in {self.system.title} and export again."
                )


def fill(
    path: Path,
    system: str,
    tables: Sequence[tuple[Assignment, Sequence[Row]]],
    students: Sequence[Student],
    *,
    column: str | None = None,
    comma: bool = False,
    all_there: bool = True,
) -> Filled:
    """Put marks into a table that a learning management system exported.

    Parameters
    ----------
    path : pathlib.Path
        The exported table; it is only read.
    system : {"canvas", "moodle", "blackboard"}
        Who wrote it.
    tables : sequence of (Assignment, sequence of Row)
        The marks of each assignment.
    students : sequence of Student
        The class.
    column : str, optional
        The heading of the points, where it cannot be told from the assignment's name.
    comma : bool
        Write 9,5 for 9.5.
    all_there : bool
        Refuse a table that lacks a column for one of the assignments; else one column is enough.

    Returns
    -------
    Filled
        With `refused` where rows and class do not fit; the content then holds what does.

    Raises
    ------
    CsCnnError
        When the table is of another kind, or an assignment is not in it.
    """
    template = _Template(Sheet.open(path), SYSTEMS[system], path)
    if (template.is_worksheet or column is not None) and len(tables) != 1:
        raise CsCnnError(f"The points in {path} are those of one assignment; name which one.")
    filled = Filled()
    owners = _owners(template, students, filled)
    values: dict[tuple[int, int], str] = {}
    for assignment, rows in tables:
        place = template.column(assignment, column)
        if place is None:
            continue
        template.check_possible(assignment, place, assignment.points)
        filled.columns[assignment.name] = template.headings[place]
        for row in rows:
            if row.student not in owners:
                continue
            _one(template, filled, values, assignment, row, (owners[row.student], place), comma)
    missing = [assignment.name for assignment, _ in tables if assignment.name not in filled.columns]
    if missing and (all_there or not filled.columns):
        names = ", ".join(missing)
        raise CsCnnError(
            f"{path} has no column for {names}; name the column with --column. It has: {', '.join(template.headings)}."
        )
    filled.content = template.sheet.filled(values)
    filled.formulas = [
        f"{template.headings[number]}, line {template.sheet.lines[index]}"
        for index in template.students
        for number, field in enumerate(template.sheet.rows[index][: len(template.headings)])
        if computed(field.value)
    ]
    return filled


def _owners(template: _Template, students: Sequence[Student], filled: Filled) -> dict[str, int]:
    """Find the row of every student, and name everybody who is on one side only."""
    people, owners = Class(students), dict[str, int]()
    seen: dict[str, list[int]] = {}
    for index in template.students:
        found = people.find(template.system, template.row(index))
        if len(found) == 1:
            seen.setdefault(found.pop(), []).append(index)
        elif found:
            who = " and ".join(sorted(found))
            filled.refused.append(f"{template.called(index)} can be {who}")
        elif not template.is_test_student(index):
            filled.refused.append(f"{template.called(index)} is nobody of the class")
    for student, indices in seen.items():
        if len(indices) > 1:
            where = " and ".join(template.called(index) for index in indices)
            filled.refused.append(f"{student} has more than one row: {where}")
        else:
            owners[student] = indices[0]
    for person in students:
        if person.id not in seen:
            name = f"{person.first_name} {person.last_name}".strip()
            filled.refused.append(f"{name or person.id} ({person.id}) has no row in the table")
    return owners


def _one(
    template: _Template,
    filled: Filled,
    values: dict[tuple[int, int], str],
    assignment: Assignment,
    row: Row,
    place: tuple[int, int],
    comma: bool,
) -> None:
    index, column = place
    if row.state in _WAITING:
        filled.waiting.append(f"{row.student}, {assignment.name}: {_WAITING[row.state]}")
    if row.state == "not_graded":
        return
    if column >= len(template.sheet.rows[index]):
        filled.refused.append(f"{template.called(index)} has fewer values than the first line has columns")
        return
    said = template.row(index)
    if any(said.get(name, "").strip().casefold() in ("no", "nein") for name in template.system.changeable):
        filled.refused.append(
            f"{template.called(index)}: {template.system.title} says that this mark cannot be changed"
        )
        return
    text = number(row.points)
    text = text.replace(".", ",") if comma else text
    values[place] = text
    filled.entries.append(
        Entry(row.student, assignment.name, template.sheet.rows[index][column].value.strip(), text)
    )
