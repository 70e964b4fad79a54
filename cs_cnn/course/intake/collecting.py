"""From an archive to `submitted/`: one student at a time, whole or not at all, and what was there is kept."""

from __future__ import annotations

import csv
import errno
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from zoneinfo import ZoneInfo

from cs_cnn.course import engine
from cs_cnn.course.calendar import Assignment, Course
from cs_cnn.course.grading.preflight import TIMESTAMP
from cs_cnn.course.intake import naming, opening
from cs_cnn.course.intake.opening import Refused, Upload
from cs_cnn.course.roster import Student
from cs_cnn.errors import CsCnnError
from cs_cnn.files import folder_in_the_making

_IGNORED = frozenset({".ipynb_checkpoints", "__pycache__", "__MACOSX", ".DS_Store", "Thumbs.db"})


@dataclass
class Submission:
    """What one student handed in.

    Attributes
    ----------
    student : str
        The id.
    when : datetime or None
        When the system received it.
    files : dict of str to Upload
        By their names in the folder of the submission.
    """

    student: str
    when: datetime | None = None
    files: dict[str, Upload] = field(default_factory=dict)
    attempt: str = ""
    versions: dict[str, int] = field(default_factory=dict)


@dataclass
class Collected:
    """What a collection did, or would do.

    Attributes
    ----------
    system : str
        Which form the names had, a key of `naming.READERS`.
    new, replaced, same : list of str
        Students whose work is new, took the place of an earlier one (which is kept), or was there already.
    untimed : list of str
        Students of whose work nobody said when it came; it does not count as late.
    refused : list of str
        What was not taken, a sentence each.
    """

    system: str
    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    untimed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def roster_of(folder: Path) -> list[Student]:
    """Read the students of a course directory from its gradebook."""
    with engine.session():
        from nbgrader.api import Gradebook

        with Gradebook(engine.database_url(folder)) as gradebook:
            return [
                Student(
                    student.id,
                    student.first_name or "",
                    student.last_name or "",
                    student.email or "",
                    student.lms_user_id or "",
                )
                for student in gradebook.students
            ]


def times_of(path: Path, roster: Sequence[Student], zone: ZoneInfo) -> dict[str, datetime]:
    """Read when work came from a table of the learning management system.

    Parameters
    ----------
    path : pathlib.Path
        CSV with a column id, lms_id or email and a column submitted, as 2027-03-12 23:05 or with a zone behind it.
    roster : sequence of Student
        The class.
    zone : zoneinfo.ZoneInfo
        For times without a zone.

    Returns
    -------
    dict of str to datetime
        By student.

    Raises
    ------
    CsCnnError
        One sentence with the line.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            columns = reader.fieldnames or []
            key = next((name for name in ("id", "lms_id", "email") if name in columns), None)
            if key is None or "submitted" not in columns:
                raise CsCnnError(
                    f"{path} should have the columns id (or lms_id, or email) and submitted; it has "
                    f"{', '.join(columns) or 'none'}."
                )
            known = {getattr(student, key).casefold(): student.id for student in roster}
            found: dict[str, datetime] = {}
            for row in reader:
                student = known.get((row[key] or "").strip().casefold())
                text = (row["submitted"] or "").strip()
                if student is None or not text:
                    continue
                try:
                    when = datetime.fromisoformat(text)
                except ValueError:
                    raise CsCnnError(
                        f"{path.name}, line {reader.line_num}: '{text}' is not a time; write it as 2027-03-12 23:05 "
                        f"({path})."
                    ) from None
                found[student] = when if when.tzinfo else when.replace(tzinfo=zone)
            return found
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CsCnnError(f"Cannot read the times in {path}: {error}.") from error


def gather(
    course: Course,
    assignment: Assignment,
    roster: Sequence[Student],
    uploads: Sequence[Upload | Refused],
    *,
    system: str | None = None,
    times: Mapping[str, datetime] | None = None,
) -> tuple[Collected, list[Submission]]:
    """Sort the files of an archive by student.

    Parameters
    ----------
    course : Course
        The calendar, for the time zone and the names of assignments.
    assignment : Assignment
        Which one is collected.
    roster : sequence of Student
        The class.
    uploads : sequence of Upload or Refused
        The files.
    system : str, optional
        A key of `naming.READERS`; guessed when left out.
    times : mapping of str to datetime, optional
        When each student's work came; goes before what names say.

    Returns
    -------
    Collected, list of Submission
    """
    files = [each for each in uploads if isinstance(each, Upload)]
    system = system or naming.guess([each.name for each in files])
    collected = Collected(system)
    collected.refused += [f"{refused}" for refused in uploads if isinstance(refused, Refused)]
    zone = ZoneInfo(course.time_zone)
    others = {each.name for each in course.assignments} - {assignment.name}
    submissions: dict[str, Submission] = {}
    strangers: set[str] = set()
    for upload in files:
        if _IGNORED & set(PurePosixPath(upload.name).parts):
            continue
        named = naming.READERS[system](upload.name, roster, zone)
        if named is None:
            collected.refused.append(f"{upload.name} does not have the form of a name of {system}")
        elif len(named.people) != 1:
            if named.whose not in strangers:
                strangers.add(named.whose)
                fits = " and ".join(student.id for student in named.people)
                why = (
                    f"it fits {fits}; give the roster a column lms_id"
                    if fits
                    else "nobody on the roster fits"
                )
                collected.refused.append(f"{named.whose}: {why}")
        elif named.file and PurePosixPath(named.file).parts[0] not in others:
            _add(submissions, named, upload, assignment)
    for student, submission in submissions.items():
        submission.when = (times or {}).get(student, submission.when)
        if submission.when is None:
            collected.untimed.append(student)
    return collected, [submissions[student] for student in sorted(submissions)]


def _add(
    submissions: dict[str, Submission], named: naming.Named, upload: Upload, assignment: Assignment
) -> None:
    student = named.people[0].id
    submission = submissions.setdefault(student, Submission(student))
    if named.attempt < submission.attempt:
        return
    if named.attempt > submission.attempt:
        submission = submissions[student] = Submission(student, attempt=named.attempt)
    submission.when = named.when or submission.when
    name = _below(named.file, assignment)
    if name and named.version >= submission.versions.get(name, -1):
        submission.files[name] = upload
        submission.versions[name] = named.version


def _below(name: str, assignment: Assignment) -> str:
    """Return a file's name in the folder of the assignment, which an archive may hold as a whole."""
    return name.removeprefix(f"{assignment.name}/")


