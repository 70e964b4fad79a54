"""An ordinary nbgrader course directory, laid out outside the repository: where students' work and marks live."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path

from cs_cnn.course import calendar, engine, release, roster
from cs_cnn.course.calendar import Assignment, Course
from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write, replace_folder

_README = """\
# {title}: the course directory

An ordinary course directory of nbgrader, made by `cs-cnn init`. Students' work and marks stay here.

| Here | What it is |
| :--- | :--- |
| `submitted/STUDENT/ASSIGNMENT/` | what students handed in: put it here |
| `source/`, `release/` | the assignments with and without solutions; `cs-cnn init` renews them |
| `gradebook.db` | students, assignments and marks; nbgrader's own file |
| `autograded/` | the notebooks after grading, with their outputs |
| `grading/` | one JSON file of results per assignment, and the log |
| `feedback/` | a page per student; `feedback/index.html` lists them |
| `nbgrader_config.py` | nbgrader's settings; yours to change |

Written answers are marked by hand: start `jupyter lab` here, and choose Nbgrader, then Formgrader in its menu.
"""


@dataclass(frozen=True)
class Laid:
    """What `lay_out` did: where, whether the directory is new, which assignments, how many students were listed."""

    folder: Path
    new: bool
    assignments: tuple[str, ...]
    students: int


def is_course_directory(folder: Path) -> bool:
    """Whether `folder` was made by `lay_out`."""
    return all((folder / name).is_file() for name in ("course.yml", engine.CONFIG_NAME))


def locate(folder: Path | None) -> Path:
    """Return the course directory that is meant.

    Parameters
    ----------
    folder : pathlib.Path or None
        As given by the user; None searches from the current directory upward.

    Returns
    -------
    pathlib.Path
        An absolute path.

    Raises
    ------
    CsCnnError
        When it is not a course directory, or its gradebook is gone.
    """
    if folder is None:
        here = Path.cwd().resolve()
        found = next((each for each in (here, *here.parents) if is_course_directory(each)), None)
        if found is None:
            raise CsCnnError(
                f"{here} is not in a course directory; name one with --course DIR, or make one with `cs-cnn init DIR`."
            )
        folder = found
    folder = folder.resolve()
    if not folder.is_dir():
        raise CsCnnError(f"There is no folder {folder}; make a course directory with `cs-cnn init {folder}`.")
    if not is_course_directory(folder):
        raise CsCnnError(f"{folder} is not a course directory; make one with `cs-cnn init DIR`.")
    if engine.in_a_file(folder) and not (folder / "gradebook.db").is_file():
        raise CsCnnError(
            f"{folder / 'gradebook.db'} is missing; `cs-cnn init {folder}` makes a new, empty one."
        )
    return folder


def open_for(name: str, folder: Path | None) -> tuple[Path, Assignment]:
    """Find the course directory and the assignment in its calendar.

    Parameters
    ----------
    name : str
        The assignment, or the beginning of its name.
    folder : pathlib.Path or None
        The course directory; None searches from the current directory upward.

    Returns
    -------
    tuple
        The directory and the assignment.
    """
    try:
        directory = locate(folder)
    except CsCnnError:
        if folder is None and _has_calendar():
            # A mistyped assignment is the likelier mistake of the two, and the calendar at hand can tell.
            calendar.load().assignment(name)
        raise
    return directory, calendar.load(directory).assignment(name)


def _has_calendar() -> bool:
    try:
        calendar.find()
    except CsCnnError:
        return False
    return True


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep a second `cs-cnn` out of a course directory while this one changes it.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.

    Raises
    ------
    CsCnnError
        When another process holds the lock.
    """
    try:
        import fcntl
    except ImportError:  # not a POSIX system: there is no such lock, and one instructor seldom runs two
        yield
        return
    path = folder / "grading" / ".lock"
    try:
        path.parent.mkdir(exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise CsCnnError(f"Cannot write in {folder}: {error.strerror or error}.") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CsCnnError(f"Another cs-cnn is working in {folder}; wait until it has ended.") from error
        yield


def lay_out(course: Course, folder: Path, *, students: Path | None = None) -> Laid:
    """Make a course directory, or renew the assignments and the roster of one.

    Parameters
    ----------
    course : Course
        The calendar of the repository, with `solutions/` beside it.
    folder : pathlib.Path
        Where; it must be missing, empty, or a course directory already.
    students : pathlib.Path, optional
        The roster, see `roster.read`.

    Returns
    -------
    Laid
        What was done. Submissions and marks are never touched.

    Raises
    ------
    CsCnnError
        When anything is wrong; then nothing was changed.
    """
    folder = folder.resolve()
    listed = roster.read(students) if students is not None else []
    if folder.exists() and not folder.is_dir():
        raise CsCnnError(f"{folder} is a file; name a folder for the course directory.")
    old = is_course_directory(folder)
    if folder.is_dir() and not old and any(folder.iterdir()):
        raise CsCnnError(f"{folder} is not empty and not a course directory; name a new folder.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{folder.name}.new-", dir=folder.parent))
    except OSError as error:
        raise CsCnnError(f"Cannot make a folder in {folder.parent}: {error.strerror or error}.") from error
    try:
        with locked(folder) if old else contextlib.nullcontext():
            seen = _copy_gradebook(folder, stage)
            _fill(course, stage, listed)
            if old:
                _renew(course, stage, folder, seen)
            else:
                _move_in(stage, folder)
    except OSError as error:
        raise CsCnnError(
            f"Cannot lay out {folder}: {error.strerror or error}; nothing was changed."
        ) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return Laid(folder, not old, tuple(each.name for each in course.assignments), len(listed))


