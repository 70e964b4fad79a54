"""Putting a student's answers back into the notebook that was handed out.

Honest work is lost to accidents: a cell copied, split, moved or retyped, a check deleted, metadata stripped by another
editor. `mend` undoes them. Everything the student should not change comes from the release; the answers, the
student's own cells and the changes in free cells come from the student.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from cs_cnn.errors import CsCnnError
from cs_cnn.notebooks.cells import Cell, cells_of, parses, untouched
from cs_cnn.notebooks.matching import Owners, in_order, match, stub
from cs_cnn.notebooks.reading import Note, read
from cs_cnn.notebooks.remarks import Remarks

ELSEWHERE = "# What belongs here stands in another cell of this notebook."
_ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
_IMPORT = re.compile(r"^(import|from)\s")


class Mended(NamedTuple):
    """A notebook in which everything is in its place, and what was not.

    Attributes
    ----------
    notebook : dict
        In format 4.5, without outputs.
    notes : list of Note
        One for each kind of accident; empty when the student's notebook was in order.
    """

    notebook: dict[str, Any]
    notes: list[Note]


def mend(release: dict[str, Any], student: bytes, name: str = "the notebook") -> Mended:
    """Put the answers of a student back into the released notebook.

    Parameters
    ----------
    release : dict
        The notebook that was handed out, as JSON or as `read` returns it.
    student : bytes
        The student's file.
    name : str
        How to call that file in an error.

    Returns
    -------
    Mended

    Raises
    ------
    CsCnnError
        When the file is no notebook, or none of its cells belongs to the release.
    """
    notebook, notes = read(student, name)
    bench = _Bench(_released(release), cells_of(notebook))
    if all(owner is None for owner in bench.owners):
        raise CsCnnError(f"{name} holds none of the cells of this assignment; is it the right file?")
    cells = bench.assemble()
    metadata = copy.deepcopy(release.get("metadata", {}))
    made = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return Mended(made, notes + bench.remarks.notes())


class _Released(NamedTuple):
    cells: list[Cell]
    raw: list[dict[str, Any]]


def _released(release: dict[str, Any]) -> _Released:
    raw = [dict(cell) for cell in release["cells"]]
    for cell in raw:
        source = cell["source"]
        cell["source"] = (source if isinstance(source, str) else "".join(source)).splitlines(keepends=True)
    return _Released(cells_of({"cells": raw}), raw)


class _Bench:
    """Where one notebook is put together again."""

    def __init__(self, release: _Released, student: Sequence[Cell]) -> None:
        self.release, self.raw = release
        self.student = student
        self.owners: Owners = match(self.release, student)
        self.remarks = Remarks()
        self.extra: dict[int, list[Cell]] = {}  # the student's own cells, by the released cell they follow
        self.claims: dict[int, list[Cell]] = {}
        for place, owner in enumerate(self.owners):
            if owner is not None:
                self.claims.setdefault(owner, []).append(student[place])

    def assemble(self) -> list[dict[str, Any]]:
        """Return the cells of the mended notebook, and fill the remarks."""
        self._look_at_marks()
        self._place_extras()
        spare = self._changes_in_locked_cells()
        answers = {k: self._answer(k, spare) for k, cell in enumerate(self.release) if cell.answer}
        for k, cell in spare.items():
            # Before a check, since it may be what the check needs; after any other cell, since it may need that.
            self.extra.setdefault(k - 1 if self.release[k].graded else k, []).append(cell)
        made: list[tuple[dict[str, Any], bool]] = [(_fresh(cell), True) for cell in self.extra.get(-1, [])]
        for k, cell in enumerate(self.release):
            entry = _emptied(self.raw[k])
            if cell.answer:
                text, attachments = answers[k]
                entry = entry | {"source": text.splitlines(keepends=True)}
                if cell.kind == "markdown" and attachments:
                    entry["attachments"] = attachments
            elif not cell.locked:
                entry = self._free(k, entry)
            if entry:
                made.append((entry, False))
            made += [(_fresh(cell), True) for cell in self.extra.get(k, [])]
        return _numbered(made)

    def _look_at_marks(self) -> None:
        """Remark on names, versions and types that are not those of the release."""
        moved = set(range(len(self.student))) - in_order(self.owners)
        for place, owner in enumerate(self.owners):
            cell = self.student[place]
            if owner is None or not self.release[owner].name:
                continue
            wanted = self.release[owner]
            if not cell.marks:
                kind = "found" if cell.id != wanted.id and wanted.answer else "bare"
                self.remarks.add(kind, wanted)
            elif cell.name != wanted.name:
                self.remarks.add("renamed", wanted)
            elif cell.marks.get("schema_version") != wanted.marks.get("schema_version"):
                self.remarks.add("schema", wanted)
            elif any(
                bool(cell.marks.get(key)) != bool(wanted.marks.get(key)) for key in ("grade", "solution")
            ):
                self.remarks.add("marks", wanted)
            if cell.kind != wanted.kind:
                self.remarks.add("retyped", wanted)
            if place in moved:
                self.remarks.add("moved", wanted)

    def _place_extras(self) -> None:
        """Keep every cell of the student's own after the cell it followed."""
        steady = in_order(self.owners)
        anchor = -1
        last_graded = max((k for k, cell in enumerate(self.release) if cell.graded), default=-1)
        first_code = next((k for k, c in enumerate(self.release) if c.kind == "code" and c.locked), -1)
        for place, cell in enumerate(self.student):
            owner = self.owners[place]
            if owner is not None:
                anchor = owner if place in steady else anchor
            elif cell.text.strip():
                late = anchor >= last_graded and cell.kind == "code" and _only_imports(cell)
                if late and first_code < last_graded:
                    self.remarks.add("imports", cell)
                self.extra.setdefault(first_code if late else anchor, []).append(cell)

    def _changes_in_locked_cells(self) -> dict[int, Cell]:
        """Return what students added to cells they should not change, as cells of their own."""
        added = {}
        for k, cell in enumerate(self.release):
            if not cell.locked:
                continue
            claimed = self.claims.get(k, [])
            if not claimed:
                self.remarks.add("lost", cell)
            elif len(claimed) > 1:
                self.remarks.add("copied", cell)
            if claimed and all(piece.essence != cell.essence for piece in claimed):
                if any(
                    map(untouched, claimed)
                ):  # as it was handed out: the assignment changed, and not the student
                    self.remarks.add("older", cell)
                    continue
                self.remarks.add("changed", cell)
                more = _added(cell, claimed[0])
                if more.text.strip() and (cell.kind == "markdown" or more.defines or _has_imports(more)):
                    added[k] = more
        return added

    def _answer(self, k: int, spare: dict[int, Cell]) -> tuple[str, dict[str, Any]]:
        """Return the text of an answer, with its pasted pictures."""
        cell, claimed = self.release[k], self.claims.get(k, [])
        pieces = [piece for piece in claimed if not stub(cell, piece)]
        distinct = list({piece.essence: piece for piece in pieces}.values())
        if len(claimed) > 1:
            self.remarks.add("joined" if len(distinct) > 1 else "copied", cell)
        if not distinct:
            # Merged with a cell that students should not change: what they added there is the answer.
            kept = next((j for j, other in spare.items() if cell.defines & other.defines), None)
            if kept is not None:
                self.remarks.add("found", cell)
                return spare.pop(kept).text, {}
            if self._stands_elsewhere(k):
                self.remarks.add("elsewhere", cell)
                return ELSEWHERE, {}
            if not claimed:
                self.remarks.add("empty", cell)
            emptied = bool(claimed) and not any(piece.essence for piece in claimed)
            return ("" if emptied else cell.text), {}
        pictures = {name: data for piece in distinct for name, data in piece.attachments.items()}
        text = "\n".join([*(piece.text.removesuffix("\n") for piece in distinct[:-1]), distinct[-1].text])
        if cell.kind == "code" and len(distinct) > 1 and not parses(text):
            # A copy with an unfinished change: the last one that Python can read is taken.
            text = next((piece.text for piece in reversed(distinct) if parses(piece.text)), text)
        return text, pictures

    def _stands_elsewhere(self, k: int) -> bool:
        """Whether the functions of an unwritten answer are written in another cell that stays in the notebook."""
        wanted = self.release[k].defines
        shared = any(wanted & other.defines for j, other in enumerate(self.release) if j != k)
        if not wanted or shared:
            return False
        written: set[str] = set()
        for j, claimed in self.claims.items():
            if j != k and not self.release[j].locked:
                written.update(*(piece.defines for piece in claimed))
        return wanted <= written

    def _free(self, k: int, entry: dict[str, Any]) -> dict[str, Any]:
        """Return a cell that students may change or delete, as the student left it; empty when it was deleted."""
        claimed = self.claims.get(k, [])
        if not claimed:
            return {}
        for further in claimed[1:]:
            self.extra.setdefault(k, []).append(further)
        return _fresh(claimed[0]) | {"id": entry.get("id", ""), "metadata": entry.get("metadata", {})}


