"""Grading: every submission ends with points and a reason, whatever it does to the grader."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from cs_cnn.command import main
from cs_cnn.course import calendar, engine
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.grading import grade, marks
from cs_cnn.course.grading.journal import Journal
from cs_cnn.course.grading.preprocessors import MarksOnly
from cs_cnn.errors import CsCnnError

from .conftest import Classroom

RIGHT = "def double(x):\n    return 2 * x"


@pytest.fixture(params=["classroom", pytest.param("classroom_on_server", marks=pytest.mark.database)])
def everywhere(request: pytest.FixtureRequest) -> Classroom:
    """Return a course directory with its gradebook in a file, and one with its gradebook on a server."""
    found: Classroom = request.getfixturevalue(request.param)
    return found


def run(classroom: Classroom, **options: Any) -> grade.Outcome:
    return grade.grade(classroom.folder, assignment(classroom), progress=False, **options)


def assignment(classroom: Classroom) -> Assignment:
    return calendar.load(classroom.folder).assignment("a1")


def _answer(name: str, cell: dict[str, Any], code: str = RIGHT) -> None:
    if name == "double":
        cell["source"] = code


def test_a_class_of_all_kinds(classroom: Classroom) -> None:
    classroom.limit(3, 20)
    classroom.write("solution", RIGHT, "Because.")
    classroom.copy("blank", "release")
    classroom.write("half", "def double(x):\n    return 2 * x if x != 2.5 else 1", "Because.")
    noisy = "import sys, warnings\ndef double(x):\n    warnings.warn('w'); print('e', file=sys.stderr)\n"
    noisy += "    return 2 * x"
    classroom.write("noisy", noisy)
    classroom.write("exits", "import os\nos._exit(3)")
    classroom.write("loops", "while True:\n    pass")
    classroom.file("words", b"hello")
    classroom.file("latin", b'{"cells": ["\xe9"]}')
    classroom.file("listed", b"[]")
    classroom.file("old", b'{"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": []}')
    classroom.file("strange", b"{}", "my homework.ipynb")
    accidents: dict[str, Callable[[str, dict[str, Any]], object]] = {
        "schema": lambda _, cell: cell["metadata"].get("nbgrader", {}).update(schema_version=99),
        "nocheck": lambda name, cell: cell["metadata"].clear() if name == "test_double" else None,
        "copied": lambda name, cell: (
            cell["metadata"]
            .get("nbgrader", {})
            .update({"grade_id": "double"} if name == "test_double" else {})
        ),
    }
    for student, accident in accidents.items():
        classroom.edit(student, lambda name, cell, spoil=accident: (_answer(name, cell), spoil(name, cell)))
    classroom.write("renamed", RIGHT)
    home = classroom.home("renamed")
    (home / "double.ipynb").rename(home / "double(1).ipynb")
    classroom.copy("twice", "release")
    (classroom.home("twice") / "double.ipynb").rename(classroom.home("twice") / "older.ipynb")
    classroom.write("twice", RIGHT)
    classroom.write("shadow", RIGHT)
    classroom.file("shadow", b"raise SystemExit", "math.py")
    classroom.file("shadow", b"fine = 1", "helpers.py")
    (classroom.home("linked") / "double.ipynb").symlink_to(classroom.folder / "source/a1_double/double.ipynb")
    classroom.home("empty")
    classroom.write("late", RIGHT, "Because.")
    classroom.file("late", b"yesterday-ish", "timestamp.txt")

    outcome = run(classroom, jobs=2)
    found = {student: (result.state, result.points) for student, result in outcome.results.items()}
    assert found == {
        "solution": ("needs_reading", 6),
        "blank": ("graded", 0),
        "half": ("needs_reading", 2.5),
        "noisy": ("graded", 6),
        "exits": ("kernel_died", 0),
        "loops": ("timed_out", 0),
        "words": ("unreadable", 0),
        "latin": ("unreadable", 0),
        "listed": ("unreadable", 0),
        "old": ("unreadable", 0),
        "strange": ("missing_notebook", 0),
        "schema": ("graded", 6),
        "nocheck": ("graded", 6),
        "copied": ("graded", 6),
        "renamed": ("graded", 6),
        "twice": ("graded", 6),
        "shadow": ("needs_person", 6),
        "linked": ("unreadable", 0),
        "empty": ("missing_notebook", 0),
        "late": ("needs_reading", 6),
    }
    notes = {student: result.note for student, result in outcome.results.items()}
    assert "found my homework.ipynb" in notes["strange"]
    assert "The notebook is called double(1).ipynb" in notes["renamed"]
    assert "left out: math.py" in notes["shadow"]
    assert "timestamp.txt does not hold a time" in notes["late"]
    assert outcome.results["solution"].cells == {"test_double": 6, "why": None}
    unusual = {"late", "schema", "nocheck", "copied", "renamed"}
    for student, (state, _) in found.items():
        assert (notes[student] == "") == (state in ("graded", "needs_reading") and student not in unusual)
        assert str(classroom.folder) not in notes[student]
    # The file says the same, and nothing was left in a temporary state.
    journal = Journal(classroom.folder, assignment(classroom))
    assert journal.results == outcome.results
    assert not [path for path in classroom.folder.rglob(".*") if path.name != ".lock"]

    assert run(classroom).graded == []
    assert run(classroom, students=("words",), again=True).graded == ["words"]


def test_only_what_changed_is_graded(everywhere: Classroom) -> None:
    everywhere.write("ada", RIGHT)
    everywhere.file("bob", b"hello")
    assert run(everywhere).graded == ["ada", "bob"]
    everywhere.write("bob", RIGHT)
    assert run(everywhere).graded == ["bob"]
    everywhere.file("ada", b"more data", "data.csv")
    assert run(everywhere, students=("bob",)).graded == []
    assert run(everywhere).graded == ["ada"]
    # Changed hidden tests, a lost gradebook entry and a lost journal are reasons, too.
    source = everywhere.folder / "source" / "a1_double" / "numbers.txt"
    source.write_text("4 5 6\n")
    assert run(everywhere).graded == ["ada", "bob"]
    with Gradebook(engine.database_url(everywhere.folder)) as gradebook:
        gradebook.remove_submission("a1_double", "ada")
    assert run(everywhere).graded == ["ada"]
    (everywhere.folder / "grading" / "a1_double.json").unlink()
    assert run(everywhere).graded == ["ada", "bob"]


def test_a_broken_resubmission_clears_the_earlier_marks(everywhere: Classroom) -> None:
    everywhere.write("ada", RIGHT, "Because.")
    assert run(everywhere).results["ada"].points == 6
    with Gradebook(engine.database_url(everywhere.folder)) as gradebook:
        written = gradebook.find_grade("why", "double", "a1_double", "ada")
        written.manual_score, written.needs_manual_grade = 3, False
        gradebook.db.commit()
    with engine.session():
        row = next(
            row for row in marks.table(everywhere.folder, assignment(everywhere)) if row.student == "ada"
        )
    assert (row.state, row.points) == ("graded", 9)

    everywhere.file("ada", b"oops")
    result = run(everywhere).results["ada"]
    assert (result.state, result.points, result.cleared) == ("unreadable", 0, {"why": 3})
    assert "The earlier mark of 6 was cleared" in result.note
    assert not (everywhere.folder / "autograded" / "ada" / "a1_double").exists()
    with Gradebook(engine.database_url(everywhere.folder)) as gradebook:
        assert gradebook.find_submission("a1_double", "ada").score == 0


def test_a_lost_test_cell_is_put_back(classroom: Classroom) -> None:
    classroom.write("ada", RIGHT)
    assert run(classroom).results["ada"].points == 6

    def lose(name: str, cell: dict[str, Any]) -> None:
        _answer(name, cell, "def double(x):\n    return 3 * x")
        if name == "test_double":
            cell["metadata"].clear()
            cell["source"] = "6.0"

    classroom.edit("ada", lose)
    result = run(classroom).results["ada"]
    assert (result.state, result.points) == ("graded", 0)
    assert "double" in result.note


def test_a_failure_inside_nbgrader_is_one_students(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    for student in ("ada", "bob", "cyd"):
        classroom.write(student, RIGHT)
    convert = engine.convert

    def fails_for_bob(kind: str, root: Path, *rest: Any, **options: Any) -> None:
        if (root / "submitted" / "bob").exists():
            raise RuntimeError("nbgrader has a bad day")
        convert(kind, root, *rest, **options)

    monkeypatch.setattr(engine, "convert", fails_for_bob)
    states = {student: result.state for student, result in run(classroom).results.items()}
    assert states == {"ada": "graded", "bob": "failed", "cyd": "graded"}


def test_an_interrupt_keeps_what_is_finished(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    for student in ("ada", "bob", "cyd"):
        classroom.write(student, RIGHT)
    convert = engine.convert

    def interrupted_at_bob(kind: str, root: Path, *rest: Any, **options: Any) -> None:
        if (root / "submitted" / "bob").exists():
            raise KeyboardInterrupt
        convert(kind, root, *rest, **options)

    monkeypatch.setattr(engine, "convert", interrupted_at_bob)
    outcome = run(classroom)
    assert outcome.interrupted and outcome.graded == ["ada"]
    assert list(Journal(classroom.folder, assignment(classroom)).results) == ["ada"]
    monkeypatch.undo()
    assert run(classroom).graded == ["bob", "cyd"]


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """Return a folder with a short path, as the name of a Unix socket may not be long."""
    with tempfile.TemporaryDirectory(prefix="t-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def test_ctrl_c_while_a_kernel_runs(classroom: Classroom, short_folder: Path) -> None:
    classroom.write("ada", RIGHT)
    started = classroom.folder / "started"
    code = f"import os, time\nopen({str(started)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)"
    classroom.write("bob", code)
    command = [sys.executable, "-m", "cs_cnn.command", "grade", "a1", "--course", str(classroom.folder)]
    command += ["--jobs", "2", "--no-sandbox"]  # its code says that it runs, in a file out here
    temporary = short_folder
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": str(temporary)},
        start_new_session=True,
    )
    finished = classroom.folder / "grading" / "a1_double.part.jsonl"
    for _ in range(600):
        if (started.exists() and finished.exists()) or process.poll() is not None:
            break
        time.sleep(0.1)
    time.sleep(0.2)  # the line is being written
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the command
    output = process.communicate(timeout=30)[0]
    assert process.returncode == 130, output
    assert "Interrupted: what is finished is kept" in output
    assert "Traceback" not in output
    results = json.loads((classroom.folder / "grading" / "a1_double.json").read_text())["submissions"]
    assert list(results) == ["ada"]
    for _ in range(100):
        if not _runs(int(started.read_text())):
            break
        time.sleep(0.1)
    assert not _runs(int(started.read_text()))
    assert not list(temporary.glob("cs-cnn-*"))


def _runs(pid: int) -> bool:
    """Whether a process is there and not only waits for its parent to notice that it has ended."""
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "\nState:\tZ" not in status.read_text()


def output(text: str) -> Any:
    return nbformat.v4.new_output("execute_result", data={"text/plain": text}, execution_count=1)


@pytest.mark.parametrize(
    ("text", "ok"), [("2.5", True), ("0", True), ("6", True), ("nan", False), ("7", False)]
)
@pytest.mark.parametrize("wrap", [str, lambda text: f"np.float64({text})"])
def test_only_numbers_are_marks(text: str, ok: bool, wrap: Callable[[str], str]) -> None:
    cell = nbformat.v4.new_code_cell("check()", outputs=[output(wrap(text))])
    cell.metadata["nbgrader"] = {"grade": True, "solution": False, "points": 6, "grade_id": "test_x"}
    cell, _ = MarksOnly().preprocess_cell(cell, {}, 0)
    assert cell.outputs[0].output_type == ("execute_result" if ok and wrap is str else "error")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a9"], "There is no assignment 'a9'"),
        (["a1", "--student", "nobody"], "no submission of a1_double by 'nobody'"),
    ],
)
def test_usage(classroom: Classroom, arguments: list[str], words: str) -> None:
    classroom.file("ada", b"x")
    result = CliRunner().invoke(main, ["grade", *arguments, "--course", str(classroom.folder)])
    assert result.exit_code == 2
    assert words in result.output and "Traceback" not in result.output


def test_places_where_nothing_can_be_graded(
    classroom: Classroom, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sentence(*arguments: str) -> str:
        result = CliRunner().invoke(main, ["grade", *arguments])
        assert result.exit_code == 2, result.output
        return result.output

    assert "Nobody has handed in a1_double" in sentence("a1", "--course", str(classroom.folder))
    assert "There is no folder" in sentence("a1", "--course", str(tmp_path / "gone"))
    assert "is not a course directory" in sentence("a1", "--course", str(repository))
    monkeypatch.chdir(repository)
    assert "the known ones are: a1_double" in sentence("a9")
    assert "is not in a course directory" in sentence("a1")
    monkeypatch.chdir(classroom.folder / "submitted")
    assert "Nobody has handed in a1_double" in sentence("a1")
    (classroom.folder / "gradebook.db").write_bytes(b"not a database, and long enough to be looked at" * 9)
    classroom.file("ada", b"x")
    assert "cannot be read" in sentence("a1")
    (classroom.folder / "gradebook.db").unlink()
    assert "gradebook.db is missing" in sentence("a1")


def test_a_damaged_journal_or_configuration_is_a_sentence(classroom: Classroom) -> None:
    classroom.file("ada", b"x")
    journal = classroom.folder / "grading" / "a1_double.json"
    journal.write_text("{")
    with pytest.raises(CsCnnError, match="is not a list of results any more"):
        run(classroom)
    journal.unlink()
    (classroom.folder / "nbgrader_config.py").write_text("c = get_config(\n")
    with pytest.raises(CsCnnError, match="cannot be read: SyntaxError"):
        run(classroom)


def test_exit_status_says_whether_somebody_must_look(classroom: Classroom) -> None:
    classroom.write("ada", RIGHT)
    well = CliRunner().invoke(main, ["grade", "a1", "--course", str(classroom.folder)])
    assert well.exit_code == 0, well.output
    classroom.file("bob", b"x")
    trouble = CliRunner().invoke(main, ["grade", "a1", "--course", str(classroom.folder)])
    assert trouble.exit_code == 1
    assert "bob, 0 of 10: double.ipynb is not a notebook" in trouble.output
    assert "1 graded now, 1 unchanged" in trouble.output


def test_a_kernel_that_did_not_start_is_tried_again(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    classroom.write("ada", RIGHT)
    convert, calls = engine.convert, []

    def fails_at_first(*arguments: Any, **options: Any) -> None:
        calls.append(arguments[0])
        if len(calls) == 1:
            raise RuntimeError("Kernel died before replying to kernel_info")
        convert(*arguments, **options)

    monkeypatch.setattr(engine, "convert", fails_at_first)
    result = run(classroom).results["ada"]
    assert (result.state, result.points, len(calls)) == ("graded", 6, 2)
