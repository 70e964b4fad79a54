"""Taking IPython's additions (`%magics`, `!commands`, `help?`) out of a cell, so that plain Python can run it."""

from __future__ import annotations

import ast
import re
from typing import NamedTuple

_LINE = re.compile(r"^(?P<indent>\s*)(?P<assigned>\w[\w, ]*=\s*)?(?P<mark>[%!]{1,2})(?P<rest>.*)$")
_HELP = re.compile(r"^(?P<indent>\s*)(\?{1,2}[\w.]+|[\w.]+\?{1,2})\s*$")
# Magics that run what stands after them, and cell magics that run their cell as Python.
_RUNS = {"time", "timeit", "prun"}
_CELL_RUNS = {*_RUNS, "capture"}


class Plain(NamedTuple):
    """A cell as plain Python, and the additions that were left out, each as it was written."""

    code: str
    left_out: tuple[str, ...]


def plain_python(text: str) -> Plain:
    r"""Take IPython's additions out of a cell; every line keeps its number.

    Parameters
    ----------
    text : str
        The cell.

    Returns
    -------
    Plain

    Examples
    --------
    >>> plain_python("%matplotlib inline\nx = 1")
    Plain(code='pass\nx = 1', left_out=('%matplotlib inline',))
    >>> plain_python("%%time\nx = 1").code
    '\nx = 1'
    """
    lines = text.splitlines()
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    if first is not None and lines[first].startswith("%%"):
        words = lines[first][2:].split(maxsplit=1)
        if not words or words[0] not in _CELL_RUNS:
            return Plain("", (lines[first],))
        lines[first] = ""
        inner = plain_python("\n".join(lines))
        return Plain("\n" * (len(lines) - inner.code.count("\n") - 1) + inner.code, inner.left_out)
    # A line of a long string may begin with % too, so what already is Python stays as it is.
    if _is_python(text):
        return Plain(text, ())
    left_out = []
    for number, line in enumerate(lines):
        asked = _HELP.match(line)
        if asked:
            left_out.append(line.strip())
            lines[number] = asked["indent"] + "pass"
            continue
        found = _LINE.match(line)
        if found is None:
            continue
        words = found["rest"].split(maxsplit=1)
        if found["mark"] == "%" and words and words[0] in _RUNS and not found["assigned"]:
            statement = re.sub(r"^(-\S+\s+(\d+\s+)?)+", "", words[1]) if len(words) > 1 else "pass"
            lines[number] = found["indent"] + statement
        else:
            left_out.append(line.strip())
            lines[number] = found["indent"] + (f"{found['assigned']}None" if found["assigned"] else "pass")
    return Plain("\n".join(lines), tuple(left_out))


def _is_python(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
