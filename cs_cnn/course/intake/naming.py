"""How learning management systems name what they hand to an instructor: whose it is, and when it came.

A time is taken only from a name that the system itself wrote.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from zoneinfo import ZoneInfo

from cs_cnn.course.roster import Student


@dataclass(frozen=True)
class Named:
    """What a name says.

    Attributes
    ----------
    people : tuple of Student
        Who it can be: one when the name is clear, none when it fits nobody on the roster.
    whose : str
        The part of the name that says whose it is.
    file : str
        The student's own name for the file; may be a path.
    attempt : str
        Of several attempts only the last counts, in the order of these texts; empty where there is only one.
    version : int
        Of several files with the same name the one with the largest number counts.
    when : datetime or None
        When the system received it, with a time zone.
    """

    people: tuple[Student, ...]
    whose: str
    file: str
    attempt: str = ""
    version: int = 0
    when: datetime | None = None


Reader = Callable[[str, Sequence[Student], ZoneInfo], Named | None]

_CANVAS = re.compile(r"(?P<name>[^_/]+)_(?:LATE_)?(?P<user>\d+)_(?P<number>\d+)_(?P<file>[^/]+)")
# Canvas counts up what is handed in again under the same name: work-1.ipynb, work-2.ipynb.
_AGAIN = re.compile(r"-\d+(?=\.\w+$)")
_MOODLE = re.compile(
    r"(?P<name>[^/]+)_(?P<user>\d+)_assignsubmission_(?P<kind>file|onlinetext)_?/?(?P<file>.*)"
)
_BLACKBOARD = re.compile(
    r"(?P<before>[^/]+)_attempt_(?P<when>\d{4}(?:-\d\d){5})(?:_(?P<file>[^/]+)|(?P<cover>\.txt))"
)
_EXCHANGE = re.compile(
    r"(?P<user>[^+]+)\+(?P<assignment>[^+]+)\+(?P<when>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?) UTC(?:\+.*)?"
)


def letters(text: str) -> str:
    """Reduce a name to its letters and digits, without accents and case.

    >>> letters("Müller-Lüdenscheidt, Zoë")
    'mullerludenscheidtzoe'
    """
    plain = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in plain.casefold() if letter.isalnum())


def _by_name(name: str, roster: Sequence[Student], *, last_first: bool) -> tuple[Student, ...]:
    wanted = letters(name)
    found = []
    for student in roster:
        parts = [student.first_name, student.last_name]
        if letters("".join(reversed(parts) if last_first else parts)) == wanted:
            found.append(student)
    return tuple(found)


def canvas(path: str, roster: Sequence[Student], _zone: ZoneInfo) -> Named | None:
    """Read `lovelaceada_LATE_1234_5678_work.ipynb`; the system's archive holds no times."""
    match = _CANVAS.fullmatch(path)
    if match is None:
        return None
    people = tuple(student for student in roster if student.lms_id == match["user"])
    people = people or _by_name(match["name"], roster, last_first=True)
    return Named(
        people,
        f"{match['name']} ({match['user']})",
        _AGAIN.sub("", match["file"]),
        version=int(match["number"]),
    )


def moodle(path: str, roster: Sequence[Student], _zone: ZoneInfo) -> Named | None:
    """Read `Ada Lovelace_1234_assignsubmission_file_/work.ipynb`, or the same without folders."""
    match = _MOODLE.fullmatch(path)
    if match is None:
        return None
    people = tuple(student for student in roster if student.lms_id == match["user"])
    people = people or _by_name(match["name"], roster, last_first=False)
    return Named(people, f"{match['name']} ({match['user']})", match["file"])


def blackboard(path: str, roster: Sequence[Student], zone: ZoneInfo) -> Named | None:
    """Read `a4_ada_attempt_2027-03-10-21-05-33_work.ipynb`; the time is the system's."""
    match = _BLACKBOARD.fullmatch(path)
    if match is None:
        return None
    before = match["before"]
    fits = [
        student
        for student in roster
        for name in (student.id, student.lms_id)
        if name and before.casefold().endswith(f"_{name.casefold()}")
    ]
    # Of "ada" and "van_ada" the longer one is meant.
    longest = max((len(student.id) for student in fits), default=0)
    people = tuple(dict.fromkeys(student for student in fits if len(student.id) == longest))
    try:
        when = datetime.strptime(match["when"], "%Y-%m-%d-%H-%M-%S").replace(tzinfo=zone)
    except ValueError:
        return None
    return Named(people, before, match["file"] or "", attempt=match["when"], when=when)


def folder(path: str, roster: Sequence[Student], _zone: ZoneInfo) -> Named | None:
    """Read `ada/work.ipynb`, `ada/a4_convolution/work.ipynb` or `ada.zip`: the first part is the id."""
    parts = PurePosixPath(path).parts
    whose = parts[0]
    if len(parts) == 1:
        whose = re.sub(r"\.(zip|tar|tgz|tar\.(gz|bz2|xz)|ipynb)$", "", whose, flags=re.IGNORECASE)
    people = tuple(
        student
        for student in roster
        if whose.casefold() in (student.id.casefold(), student.email.casefold(), student.lms_id.casefold())
    )
    return Named(people, whose, "/".join(parts[1:]) or parts[0])


def exchange(path: str, roster: Sequence[Student], _zone: ZoneInfo) -> Named | None:
    """Read `ada+a4_convolution+2027-03-10 20:05:33 UTC+x7/work.ipynb`, as nbgrader's exchange lays it out."""
    first, _, file = path.partition("/")
    match = _EXCHANGE.fullmatch(first)
    if match is None or not file:
        return None
    people = tuple(student for student in roster if student.id == match["user"])
    when = datetime.fromisoformat(match["when"]).replace(tzinfo=UTC)
    return Named(people, match["user"], f"{match['assignment']}/{file}", attempt=match["when"], when=when)


READERS: dict[str, Reader] = {
    "canvas": canvas,
    "moodle": moodle,
    "blackboard": blackboard,
    "exchange": exchange,
    "folders": folder,
}


def guess(names: Sequence[str]) -> str:
    """Guess which system wrote an archive, by the form of the names in it.

    Parameters
    ----------
    names : sequence of str
        Paths in the archive.

    Returns
    -------
    str
        A key of `READERS`; "folders" where no other form fits most of the names.
    """
    forms = {"blackboard": _BLACKBOARD, "moodle": _MOODLE, "canvas": _CANVAS}
    if names and all(_EXCHANGE.fullmatch(name.split("/")[0]) for name in names):
        return "exchange"
    for system, form in forms.items():
        if names and sum(form.fullmatch(name) is not None for name in names) > len(names) / 2:
            return system
    return "folders"
