"""`cs-cnn check`: the points of a notebook, whatever its cells do."""

from __future__ import annotations

import json
import os
import shutil
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from cs_cnn.checks.results import number
from cs_cnn.student import finding, printing, running

ROOT = Path(__file__).parents[2]
ASSIGNMENTS = sorted(path.name for path in (ROOT / "assignments").glob("a*_*"))
SIGMOID = "import numpy as np\ndef sigmoid(z):\n    return np.exp(-np.logaddexp(0, -z))"
CHECK = '# %% test="sigmoid"\ncheck("a2.sigmoid", sigmoid)'
# What a call into compiled code looks like from outside: no alarm reaches Python.
DEAF = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})\nwhile True: pass"
START = "# %%\nfrom cs_cnn.checks import check"

Command = Callable[..., Result]


def outcome(tmp_path: Path, *cells: str, task: str = "a2.sigmoid", seconds: float = 60.0) -> running.Outcome:
    """Check one task of a notebook with these cells after the import of `check`."""
    path = tmp_path / "mine.py"
    path.write_text("\n".join([START, *(each if "# %%" in each else f"# %%\n{each}" for each in cells)]))
    return running.run(finding.find(task, path), seconds=seconds)


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_solution_earns_everything(name: str) -> None:
    work = finding.find(str(ROOT / "solutions" / name))
    got = running.run(work)
    assert [each.text for each in got.checked if each.points < each.task.points] == []
    assert got.ok
    assert got.points == got.of > 50
    assert got.remarks == []


@pytest.mark.parametrize("name", ASSIGNMENTS)
def test_a_notebook_as_handed_out_has_no_points_and_no_traceback(name: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "assignments" / name, tmp_path / name)
    work = finding.find(str(tmp_path / name))
    got = running.run(work, seconds=60)
    shown = printing.checked(work, got)
    assert got.points == 0
    assert "Traceback" not in shown
    assert "stopped" not in shown
    assert all("is not implemented yet" in " ".join(each.text.split()) for each in got.checked)
    assert f"0 of {number(got.of)}" in shown
    assert "still empty" in shown


def test_the_exit_status_tells_whether_all_points_are_there(cs_cnn: Command, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(SIGMOID)
    right = cs_cnn("check", "a2.sigmoid", path)
    assert (right.exit_code, right.output.splitlines()[-1]) == (0, "1.1 sigmoid  5 of 5")
    path.write_text("def sigmoid(z):\n    return z")
    assert cs_cnn("check", "a2.sigmoid", path).exit_code == 1
    path.write_text(SIGMOID)
    partly = cs_cnn("check", path)  # a file's assignment is known by its functions
    assert partly.exit_code == 1
    assert "Checks together   5 of 82" in partly.output


def test_a_check_sees_what_is_defined_above_it_as_in_grading(tmp_path: Path) -> None:
    helper = "def half(z):\n    return np.exp(-np.logaddexp(0, -z))"
    uses = "import numpy as np\ndef sigmoid(z):\n    return half(z)"
    assert outcome(tmp_path, helper, uses, CHECK).points == 5
    below = outcome(tmp_path, uses, CHECK, helper)
    assert below.points == 0
    assert "name 'half' is not defined" in below.checked[0].text
    later = outcome(tmp_path, SIGMOID, CHECK, "def sigmoid(z):\n    return z  # an experiment")
    assert later.points == 5


def test_a_trial_in_another_cell_does_not_count_unless_the_check_is_lost(tmp_path: Path) -> None:
    trial = 'check("a2.sigmoid", lambda z: z)'
    assert outcome(tmp_path, SIGMOID, trial, CHECK).points == 5
    assert outcome(tmp_path, SIGMOID, trial).points == 0
    assert outcome(tmp_path, SIGMOID).points == 5


def test_a_loop_without_end_costs_only_its_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "CELL_SECONDS", 1.0)
    got = outcome(tmp_path, "while True:\n    pass", SIGMOID, CHECK)
    assert got.points == 5
    assert got.remarks == [
        "Cell 2 stopped: it was stopped after 1 seconds; is there a loop that does not end?"
    ]


