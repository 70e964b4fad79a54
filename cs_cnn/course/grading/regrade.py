"""Grading again with the checks as they are now, into a shadow or for good: who has other marks."""

from __future__ import annotations

import functools
import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cs_cnn.course import engine
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.engine import CONFIG_NAME
from cs_cnn.course.grading import grade as grading
from cs_cnn.course.grading import marks, submissions, template
from cs_cnn.course.grading.journal import Journal, Result
from cs_cnn.errors import CsCnnError


@dataclass(frozen=True)
class Change:
    """What becomes of one submission.

    Attributes
    ----------
    student : str
        Whose.
    before, after : float
        Points of the tests; marks given by hand are not in them.
    tasks : dict of str to (float, float)
        Points before and after of each test that changes, by the name of its task.
    states : (str, str)
        Reason codes before and after.
    """

    student: str
    before: float
    after: float
    tasks: dict[str, tuple[float, float]] = field(default_factory=dict)
    states: tuple[str, str] = ("", "")


def compare(
    folder: Path,
    assignment: Assignment,
    *,
    students: tuple[str, ...] = (),
    write: bool = False,
    progress: bool = True,
    jobs: int | None = None,
    sandbox: bool = False,
) -> list[Change]:
    """Grade submissions again, and say what changes.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.
    students : tuple of str
        Only these; empty for everybody who was graded.
    write : bool
        Whether the new marks are written; else they are the shadow's, and forgotten. Those given by hand stay.
    progress : bool
        Whether to show a progress bar.
    jobs : int, optional
        How many processes grade.
    sandbox : bool
        Whether students' code runs in sandboxes.

    Returns
    -------
    list of Change
        By student; those whose marks stay are not in it.

    Raises
    ------
    CsCnnError
        When nothing is graded yet, or the run was interrupted.
    """
    old = Journal(folder, assignment).results
    people = [student for student in submissions.chosen(folder, assignment, students) if student in old]
    if not people:
        raise CsCnnError(
            f"Nothing of {assignment.name} is graded yet; run `cs-cnn grade {assignment.short}` first."
        )
    grade = functools.partial(grading.grade, progress=progress, jobs=jobs, sandbox=sandbox)
    if write:
        new = grade(folder, assignment, students=tuple(people), again=True)
        if new.interrupted:
            raise CsCnnError("Interrupted; some have their new marks, run it again for the others.")
    else:
        with tempfile.TemporaryDirectory(prefix="cs-cnn-") as temporary:
            shadow = Path(temporary).resolve()
            _cast(folder, shadow, assignment, people)
            with engine.using_database(engine.sqlite_url(shadow / "gradebook.db")):
                new = grade(shadow, assignment)
        if new.interrupted:
            raise CsCnnError("Interrupted; nothing was changed.")
    tests = [cell for cell in marks.graded_cells(folder, assignment) if not cell.written]
    changes = (_change(student, old[student], new.results[student], tests) for student in people)
    return [change for change in changes if change.tasks]


def _change(student: str, before: Result, after: Result, tests: list[marks.Cell]) -> Change:
    """Compare the points of the tests; marks given by hand are not looked at."""
    points = {
        cell.name: (before.cells.get(cell.grade_id) or 0.0, after.cells.get(cell.grade_id) or 0.0)
        for cell in tests
    }
    changed = {name: pair for name, pair in points.items() if abs(pair[0] - pair[1]) > 1e-9}
    totals = [sum(pair[side] for pair in points.values()) for side in (0, 1)]
    return Change(student, totals[0], totals[1], changed, (before.state, after.state))


def _cast(folder: Path, shadow: Path, assignment: Assignment, people: list[str]) -> None:
    """Make a course directory with the same assignment and submissions, and an empty gradebook of its own."""
    for name in ("course.yml", CONFIG_NAME):
        shutil.copyfile(folder / name, shadow / name)
    for step in ("source", "release"):
        shutil.copytree(folder / step / assignment.name, shadow / step / assignment.name)
    for student in people:
        work = Path("submitted") / student / assignment.name
        shutil.copytree(folder / work, shadow / work, symlinks=True)
    with engine.session():
        (shadow / "gradebook.db").write_bytes(template.make(folder, assignment))
