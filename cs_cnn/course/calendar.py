"""The calendar of the course: `course.yml` as checked, typed data, and the tables made from it."""

from __future__ import annotations

import os
import zoneinfo
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from cs_cnn.course.schema import Document, read
from cs_cnn.errors import CsCnnError


@dataclass(frozen=True)
class Policy:
    """A rule on the use of AI assistants, by name."""

    name: str
    title: str
    text: str


@dataclass(frozen=True)
class Chapter:
    """A chapter of the book: its file below `book/` (no suffix), title and week (from 1)."""

    file: str
    title: str
    week: int


@dataclass(frozen=True)
class Assignment:
    """An assignment: what it is, what it is worth, and when it is due (a time with its zone)."""

    name: str
    title: str
    notebook: str
    points: int
    hours: float
    released: int
    due: datetime
    ai_policy: str
    chapters: tuple[str, ...]
    files: dict[str, str] = field(default_factory=dict)

    @property
    def short(self) -> str:
        """The name up to the first underscore: `a2` for `a2_two_layer_net`."""
        return self.name.split("_")[0]


@dataclass(frozen=True)
class LatePolicy:
    """What handing in late costs.

    Attributes
    ----------
    grace_hours : float
        Hours after the due date that are not counted at all.
    per_day : float
        Per cent of the points for each day begun.
    cap : float
        Per cent that are never exceeded.
    bank : int
        Days in the whole course that cost a student nothing.
    """

    grace_hours: float = 0
    per_day: float = 0
    cap: float = 100
    bank: int = 0


@dataclass(frozen=True)
class Course:
    """The whole calendar; `path` is the file it was read from, `late` is None where late work costs nothing.

    `database` is the URL of the gradebook where it is not a file in the course directory, `book` the address at which
    students read the book, empty where feedback shall not link to it.
    """

    path: Path
    title: str
    version: str
    start: date
    time_zone: str
    ai_policies: tuple[Policy, ...]
    chapters: tuple[Chapter, ...]
    assignments: tuple[Assignment, ...]
    late: LatePolicy | None = None
    database: str | None = None
    book: str = ""

    @property
    def root(self) -> Path:
        """The folder of the calendar: the repository, or a course directory."""
        return self.path.parent

    def week_start(self, week: int) -> date:
        """Return the first day of `week`, counted from 1."""
        return self.start + timedelta(weeks=week - 1)

    def policy(self, name: str) -> Policy:
        """Return the AI policy of that name."""
        return next(policy for policy in self.ai_policies if policy.name == name)

    def chapter(self, file: str) -> Chapter:
        """Return the chapter in that file."""
        return next(chapter for chapter in self.chapters if chapter.file == file)

    def assignment(self, name: str) -> Assignment:
        """Find an assignment by its name or by an unambiguous beginning of it.

        Parameters
        ----------
        name : str
            For example ``"a2"`` or ``"a2_two_layer_net"``.

        Returns
        -------
        Assignment
            The one that is meant.

        Raises
        ------
        CsCnnError
            When none, or more than one, is meant; it names the known ones.
        """
        wanted = name.strip().rstrip("/").split("/")[-1]
        known = ", ".join(each.name for each in self.assignments) or "none yet"
        for fits in (
            [each for each in self.assignments if each.name == wanted],
            [each for each in self.assignments if each.short == wanted],
            [each for each in self.assignments if wanted and each.name.startswith(wanted)],
        ):
            if len(fits) == 1:
                return fits[0]
            if len(fits) > 1:
                several = ", ".join(each.name for each in fits)
                raise CsCnnError(f"'{name}' could mean {several}; write more of the name.")
        raise CsCnnError(f"There is no assignment '{name}' in {self.path}; the known ones are: {known}.")


def find(start: Path | None = None) -> Path:
    """Find the course file: the environment's CS_CNN_COURSE, else upward from `start`.

    Parameters
    ----------
    start : pathlib.Path, optional
        Where to begin; the current directory by default.

    Returns
    -------
    pathlib.Path
        An existing `course.yml`.

    Raises
    ------
    CsCnnError
        When there is none.
    """
    named = os.environ.get("CS_CNN_COURSE")
    if named and start is None:
        path = Path(named)
        path = path / "course.yml" if path.is_dir() else path
        if not path.is_file():
            raise CsCnnError(
                f"CS_CNN_COURSE names {named}, and there is no course file; set it to a course.yml."
            )
        return path.resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "course.yml").is_file():
            return folder / "course.yml"
    raise CsCnnError(
        f"There is no course.yml in {here} or above it; run this inside the course, "
        "or set CS_CNN_COURSE to the path of a course.yml."
    )


def load(path: str | os.PathLike[str] | None = None) -> Course:
    """Read the calendar and check it.

    Parameters
    ----------
    path : path-like, optional
        A `course.yml`, or the folder it lies in. By default it is searched, see `find`.

    Returns
    -------
    Course
        All dates are real, all names resolve, nothing is due before it is released.

    Raises
    ------
    CsCnnError
        One sentence with the file and the line that is wrong.
    """
    file = find() if path is None else Path(path)
    if file.is_dir():
        file = file / "course.yml"
    document = read(file.resolve())
    return _course(document)