def test_a_loop_that_python_cannot_interrupt_is_ended_from_outside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "CELL_SECONDS", 1.0)
    monkeypatch.setattr(running, "_GRACE", 0.5)
    got = outcome(tmp_path, DEAF, SIGMOID, CHECK)
    assert got.points == 5
    assert got.remarks == ["Cell 2 did not end in time, so it was left out."]


def test_a_check_that_hangs_costs_only_its_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "_CHECK_SECONDS", 1.0)
    monkeypatch.setattr(running, "_GRACE", 0.5)
    hangs = "def sigmoid(z):\n" + textwrap.indent(DEAF, "    ")
    (tmp_path / "mine.py").write_text(f"{START}\n# %%\n{hangs}\n{CHECK}\n")
    got = running.run(finding.find("a2", tmp_path / "mine.py"))
    texts = {each.task.name: each.text for each in got.checked}
    assert texts["a2.sigmoid"].endswith("your code did not end in time during the check.")
    assert "not checked" not in texts["a2.loss"]


def test_the_time_for_everything_is_limited(tmp_path: Path) -> None:
    start = time.monotonic()
    got = outcome(tmp_path, "import time\ntime.sleep(60)", SIGMOID, CHECK, seconds=2)
    assert time.monotonic() - start < 30
    assert got.points in (0, 5)  # the sleep was ended from inside, or everything from outside
    assert len(got.checked) == 1


@pytest.mark.parametrize("deadly", ["import os\nos._exit(3)", "import os\nos.kill(os.getpid(), 9)"])
def test_a_cell_that_ends_python_is_left_out(tmp_path: Path, deadly: str) -> None:
    got = outcome(tmp_path, deadly, SIGMOID, CHECK)
    assert got.points == 5
    assert got.remarks[0].startswith("Cell 2 ended Python (exit status ")


def test_a_function_that_ends_python_loses_its_own_points(tmp_path: Path) -> None:
    got = outcome(tmp_path, "import os\ndef sigmoid(z):\n    os._exit(3)", CHECK)
    assert got.points == 0
    assert "your code ended Python (exit status 3) during the check." in got.checked[0].text


@pytest.mark.parametrize(
    ("cell", "remark"),
    [
        ("x = 1\ny = x / 0", "Cell 2 stopped: ZeroDivisionError: division by zero, in line 2: y = x / 0"),
        ("x = (1", "Cell 2 stopped: SyntaxError: '(' was never closed, in line 1: x = (1"),
        ("exit()", "Cell 2 stopped: it calls exit(), which ends a notebook; leave that out."),
        ("raise NotImplementedError", "Cell 2 stopped: it needs a function that is not implemented yet."),
        ("!ls", "Cell 2: !ls was left out; only Jupyter knows it."),
        ("%matplotlib inline", "Cell 2: %matplotlib inline was left out; only Jupyter knows it."),
        ('check("a2.sigmoyd", 1)', "Cell 2 stopped: CsCnnError: There is no check called 'a2.sigmoyd'"),
    ],
)
def test_what_did_not_run_is_one_sentence(tmp_path: Path, cell: str, remark: str) -> None:
    got = outcome(tmp_path, cell, SIGMOID, CHECK)
    assert got.points == 5
    assert len(got.remarks) == 1
    assert got.remarks[0].startswith(remark)


def test_what_jupyter_gives_is_there(tmp_path: Path) -> None:
    several = "from IPython.display import display\ndisplay(1)\nget_ipython().run_line_magic('time', '')\n%time x = 1"
    waits = "import asyncio\nawait asyncio.sleep(0)"
    pickles = "import pickle\nclass A: pass\npickle.loads(pickle.dumps(A()))"
    shows = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nassert x == 1"
    got = outcome(tmp_path, several, waits, pickles, shows, SIGMOID, CHECK)
    assert (got.points, got.remarks) == (5, [])


def test_nobody_waits_for_the_keyboard(tmp_path: Path) -> None:
    got = outcome(tmp_path, "name = input('Your name? ')", SIGMOID, CHECK)
    assert got.points == 5
    assert "nobody is there" in got.remarks[0]


