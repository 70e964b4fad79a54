"""The demonstration class: every mark and every hint, by the checks alone and through the whole of nbgrader."""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from cs_cnn import checks
from cs_cnn.checks.mistakes import bank
from cs_cnn.course.judge import looking
from tools import course

SOURCE = Path(__file__).parents[2] / "solutions" / "a2_two_layer_net" / "two_layer_net.py"
_TEST = re.compile(
    r'^# %% test="(?P<name>\w+)" points=(?P<points>\d+)\n'
    r'check\("(?P<task>[\w.]+)", (?P<functions>[\w, ]+)\)\n'
    r"### BEGIN HIDDEN TESTS\ncheck\(.*hidden=True, seed=(?P<seed>\d+)\)",
    re.MULTILINE,
)
RIGHT, WRONG = ("amara", "bela", "chiyo"), ("dmitri", "elena", "farid")
STUDENTS = (*RIGHT, *WRONG, "greta", "hugo")


def _tests() -> list[dict[str, str]]:
    """Return the test cells of the homework: name, points, task, functions, seed of the hidden check."""
    return [match.groupdict() for match in _TEST.finditer(SOURCE.read_text(encoding="utf-8"))]


def _functions(classroom: ModuleType, student: str) -> dict[str, Callable[..., Any]]:
    names: dict[str, Any] = {"np": np}
    for name, code in classroom.answers(student).items():
        if name not in ("neuron_derivation", "report"):
            exec(compile(code, f"{student}-{name}", "exec"), names)
    return names


def test_expected_marks_fit_the_homework(classroom: ModuleType) -> None:
    tests = _tests()
    assert len(tests) == sum(task.name.startswith("a2.") for task in checks.tasks()) == 9
    assert {test["name"]: float(test["points"]) for test in tests} == classroom.expected()["amara"].points
    assert set(classroom.expected()) == set(STUDENTS)
    with classroom.ROSTER.open(encoding="utf-8", newline="") as file:
        assert [row["id"] for row in csv.DictReader(file)] == list(STUDENTS)


@pytest.mark.parametrize("student", [*RIGHT, *WRONG])
def test_checks_give_every_mark_and_hint(
    classroom: ModuleType, student: str, capfd: pytest.CaptureFixture[str]
) -> None:
    expected = classroom.expected()[student]
    functions = _functions(classroom, student)
    for test in _tests():
        given = [functions[name] for name in test["functions"].split(", ")]
        for hidden, seed in ((False, None), (True, int(test["seed"]))):
            report = checks.run(test["task"], given, hidden=hidden, seed=seed)
            assert report.points == expected.points[test["name"]], str(report)
            assert set(report.mistakes) == expected.hints.get(test["name"], set()), str(report)
    assert capfd.readouterr() == ("", "")


