"""The bank of known mistakes: every one is rejected, costs the right parts only, and is recognised."""

from __future__ import annotations

import inspect
import re

import numpy as np
import pytest

from cs_cnn import checks
from cs_cnn.checks import report
from cs_cnn.checks.mistakes import Mistake, bank, everything
from cs_cnn.checks.task import Task


def _name(mistake: Mistake) -> str:
    return f"{mistake.task}-{mistake.name}"


@pytest.mark.parametrize("mistake", everything(), ids=_name)
def test_a_mistake_costs_its_parts_and_gets_its_hint(mistake: Mistake) -> None:
    for hidden, seed in ((False, 0), (True, 20417)):
        row = report.examine(mistake, hidden=hidden, seed=seed)
        assert not row.broken
        assert set(row.lost) == set(mistake.loses)
        assert row.named == ((mistake.like or (mistake.name,))[0],)


def test_few_mistakes_are_confused_and_with_others_of_the_same_task() -> None:
    confused = [mistake for mistake in everything() if mistake.like]
    assert len(confused) < len(everything()) / 20
    for mistake in confused:
        assert {*mistake.like} <= {other.name for other in bank(mistake.task)} - {mistake.name}


# A training takes long, and its verdict must not hang on a seed anyway: one other seed is enough.
_SEEDS = [
    (task, seed)
    for task in checks.tasks()
    for seed in range(100, 101 if task.seconds > Task.seconds else 103)
]


@pytest.mark.parametrize(("task", "seed"), _SEEDS, ids=lambda value: getattr(value, "name", str(value)))
def test_the_verdict_does_not_depend_on_the_seed(task: checks.Task, seed: int) -> None:
    for mistake in bank(task.name):
        assert report.examine(mistake, seed=seed).right_parts, mistake.name


def test_every_task_has_known_mistakes_with_names_of_their_own() -> None:
    for task in checks.tasks():
        names = [mistake.name for mistake in bank(task.name)]
        assert len(names) >= 2
        assert len(names) == len(set(names))
        for mistake in bank(task.name):
            assert set(mistake.loses) <= {part.name for part in task.parts}
            assert set(mistake.functions) == set(task.functions)
    assert len(everything()) >= 100


def _names(task: checks.Task) -> set[str]:
    """Return the names of code that a hint may begin with: functions, arguments, gradients, NumPy's."""
    functions = {name for other in checks.tasks() for name in other.functions}
    arguments = {
        name
        for mistake in bank(task.name)
        for function in mistake.functions.values()
        for name in inspect.signature(function).parameters
    }
    return {*functions, *arguments, *(part.name for part in task.parts), "dh", "dz", "math", "np", *dir(np)}


@pytest.mark.parametrize("task", checks.tasks(), ids=lambda task: task.name)
def test_a_hint_is_a_sentence_and_no_code(task: checks.Task) -> None:
    names = _names(task)
    for mistake in bank(task.name):
        first = re.split(r"\W", mistake.hint, maxsplit=1)[0]
        assert first[:1].isupper() or not first or first in names, mistake.hint
        assert mistake.hint.rstrip()[-1] in ".?!"
        assert "def " not in mistake.hint and " = np." not in mistake.hint


def test_two_mistakes_at_once_get_two_hints() -> None:
    ungated = {mistake.name: mistake for mistake in bank("a2.backward")}
    forward = ungated["relu_forgotten"].functions["forward"]

    def backward(dscores, cache):  # type: ignore[no-untyped-def]
        wrong = ungated["relu_forgotten"].functions["backward"](dscores, cache)
        rows = ungated["row_biases"].functions["backward"](dscores, cache)
        return {**wrong, "b2": rows["b2"]}

    found = checks.run("a2.backward", [forward, backward])
    assert found.points == 4
    assert found.mistakes == ("relu_forgotten", "row_biases")


def test_the_table_is_readable() -> None:
    rows = [report.examine(mistake) for mistake in bank("a2.forward")]
    text = report.text(rows)
    assert "relu_on_scores" in text and "17 rejected, 17 lose the right parts only" in text
