"""From a py:percent text with short marks to a notebook with nbgrader's metadata.

The marks of a cell stand on its `# %%` line:

=====================================  ==========================================================================
``answer="sigmoid"``                   a code cell that the student fills in; it has a solution region
``test="sigmoid" points=5``            a code cell that gives points; students cannot change it
``written="report" points=8``          a Markdown cell that the student writes and a person marks
``locked="setup"``                     a cell that students cannot change
``look="curve"``                       a code cell that only shows something; grading may leave it out
none                                   a free cell
=====================================  ==========================================================================
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cs_cnn.course.judge.looking import TAG
from cs_cnn.errors import CsCnnError

_MARKS = ("answer", "test", "written", "locked", "look")
_CELL = re.compile(r"^#\s?%%(?:\s|$)")
_REGION = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)")
_ID = re.compile(r"^[A-Za-z][A-Za-z0-9_-]{0,55}$")

NOTEBOOK_METADATA: dict[str, Any] = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}


@dataclass(frozen=True)
class Cell:
    """One cell of the source: where it starts, what it is, and its mark."""

    line: int
    kind: str
    text: str
    mark: str | None
    name: str
    points: float

    @property
    def grade_id(self) -> str | None:
        """The name nbgrader knows the cell by, or None for a free cell."""
        if self.mark in (None, "look"):
            return None
        return f"test_{self.name}" if self.mark == "test" else self.name


class _Source:
    """The text of one source file, and the errors that name its lines."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise CsCnnError(f"Cannot read the source {path}: {error.strerror or error}.") from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise self.error(line, "a byte is not UTF-8; save the file as UTF-8") from error

    def error(self, line: int, problem: str) -> CsCnnError:
        return CsCnnError(f"{self.path.name}, line {line}: {problem} ({self.path}).")

    def cells(self) -> list[Cell]:
        import jupytext

        lines = [number for number, line in enumerate(self.text.splitlines(), 1) if _CELL.match(line)]
        try:
            notebook = jupytext.reads(self.text, fmt="py:percent")
        except Exception as error:  # jupytext raises many kinds; all mean that the text has no cells to read
            raise self.error(1, f"jupytext cannot read it: {' '.join(str(error).split())}") from error
        if len(notebook.cells) != len(lines):
            problem = (
                f"there are {len(lines)} lines with '# %%' and {len(notebook.cells)} cells; "
                "put nothing but the header before the first '# %%', and no such line inside a string"
            )
            raise self.error(lines[0] if lines else 1, problem)
        return [self._cell(line, cell) for line, cell in zip(lines, notebook.cells, strict=True)]

    def _cell(self, line: int, cell: Any) -> Cell:
        given = {key: value for key, value in cell.metadata.items() if key != "lines_to_next_cell"}
        damaged = given.pop("incorrectly_encoded_metadata", None)
        if damaged is not None:
            raise self.error(
                line, f"the marks '{damaged}' cannot be read; write them as test=\"name\" points=5"
            )
        unknown = sorted(set(given) - {*_MARKS, "points"})
        if unknown:
            problem = f"unknown mark '{unknown[0]}'; a cell may have {', '.join(_MARKS)} and points"
            raise self.error(line, problem)
        marks = [mark for mark in _MARKS if mark in given]
        if len(marks) > 1:
            raise self.error(line, f"a cell has one mark, and this one has {' and '.join(marks)}")
        mark = marks[0] if marks else None
        name = str(given[mark]) if mark else ""
        if mark and not _ID.match(name):
            problem = f"'{name}' cannot name a cell; use a letter, then letters, digits, - and _ (at most 56)"
            raise self.error(line, problem)
        points = given.get("points")
        if mark in ("test", "written"):
            if isinstance(points, bool) or not isinstance(points, int | float) or not 0 < points < 10000:
                raise self.error(line, f"the {mark} cell '{name}' needs points, a number above 0: points=5")
        elif points is not None:
            raise self.error(line, "points belong to a test or a written cell only")
        kinds = {"answer": "code", "test": "code", "written": "markdown", "look": "code"}
        if mark in kinds and cell.cell_type != kinds[mark]:
            raise self.error(
                line, f"the {mark} cell '{name}' must be a {kinds[mark]} cell, not {cell.cell_type}"
            )
        result = Cell(line, cell.cell_type, cell.source, mark, name, float(points or 0))
        self._regions(result)
        return result

    def _regions(self, cell: Cell) -> None:
        """Check that every region is closed, not nested, and in a cell where nbgrader cuts it."""
        allowed = {"answer": "SOLUTION", "written": "SOLUTION", "test": "HIDDEN TESTS"}.get(cell.mark or "")
        opened: tuple[str, int] | None = None
        found = False
        # jupytext drops nothing between the marker line and the text of a code cell, so lines can be counted.
        for line, content in enumerate(cell.text.splitlines(), cell.line + 1):
            region = _REGION.search(content)
            if region is None:
                continue
            edge, kind = region.groups()
            if kind != allowed:
                home = "an answer or written" if kind == "SOLUTION" else "a test"
                raise self.error(line, f"{edge} {kind} stands outside {home} cell")
            if edge == "BEGIN":
                if opened:
                    raise self.error(
                        line, f"BEGIN {kind} follows the one in line {opened[1]} without an END between"
                    )
                opened, found = (kind, line), True
            elif opened is None:
                raise self.error(line, f"END {kind} has no BEGIN before it")
            else:
                opened = None
        if opened:
            raise self.error(opened[1], f"BEGIN {opened[0]} has no END in its cell")
        if cell.mark == "answer" and not found:
            problem = f"the answer cell '{cell.name}' has no solution region (### BEGIN SOLUTION ... ### END SOLUTION)"
            raise self.error(cell.line, problem)


