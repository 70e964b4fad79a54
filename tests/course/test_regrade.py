"""Grading again into a shadow: nothing is written until it is asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from nbgrader.api import Gradebook

from cs_cnn.command import main
from cs_cnn.course import calendar, directory, engine
from cs_cnn.course.grading import grade

from .conftest import Classroom

RIGHT = "def double(x):\n    return 2 * x"
HALF = "def double(x):\n    return 2 * x if x != 2.5 else 1"


@pytest.fixture
def graded(repository: Path, tmp_path: Path) -> Classroom:
    """Return a class of three that was graded, with a mark given by hand."""
    directory.lay_out(calendar.load(repository), tmp_path / "class")
    classroom = Classroom(tmp_path / "class")
    classroom.write("ada", RIGHT, "Because.")
    classroom.write("bob", HALF, "Because.")
    classroom.file("cyd", b"broken")
    grade.grade(classroom.folder, calendar.load(classroom.folder).assignment("a1"), progress=False)
    with Gradebook(engine.database_url(classroom.folder)) as gradebook:
        written = gradebook.find_grade("why", "double", "a1_double", "bob")
        written.manual_score, written.needs_manual_grade = 3, False
        gradebook.db.commit()
    return classroom


def change_the_test(classroom: Classroom, repository: Path) -> None:
    """Change the hidden test as an instructor does: in the source, and then by `cs-cnn init`."""
    path = repository / "solutions" / "a1_double" / "double.py"
    path.write_text(path.read_text().replace("else 2.5", "else 4.0"))
    directory.lay_out(calendar.load(repository), classroom.folder)


def regrade(classroom: Classroom, *options: str) -> Result:
    arguments = ["regrade", "a1", "--course", str(classroom.folder), "--jobs", "1", "--no-sandbox"]
    return CliRunner().invoke(main, [*arguments, *options])


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (".lock", "log.txt")
    }


def score(classroom: Classroom, student: str) -> float:
    with Gradebook(engine.database_url(classroom.folder)) as gradebook:
        return float(gradebook.find_submission("a1_double", student).score)


def test_without_a_change_nothing_would_change(graded: Classroom) -> None:
    result = regrade(graded)
    assert result.exit_code == 0 and "No mark of a1_double changes." in result.output


def test_the_change_is_shown_and_written_only_when_asked_for(graded: Classroom, repository: Path) -> None:
    change_the_test(graded, repository)
    before = files(graded.folder)
    result = regrade(graded)
    assert result.exit_code == 0, result.output
    assert "  bob: 2.5 → 4 (double 2.5 → 4)" in result.output
    assert "  ada: " not in result.output and "  cyd: " not in result.output
    assert "Nothing was written" in result.output
    assert files(graded.folder) == before

    assert "The marks of 1 submission were changed" in regrade(graded, "--apply").output
    assert (score(graded, "ada"), score(graded, "bob"), score(graded, "cyd")) == (6, 7, 0)
    assert "No mark of a1_double changes." in regrade(graded).output


def test_before_grading_there_is_nothing_to_grade_again(classroom: Classroom) -> None:
    classroom.write("ada", RIGHT)
    result = regrade(classroom)
    assert result.exit_code == 2 and "Nothing of a1_double is graded yet" in result.output
