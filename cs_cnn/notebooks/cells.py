"""One cell of a notebook, as far as grading is concerned with it."""

from __future__ import annotations

import ast
import hashlib
import re
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cs_cnn.notebooks.magics import plain_python

_DEFINED = re.compile(r"^(?:async +def|def|class) +(\w+)", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """A cell with its text and what nbgrader knows of it.

    Attributes
    ----------
    kind : {"code", "markdown", "raw"}
    text : str
        Lines end with a plain newline.
    id : str
        The cell's id in the file; empty in old formats.
    marks : dict
        nbgrader's metadata; empty for a free cell.
    attachments : dict
        Pictures that were pasted into a Markdown cell.
    """

    kind: str
    text: str
    id: str = ""
    marks: dict[str, Any] = field(default_factory=dict)
    attachments: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name that nbgrader knows the cell by; empty for a free cell."""
        name = self.marks.get("grade_id")
        return name if isinstance(name, str) else ""

    @property
    def answer(self) -> bool:
        """Whether the student writes this cell: code, or an answer in words."""
        return bool(self.marks.get("solution"))

    @property
    def graded(self) -> bool:
        """Whether the cell carries points: a check, or an answer in words."""
        return bool(self.marks.get("grade"))

    @property
    def locked(self) -> bool:
        """Whether the student should leave the cell as it is."""
        return bool(self.name) and not self.answer

    @property
    def label(self) -> str:
        """How messages call the cell."""
        return self.name or self.id or "a cell"

    @cached_property
    def essence(self) -> str:
        """The text without blank edges and trailing blanks, which editors change as they like."""
        return essence(self.text)

    @cached_property
    def defines(self) -> frozenset[str]:
        """Names of the functions and classes that the cell defines; found even where Python cannot parse it."""
        return frozenset(_DEFINED.findall(self.text))


def essence(text: str) -> str:
    r"""Return a cell's text without blank edges and trailing blanks.

    Examples
    --------
    >>> essence("\nx = 1  \ny = 2\n")
    'x = 1\ny = 2'
    """
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def cells_of(notebook: dict[str, Any]) -> list[Cell]:
    """Return the cells of a notebook that `read` returned.

    Parameters
    ----------
    notebook : dict
        In format 4.

    Returns
    -------
    list of Cell
    """
    found = []
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader")
        attachments = cell.get("attachments")
        found.append(
            Cell(
                cell["cell_type"],
                "".join(cell["source"]),
                cell.get("id", ""),
                marks if isinstance(marks, dict) else {},
                attachments if isinstance(attachments, dict) else {},
            )
        )
    return found


def untouched(cell: Cell) -> bool:
    """Tell whether a marked cell still has the text it was handed out with, by the checksum beside it.

    Parameters
    ----------
    cell : Cell

    Returns
    -------
    bool
        False also when there is no checksum.
    """
    checksum = cell.marks.get("checksum")
    if not isinstance(checksum, str):
        return False
    # The recipe of nbgrader's `compute_checksum`, so that its own checksums can be compared.
    parts = [cell.text, cell.kind]
    parts += [str(bool(cell.marks.get(key))) for key in ("grade", "solution", "locked")]
    parts.append(cell.name)
    if cell.graded:
        points = cell.marks.get("points")
        parts.append(str(float(points)) if isinstance(points, int | float) else "")
    return (
        hashlib.md5("".join(parts).encode("utf-8", "replace"), usedforsecurity=False).hexdigest() == checksum
    )


def parses(text: str) -> bool:
    """Tell whether a cell's text is Python, with or without IPython's additions."""
    try:
        ast.parse(plain_python(text).code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