def _unique(document: Document, section: str, key: str) -> None:
    seen: dict[str, int] = {}
    for index, entry in enumerate(document.data[section]):
        line = document.line(section, index, key)
        if entry[key] in seen:
            raise document.error(line, f"{key} '{entry[key]}' is already used in line {seen[entry[key]]}")
        seen[entry[key]] = line


def _course(document: Document) -> Course:
    data: Any = document.data
    head = data["course"]
    try:
        start = date.fromisoformat(head["start"])
    except ValueError:
        raise document.error(
            document.line("course", "start"), f"'{head['start']}' is not a date; write it as 2027-01-11"
        ) from None
    try:
        zone = zoneinfo.ZoneInfo(head["time_zone"])
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise document.error(
            document.line("course", "time_zone"),
            f"'{head['time_zone']}' is not a known time zone; write it as Europe/Berlin or UTC",
        ) from None
    _unique(document, "chapters", "file")
    _unique(document, "assignments", "name")
    chapters = tuple(Chapter(**entry) for entry in data["chapters"])
    course = Course(
        path=document.path,
        title=head["title"],
        version=head["version"],
        start=start,
        time_zone=head["time_zone"],
        ai_policies=tuple(Policy(name=name, **entry) for name, entry in data["ai_policies"].items()),
        chapters=chapters,
        assignments=(),
        late=LatePolicy(**data["late"]) if "late" in data else None,
        database=data.get("database"),
        book=head.get("book", ""),
    )
    assignments = tuple(
        _assignment(document, index, entry, course, zone) for index, entry in enumerate(data["assignments"])
    )
    return replace(course, assignments=assignments)


def _assignment(
    document: Document, index: int, entry: dict[str, Any], course: Course, zone: zoneinfo.ZoneInfo
) -> Assignment:
    def wrong(key: str, problem: str, *more: int) -> CsCnnError:
        return document.error(document.line("assignments", index, key, *more), problem)

    try:
        due = datetime.fromisoformat(entry["due"])
        if ":" not in entry["due"] or due.tzinfo is not None:
            raise ValueError
    except ValueError:
        raise wrong(
            "due", f"'{entry['due']}' is not a date and time; write it as 2027-02-05 23:59, local time"
        ) from None
    if entry["ai_policy"] not in {policy.name for policy in course.ai_policies}:
        known = ", ".join(policy.name for policy in course.ai_policies)
        raise wrong("ai_policy", f"there is no AI policy '{entry['ai_policy']}'; the known ones are {known}")
    released = course.week_start(entry["released"])
    if due.date() < released:
        raise wrong(
            "due", f"'{entry['name']}' is due {due:%Y-%m-%d}, before week {entry['released']} ({released})"
        )
    weeks = {chapter.file: chapter.week for chapter in course.chapters}
    for position, file in enumerate(entry["chapters"]):
        if file not in weeks:
            known = ", ".join(weeks)
            raise wrong("chapters", f"there is no chapter '{file}'; the known ones are {known}", position)
        if course.week_start(weeks[file]) > due.date():
            problem = f"'{entry['name']}' needs '{file}', which is taught after it is due"
            raise wrong("chapters", problem, position)
    values = {**entry, "chapters": tuple(entry["chapters"]), "due": due.replace(tzinfo=zone)}
    return Assignment(**{**values, "files": dict(entry.get("files", {}))})


def syllabus_table(course: Course, *, book: str | None = None) -> str:
    """Render the weeks as a Markdown table.

    Parameters
    ----------
    course : Course
        The calendar.
    book : str, optional
        Path from the reader of the table to the folder `book/`; when given, chapters are links.

    Returns
    -------
    str
        A Markdown table without a line end after the last row.
    """
    rows = ["| Week | Starts | Chapter | Assignment |", "| ---: | :--- | :--- | :--- |"]
    due_weeks = {each.name: (each.due.date() - course.start).days // 7 + 1 for each in course.assignments}
    last = max([chapter.week for chapter in course.chapters] + list(due_weeks.values()), default=0)
    for week in range(1, last + 1):
        titles = [
            chapter.title if book is None else f"[{chapter.title}]({book}/{chapter.file}.md)"
            for chapter in course.chapters
            if chapter.week == week
        ]
        events = [f"{each.short} is handed out" for each in course.assignments if each.released == week]
        events += [f"{each.short} is due" for each in course.assignments if due_weeks[each.name] == week]
        if titles or events:
            starts = course.week_start(week)
            rows.append(f"| {week} | {starts:%Y-%m-%d} | {'; '.join(titles)} | {'; '.join(events)} |")
    return "\n".join(rows)


def assignments_table(course: Course) -> str:
    """Render the assignments as a Markdown table: points, hours, dates and the AI policy of each.

    Parameters
    ----------
    course : Course
        The calendar.

    Returns
    -------
    str
        A Markdown table without a line end after the last row.
    """
    rows = [
        "| Assignment | Title | Points | Hours | Handed out | Due | AI assistants |",
        "| :--- | :--- | ---: | ---: | :--- | :--- | :--- |",
    ]
    for each in course.assignments:
        released = course.week_start(each.released)
        policy = course.policy(each.ai_policy).title
        rows.append(
            f"| {each.short} | {each.title} | {each.points} | {each.hours:g} | {released:%Y-%m-%d} "
            f"| {each.due:%Y-%m-%d %H:%M} | {policy} |"
        )
    return "\n".join(rows)