def test_styles_and_mistakes_are_really_there(classroom: ModuleType) -> None:
    texts = {student: "\n".join(classroom.answers(student).values()) for student in STUDENTS}
    assert texts["amara"].count("for ") > 15
    assert "einsum" in texts["chiyo"] and "print(" in texts["chiyo"]
    assert not texts["hugo"]
    for student in WRONG:
        assert len(classroom.expected()[student].hints) >= 4
    assert all(classroom.expected()[student].total == 82 for student in RIGHT)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Return the notebook that students receive, generated afresh."""
    from cs_cnn.course import calendar, release

    course = calendar.load(root)
    files = release.files_of(root, course.assignment("a2"))
    path = tmp_path_factory.mktemp("release") / "two_layer_net.ipynb"
    path.write_bytes(files["two_layer_net.ipynb"])
    return path


def test_submissions_are_notebooks_as_students_make_them(
    classroom: ModuleType, released: Path, tmp_path: Path
) -> None:
    import nbformat

    classroom.build(released, tmp_path)
    skeleton = json.loads(released.read_text(encoding="utf-8"))
    for student in STUDENTS:
        path = tmp_path / "submitted" / student / "a2_two_layer_net" / "two_layer_net.ipynb"
        assert path.with_name("dataset.txt").stat().st_size == 29500
        if student == "greta":
            with pytest.raises(json.JSONDecodeError):
                json.loads(path.read_text(encoding="utf-8"))
            continue
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
        assert len(notebook.cells) == len(skeleton["cells"])
        given = classroom.answers(student)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in given:
                assert cell.source == given[name]
    with pytest.raises(ValueError, match="has no cell 'sigmoid'"):
        empty = tmp_path / "empty.ipynb"
        empty.write_text('{"cells": []}', encoding="utf-8")
        classroom.build(empty, tmp_path)


@pytest.fixture(scope="module")
def graded(
    classroom: ModuleType, released: Path, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Return a course directory in which the class was graded by the commands an instructor uses."""
    from cs_cnn.command import main

    home = tmp_path_factory.mktemp("class") / "course"
    roster = classroom.ROSTER

    def call(*arguments: str, may_ask: bool = False) -> None:
        done = CliRunner().invoke(main, list(arguments))
        # Status 1 of `grade` asks a person to look: one submission is broken, and written answers wait.
        assert done.exit_code in ((0, 1) if may_ask else (0,)), done.output

    call("init", str(home), "--roster", str(roster), "--repository", str(root))
    classroom.build(released, home)
    call("grade", "a2", "--course", str(home), *course.sandbox(), may_ask=True)
    call("feedback", "a2", "--course", str(home))
    call("export", "a2", "--course", str(home), "--to", str(home / "marks.csv"))
    return home


def _rows(home: Path) -> dict[str, dict[str, str]]:
    with (home / "marks.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    key = next(name for name in ("id", "student_id", "student") if name in rows[0])
    return {row[key]: row for row in rows}


def test_nbgrader_gives_every_mark(classroom: ModuleType, graded: Path) -> None:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{graded / 'gradebook.db'}") as book:
        for student, expected in classroom.expected().items():
            submission = book.find_submission("a2_two_layer_net", student)
            points: dict[str, float] = {}
            for notebook in submission.notebooks:
                points |= {
                    grade.name: float(grade.score)
                    for grade in notebook.grades
                    if grade.name.startswith("test_")
                }
            if not expected.broken:
                assert {f"test_{name}": value for name, value in expected.points.items()} == points, student
            assert sum(points.values()) == expected.total, student


def test_the_table_of_marks_holds_every_student(classroom: ModuleType, graded: Path) -> None:
    rows = _rows(graded)
    assert set(rows) == set(STUDENTS)
    for student, expected in classroom.expected().items():
        for name, points in expected.points.items():
            cells = [value for column, value in rows[student].items() if column == f"a2.{name}"]
            assert [float(cell or 0) for cell in cells] == [points], (student, name)
    assert rows["chiyo"]["last_name"] == "Tanaka, Jr."
    assert not rows["elena"]["last_name"].startswith("=")  # a spreadsheet must not run a name


def test_the_untouched_release_runs_to_its_end(graded: Path) -> None:
    notebook = json.loads(
        (graded / "autograded/hugo/a2_two_layer_net/two_layer_net.ipynb").read_text(encoding="utf-8")
    )
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output["output_type"] == "error"]
    said = "".join("".join(output.get("text", "")) for output in outputs)
    assert "Task 2.3 forward is not implemented yet." in said
    assert looking.SAID in said  # the plot, which nothing needs


def test_feedback_shows_every_hint(classroom: ModuleType, graded: Path) -> None:
    for student in WRONG:
        pages = list((graded / "feedback" / student).rglob("*.html"))
        assert pages, student
        words = html.unescape(" ".join(" ".join(page.read_text(encoding="utf-8") for page in pages).split()))
        for test, names in classroom.expected()[student].hints.items():
            task = next(entry["task"] for entry in _tests() if entry["name"] == test)
            for name in names:
                hint = next(mistake.hint for mistake in bank(task) if mistake.name == name)
                assert " ".join(hint.split()) in words, (student, name)
