"""What is compared: the answers of a submission, the modules of the library, the work of past years."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import cs_cnn
from cs_cnn import notebooks
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.grading import submissions
from cs_cnn.errors import CsCnnError
from cs_cnn.notebooks.reading import LARGEST

Kind = Literal["student", "past", "reference"]
# Packages that hold what the assignments ask for.
_LIBRARY = ("layers", "nets", "zoo", "detect", "look", "transform")


@dataclass(frozen=True)
class Text:
    """Code of one origin.

    Attributes
    ----------
    kind : {"student", "past", "reference"}
    name : str
        A student's id, a folder of a past year, or a module.
    code : str
        Every answer begins with a comment that has the cell's name.
    """

    kind: Kind
    name: str
    code: str


def handed_out(folder: Path, assignment: Assignment, step: str = "release") -> dict[str, Any]:
    """Read the notebook that students received, or with "source" the instructors' own."""
    path = folder / step / assignment.name / f"{assignment.notebook}.ipynb"
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CsCnnError(
            f"{path} cannot be read; `cs-cnn init {folder}` in the repository makes it again."
        ) from error
    return document


def answers(notebook: dict[str, Any]) -> str:
    """Return the answer cells with code, each below its name."""
    cells = [cell for cell in notebooks.cells_of(notebook) if cell.kind == "code" and cell.answer]
    return "".join(f"# {cell.name}\n{cell.text.strip()}\n\n" for cell in cells)


def skeleton(folder: Path, assignment: Assignment) -> str:
    """Return what every answer starts from."""
    return answers(handed_out(folder, assignment))


def submitted(folder: Path, assignment: Assignment) -> tuple[list[Text], dict[str, str]]:
    """Read the answers of a class.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.

    Returns
    -------
    list of Text, dict of str to str
        The texts, and why somebody's work could not be read.
    """
    release = handed_out(folder, assignment)
    found, unread = [], {}
    for student in submissions.students(folder, assignment):
        try:
            code = _mended(folder / "submitted" / student / assignment.name, assignment, release)
        except CsCnnError as error:
            unread[student] = str(error)
        else:
            found.append(Text("student", student, code))
    return found, unread


def past(folder: Path, assignment: Assignment, years: tuple[Path, ...]) -> list[Text]:
    """Read work of past years.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.
    years : tuple of pathlib.Path
        Course directories, or folders with notebooks anywhere in them.

    Returns
    -------
    list of Text
        What is no notebook is left out; of a notebook that was handed out differently, all code is taken.

    Raises
    ------
    CsCnnError
        When a folder is not there or holds no notebook.
    """
    release = handed_out(folder, assignment)
    found: list[Text] = []
    for year in years:
        if not year.is_dir():
            raise CsCnnError(
                f"There is no folder {year}; --past names a course directory of an earlier year."
            )
        before = len(found)
        for path in _notebooks(year, assignment):
            name = f"{year.name}/{path.parent.relative_to(year).as_posix()}"
            try:
                code = answers(notebooks.mend(release, _bytes(path), path.name).notebook)
            except CsCnnError:
                code = _all_code(path)
            if code.strip():
                found.append(Text("past", name, code))
        if len(found) == before:
            raise CsCnnError(f"No notebook of {assignment.name} is in {year}.")
    return found


def references(folder: Path, assignment: Assignment) -> list[Text]:
    """Read the instructors' solution and the modules of the library.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.

    Returns
    -------
    list of Text
    """
    found = [
        Text("reference", "the instructors' solution", answers(handed_out(folder, assignment, "source")))
    ]
    library = Path(cs_cnn.__file__).parent
    for package in _LIBRARY:
        for path in sorted((library / package).rglob("*.py")):
            name = ".".join(("cs_cnn", *path.relative_to(library).with_suffix("").parts))
            found.append(Text("reference", name, path.read_text(encoding="utf-8")))
    return found


def _regular(folder: Path) -> Iterator[Path]:
    """Yield the notebooks below a folder; links could lead to somebody else's."""
    for home, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(each for each in folders if each not in (".ipynb_checkpoints", "__pycache__"))
        for name in sorted(files):
            path = Path(home, name)
            if path.suffix.lower() == ".ipynb" and path.is_file() and not path.is_symlink():
                yield path


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise CsCnnError(f"{path.name} cannot be read: {error.strerror or error}.") from error


def _mended(home: Path, assignment: Assignment, release: dict[str, Any]) -> str:
    contents = {path.relative_to(home).as_posix(): _bytes(path) for path in _regular(home)}
    if not contents:
        raise CsCnnError("there is no notebook.")
    name, _ = notebooks.choose(contents, f"{assignment.notebook}.ipynb", release)
    return answers(notebooks.mend(release, contents[name], name).notebook)


def _notebooks(year: Path, assignment: Assignment) -> Iterator[Path]:
    """Yield the notebooks of a past year: of a course directory only what was handed in for this assignment."""
    if not (year / "submitted").is_dir():
        yield from _regular(year)
        return
    for student in sorted((year / "submitted").iterdir()):
        if student.is_symlink() or not student.is_dir():
            continue
        for home in sorted(student.iterdir()):
            if home.is_dir() and not home.is_symlink() and home.name.split("_")[0] == assignment.short:
                yield from _regular(home)


def _all_code(path: Path) -> str:
    try:
        notebook, _ = notebooks.read(_bytes(path), path.name)
    except CsCnnError:
        return ""
    return "".join(f"{cell.text.strip()}\n\n" for cell in notebooks.cells_of(notebook) if cell.kind == "code")
