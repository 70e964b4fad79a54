"""The door: reports that read well, students' errors that become sentences, noise that costs nothing."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cs_cnn import checks
from cs_cnn.errors import CsCnnError

Functions = dict[str, Callable[..., Any]]


@pytest.mark.parametrize("task", checks.tasks(), ids=lambda task: task.name)
def test_the_solution_earns_full_marks(task: checks.Task, solutions: Callable[[str], Functions]) -> None:
    functions = solutions(task.name.split(".")[0])
    for hidden, seed in ((False, None), (True, 20417)):
        report = checks.run(task.name, functions, hidden=hidden, seed=seed)
        assert report.ok, str(report)
        assert report.points == task.points


def test_points_are_those_of_the_homework() -> None:
    homework = [task for task in checks.tasks() if task.name.startswith("a2.")]
    assert [task.points for task in homework] == [5, 15, 6, 6, 10, 10, 14, 8, 8]
    parts = {task.name: {part.name: part.points for part in task.parts} for task in homework}
    assert parts["a2.neuron"] == {"loss": 3, "dx": 3, "dw": 5, "db": 4}
    assert parts["a2.backward"] == {"dW1": 4, "db1": 3, "dW2": 4, "db2": 3}


def test_points_of_the_tasks_are_those_of_the_notebooks(root: Path) -> None:
    for task in checks.tasks():
        (source,) = (root / "solutions").glob(f"{task.name.split('.')[0]}_*/*.py")
        text = source.read_text(encoding="utf-8")
        cell = next(cell for cell in re.split(r"^# %%", text, flags=re.M) if f'check("{task.name}"' in cell)
        assert float(re.search(r"points=([\d.]+)", cell)[1]) == task.points, task.name  # type: ignore[index]


def test_functions_come_alone_in_order_or_by_name(solution: Functions) -> None:
    forward, backward = solution["forward"], solution["backward"]
    assert checks.run("a2.forward", forward).ok
    assert checks.run("a2.backward", [forward, backward]).ok
    assert checks.run("a2.backward", {"backward": backward, "forward": forward, "other": 1}).ok  # type: ignore[dict-item]


def test_check_prints_and_returns_points(solution: Functions, capsys: pytest.CaptureFixture[str]) -> None:
    points = checks.check("a2.backward", solution["forward"], solution["backward"], hidden=True, seed=3)
    assert points == 14.0 and isinstance(points, float)
    text = capsys.readouterr().out
    assert text.startswith("Task 2.5 backward, hidden check: 14 of 14 points.")
    assert "right    dW1" in text and "\033" not in text


def test_colour_only_on_a_terminal(solution: Functions, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(sys, "stdout", Terminal())
    checks.check("a2.forward", solution["forward"])
    assert "\033[32mright" in sys.stdout.getvalue()  # type: ignore[attr-defined]
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", Terminal())
    checks.check("a2.forward", solution["forward"])
    assert "\033" not in sys.stdout.getvalue()  # type: ignore[attr-defined]


def test_a_wrong_name_is_a_sentence() -> None:
    with pytest.raises(
        CsCnnError, match=r"no check called 'a2.forwrad'; the checks are a1.perceptron_output"
    ):
        checks.run("a2.forwrad", np.maximum)


def test_wrong_functions_are_sentences(solution: Functions) -> None:
    assert (
        "needs 2 functions (forward, backward), got 1"
        in checks.run("a2.backward", solution["forward"]).messages[0]
    )
    report = checks.run("a2.forward", [3])  # type: ignore[list-item]
    assert report.points == 0
    assert report.messages[0].startswith("forward is a int, not a function.")
    assert "is missing" in checks.run("a2.forward", {}).messages[0]


def test_not_implemented_names_the_task(solution: Functions) -> None:
    def forward(params: Any, x: Any) -> Any:
        raise NotImplementedError

    def train(x: Any, y: Any, *, seed: int) -> Any:
        return forward({}, x)

    assert checks.run("a2.forward", forward).messages == ("Task 2.3 forward is not implemented yet.",)
    sentence = "Task 2.5 backward needs forward, and task 2.3 forward is not implemented yet."
    assert checks.run("a2.backward", [forward, solution["backward"]]).messages == (sentence,)
    sentence = "Task 2.6 train needs forward, and task 2.3 forward is not implemented yet."
    assert checks.run("a2.train", [train, forward]).messages == (sentence,)
    text = str(checks.run("a2.forward", forward))
    assert text == "Task 2.3 forward: 0 of 10 points.\n  not yet: Task 2.3 forward is not implemented yet."


def test_an_exception_is_shown_with_shapes_and_line() -> None:
    def forward(params: Any, x: Any) -> Any:
        return x @ x, None

    report = checks.run("a2.forward", forward)
    assert report.points == 0
    message = report.messages[0]
    assert message.startswith("forward: your code raised ValueError: matmul")
    assert "for params with W1 (" in message and "x of shape (" in message
    assert message.endswith("return x @ x, None")


@pytest.mark.parametrize(
    "error", [SystemExit(3), RecursionError("deep"), MemoryError(), GeneratorExit(), AssertionError()]
)
def test_nothing_a_student_raises_gets_out(error: BaseException) -> None:
    def sigmoid(z: Any) -> Any:
        raise error

    report = checks.run("a2.sigmoid", sigmoid)
    assert report.points == 0
    assert type(error).__name__ in report.messages[0]


def test_an_interrupt_of_the_person_gets_out() -> None:
    def sigmoid(z: Any) -> Any:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        checks.run("a2.sigmoid", sigmoid)


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        (None, "it returned None (is a return missing?)"),
        (np.zeros((2, 2)), "it returned an array of shape (2, 2)"),
        ((1, 2, 3), "it returned a tuple of 3"),
        ("text", "it returned a str"),
    ],
)
def test_a_wrong_form_is_named(returned: Any, says: str) -> None:
    assert says in checks.run("a2.loss", lambda scores, y: returned).messages[0]


def test_a_missing_key_costs_only_its_part(solution: Functions) -> None:
    def backward(dscores: Any, cache: Any) -> Any:
        grads = solution["backward"](dscores, cache)
        del grads["b2"]
        return grads

    report = checks.run("a2.backward", [solution["forward"], backward])
    assert report.points == 11
    assert report.messages[0] == "the dictionary from backward has no 'b2'; it has W1, b1, W2."


def test_only_numpy_is_needed() -> None:
    program = (
        "import sys\n"
        "class Block:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] in {'torch', 'nbgrader', 'IPython', 'scipy', 'yaml', 'matplotlib'}\\\n"
        "           or name.startswith(('cs_cnn.layers', 'cs_cnn.nets', 'cs_cnn.course')):\n"
        "            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Block())\n"
        "from cs_cnn import checks\n"
        "import numpy as np\n"
        "assert checks.run('a2.sigmoid', lambda z: 1 / (1 + np.exp(-np.asarray(z)))).ok\n"
        "assert checks.run('a2.train', [lambda x, y, seed: 1, lambda p, x: 1]).points == 0\n"
        "print('fine')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "fine", done.stderr


def test_the_hidden_check_repeats_no_training_that_the_visible_one_has_seen(solution: Functions) -> None:
    calls: list[int] = []

    def train(x: Any, y: Any, *, seed: int) -> Any:
        calls.append(seed)
        return solution["train"](x, y, seed=seed)

    def asked(**how: Any) -> list[int]:
        calls.clear()
        assert checks.run("a2.train", [train, solution["forward"]], **how).points == 8
        return list(calls)

    visible, hidden = asked(), asked(hidden=True, seed=1)
    assert (len(visible), len(hidden)) == (3, 2)
    assert hidden[0] == hidden[1] and hidden[0] not in visible
    assert (
        len(asked(hidden=True, seed=1)) == 3
    )  # what was seen is kept for the check that follows, and no longer
