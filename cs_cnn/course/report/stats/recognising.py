"""Which known mistakes a graded notebook shows: the checks print the hints of those that they recognised."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cs_cnn.course.calendar import Assignment

_NAMES = re.compile(r"""check\(\s*["']([A-Za-z]\w*\.\w+)["']""")


@dataclass(frozen=True)
class Known:
    """A mistake of the bank as a reader of statistics needs it.

    Attributes
    ----------
    task : str
        Such as ``"a4.conv2d_forward"``.
    name : str
        In words; mistakes that get the same hint share an entry.
    hint : str
        What the student read.
    section : str
        Where the book explains it.
    """

    task: str
    name: str
    hint: str
    section: str


@lru_cache(maxsize=256)
def known(task: str) -> tuple[Known, ...]:
    """Return the mistakes of a task that can be told apart by their hints, those with long hints first."""
    from cs_cnn.checks.assignments import TASKS
    from cs_cnn.checks.mistakes import bank

    if task not in TASKS:
        return ()
    by_hint: dict[str, list[str]] = {}
    sections: dict[str, str] = {}
    for mistake in bank(task):
        hint = _flat(mistake.hint)
        by_hint.setdefault(hint, []).append(mistake.name.replace("_", " "))
        sections.setdefault(hint, mistake.section or TASKS[task].section)
    found = (Known(task, ", or ".join(names), hint, sections[hint]) for hint, names in by_hint.items())
    return tuple(sorted(found, key=lambda each: -len(each.hint)))


def section_of(task: str) -> str:
    """Return where the book explains a task; empty for one without a check."""
    from cs_cnn.checks.assignments import TASKS

    return TASKS[task].section if task in TASKS else ""


def _flat(text: str) -> str:
    return " ".join(text.split())


def recognised(text: str, tasks: Iterable[str]) -> list[Known]:
    """Find the mistakes whose hints a check printed.

    Parameters
    ----------
    text : str
        What the graded cell printed.
    tasks : iterable of str
        The tasks that it checks.

    Returns
    -------
    list of Known
    """
    text, found = _flat(text), []
    for task in tasks:
        for mistake in known(task):
            if mistake.hint in text:
                found.append(mistake)
                text = text.replace(mistake.hint, " ")  # one hint may be the beginning of another
    return found


def checked(folder: Path, assignment: Assignment) -> dict[str, tuple[str, ...]]:
    """Read from the instructor's notebook which tasks each graded cell checks.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.

    Returns
    -------
    dict of str to tuple of str
        Names of tasks by grade id.
    """
    path = folder / "source" / assignment.name / f"{assignment.notebook}.ipynb"
    return {
        mark["grade_id"]: tuple(dict.fromkeys(_NAMES.findall("".join(cell["source"]))))
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
        if (mark := cell["metadata"].get("nbgrader", {})).get("grade") and cell["cell_type"] == "code"
    }


def printed(folder: Path, student: str, assignment: Assignment) -> dict[str, str]:
    """Read what the graded cells of a submission printed.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    student : str
        Whose.
    assignment : Assignment
        Which one.

    Returns
    -------
    dict of str to str
        By grade id; empty where nothing could be run.
    """
    path = folder / "autograded" / student / assignment.name / f"{assignment.notebook}.ipynb"
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return {}
    return {
        mark["grade_id"]: "\n".join(
            "".join(output.get("text", ""))
            for output in cell.get("outputs", [])
            if output.get("output_type") == "stream"
        )
        for cell in cells
        if (mark := cell["metadata"].get("nbgrader", {})).get("grade")
    }