def read(path: Path, *, points: float | None = None) -> list[Cell]:
    """Read and check the cells of a source.

    Parameters
    ----------
    path : pathlib.Path
        A py:percent file.
    points : float, optional
        What the points must add up to.

    Returns
    -------
    list of Cell
        In the order of the file.

    Raises
    ------
    CsCnnError
        One sentence with file and line.
    """
    source = _Source(path)
    cells = source.cells()
    seen: dict[str, int] = {}
    answers = {cell.name: cell.line for cell in cells if cell.mark == "answer"}
    for cell in cells:
        if cell.grade_id is None:
            continue
        if cell.grade_id in seen:
            problem = f"the name '{cell.grade_id}' is already used in line {seen[cell.grade_id]}"
            raise source.error(cell.line, problem)
        seen[cell.grade_id] = cell.line
        if cell.mark == "test":
            if answers.get(cell.name, 0) > cell.line:
                problem = f"the test '{cell.name}' stands before its answer in line {answers[cell.name]}"
                raise source.error(cell.line, problem)
            if not any(line < cell.line for line in answers.values()):
                raise source.error(cell.line, f"the test '{cell.name}' has no answer cell before it")
    total = sum(cell.points for cell in cells)
    if points is not None and total != points:
        last = max((cell.line for cell in cells if cell.points), default=1)
        raise source.error(last, f"the points add up to {total:g}, and course.yml says {points:g}")
    return cells


def notebook(path: Path, *, points: float | None = None) -> Any:
    """Convert a source to a notebook with nbgrader's metadata and deterministic cell ids.

    Parameters
    ----------
    path : pathlib.Path
        A py:percent file.
    points : float, optional
        What the points must add up to.

    Returns
    -------
    nbformat.NotebookNode
        Format 4.5, solutions and hidden tests still in it, no outputs.

    Raises
    ------
    CsCnnError
        One sentence with file and line.
    """
    from nbformat import v4

    made = []
    for number, cell in enumerate(read(path, points=points), 1):
        new = v4.new_code_cell if cell.kind == "code" else v4.new_markdown_cell
        if cell.kind == "raw":
            new = v4.new_raw_cell
        metadata: dict[str, Any] = {"tags": [TAG]} if cell.mark == "look" else {}
        if cell.grade_id is not None:
            metadata["nbgrader"] = {
                "schema_version": 3,
                "grade": cell.mark in ("test", "written"),
                "solution": cell.mark in ("answer", "written"),
                "locked": cell.mark in ("test", "locked"),
                "task": False,
                "grade_id": cell.grade_id,
            }
            if cell.points:
                # Whole points as integers: 5 reads better than 5.0 in nbgrader's toolbar and in a diff.
                metadata["nbgrader"]["points"] = int(cell.points) if cell.points % 1 == 0 else cell.points
        made.append(new(cell.text, id=cell.grade_id or f"cell-{number}", metadata=metadata))  # type: ignore[no-untyped-call]
    return v4.new_notebook(cells=made, metadata=NOTEBOOK_METADATA)  # type: ignore[no-untyped-call]
