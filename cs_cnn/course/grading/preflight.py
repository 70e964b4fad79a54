"""Before any code runs: what of a submission is taken, mended into the released notebook, and what is left out.

Nothing here runs a student's code, and nothing in `submitted/` is changed.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cs_cnn import notebooks
from cs_cnn.course.calendar import Assignment
from cs_cnn.errors import CsCnnError
from cs_cnn.notebooks.reading import LARGEST

FILE_LIMIT = 200_000_000
"""Bytes of one file beside the notebook, and of all of them together."""
FILES = 500
"""How many files beside the notebook are taken."""
TIMESTAMP = "timestamp.txt"
_SHOWN = 3


@dataclass(frozen=True)
class Problem:
    """Why a submission cannot be graded: a reason code, and a sentence for the student."""

    state: str
    sentence: str


@dataclass
class Prepared:
    """What is graded of a submission.

    Attributes
    ----------
    notebook : dict
        The released notebook with the student's answers in it.
    files : list of pathlib.Path
        The student's other files that come along.
    notes : list of str
        What was mended or left out, a sentence each.
    suspicious : bool
        Whether a person should look.
    """

    notebook: dict[str, Any]
    files: list[Path]
    notes: list[str] = field(default_factory=list)
    suspicious: bool = False


def regular_files(folder: Path) -> list[Path]:
    """List the regular files below a folder: links and devices could point at other people's work."""
    return [path for path, regular in _everything(folder) if regular]


def _everything(folder: Path) -> Iterator[tuple[Path, bool]]:
    """Yield everything below a folder that is not a folder itself, and whether it is a regular file."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            if path.name not in (".ipynb_checkpoints", "__pycache__"):
                yield from _everything(path)
        else:
            yield path, path.is_file() and not path.is_symlink()


def prepare(submitted: Path, assignment: Assignment, release: Path) -> Prepared | Problem:
    """Look at a submission and mend what an honest accident broke.

    Parameters
    ----------
    submitted : pathlib.Path
        `submitted/STUDENT/ASSIGNMENT`.
    assignment : Assignment
        Which one.
    release : pathlib.Path
        The notebook that was handed out.

    Returns
    -------
    Prepared or Problem
        A problem when there is no notebook that could be mended.
    """
    wanted = f"{assignment.notebook}.ipynb"
    found = list(_everything(submitted))
    odd = [path.relative_to(submitted).as_posix() for path, regular in found if not regular]
    if wanted in odd:
        return Problem("unreadable", f"{wanted} is a link and not a file. Hand in the notebook itself.")
    files = [path for path, regular in found if regular]
    closed = [path for path in files if not os.access(path, os.R_OK)]
    if closed:
        return Problem("unreadable", f"The file {closed[0].name} may not be read. Hand in again.")
    candidates = {
        path.relative_to(submitted).as_posix(): path for path in files if path.suffix.lower() == ".ipynb"
    }
    if not candidates:
        return Problem("missing_notebook", f"Expected a file {wanted}; there is no notebook at all.")
    handed_out = json.loads(release.read_text(encoding="utf-8"))
    try:
        contents = {name: _start(path) for name, path in sorted(candidates.items())[:FILES]}
        name, choice = notebooks.choose(contents, wanted, handed_out)
        mended = notebooks.mend(handed_out, contents[name], name)
    except CsCnnError as error:
        state = "unreadable" if wanted in candidates else "missing_notebook"
        sentence = str(error)
        if state == "missing_notebook":
            sentence = f"Expected a file {wanted}; found {_listed(sorted(candidates))}. {sentence}"
        return Problem(state, sentence)
    prepared = Prepared(mended.notebook, [], [note.sentence for note in (*choice, *mended.notes)])
    prepared.suspicious = any(note.kind == "several" for note in choice)
    if odd:
        prepared.notes.append(f"Links and devices were left out: {_listed(odd)}.")
        prepared.suspicious = True
    beside = [path for path in files if path.suffix.lower() != ".ipynb" and path.name != TIMESTAMP]
    _take(prepared, beside, submitted)
    return prepared


def _start(path: Path) -> bytes:
    """Read a file, and no more of it than is needed to say that it is too large."""
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def _take(prepared: Prepared, files: list[Path], submitted: Path) -> None:
    """Choose the files beside the notebook that come along."""
    large, shadowing, total = [], [], 0
    for path in files:
        name = path.relative_to(submitted).as_posix()
        size = path.stat().st_size
        if total + size > FILE_LIMIT or len(prepared.files) == FILES:
            large.append(name)
        elif _shadows(path.relative_to(submitted)):
            shadowing.append(name)
        else:
            total += size
            prepared.files.append(path)
    if large:
        prepared.notes.append(f"Files that are too large or too many were left out: {_listed(large)}.")
    if shadowing:
        prepared.notes.append(
            f"Files that would replace a package of Python were left out: {_listed(shadowing)}."
        )
        prepared.suspicious = True


def _shadows(name: Path) -> bool:
    """Tell whether `import` would find a file in place of an installed package."""
    first = name.parts[0]
    module = first.split(".")[0]
    if len(name.parts) == 1 and name.suffix not in (".py", ".pyc", ".so", ".pyd"):
        return False
    if not module.isidentifier():
        return False
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return True


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
