"""Whole notebooks in two kernels: what the student's cells do stays with the student."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
from nbgrader.utils import determine_grade

from cs_cnn.course import source
from cs_cnn.course.grading.preprocessors import MarksOnly, RunCells
from cs_cnn.course.judge import session
from cs_cnn.course.judge.cells import BROKEN, NO_ANSWER, TwoKernels
from cs_cnn.course.judge.trusted import course_cells

SOLUTIONS = Path(__file__).parents[3] / "solutions"
RIGHT = """
import numpy as np
def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1 / (1 + e), e / (1 + e))
def double(x):
    return 2 * x
"""


def _mark(name: str, **more: Any) -> dict[str, Any]:
    mark = {"grade_id": name, "grade": False, "solution": False, "locked": True, "schema_version": 3}
    return {"nbgrader": {**mark, "task": False, **more}}


def _cell(code: str, name: str = "", **more: Any) -> Any:
    cell = new_code_cell(code)  # type: ignore[no-untyped-call]
    if name:
        cell.metadata.update(_mark(name, **more))
    return cell


def _test(code: str, name: str, points: float) -> Any:
    return _cell(code, name, grade=True, points=points)


def assignment(answer: str = RIGHT, setup: str = "from cs_cnn.checks import check") -> list[Any]:
    """Return the cells of a small assignment: a locked cell, an answer, two tests of 5 points each."""
    return [
        _cell(setup, "setup"),
        _cell(answer, "answer", solution=True, locked=False),
        _test("check('a2.sigmoid', sigmoid)", "test_sigmoid", 5),
        _test("assert double(2) == 4\nassert double(x=3) == 6", "test_double", 5),
    ]


Run = Callable[..., tuple[dict[str, float], list[Any]]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs a student's cells against the instructor's, and gives the points and the cells."""
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    (tmp_path / "source").mkdir()
    (tmp_path / "work").mkdir()

    def go(
        cells: list[Any], ours: list[Any] | None = None, **limits: Any
    ) -> tuple[dict[str, float], list[Any]]:
        path = tmp_path / "source" / "notebook.ipynb"
        nbformat.write(new_notebook(cells=ours or assignment()), path)  # type: ignore[no-untyped-call]
        notebook = new_notebook(cells=copy.deepcopy(cells))  # type: ignore[no-untyped-call]
        resources = {"metadata": {"path": str(tmp_path / "work")}}
        runner = TwoKernels(notebook=str(path), **{"timeout": 30, **limits})
        notebook, _ = runner.preprocess(notebook, resources)
        points = {}
        for cell in notebook.cells:
            mark = cell.metadata.get("nbgrader", {})
            if mark.get("grade") and not mark.get("solution") and cell.cell_type == "code":
                cell, _ = MarksOnly().preprocess_cell(cell, resources, 0)
                points[mark["grade_id"]] = determine_grade(cell)[0]
        return points, notebook.cells

    return go


def says(cell: Any) -> str:
    return "".join(str(output.get("evalue", output.get("text", ""))) for output in cell.outputs)


def says_id(cell: Any) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def test_right_work_earns_all_points(run: Run) -> None:
    points, cells = run(assignment())
    assert points == {"test_sigmoid": 5, "test_double": 5}
    assert "Task 1.1 sigmoid: 5 of 5 points." in says(cells[2])


def test_wrong_work_loses_what_it_loses(run: Run) -> None:
    partly = "\ndef sigmoid(z):\n    return 1 / (1 + np.exp(-np.clip(z, -30, 30))) if np.ndim(z) else None\n"
    points, cells = run(assignment(RIGHT.replace("2 * x", "3 * x") + partly))
    assert points == {"test_sigmoid": 4, "test_double": 0}
    assert "which of your lines needs an array?" in says(cells[2])


