"""What holds for every task of the assignments whose solution is quick: fair, fast, and with hints of its own."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from cs_cnn import checks
from cs_cnn.checks.mistakes import bank

from .conftest import Functions

FEWEST_MISTAKES = {"a3": 6, "a4": 6, "a6": 5}
TASKS = [task for task in checks.tasks() if task.name.split(".")[0] in FEWEST_MISTAKES]
EVERY = pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)


@pytest.fixture
def solution(solutions: Callable[[str], Functions], task: checks.Task) -> Functions:
    """Return the functions of the reference solution that a task belongs to."""
    return solutions(task.name.split(".")[0])


@EVERY
def test_the_solution_earns_full_marks_for_fifty_seeds(solution: Functions, task: checks.Task) -> None:
    for seed in range(50):
        report = checks.run(task.name, solution, hidden=True, seed=seed)
        assert report.ok, str(report)
        assert report.advice == ()


@EVERY
def test_a_visible_check_is_quick(solution: Functions, task: checks.Task) -> None:
    checks.run(task.name, solution)  # the first run replays known mistakes, or imports PyTorch
    start = time.process_time()
    assert checks.run(task.name, solution).ok
    assert time.process_time() - start < 3.0


@EVERY
def test_a_task_has_mistakes_and_hints_of_its_own(task: checks.Task) -> None:
    assert len(bank(task.name)) >= FEWEST_MISTAKES[task.name.split(".")[0]]
    hints = [mistake.hint for mistake in bank(task.name)]
    assert len(set(hints)) == len(hints)
    assert all(part.hint for part in task.parts)
