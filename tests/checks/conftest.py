"""What the tests of the checks share: the functions of the reference solutions."""

from __future__ import annotations

import contextlib
import functools
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import pytest

from cs_cnn import checks

Functions = dict[str, Callable[..., Any]]
Turns = tuple[tuple[bool, int | None], ...]
TURNS: Turns = ((False, None), (True, 1), (True, 20417), (True, 987654321))
"""A visible run of a check, and hidden ones with these seeds."""
_SOLUTIONS = Path(__file__).parents[2] / "solutions"


@functools.lru_cache
def solution_of(assignment: str) -> Functions:
    """Return the functions of a reference solution by name, for an assignment such as "a2"."""
    (source,) = _SOLUTIONS.glob(f"{assignment}_*/*.py")
    cells = re.split(r"^# %%", source.read_text(encoding="utf-8"), flags=re.MULTILINE)
    wanted = [cell for cell in cells if cell.startswith((' answer="', ' locked="setup"'))]
    names: dict[str, Any] = {"__name__": "solution"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec("\n".join(cell.split("\n", 1)[1] for cell in wanted), names)
    return {name: value for name, value in names.items() if callable(value) and not name.startswith("_")}


@pytest.fixture(scope="session")
def solution() -> Functions:
    """Return the functions of the homework's reference solution by name."""
    return solution_of("a2")


@pytest.fixture(scope="session")
def solutions() -> Callable[[str], Functions]:
    """Return what gives the functions of a reference solution, as `solution_of`."""
    return solution_of


class EarnsEverything(Protocol):
    """Asserts that functions earn all points of a task in every turn, and that nothing is printed."""

    def __call__(self, task: str, functions: Any, turns: Turns = TURNS) -> None: ...


@pytest.fixture
def earns_everything(capfd: pytest.CaptureFixture[str]) -> EarnsEverything:
    """Return what asserts that a solution is right."""

    def run(task: str, functions: Any, turns: Turns = TURNS) -> None:
        for hidden, seed in turns:
            report = checks.run(task, functions, hidden=hidden, seed=seed)
            assert report.ok, str(report)
            assert report.points == report.of
        assert capfd.readouterr() == ("", "")

    return run