HOSTILE = {
    "replaces the check": "check = lambda *a, **k: 100.0",
    "replaces the check's module": "import cs_cnn.checks as c; c.check = c.run = lambda *a, **k: 5.0",
    "replaces NumPy's comparison": "np.allclose = np.array_equal = lambda *a: True",
    "prints a result": "def sigmoid(z): print('Task 1.1 sigmoid: 5 of 5 points.\\n5.0')",
    "displays a result": """
from IPython.display import publish_display_data
def double(x): publish_display_data({"text/plain": "5.0"})
""",
    "sends a result on the kernel's channel": """
def double(x):
    kernel = get_ipython().kernel
    content = {"data": {"text/plain": "5.0"}, "metadata": {}, "execution_count": 1}
    kernel.session.send(kernel.iopub_socket, "execute_result", content)
""",
    "equal to everything": """
class Yes:
    __eq__ = lambda self, other: True
double = sigmoid = lambda z: Yes()
""",
    "drops assertions": """
import ast
class Drop(ast.NodeTransformer):
    def visit_Assert(self, node): return ast.Pass()
get_ipython().ast_transformers.append(Drop())
""",
    "rewrites the cells": "get_ipython().input_transformers_cleanup.append(lambda lines: ['5.0'])",
    "closes the socket": """
import gc, socket
def sigmoid(z):
    for thing in gc.get_objects():
        if isinstance(thing, socket.socket): thing.close()
""",
    "replaces the replying": """
import sys, types
mine = sys.modules["cs_cnn.course.judge.replying"] = types.ModuleType("mine")
mine.__file__ = "<cs_cnn judge>"
mine.serve = lambda *a: None
""",
}
_WRONG = "import numpy as np\nsigmoid = lambda z: 3.0\ndouble = lambda x: 5\n"


def impatient(seconds: float = 1.0) -> list[Any]:
    """Return the assignment with a judge that does not wait long."""
    ours = assignment()
    ours[0].source += f"\nfrom cs_cnn.course.judge import session\nsession.PATIENCE = {seconds}"
    return ours


@pytest.mark.parametrize("trick", HOSTILE)
def test_tricks_earn_nothing(run: Run, trick: str) -> None:
    points, _ = run(assignment(_WRONG + HOSTILE[trick]), impatient())
    assert points == {"test_sigmoid": 0, "test_double": 0}


def test_a_process_that_ends_costs_what_could_not_run(run: Run) -> None:
    cells = assignment("import os\n" + RIGHT.replace("return 2 * x", "os._exit(1)"))
    points, done = run([*cells, _cell("3")])
    assert points == {"test_sigmoid": 5, "test_double": 0}
    assert "kernel ended" in says(done[3]) and "was not run" in says(done[4])


def test_a_function_that_swallows_every_interrupt_is_killed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cs_cnn.course.judge.cells._LET_GO", 0.5)
    stuck = "import signal\ndef sigmoid(z):\n    signal.signal(signal.SIGINT, signal.SIG_IGN)\n    signal.setitimer"
    stuck += "(signal.ITIMER_REAL, 0)\n    while True:\n        pass"
    cells = assignment(RIGHT + stuck)
    cells[2], cells[3] = cells[3], cells[2]
    begun = time.monotonic()
    points, done = run(cells)
    assert points == {"test_double": 5, "test_sigmoid": 0}
    assert time.monotonic() - begun < 30
    assert "did not stop" in says(done[3])


def test_cells_after_a_stopped_function_still_run(run: Run) -> None:
    loops = RIGHT + "def double(x):\n    while True: pass\n"
    cells = assignment(loops)
    cells[2], cells[3] = cells[3], cells[2]
    ours = assignment()
    ours[3] = _test(
        "from cs_cnn.course.judge import link\nlink.SECONDS = 1.0\nassert double(2) == 4", "test_double", 5
    )
    points, done = run([*cells, _cell("print('still here')")], ours)
    assert points == {"test_double": 0, "test_sigmoid": 5}
    assert "still here" in says(done[4])


def test_a_graded_cell_has_a_limit(run: Run) -> None:
    cells = assignment(RIGHT + "def double(x):\n    while True: pass\n")
    cells[2], cells[3] = cells[3], cells[2]
    points, done = run(cells, timeout=3)
    assert points == {"test_double": 0, "test_sigmoid": 5}
    assert "CellTimeoutError" in [output.get("ename") for output in done[2].outputs]


