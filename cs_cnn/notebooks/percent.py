"""Python files with cells (`# %%`), read as notebooks without further packages.

This is the form in which editors such as VS Code and Spyder run cells, and in which the assignments are written. A
file without `# %%` is one cell.
"""

from __future__ import annotations

import re
from typing import Any

_START = re.compile(r"^# ?%%(?P<rest>.*)$")
_MARK = re.compile(r'(\w+)=(?:"([^"]*)"|(\S+))')
_HEADER = "# ---"


def from_text(text: str) -> dict[str, Any]:
    r"""Read a Python file as a notebook.

    Parameters
    ----------
    text : str
        The file. Marks of the assignments' sources (``answer=``, ``test=``, ``written=``, ``locked=``) become
        nbgrader's metadata.

    Returns
    -------
    dict
        In format 4.

    Examples
    --------
    >>> cells = from_text("x = 1\n\n# %% [markdown]\n# Words\n")["cells"]
    >>> [(cell["cell_type"], cell["source"]) for cell in cells]
    [('code', ['x = 1']), ('markdown', ['Words'])]
    """
    lines = text.replace("\r\n", "\n").split("\n")
    if lines and lines[0].rstrip() == _HEADER and _HEADER in (line.rstrip() for line in lines[1:]):
        end = next(n for n, line in enumerate(lines[1:], 1) if line.rstrip() == _HEADER)
        lines = lines[end + 1 :]
    cells: list[dict[str, Any]] = []
    start, body = "", list[str]()
    for line in [*lines, "# %%"]:
        found = _START.match(line)
        if found is None:
            body.append(line)
            continue
        if start or any(map(str.strip, body)):
            cells.append(_cell(start, body, len(cells) + 1))
        start, body = found["rest"] or " ", []
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _cell(start: str, body: list[str], number: int) -> dict[str, Any]:
    words = "[markdown]" in start or "[md]" in start
    if words:
        body = [re.sub(r"^# ?", "", line) for line in body]
    marks = {key: quoted or bare for key, quoted, bare in _MARK.findall(start)}
    mark = next((key for key in ("answer", "test", "written", "locked") if key in marks), None)
    metadata: dict[str, Any] = {}
    if mark is not None:
        metadata["nbgrader"] = {
            "schema_version": 3,
            "grade": mark in ("test", "written"),
            "solution": mark in ("answer", "written"),
            "locked": mark in ("test", "locked"),
            "grade_id": f"test_{marks[mark]}" if mark == "test" else marks[mark],
        }
        if re.fullmatch(r"\d+(\.\d+)?", marks.get("points", "")):
            metadata["nbgrader"]["points"] = float(marks["points"])
    cell: dict[str, Any] = {
        "cell_type": "markdown" if words else "raw" if "[raw]" in start else "code",
        "id": f"cell-{number}",
        "metadata": metadata,
        "source": "\n".join(body).strip("\n").splitlines(keepends=True),
    }
    if cell["cell_type"] == "code":
        cell |= {"outputs": [], "execution_count": None}
    return cell
