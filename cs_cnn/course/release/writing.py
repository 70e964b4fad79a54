"""Keeping `assignments/` equal to what the sources give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cs_cnn.course import calendar
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.release import changelog
from cs_cnn.course.release.archive import archive
from cs_cnn.course.release.generate import files_of
from cs_cnn.files import atomic_write, folder_in_the_making

CHANGELOG = "CHANGELOG.md"


def _there(folder: Path) -> dict[str, Path]:
    found = sorted(folder.rglob("*"))
    return {path.relative_to(folder).as_posix(): path for path in found if not path.is_dir()}


def _changelog(repository: Path) -> str:
    path = repository / "assignments" / CHANGELOG
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def differences(repository: Path, assignment: Assignment) -> list[str]:
    """Compare `assignments/` with what would be generated now.

    Parameters
    ----------
    repository : pathlib.Path
        The folder with `solutions/` and `assignments/`.
    assignment : Assignment
        Its entry in the calendar.

    Returns
    -------
    list of str
        One line per file that differs, is missing, or should not be there, and one when the changelog has no entry.
    """
    folder = repository / "assignments" / assignment.name
    wanted, there = files_of(repository, assignment), _there(folder)
    lines = []
    for name in sorted(wanted.keys() | there.keys()):
        shown = f"assignments/{assignment.name}/{name}"
        if name not in there:
            lines.append(f"{shown} is missing")
        elif name not in wanted:
            lines.append(f"{shown} should not be there")
        elif there[name].is_symlink() or there[name].read_bytes() != wanted[name]:
            lines.append(f"{shown} differs")
    if not changelog.has_entry(_changelog(repository), assignment.name):
        lines.append(f"assignments/{CHANGELOG} has no entry for {assignment.name}")
    return lines


def _changes(assignment: Assignment, old: dict[str, bytes], new: dict[str, bytes]) -> changelog.Changes:
    """Say what changed; a release that cannot be read counts as none."""
    name = f"{assignment.notebook}.ipynb"
    try:
        before: Any = json.loads(old[name])
        return changelog.compare(
            before,
            json.loads(new[name]),
            {key: value for key, value in old.items() if key != name},
            {key: value for key, value in new.items() if key != name},
        )
    except (KeyError, TypeError, ValueError):
        return changelog.Changes(sentences=[changelog.FIRST])


def write(repository: Path, assignment: Assignment, *, note: str | None = None) -> Path:
    """Generate an assignment into `assignments/`, and its entry in the changelog.

    An error leaves the old release in place.

    Parameters
    ----------
    repository : pathlib.Path
        The folder with `solutions/` and `assignments/`.
    assignment : Assignment
        Its entry in the calendar.
    note : str, optional
        A sentence for the changelog.

    Returns
    -------
    pathlib.Path
        The folder that was written.
    """
    wanted = files_of(repository, assignment)
    target = repository / "assignments" / assignment.name
    # Only what students were given can have changed: not a file that somebody left there.
    old = {
        name: path.read_bytes()
        for name, path in _there(target).items()
        if path.is_file() and not path.is_symlink() and Path(name).name == name
    }
    text = _changelog(repository)
    changes = _changes(assignment, old, wanted)
    if not changelog.has_entry(text, assignment.name):
        changes = changelog.Changes(sentences=[changelog.FIRST])
    if note:
        changes.sentences.append(" ".join(note.split()))
    with folder_in_the_making(target) as making:
        for name, content in wanted.items():
            (making / name).write_bytes(content)
    new = changelog.add(text, calendar.load(repository).version, assignment.name, changes)
    if new != text:
        with atomic_write(repository / "assignments" / CHANGELOG) as file:
            file.write(new)
    return target


def write_zip(repository: Path, assignment: Assignment, folder: Path) -> Path:
    """Pack what students receive of an assignment, generated afresh, into a zip in `folder`.

    Parameters
    ----------
    repository : pathlib.Path
        The folder with `solutions/`.
    assignment : Assignment
        Its entry in the calendar.
    folder : pathlib.Path
        Made if it is missing.

    Returns
    -------
    pathlib.Path
        The zip, named after the assignment.
    """
    path = folder / f"{assignment.name}.zip"
    with atomic_write(path, "wb") as file:
        file.write(archive(assignment.name, files_of(repository, assignment)))
    return path
