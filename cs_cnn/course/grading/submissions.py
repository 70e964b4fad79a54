"""What lies in `submitted/`: finding it, and telling whether it changed."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
from pathlib import Path

import cs_cnn
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.engine import CONFIG_NAME
from cs_cnn.course.grading.preflight import regular_files
from cs_cnn.errors import CsCnnError


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


def _digest(paths: list[tuple[str, Path]]) -> str:
    total = hashlib.sha256()
    for name, path in paths:
        total.update(f"{name}\0{path.stat().st_size}\0".encode("utf-8", "surrogateescape"))
        if not os.access(path, os.R_OK):
            continue  # the preflight reports it
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
    files = [(path.name, path) for path in regular_files(source)]
    files.append((CONFIG_NAME, folder / CONFIG_NAME))
    return hashlib.sha256(f"{_digest(files)} {environment()}".encode()).hexdigest()


def environment() -> str:
    """Return a hash of the software that marks depend on: the course's own, and versions of what it stands on.

    Returns
    -------
    str
        Hexadecimal; equal on two machines that give the same marks.
    """
    library = Path(cs_cnn.__file__).parent
    files = [
        (path.relative_to(library).as_posix(), path)
        for part in ("checks", "notebooks", "course/grading", "course/judge", "course/sandbox")
        for path in sorted((library / part).rglob("*.py"))
    ]
    versions = [cs_cnn.__version__, platform.python_version()]
    versions += [importlib.metadata.version(name) for name in ("nbgrader", "numpy")]
    return hashlib.sha256(" ".join([_digest(files), *versions]).encode()).hexdigest()