def test_nothing_that_a_notebook_started_stays(tmp_path: Path) -> None:
    starts = (
        "import subprocess\nproc = subprocess.Popen(['sleep', '600'])\nopen('pid', 'w').write(str(proc.pid))"
    )
    assert outcome(tmp_path, starts, SIGMOID, CHECK).points == 5
    pid = int((tmp_path / "pid").read_text())
    status = Path(f"/proc/{pid}/status")
    if not status.parent.parent.joinpath("self").exists():
        pytest.skip("needs /proc")
    for _ in range(100):
        if not status.exists() or "State:\tZ" in status.read_text():
            return
        time.sleep(0.05)
    os.kill(pid, 9)
    pytest.fail("the notebook's process still runs")


def test_a_module_of_ones_own_in_the_place_of_numpy_is_named(cs_cnn: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SIGMOID)
    (tmp_path / "numpy.py").write_text("x = 1")
    got = cs_cnn("check", "a2.sigmoid", tmp_path / "mine.py")
    assert got.exit_code == 2
    assert "numpy.py in" in got.output
    assert "rename it" in got.output


def test_a_notebook_that_needs_pytorch_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "torch").mkdir()
    (tmp_path / "torch" / "__init__.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    shutil.copytree(ROOT / "assignments" / "a5_architectures", tmp_path / "a5_architectures")
    work = finding.find(str(tmp_path / "a5_architectures"))
    got = running.run(work)
    shown = printing.checked(work, got)
    assert got.points == 0
    assert "This assignment needs PyTorch" in got.remarks[0]
    assert "more; the first is often the cause of the others." in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("{", "is damaged"),
        ('{"cells": [\n<<<<<<< HEAD\n1\n=======\n2\n>>>>>>> b\n]}', "could not merge"),
        ("<html>", "is not a notebook"),
        ('{"cells": []}', "calls no check"),
    ],
)
def test_a_broken_notebook_is_one_sentence(cs_cnn: Command, tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "convolution.ipynb"
    path.write_text(content)
    got = cs_cnn("check", path)
    assert got.exit_code == 2
    assert words in got.output
    assert len(got.output.strip().splitlines()) == 1


def test_a_target_that_cannot_be_meant_is_one_sentence(
    cs_cnn: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.odt").write_text("x")
    for arguments, words in [
        (["a4"], "No notebook of a4 was found"),
        (["a77"], "There is no assignment a77 with checks; there are a1, "),
        (["a4.conv3d"], "There is no task a4.conv3d; the tasks of a4 are a4.output_size,"),
        (["nowhere.ipynb"], "There is no assignment, task, file or folder nowhere.ipynb"),
        (["a4", "nowhere.ipynb"], "There is no file or folder nowhere.ipynb"),
        (["notes.odt"], "is neither a notebook (.ipynb) nor a Python file (.py)"),
        (["here", "a4"], "'here' is no assignment or task"),
        (["."], "has no notebook (.ipynb) and no Python file"),
    ]:
        got = cs_cnn("check", *arguments)
        assert (got.exit_code, words in got.output) == (2, True), got.output
        assert len(got.output.strip().splitlines()) == 1


def test_two_notebooks_of_one_assignment_are_told_apart_by_the_student(cs_cnn: Command, folder: Path) -> None:
    shutil.copy("two_layer_net.ipynb", "again.ipynb")
    got = cs_cnn("check", "a2.sigmoid")
    assert got.exit_code == 2
    assert "several notebooks of a2: again.ipynb, two_layer_net.ipynb" in got.output
    Path("again.ipynb").rename("two_layer_net.before-mend.ipynb")  # what doctor keeps is not meant
    assert cs_cnn("check", "a2.sigmoid").exit_code == 1


def test_an_assignment_is_found_from_the_folder_above(
    cs_cnn: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder.parent)
    assert str(folder / "two_layer_net.ipynb") in cs_cnn("check", "a2.sigmoid").output


def test_interrupting_says_so_in_one_line(
    cs_cnn: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **keywords: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(running, "run", interrupted)
    got = cs_cnn("check", "a2")
    assert (got.exit_code, got.output) == (130, "Stopped: nothing was checked to the end.\n")


def test_a_notebook_stays_as_it_is(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    running.run(finding.find("a2.sigmoid"))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert json.loads(before["two_layer_net.ipynb"])["nbformat"] == 4
