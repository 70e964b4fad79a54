"""Bringing the list of students into a course directory: new ones, and what changed; nobody is ever taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cs_cnn.course import engine
from cs_cnn.course.directory import locked
from cs_cnn.course.grading import marks
from cs_cnn.course.report.logbook import LOG
from cs_cnn.course.roster import Student
from cs_cnn.errors import CsCnnError

# Our names, and those of nbgrader's table.
_FIELDS = {"first_name": "first_name", "last_name": "last_name", "email": "email", "lms_id": "lms_user_id"}


@dataclass
class Enrolled:
    """What an import did, or would do.

    Attributes
    ----------
    new : list of str
        Students who were not there.
    changed : dict of str to list of str
        By student, what changed, a phrase each.
    same : list of str
        Students as they were.
    kept : list of str
        Students who are not in the file, and stay.
    """

    new: list[str] = field(default_factory=list)
    changed: dict[str, list[str]] = field(default_factory=dict)
    same: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


def enrol(folder: Path, students: Sequence[Student], *, write: bool = True) -> Enrolled:
    """Put students into the gradebook of a course directory.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    students : sequence of Student
        As `roster.read` returns them. An empty value changes nothing.
    write : bool
        Whether to write; else only the report is made.

    Returns
    -------
    Enrolled

    Raises
    ------
    CsCnnError
        When a new id differs from an old one only in case, or an lms_id belongs to somebody else; then nothing was
        changed.
    """
    from nbgrader.api import Student as Entry

    enrolled = Enrolled()
    with locked(folder), engine.session(folder / "grading" / "log.txt"), marks.gradebook(folder) as opened:
        there = {entry.id: entry for entry in opened.students}
        _check(students, {name: entry.lms_user_id or "" for name, entry in there.items()})
        for student in students:
            values = {theirs: getattr(student, ours) for ours, theirs in _FIELDS.items()}
            entry = there.get(student.id)
            if entry is None:
                enrolled.new.append(student.id)
                if write:
                    opened.db.add(
                        Entry(id=student.id, **{name: value or None for name, value in values.items()})
                    )
                continue
            changes = []
            for ours, theirs in _FIELDS.items():
                before, after = getattr(entry, theirs) or "", values[theirs]
                if after and after != before:
                    changes.append(f"{ours} '{before}' becomes '{after}'" if before else f"{ours} '{after}'")
                    if write:
                        setattr(entry, theirs, after)
            if changes:
                enrolled.changed[student.id] = changes
            else:
                enrolled.same.append(student.id)
        listed = {student.id for student in students}
        enrolled.kept = sorted(name for name in there if name not in listed)
        if write:
            opened.db.commit()  # all of them or none
            LOG.info(f"roster: {len(enrolled.new)} new, {len(enrolled.changed)} changed")
    return enrolled


def _check(students: Sequence[Student], there: dict[str, str]) -> None:
    """Refuse what would make two students one, or give one two names."""
    folders = {name.casefold(): name for name in there}
    numbers = dict(there)
    for student in students:
        old = folders.get(student.id.casefold(), student.id)
        if old != student.id:
            raise CsCnnError(
                f"The id '{student.id}' differs from '{old}', who is in the class, only in capital letters; "
                "their folders would be one on many computers."
            )
        if student.lms_id:
            numbers[student.id] = student.lms_id
    owners: dict[str, str] = {}
    for name, number in numbers.items():
        if number and owners.setdefault(number, name) != name:
            raise CsCnnError(f"The lms_id '{number}' would belong to both '{owners[number]}' and '{name}'.")
