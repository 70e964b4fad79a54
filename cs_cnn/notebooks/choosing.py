"""Which of several files is the notebook that a student means to hand in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_cnn.errors import CsCnnError
from cs_cnn.notebooks.cells import Cell, cells_of
from cs_cnn.notebooks.matching import stub
from cs_cnn.notebooks.reading import Note, read


def choose(files: Mapping[str, bytes], wanted: str, release: dict[str, Any]) -> tuple[str, list[Note]]:
    """Choose the notebook of an assignment among a student's files, whatever it is called.

    Parameters
    ----------
    files : mapping of str to bytes
        The content of every candidate by its name.
    wanted : str
        The name it should have, such as ``"convolution.ipynb"``.
    release : dict
        The notebook that was handed out.

    Returns
    -------
    name : str
        The file with the right name, unless nothing is written in it and another has answers; else the one with
        most answers, and of these the one with most cells of the assignment.
    notes : list of Note
        Empty when the name is right and no other file could be meant.

    Raises
    ------
    CsCnnError
        When no file is a notebook of this assignment.
    """
    scores: dict[str, tuple[int, int]] = {}
    first_error: CsCnnError | None = None
    for name in sorted(files):
        try:
            cells = cells_of(read(files[name], name)[0])
        except CsCnnError as error:
            if name == wanted or first_error is None:
                first_error = error
            continue
        answers, known = _familiar(cells, cells_of(release))
        if known:
            scores[name] = (answers, known)
    if not scores:
        raise first_error or CsCnnError(f"No notebook of this assignment is there; it is called {wanted}.")
    best = max(sorted(scores), key=lambda name: (scores[name], name == wanted))
    if wanted in scores and (scores[wanted][0] > 0 or scores[best][0] == 0):
        best = wanted
    notes = []
    if best != wanted:
        notes.append(Note("name", f"The notebook is called {best}, and should be called {wanted}."))
    others = [name for name in scores if name != best and scores[name][0] > 0]
    if others:
        notes.append(
            Note(
                "several",
                f"There is more than one notebook with answers: {best} is taken, not {', '.join(others)}.",
            )
        )
    return best, notes


def _familiar(student: list[Cell], release: list[Cell]) -> tuple[int, int]:
    """Count the answers a notebook holds, and the cells of the release that can be recognised in it."""
    names = {cell.name: cell for cell in release if cell.name}
    functions = {name: cell for cell in release if cell.answer for name in cell.defines}
    texts = {cell.essence for cell in release if cell.essence}
    answered, known = set(), 0
    for cell in student:
        by_function = next((functions[name] for name in sorted(cell.defines) if name in functions), None)
        origin = names.get(cell.name) or by_function
        known += origin is not None or cell.essence in texts
        if origin is not None and origin.answer and not stub(origin, cell):
            answered.add(origin.name)
    return len(answered), known