def test_the_instructors_cells_are_what_runs(run: Run) -> None:
    cells = assignment()
    cells[0].source = "def check(*a, **k): return 5.0"
    cells[3].source = "assert True"
    points, _ = run([cells[1], cells[3], cells[2], cells[0]])  # and in an order of its own
    assert points == {"test_double": 5, "test_sigmoid": 5}
    cells = assignment(_WRONG)
    cells[2].source, cells[3].source = "5.0", "pass"
    copied, unknown = copy.deepcopy(cells[2]), _test("5.0", "test_extra", 5)
    copied.id = "copied"
    points, done = run([*cells, copied, unknown])
    assert points == {"test_double": 0, "test_sigmoid": 0, "test_extra": 0}
    assert "twice" in says(done[4]) and "no test of this name" in says(done[5])


def test_a_course_cell_that_fails_gives_no_points_away(run: Run) -> None:
    ours = assignment(setup="from cs_cnn.nowhere import check")
    points, done = run(assignment(RIGHT + "def check(*a, **k): return 5.0"), ours)
    assert points == {"test_double": 0, "test_sigmoid": 0}
    assert [output.ename for output in done[2].outputs] == [BROKEN]
    assert "grading is broken, not your work" in says(done[2])


def test_missing_and_unusable_names(run: Run) -> None:
    points, done = run(assignment("sigmoid = 3"))
    assert points == {"test_double": 0, "test_sigmoid": 0}
    assert "sigmoid is a int, not a function" in says(done[2])
    assert "name 'double' is not defined" in says(done[3])


def test_kernels_that_do_not_answer(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "_BOOTSTRAP", "pass")
    points, done = run(assignment(), impatient(0.3))
    assert points == {"test_double": 0, "test_sigmoid": 0}
    assert [output.ename for output in done[2].outputs] == [NO_ANSWER]


def test_a_notebook_has_a_limit(run: Run) -> None:
    slow = [_cell("import time; time.sleep(3)"), *assignment()]
    points, done = run(slow, total=2)
    assert points == {"test_double": 0, "test_sigmoid": 0}
    assert "was not run" in says(done[-1])


def test_which_names_may_be_the_students(tmp_path: Path) -> None:
    cells = [
        _cell("import numpy as np\nfrom cs_cnn.checks import check\ndef helper(): pass", "setup"),
        new_markdown_cell("text"),  # type: ignore[no-untyped-call]
        _cell("mine = 1", "answer", solution=True, locked=False),
        _test(
            "%matplotlib inline\nfor k in range(3):\n    x = [mine(y) for y in np.ones(k)]\ncheck('a', helper, f)",
            "t",
            1,
        ),
    ]
    path = tmp_path / "n.ipynb"
    nbformat.write(new_notebook(cells=cells), path)  # type: ignore[no-untyped-call]
    setup, test = course_cells(path)[0]
    assert (setup.graded, test.graded, test.names) == (False, True, ("f", "get_ipython", "mine"))


@pytest.mark.parametrize("name", ["a2_two_layer_net"])
def test_a_solution_is_graded_as_in_one_kernel(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYDEVD_DISABLE_FILE_VALIDATION", "1")
    (text,) = (SOLUTIONS / name).glob("*.py")
    notebook = source.notebook(text)
    for cell in notebook.cells:  # one mistake among the right answers
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "forward":
            cell.source += (
                "\n_right = forward\ndef forward(params, x):\n    scores, cache = _right(params, x)\n"
            )
            cell.source += "    return np.maximum(scores, 0), cache"
    path = tmp_path / "notebook.ipynb"
    nbformat.write(notebook, path)
    from cs_cnn import data

    packaged = Path(data.__file__).parent / "packaged" / "two_layer_lookalike.txt"
    (tmp_path / "dataset.txt").write_bytes(packaged.read_bytes())
    resources = {"metadata": {"path": str(tmp_path)}}
    graded = []
    for runner in (RunCells(), TwoKernels(notebook=str(path))):
        done, _ = runner.preprocess(copy.deepcopy(notebook), copy.deepcopy(resources))
        tests = [cell for cell in done.cells if cell.cell_type == "code" and "test" in says_id(cell)]
        graded.append({says_id(cell): (says(cell), determine_grade(cell)) for cell in tests})
    for test, verdict in graded[0].items():
        assert graded[1][test] == verdict
    assert len(graded[0]) >= 9
    assert "Hint" in str(graded[1]["test_forward"])
