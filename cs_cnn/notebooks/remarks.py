"""What mending found, gathered into one sentence for each kind of accident."""

from __future__ import annotations

import re

from cs_cnn.notebooks.cells import Cell
from cs_cnn.notebooks.reading import Note

_SHOWN = 4
_CHOICE = re.compile(r"\(([^()|]*)\|([^()|]*)\)")
# What is wrong with {cells}, in the order in which it is told; (is|are) chooses by their number.
_SENTENCES = {
    "bare": "{cells} lost the marks by which grading knows (it|them).",
    "renamed": "{cells} (has|have) another name than (it was|they were) handed out with.",
    "schema": "{cells} (says|say) that (it is|they are) marked for another version of nbgrader.",
    "marks": "{cells} (is|are) no longer marked as an answer or a check.",
    "retyped": "{cells} (has|have) another type (code, Markdown, raw) than (it was|they were) handed out with.",
    "copied": "{cells} (is|are) there more than once.",
    "joined": "{cells} (is|are) spread over several cells.",
    "found": "{cells} (stands|stand) in a cell that grading does not know.",
    "elsewhere": "{cells} (is|are) written in another cell, and what (its own cell holds|their own cells hold) "
    "would replace (it|them).",
    "moved": "{cells} (stands|stand) at another place than (it was|they were) handed out at.",
    "changed": "{cells} (was|were) changed, and should stay as (it was|they were).",
    "older": "{cells} (is|are) as in an earlier version of the assignment; (its|their) present text was used.",
    "lost": "{cells} (is|are) missing.",
    "empty": "{cells} (is|are) missing, with no other cell that could be the answer.",
    "imports": "{cells} (imports|import) packages after everything that may need them.",
}


class Remarks:
    """Gathers remarks about cells while a notebook is mended."""

    def __init__(self) -> None:
        self._cells: dict[str, dict[str, None]] = {}

    def add(self, kind: str, cell: Cell) -> None:
        """Remember that something is wrong with a cell.

        Parameters
        ----------
        kind : str
            The kind of accident.
        cell : Cell
            The released cell, or one of the student's own.
        """
        self._cells.setdefault(kind, {})[cell.label] = None

    def notes(self) -> list[Note]:
        """Return one note for each kind of accident."""
        return [
            Note(kind, _sentence(text, tuple(self._cells[kind])), tuple(self._cells[kind]))
            for kind, text in _SENTENCES.items()
            if kind in self._cells
        ]


def _sentence(text: str, cells: tuple[str, ...]) -> str:
    """Fill a template.

    >>> _sentence("{cells} (is|are) missing.", ("conv2d", "im2col"))
    'The cells conv2d and im2col are missing.'
    """
    one = len(cells) == 1
    chosen = _CHOICE.sub(lambda choice: choice[1] if one else choice[2], text)
    shown = list(cells[:_SHOWN])
    if len(cells) > _SHOWN:
        shown.append(f"{len(cells) - _SHOWN} more")
    names = shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + " and " + shown[-1]
    return chosen.replace("{cells}", f"The cell {names}" if one else f"The cells {names}")