def store(
    folder: Path,
    assignment: Assignment,
    submissions: Sequence[Submission],
    collected: Collected,
    *,
    write: bool = True,
) -> None:
    """Write submissions into a course directory.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.
    submissions : sequence of Submission
        From `gather`, while the archive is open.
    collected : Collected
        The report; filled.
    write : bool
        Whether to write; else only the report is made.
    """
    for submission in submissions:
        target = folder / "submitted" / submission.student / assignment.name
        try:
            content = _content(submission, assignment, collected.refused)
            if not content:
                raise Refused("there is no file that could be taken")
            if submission.when is not None:
                content[TIMESTAMP] = f"{submission.when.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC\n".encode()
            there = target.is_dir()
            if there and _holds(target, content):
                collected.same.append(submission.student)
                continue
            if write:
                _put(target, content, folder / "replaced" / submission.student)
        except Refused as refused:
            collected.refused.append(f"{submission.student}: {refused}")
        else:
            (collected.replaced if there else collected.new).append(submission.student)


def _content(submission: Submission, assignment: Assignment, refused: list[str]) -> dict[str, bytes]:
    """Read what a student handed in; an archive in it is opened, and everything in it is this student's."""
    content: dict[str, bytes] = {}
    total = 0
    for name, upload in sorted(submission.files.items()):
        inner = opening.unpacked(upload) if opening.is_archive(name) else [upload]
        for each in inner:
            if isinstance(each, Refused):
                refused.append(f"{submission.student}: {each}")
                continue
            own = name if each is upload else _below(each.name, assignment)
            if _IGNORED & set(PurePosixPath(own).parts) or own == TIMESTAMP:
                continue  # when it came is not for the student to say
            data = each.read()
            total += len(data)
            if total > opening.TOTAL_LIMIT or len(content) >= opening.FILES:
                raise Refused(
                    f"more than {opening.TOTAL_LIMIT // 1_000_000} MB or {opening.FILES} files; nothing was taken"
                )
            content[own] = data
    return content


def _holds(target: Path, content: Mapping[str, bytes]) -> bool:
    """Tell whether a folder holds exactly these files."""
    there = {path.relative_to(target).as_posix(): path for path in target.rglob("*") if not path.is_dir()}
    return there.keys() == content.keys() and all(
        path.is_file() and not path.is_symlink() and path.read_bytes() == content[name]
        for name, path in there.items()
    )


def _put(target: Path, content: Mapping[str, bytes], replaced: Path) -> None:
    with folder_in_the_making(target) as making:
        for name, data in content.items():
            path = making / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            except OSError as error:
                if error.errno in (
                    errno.ENOSPC,
                    errno.EROFS,
                    errno.EACCES,
                ):  # it would be the same for everybody
                    raise CsCnnError(f"Cannot write {target / name}: {error.strerror}.") from error
                raise Refused(f"{name} cannot be written ({error.strerror or error})") from error
        if target.is_dir():
            # Kept under a name that sorts by time; nobody's work is thrown away.
            kept = replaced / f"{target.name}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"
            kept.parent.mkdir(parents=True, exist_ok=True)
            os.rename(target, kept)