def _emptied(cell: dict[str, Any]) -> dict[str, Any]:
    entry = copy.deepcopy(cell)
    if entry["cell_type"] == "code":
        entry |= {"outputs": [], "execution_count": None}
    return entry


def _fresh(cell: Cell) -> dict[str, Any]:
    """Return a cell of the student's own without marks, so that it cannot be taken for a graded one."""
    entry: dict[str, Any] = {
        "cell_type": cell.kind,
        "id": cell.id,
        "metadata": {},
        "source": cell.text.splitlines(keepends=True),
    }
    if cell.kind == "code":
        entry |= {"outputs": [], "execution_count": None}
    elif cell.attachments:
        entry["attachments"] = cell.attachments
    return entry


def _numbered(made: list[tuple[dict[str, Any], bool]]) -> list[dict[str, Any]]:
    """Give every cell of the student's own an id that nothing else has; its old one where that is possible."""
    used = {entry.get("id", "") for entry, own in made if not own}
    count = 0
    for entry, own in made:
        if not own:
            continue
        while not _ID.match(entry["id"]) or entry["id"] in used:
            count += 1
            entry["id"] = f"own-{count}"
        used.add(entry["id"])
    return [entry for entry, _ in made]


def _added(release: Cell, student: Cell) -> Cell:
    """Return the lines that a student added to a released cell, or the whole text where they make no sense alone."""
    known = {line.strip() for line in release.text.splitlines()}
    lines = [line for line in student.text.splitlines() if line.strip() not in known or not line.strip()]
    text = "\n".join(lines).strip("\n")
    kind = release.kind
    if kind == "code" and not parses(text):
        text = student.text
    return Cell(kind, text, attachments=student.attachments)


def _only_imports(cell: Cell) -> bool:
    lines = [
        line for line in cell.text.splitlines() if line.strip() and not line.lstrip().startswith(("#", "%"))
    ]
    return bool(lines) and all(_IMPORT.match(line) for line in lines)


def _has_imports(cell: Cell) -> bool:
    return any(_IMPORT.match(line) for line in cell.text.splitlines())
