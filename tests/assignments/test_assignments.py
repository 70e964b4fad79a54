"""Every assignment: what students receive is current, complete and leaks nothing; the solution earns full marks."""

from __future__ import annotations

import ast
import getpass
import json
import re
import shutil
import socket
from pathlib import Path
from typing import Any

import pytest

from cs_cnn.course import calendar, directory, engine, release, source
from cs_cnn.course.grading import grade, marks
from cs_cnn.course.calendar import Assignment, Course

ROOT = Path(__file__).parents[2]
COURSE: Course = calendar.load(ROOT)
EVERY = pytest.mark.parametrize(
    "assignment", COURSE.assignments, ids=[each.name for each in COURSE.assignments]
)
_REGION = re.compile(r"### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END \1", re.DOTALL)


def released(assignment: Assignment) -> Path:
    return ROOT / "assignments" / assignment.name


def cells(assignment: Assignment) -> list[dict[str, Any]]:
    path = released(assignment) / f"{assignment.notebook}.ipynb"
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return found


def normalised(line: str) -> str:
    """Return a line of code without spaces, comments and quotes' kind, so that a reformatted leak is found too."""
    return re.sub(r"\s+", "", line.split("  #")[0]).replace("'", '"')


@EVERY
def test_the_committed_release_is_what_the_source_gives(assignment: Assignment) -> None:
    assert release.differences(ROOT, assignment) == []


@EVERY
def test_points_add_up(assignment: Assignment) -> None:
    points = [cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in cells(assignment)]
    assert sum(points) == assignment.points


@EVERY
def test_no_solution_and_no_hidden_test_is_released(assignment: Assignment) -> None:
    there = set()
    for path in sorted(released(assignment).iterdir()):
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
        assert not re.search(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)", text), path.name
        there |= {normalised(line) for line in text.splitlines()}
    visible = "\n".join(
        _REGION.sub("", cell.text) for cell in source.read(release.source_path(ROOT, assignment))
    )
    allowed = {normalised(line) for line in visible.splitlines()}
    hidden = [
        line
        for cell in source.read(release.source_path(ROOT, assignment))
        for region in _REGION.finditer(cell.text)
        for line in map(normalised, region.group(2).splitlines())
    ]
    assert len(hidden) > 10
    # Very short lines ("else:") say nothing; lines that the task itself shows are no secret.
    leaked = sorted({line for line in hidden if len(line) > 8 and line in there and line not in allowed})
    assert leaked == []


@EVERY
def test_no_outputs_and_nothing_about_whoever_made_it(assignment: Assignment) -> None:
    notebook = json.loads((released(assignment) / f"{assignment.notebook}.ipynb").read_text(encoding="utf-8"))
    stamp = notebook["metadata"].pop("cs_cnn")
    assert sorted(stamp) == ["content", "version"] and stamp["version"] == COURSE.version
    assert notebook["metadata"] == source.NOTEBOOK_METADATA
    for cell in notebook["cells"]:
        assert set(cell["metadata"]) <= {"nbgrader", "deletable", "editable"}
        if cell["cell_type"] == "code":
            assert cell["outputs"] == [] and cell["execution_count"] is None
            ast.parse("".join(cell["source"]))
    identifiers = [cell["id"] for cell in notebook["cells"]]
    assert len(set(identifiers)) == len(identifiers)
    assert sorted(path.name for path in released(assignment).iterdir()) == sorted(
        [f"{assignment.notebook}.ipynb", *assignment.files]
    )
    private = [
        str(ROOT),
        str(Path.home()) + "/",
        "/home/",
        "/tmp/",
        "/Users/",
        "jupytext",
        ".venv",
    ]
    # A short name is part of some word.
    private += [name for name in (getpass.getuser(), socket.gethostname()) if len(name) > 4]
    for path in released(assignment).iterdir():
        text = path.read_text(encoding="utf-8")
        assert [word for word in private if word in text] == [], path.name


@EVERY
def test_chapters_are_taught_in_time(assignment: Assignment) -> None:
    weeks = {chapter.file: chapter.week for chapter in COURSE.chapters}
    assert all(COURSE.week_start(weeks[file]) < assignment.due.date() for file in assignment.chapters)


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a class in which one student handed in every solution, and one every untouched release."""
    folder = tmp_path_factory.mktemp("graded") / "class"
    directory.lay_out(COURSE, folder)
    for assignment in COURSE.assignments:
        shutil.copytree(
            folder / "source" / assignment.name, folder / "submitted" / "solution" / assignment.name
        )
        shutil.copytree(released(assignment), folder / "submitted" / "untouched" / assignment.name)
        grade.grade(folder, assignment, progress=False)
    return folder


@EVERY
def test_the_solution_earns_everything_and_the_release_nothing(graded: Path, assignment: Assignment) -> None:
    with engine.session():
        rows = {row.student: row for row in marks.table(graded, assignment)}
    graded_cells = marks.graded_cells(graded, assignment)
    # Answers in words wait for a person; every test gives all its points.
    expected = {cell.grade_id: None if cell.written else cell.points for cell in graded_cells}
    assert rows["solution"].cells == expected
    assert rows["solution"].state == ("needs_reading" if None in expected.values() else "graded")
    assert rows["untouched"].cells == {cell.grade_id: 0 for cell in graded_cells}
    assert (rows["untouched"].state, rows["untouched"].points) == ("graded", 0)


@EVERY
def test_the_untouched_release_runs_without_tracebacks_in_its_checks(
    graded: Path, assignment: Assignment
) -> None:
    path = graded / "autograded" / "untouched" / assignment.name / f"{assignment.notebook}.ipynb"
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("grade"):
            errors = [
                output["ename"] for output in cell.get("outputs", []) if output["output_type"] == "error"
            ]
            assert errors == [], cell["metadata"]["nbgrader"]["grade_id"]
