"""The demonstration class: eight small submissions, filled into the released notebook as students would."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

ASSIGNMENT = "a2_two_layer_net"
NOTEBOOK = "two_layer_net.ipynb"
CLASS = Path(__file__).parent / "class"
ROSTER = CLASS / "students.csv"
_DATA = Path(__file__).parents[2] / "cs_cnn" / "data" / "packaged" / "two_layer_lookalike.txt"
_MARK = re.compile(r'^# %% (?:answer|\[markdown\] written)="(?P<name>\w+)"$', re.MULTILINE)


@dataclass(frozen=True)
class Expected:
    """What grading one student must give.

    Attributes
    ----------
    points : dict of str to float
        Points of each test, by the name of its cell without ``test_``.
    hints : dict of str to set of str
        Names of the recognised mistakes, by test; tests without any are left out.
    broken : bool
        The notebook cannot be read, so there is nothing to grade.
    """

    points: dict[str, float]
    hints: dict[str, set[str]]
    broken: bool

    @property
    def total(self) -> float:
        """Points of all tests together; the written answers have none yet."""
        return sum(self.points.values())


@lru_cache(maxsize=1)
def expected() -> dict[str, Expected]:
    """Read `class/expected.yml`: what every student must get, by student."""
    document = yaml.safe_load((CLASS / "expected.yml").read_text(encoding="utf-8"))
    tests: list[str] = list(document["full"])
    full = document["full"]
    found = {}
    for student, entry in document["students"].items():
        entry = entry or {}
        default = 0 if entry.get("rest") == "nothing" else 1
        points = {test: float(entry.get("points", {}).get(test, default * full[test])) for test in tests}
        hints = {test: set(names) for test, names in entry.get("hints", {}).items()}
        found[student] = Expected(points, hints, bool(entry.get("broken")))
    return found


def answers(student: str) -> dict[str, str]:
    """Return a student's answers by the name of the cell: code, or Markdown for the written ones."""
    text = (CLASS / f"{student}.py").read_text(encoding="utf-8")
    marks = list(_MARK.finditer(text))
    found = {}
    for number, mark in enumerate(marks, start=1):
        end = marks[number].start() if number < len(marks) else len(text)
        body = text[mark.end() : end].strip("\n")
        if "[markdown]" in mark.group():
            body = "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.splitlines())
        found[mark["name"]] = body
    return found


def build(release_notebook: Path, folder: Path) -> None:
    """Write every student's submission into a course directory.

    Parameters
    ----------
    release_notebook : pathlib.Path
        The notebook that students receive, such as ``assignments/a2_two_layer_net/two_layer_net.ipynb``.
    folder : pathlib.Path
        The course directory; ``submitted/STUDENT/a2_two_layer_net/`` is written in it.

    Raises
    ------
    ValueError
        When an answer names a cell that the released notebook has not.
    """
    released = json.loads(release_notebook.read_text(encoding="utf-8"))
    for student, outcome in expected().items():
        target = folder / "submitted" / student / ASSIGNMENT
        target.mkdir(parents=True, exist_ok=True)
        text = json.dumps(_fill(released, answers(student)), indent=1, ensure_ascii=False) + "\n"
        if outcome.broken:
            text = text[: int(0.6 * len(text))]
        (target / NOTEBOOK).write_text(text, encoding="utf-8")
        (target / "dataset.txt").write_bytes(_DATA.read_bytes())


def _fill(released: dict[str, Any], given: dict[str, str]) -> dict[str, Any]:
    """Return a copy of the released notebook with the answers in their cells."""
    notebook: dict[str, Any] = json.loads(json.dumps(released))
    cells = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in notebook["cells"]}
    for name, text in given.items():
        if name not in cells:
            raise ValueError(
                f"the released notebook has no cell {name!r}; it has {sorted(filter(None, cells))}"
            )
        cells[name]["source"] = text.splitlines(keepends=True)
    return notebook
