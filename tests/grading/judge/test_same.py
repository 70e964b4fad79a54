"""The judge says about every piece of work exactly what the local check says: points, messages, hints, advice."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from cs_cnn import checks
from cs_cnn.checks import door
from cs_cnn.checks.mistakes import bank
from cs_cnn.course.judge import session
from cs_cnn.course.judge.wire import WireError

from .conftest import CHECKS, Student, current, solutions

MISTAKES = 3
"""How many mistakes of each task are tried; the last ones of the bank, since the first one is planted by the check."""
_TRAININGS = ("a1.train", "a2.train", "a2.accuracy", "a5.overfit", "a5.train_resnet")


def _name(mistake: str, function: str) -> str:
    return f"{mistake}__{function}"


def _student_code(assignment: str, task: str) -> str:
    """Return code that defines the functions of the solution and of all mistakes, in a student's process."""
    return f"""
import sys
sys.path.insert(0, {str(CHECKS)!r})
from conftest import solution_of
from cs_cnn.checks.mistakes import bank
globals().update(solution_of({assignment!r}))
for mistake in bank({task!r}):
    globals().update({{f"{{mistake.name}}__{{key}}": value for key, value in mistake.functions.items()}})
"""


def _tasks() -> list[checks.Task]:
    return checks.tasks()


@pytest.mark.parametrize("task", _tasks(), ids=lambda task: task.name)
def test_the_judge_says_what_the_check_says(
    student: Student, task: checks.Task, monkeypatch: pytest.MonkeyPatch
) -> None:
    # On a busy machine a training may take longer than a check allows, here or there.
    monkeypatch.setitem(door.TASKS, task.name, dataclasses.replace(task, seconds=10 * task.seconds))
    assignment = task.name.split(".")[0]
    solution: dict[str, Callable[..., Any]] = solutions().solution_of(assignment)
    cases = [(dict(solution), {key: key for key in task.functions})]
    count = 0 if task.name in _TRAININGS else MISTAKES
    for mistake in bank(task.name)[::-1][:count]:
        cases.append((dict(mistake.functions), {key: _name(mistake.name, key) for key in task.functions}))
    wanted = [name for _, names in cases for name in names.values()]
    with student(_student_code(assignment, task.name), *wanted) as bound:
        for number, (local, names) in enumerate(cases):
            how: dict[str, Any] = {"hidden": True, "seed": 4711} if number == 0 else {}
            here = checks.run(task.name, [local[key] for key in task.functions], **how)
            there = checks.run(task.name, [bound[names[key]] for key in task.functions], **how)
            assert there == here
            assert not current().broken


@pytest.mark.parametrize("task", ["a1.scores", "a2.forward", "a5.lenet5"])
def test_work_that_is_not_there_yet(student: Student, task: str) -> None:
    found = next(entry for entry in checks.tasks() if entry.name == task)
    (name,) = found.functions
    argument = "*arguments, **keywords"
    code = f"def {name}({argument}):\n    raise NotImplementedError\n"
    here: dict[str, Any] = {}
    exec(code, here)
    for broken in (code, f"def {name}({argument}): return None", f"def {name}({argument}): return undefined"):
        exec(broken, here)
        with student(broken, name) as names:
            assert checks.run(task, names[name]) == checks.run(task, here[name])


def test_a_conversation_that_ended_says_so(student: Student) -> None:
    with student("def f(): return 1", "f") as names:
        f = names["f"]
        assert f() == 1 and session.end() == ""
        with pytest.raises(WireError):
            f()
