"""What lies in `submitted/`: finding it, looking at it before any code runs, and telling whether it changed."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cs_cnn
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.engine import CONFIG_NAME
from cs_cnn.errors import CsCnnError

NOTEBOOK_LIMIT = 50_000_000
FILE_LIMIT = 200_000_000


@dataclass(frozen=True)
class Problem:
    """Why a submission cannot be graded: a reason code, and a sentence for the student."""

    state: str
    sentence: str


def students(folder: Path, assignment: Assignment) -> list[str]:
    """List who handed in an assignment.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.

    Returns
    -------
    list of str
        Student ids in order.
    """
    home = folder / "submitted"
    if not home.is_dir():
        return []
    return sorted(
        each.name
        for each in home.iterdir()
        if not each.name.startswith(".") and (each / assignment.name).is_dir() and not each.is_symlink()
    )


def chosen(folder: Path, assignment: Assignment, only: tuple[str, ...]) -> list[str]:
    """List the students to work on: all who handed in, or those named.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.
    only : tuple of str
        Ids named by the user; empty for everybody.

    Returns
    -------
    list of str
        Student ids in order.

    Raises
    ------
    CsCnnError
        When nobody handed in, or a named student did not.
    """
    there = students(folder, assignment)
    if not there:
        expected = f"submitted/STUDENT/{assignment.name}/{assignment.notebook}.ipynb"
        raise CsCnnError(f"Nobody has handed in {assignment.name}: expected {expected} in {folder}.")
    missing = [student for student in only if student not in there]
    if missing:
        raise CsCnnError(
            f"There is no submission of {assignment.name} by '{missing[0]}' in {folder / 'submitted'}."
        )
    return [student for student in there if not only or student in only]


def regular_files(folder: Path) -> list[Path]:
    """List the regular files below a folder: links and devices could point at other people's work."""
    found: list[Path] = []
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            continue
        if path.is_dir():
            if path.name not in (".ipynb_checkpoints", "__pycache__"):
                found += regular_files(path)
        elif path.is_file():
            found.append(path)
    return found


def examine(folder: Path, notebook: str) -> Problem | None:
    """Look whether a submission can be graded, without running any of it.

    Parameters
    ----------
    folder : pathlib.Path
        `submitted/STUDENT/ASSIGNMENT`.
    notebook : str
        The expected name without `.ipynb`.

    Returns
    -------
    Problem or None
        None when nbgrader can read the notebook.
    """
    path = folder / f"{notebook}.ipynb"
    name = path.name
    again = "Download the assignment again, copy your answers into it, and hand that in."
    if path.is_symlink():
        return Problem("unreadable", f"{name} is a link and not a file. Hand in the notebook itself.")
    if not path.is_file():
        others = sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.ipynb"))
        found = f"found {', '.join(others[:3])}" if others else "there is no notebook at all"
        return Problem(
            "missing_notebook", f"Expected a file {name}; {found}. Hand in the notebook under that name."
        )
    closed = [file.name for file in regular_files(folder) if not os.access(file, os.R_OK)]
    if closed:
        return Problem("unreadable", f"The file {closed[0]} may not be read. Hand in again.")
    if path.stat().st_size > NOTEBOOK_LIMIT:
        limit = NOTEBOOK_LIMIT // 1_000_000
        return Problem(
            "unreadable", f"{name} is larger than {limit} MB. Clear all outputs, save, and hand in again."
        )
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        return Problem("unreadable", f"{name} cannot be read ({error.strerror or error}).")
    except UnicodeDecodeError:
        return Problem(
            "unreadable", f"{name} is not UTF-8 text. Open it in JupyterLab, save it, and hand in again."
        )
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return Problem("unreadable", f"{name} is not a notebook: its content is not JSON. {again}")
    return _schema(name, data, text, again)


def _schema(name: str, data: Any, text: str, again: str) -> Problem | None:
    import nbformat
    from nbgrader.nbgraderformat import MetadataValidator
    from nbgrader.nbgraderformat.common import SchemaMismatchError

    if not isinstance(data, dict) or not isinstance(data.get("nbformat"), int):
        return Problem("unreadable", f"{name} is JSON, and not a notebook. {again}")
    if data["nbformat"] != nbformat.current_nbformat:
        kept = nbformat.current_nbformat
        sentence = f"{name} has notebook format {data['nbformat']}, and {kept} is expected. {again}"
        return Problem("unreadable", sentence)
    cells = data.get("cells")
    if not isinstance(cells, list) or not all(
        isinstance(cell, dict) and isinstance(cell.get("metadata", {}), dict) and "cell_type" in cell
        for cell in cells
    ):
        return Problem("unreadable", f"{name} has no list of cells where a notebook has it. {again}")
    seen: set[str] = set()
    for cell in cells:
        mark = cell.get("metadata", {}).get("nbgrader", {})
        grade_id = mark.get("grade_id") if isinstance(mark, dict) else None
        if (
            isinstance(grade_id, str)
            and grade_id
            and (mark.get("grade") or mark.get("solution") or mark.get("locked"))
        ):
            if grade_id in seen:
                sentence = (
                    f"{name} holds the cell '{grade_id}' twice. Delete the copy, save, and hand in again."
                )
                return Problem("unreadable", sentence)
            seen.add(grade_id)
    try:
        notebook = nbformat.reads(text, as_version=4)  # type: ignore[no-untyped-call]
        MetadataValidator().validate_nb(notebook)
    except SchemaMismatchError as error:
        versions = f"version {error.actual_version}, expected {error.expected_version}"
        sentence = f"The marks of the graded cells in {name} have a wrong schema ({versions}). {again}"
        return Problem("unreadable", sentence)
    except (
        Exception
    ):  # nbformat and its validators raise many kinds; each means that nbgrader could not read it
        return Problem("unreadable", f"{name} is damaged: it does not have the form of a notebook. {again}")
    return None


def _digest(paths: list[tuple[str, Path]]) -> str:
    total = hashlib.sha256()
    for name, path in paths:
        total.update(f"{name}\0{path.stat().st_size}\0".encode("utf-8", "surrogateescape"))
        if not os.access(path, os.R_OK):
            continue  # `examine` reports it
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def content(folder: Path, student: str, assignment: Assignment) -> str:
    """Return a hash of what a student handed in.

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
    str
        Hexadecimal; equal exactly when the regular files are equal.
    """
    home = folder / "submitted" / student / assignment.name
    return _digest([(path.relative_to(home).as_posix(), path) for path in regular_files(home)])


def grader(folder: Path, assignment: Assignment) -> str:
    """Return a hash of everything else that a mark depends on: assignment, checks, settings, versions.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.

    Returns
    -------
    str
        Hexadecimal.
    """
    source = folder / "source" / assignment.name
    if not source.is_dir():
        raise CsCnnError(f"{source} is missing; `cs-cnn init {folder}` in the repository makes it.")
    checks = Path(cs_cnn.__file__).parent / "checks"
    files = [(path.name, path) for path in regular_files(source)]
    files += [(path.relative_to(checks).as_posix(), path) for path in sorted(checks.rglob("*.py"))]
    files.append((CONFIG_NAME, folder / CONFIG_NAME))
    versions = [cs_cnn.__version__, platform.python_version()]
    versions += [importlib.metadata.version(name) for name in ("nbgrader", "numpy")]
    return hashlib.sha256(" ".join([_digest(files), *versions]).encode()).hexdigest()
