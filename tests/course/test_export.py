"""The CSV of marks: everybody in it, quoted as it should be, and nothing a spreadsheet would compute."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from cs_cnn.command import main
from cs_cnn.course import calendar, engine
from cs_cnn.course.grading import grade
from cs_cnn.course.report import export
from cs_cnn.errors import CsCnnError

from .conftest import Classroom


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def run(classroom: Classroom, *arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(main, ["export", *arguments, "--course", str(classroom.folder)])
    return result.exit_code, result.output


def test_marks_of_everybody(classroom: Classroom, tmp_path: Path) -> None:
    classroom.write("ada", "def double(x):\n    return 2 * x", "Because.")
    classroom.file("ada", b"2027-01-20 22:30:00 UTC", "timestamp.txt")
    classroom.file("bob", b"x")
    (classroom.folder / "extensions.csv").write_text("student,assignment,due\nbob,a1,2027-01-22 23:59\n")
    assignment = calendar.load(classroom.folder).assignment("a1")
    grade.grade(classroom.folder, assignment, progress=False)
    classroom.file("new", b"x")
    with Gradebook(engine.database_url(classroom.folder)) as gradebook:
        gradebook.update_or_create_student("bob", first_name='Bob "B"', last_name="-Bobson")
    target = tmp_path / "marks.csv"
    code, text = run(classroom, "a1", "--to", str(target))
    assert (code, text) == (0, f"Wrote 4 rows to {target}\n")
    rows = {row["student_id"]: row for row in read(target)}
    assert list(rows["ada"]) == [*export.COLUMNS, "a1.double", "a1.why"]
    ada, bob, zoe = rows["ada"], rows["bob"], rows["zoe"]
    assert (ada["last_name"], ada["points"], ada["max_points"]) == ("Lovelace, Countess", "6", "10")
    assert (ada["due"], ada["submitted"]) == ("2027-01-20T23:59+01:00", "2027-01-20T23:30:00+01:00")
    assert (ada["state"], ada["note"]) == ("needs_reading", "Waiting to be read: why.")
    assert (ada["a1.double"], ada["a1.why"]) == ("6", "")
    assert (bob["last_name"], bob["first_name"]) == ("'-Bobson", 'Bob "B"')
    assert bob["due"] == "2027-01-22T23:59+01:00"
    assert (bob["state"], bob["points"], bob["a1.double"]) == ("unreadable", "0", "0")
    assert (zoe["last_name"], zoe["state"], zoe["points"], zoe["submitted"]) == (
        "'=1+1",
        "not_submitted",
        "0",
        "",
    )
    assert rows["new"]["state"] == "not_graded"
    assert run(classroom, "--all")[0] == 0
    assert read(classroom.folder / "marks.csv") == read(target)


def test_a_failure_leaves_the_old_file(
    classroom: Classroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "marks.csv"
    target.write_text("old")
    course = calendar.load(classroom.folder)

    class Full:
        def writerow(self, row: object) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(csv, "writer", lambda *args, **kwargs: Full())
    with pytest.raises(CsCnnError, match="No space left on device"):
        export.write(course, classroom.folder, list(course.assignments), target)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.glob(".*")] == []


@pytest.mark.parametrize("arguments", [(), ("a9",), ("a1", "--all")])
def test_usage(classroom: Classroom, arguments: tuple[str, ...]) -> None:
    code, text = run(classroom, *arguments)
    assert code == 2
    assert "Traceback" not in text


@given(st.text(max_size=20))
def test_no_text_is_a_formula(text: str) -> None:
    shown = export.harmless(text)
    assert shown in (text, f"'{text}")
    assert not shown.strip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