def _stamp(path: Path) -> tuple[int, int] | None:
    return (path.stat().st_mtime_ns, path.stat().st_size) if path.exists() else None


def _copy_gradebook(folder: Path, stage: Path) -> tuple[int, int] | None:
    """Copy the gradebook into the stage: a refused change must leave the real one as it is."""
    path = folder / "gradebook.db"
    stamp = _stamp(path)
    if stamp is not None:
        with (
            contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as old,
            contextlib.closing(sqlite3.connect(stage / "gradebook.db")) as new,
        ):
            try:
                old.backup(new)
            except sqlite3.DatabaseError as error:
                raise CsCnnError(f"{path} is not a readable gradebook: {error}.") from error
    return stamp


def _fill(course: Course, stage: Path, listed: list[roster.Student]) -> None:
    """Build everything that is generated, in the temporary course directory `stage`."""
    (stage / "course.yml").write_bytes(course.path.read_bytes())
    config = engine.CONFIG_TEXT
    if not engine.in_a_file(stage):
        config += f"\nc.CourseDirectory.db_url = {engine.database_url(stage)!r}\n"
        _rehearse(course)
    (stage / engine.CONFIG_NAME).write_text(config, encoding="utf-8")
    (stage / "README.md").write_text(_README.format(title=course.title), encoding="utf-8")
    for name in ("submitted", "grading", "source", "release"):
        (stage / name).mkdir()
    for assignment in course.assignments:
        release.generate(course.root, assignment, stage, database=True)
    with engine.session():
        from nbgrader.api import Gradebook

        with Gradebook(engine.database_url(stage)) as gradebook:
            for assignment in course.assignments:
                due = assignment.due.astimezone(UTC).replace(tzinfo=None)
                gradebook.update_or_create_assignment(assignment.name, duedate=due)
            for student in listed:
                gradebook.update_or_create_student(
                    student.id,
                    first_name=student.first_name,
                    last_name=student.last_name,
                    email=student.email,
                    lms_user_id=student.lms_id or None,
                )


def _rehearse(course: Course) -> None:
    """Generate everything once without a gradebook: one on a server is no copy, and must not get half of a course."""
    for assignment in course.assignments:
        with tempfile.TemporaryDirectory(prefix="cs-cnn-") as temporary:
            release.generate(course.root, assignment, Path(temporary).resolve())


def _move_in(stage: Path, folder: Path) -> None:
    """Give the finished directory its name; an existing empty folder keeps its identity (a shell may stand in it)."""
    stage.chmod(0o755)
    if not folder.exists():
        os.rename(stage, folder)
        return
    for child in sorted(stage.iterdir()):
        os.rename(child, folder / child.name)


def _renew(course: Course, stage: Path, folder: Path, seen: tuple[int, int] | None) -> None:
    """Exchange what is generated in an existing course directory; the gradebook goes last."""
    if _stamp(folder / "gradebook.db") != seen:
        raise CsCnnError(
            f"The gradebook of {folder} changed while this ran (formgrader is open?); run it again."
        )
    for assignment in course.assignments:
        for step in ("source", "release"):
            replace_folder(stage / step / assignment.name, folder / step / assignment.name)
    for name in ("submitted", "grading"):
        (folder / name).mkdir(exist_ok=True)
    with atomic_write(folder / "course.yml", "wb") as file:
        file.write((stage / "course.yml").read_bytes())
    if (stage / "gradebook.db").exists():
        os.replace(stage / "gradebook.db", folder / "gradebook.db")
