"""The instructor's cells: which of them the judge runs, and which names in them mean something of the student's."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cs_cnn.course.judge.looking import TAG


@dataclass(frozen=True)
class Trusted:
    """A locked code cell as the instructor wrote it.

    Attributes
    ----------
    name : str
        Its grade id.
    source : str
        Its code, with hidden tests.
    graded : bool
        Whether its result gives points.
    names : tuple of str
        The names it uses that no locked cell and not Python itself defines.
    """

    name: str
    source: str
    graded: bool
    names: tuple[str, ...]


def course_cells(notebook: Path) -> tuple[list[Trusted], list[str]]:
    """Read what grading takes from the instructor's notebook.

    Parameters
    ----------
    notebook : pathlib.Path
        With solutions and hidden tests, as in ``source/``.

    Returns
    -------
    list of Trusted, list of str
        The locked code cells in order, and the code of the cells that only show something.
    """
    import nbformat

    document = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call]
    looks = [cell.source for cell in document.cells if TAG in cell.metadata.get("tags", ())]
    return _trusted_cells(document), looks


def _trusted_cells(document: Any) -> list[Trusted]:
    from nbgrader import utils

    cells = [cell for cell in document.cells if cell.cell_type == "code" and utils.is_locked(cell)]
    # A name that a locked cell defines never means something of the student's, even where that cell failed: what is
    # called `check` in a test must be the course's.
    ours = set(dir(builtins))
    for cell in cells:
        if not utils.is_grade(cell):
            ours |= _names(cell.source)[1]
    found = []
    for cell in cells:
        used, made = _names(cell.source)
        names = tuple(sorted(used - made - ours))
        found.append(Trusted(cell.metadata.nbgrader.grade_id, cell.source, utils.is_grade(cell), names))
    return found


def _names(source: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell uses, and those that it defines."""
    from IPython.core.inputtransformer2 import TransformerManager

    tree = ast.parse(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]
    used: set[str] = set()
    made: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            made |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            made.add(node.name)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            made.add(node.name)
    return used, made


def grade_id(cell: Any) -> str:
    """Return what a student's cell claims to be; empty for an ordinary one."""
    mark = cell.metadata.get("nbgrader", {})
    name = mark.get("grade_id", "") if isinstance(mark, dict) else ""
    return name if isinstance(name, str) else ""
