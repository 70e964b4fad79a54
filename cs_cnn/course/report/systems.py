"""How Canvas, Moodle and Blackboard lay out the tables of marks that they export and take back."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cs_cnn.course.calendar import Assignment
from cs_cnn.course.intake.naming import letters
from cs_cnn.course.roster import Student

Keys = tuple[str, ...]


@dataclass(frozen=True)
class System:
    """What is known of one system's tables.

    Attributes
    ----------
    title : str
        Its name.
    people : dict of str to tuple of str
        Columns that say whose a row is, in small letters, and which attributes of a `Student` they can hold.
    full_name, first_name, last_name : tuple of str
        Columns with names.
    last_first : bool
        Whether the full name is written "Lovelace, Ada".
    title_of : callable
        From a column's heading to the title of an assignment; None when it is no column of points.
    worksheet : tuple of str
        Headings of the points in a table for one assignment only.
    possible_row : str
        How the row with the possible points begins; empty where there is none.
    possible_column : tuple of str
        Headings of the column with the possible points.
    possible_heading : str
        Pattern of the possible points in an assignment's heading.
    changeable : tuple of str
        Headings of the column that says whether points can be changed.
    numbered : tuple of str
        Columns of `people` in which words stand before the number.
    """

    title: str
    people: dict[str, Keys]
    full_name: Keys
    first_name: Keys
    last_name: Keys
    last_first: bool
    title_of: Callable[[str], str | None]
    worksheet: Keys = ()
    possible_row: str = ""
    possible_column: Keys = ()
    possible_heading: str = ""
    changeable: Keys = ()
    numbered: Keys = ()

    @property
    def fixed(self) -> frozenset[str]:
        """Headings that never hold an assignment's points."""
        names = (*self.people, *self.full_name, *self.first_name, *self.last_name)
        return frozenset((*names, *self.possible_column, *self.changeable))


def _canvas(heading: str) -> str | None:
    found = re.fullmatch(r"(.*?) \(\d+\)", heading)
    return found and found[1]


def _moodle(heading: str) -> str | None:
    found = re.fullmatch(r"(?:[^:]{1,30}: ?)?(.*?) ?\((?:Real|Punkte|Réel|Real\.)\)", heading)
    return found and found[1]


def _blackboard(heading: str) -> str | None:
    found = re.fullmatch(r"(.*?) ?\[[^\]]*\](?: ?\| ?\d+)?", heading)
    return found and found[1]


SYSTEMS = {
    "canvas": System(
        title="Canvas",
        people={
            "id": ("lms_id",),
            "sis user id": ("id", "lms_id"),
            "sis login id": ("id", "email"),
            "integration id": ("id", "lms_id"),
        },
        full_name=("student", "student name"),
        first_name=(),
        last_name=(),
        last_first=True,
        title_of=_canvas,
        possible_row="points possible",
    ),
    # Moodle translates its headings; the course's languages are here.
    "moodle": System(
        title="Moodle",
        people={
            "identifier": ("lms_id",),
            "id": ("lms_id",),
            "kennung": ("lms_id",),
            "id number": ("id", "lms_id"),
            "id-nummer": ("id", "lms_id"),
            "username": ("id",),
            "anmeldename": ("id",),
            "email address": ("email",),
            "e-mail-adresse": ("email",),
        },
        full_name=("full name", "vollständiger name"),
        first_name=("first name", "vorname"),
        last_name=("last name", "surname", "nachname"),
        last_first=False,
        title_of=_moodle,
        worksheet=("grade", "bewertung"),
        possible_column=("maximum grade", "bestwertung"),
        changeable=("grade can be changed", "bewertung kann geändert werden"),
        numbered=("identifier", "kennung"),  # "Participant 1234" where file names have 1234
    ),
    "blackboard": System(
        title="Blackboard",
        people={"username": ("id", "email"), "student id": ("id", "lms_id"), "email": ("email",)},
        full_name=(),
        first_name=("first name",),
        last_name=("last name",),
        last_first=False,
        title_of=_blackboard,
        possible_heading=r"Total Pts: (?:up to )?(\d+(?:[.,]\d+)?)",
    ),
}


def column_of(system: System, headings: Sequence[str], assignment: Assignment) -> list[int]:
    """Find the columns whose heading speaks of an assignment.

    Parameters
    ----------
    system : System
    headings : sequence of str
        The first row.
    assignment : Assignment

    Returns
    -------
    list of int
        One when it is clear. A heading that is the assignment's name goes before one that only begins with it.
    """
    exact = {letters(assignment.name), letters(assignment.title), letters(assignment.short)}
    exact |= {letters(assignment.short + assignment.title), letters(assignment.name + assignment.title)}
    begins = re.compile(rf"{re.escape(assignment.short)}(?![a-z0-9])", re.IGNORECASE)
    equal, close = [], []
    for number, heading in enumerate(headings):
        title = None if heading.strip().casefold() in system.fixed else system.title_of(heading.strip())
        if title is None:
            continue
        if letters(title) in exact:
            equal.append(number)
        elif begins.match(title.strip()):
            close.append(number)
    return equal or close


class Class:
    """The students by everything that a table may call them.

    Parameters
    ----------
    students : sequence of Student
    """

    def __init__(self, students: Sequence[Student]) -> None:
        self._known: dict[tuple[str, str], set[str]] = {}
        for student in students:
            for key in ("id", "lms_id", "email"):
                self._add(key, str(getattr(student, key)).casefold(), student.id)
            self._add("name", letters(student.first_name + student.last_name), student.id)
            self._add("last_first", letters(student.last_name + student.first_name), student.id)

    def _add(self, key: str, value: str, student: str) -> None:
        if value:
            self._known.setdefault((key, value), set()).add(student)

    def find(self, system: System, row: dict[str, str]) -> set[str]:
        """Return the students that a row can mean.

        Parameters
        ----------
        system : System
        row : dict of str to str
            Values by headings in small letters.

        Returns
        -------
        set of str
            Ids; one when it is clear. Names count only where no number, account or address is known.
        """
        found: set[str] = set()
        for heading, keys in system.people.items():
            value = row.get(heading, "").strip().casefold()
            if heading in system.numbered and (number := re.search(r"\d+$", value)):
                value = number[0]
            for key in keys:
                found |= self._known.get((key, value), set())
        if found:
            return found
        whole = "".join(row.get(name, "") for name in system.full_name)
        parts = "".join(row.get(name, "") for name in (*system.first_name, *system.last_name))
        last_first = system.last_first and bool(whole)
        return set(self._known.get(("last_first" if last_first else "name", letters(whole or parts)), set()))
