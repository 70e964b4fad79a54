"""Whether a student's notebook still has the form in which it was handed out, and bringing it back to it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write
from cs_cnn.notebooks import Note, cells_of, mend, read, untouched, written
from cs_cnn.student.finding import BACKUP, Released, Work
from cs_cnn.student.machine import shadows


@dataclass(frozen=True)
class Structure:
    """What was found in a notebook.

    Attributes
    ----------
    notes : list of Note
        Empty when everything is in order.
    mended : dict or None
        The notebook with everything in its place; None when there was nothing to compare it with.
    name : str
        The file name that the notebook should have.
    """

    notes: list[Note]
    mended: dict[str, Any] | None
    name: str


def examine(work: Work, release: Released | None) -> Structure:
    """Compare a notebook with the one that was handed out.

    Parameters
    ----------
    work : Work
        A notebook.
    release : Released or None
        None looks only at what the notebook itself tells.

    Returns
    -------
    Structure
    """
    content = content_of(work)
    if release is None:
        return Structure(_alone(content, work), None, work.path.name)
    mended, notes = mend(release.notebook, content, str(work.path))
    if work.path.name != release.path.name:
        sentence = f"The notebook is called {work.path.name}, and should be called {release.path.name}."
        notes = [Note("name", sentence), *notes]
    return Structure(notes, mended, release.path.name)


def beside(work: Work, release: Released | None) -> list[str]:
    """Look at the files beside a notebook.

    Parameters
    ----------
    work : Work
    release : Released or None

    Returns
    -------
    list of str
        A sentence for each that is missing, and for each that Python would import in the place of a package.
    """
    folder = work.folder.resolve()
    names = sorted(release.files) if release else []
    lost = [
        f"{name}, which was handed out beside the notebook, is not in {folder}; copy it there."
        for name in names
        if not (folder / name).exists()
    ]
    return lost + shadows(folder)


def replace(work: Work, structure: Structure) -> tuple[Path, Path]:
    """Write the mended notebook in the place of the student's, and keep that beside it.

    Parameters
    ----------
    work : Work
    structure : Structure
        As `examine` returned it, with a mended notebook.

    Returns
    -------
    tuple of pathlib.Path
        The mended notebook, and the copy of the old one.

    Raises
    ------
    CsCnnError
        When a file cannot be written; then the notebook is as it was.
    """
    if structure.mended is None:
        raise CsCnnError(
            f"{work.path} cannot be mended, since the notebook that was handed out was not found."
        )
    path = work.path
    kept = path.with_name(f"{path.stem}{BACKUP}.ipynb")
    count = 1
    while kept.exists():
        count += 1
        kept = path.with_name(f"{path.stem}{BACKUP}-{count}.ipynb")
    with atomic_write(kept, "wb") as file:
        file.write(content_of(work))
    target = path.with_name(structure.name)
    if target != path and target.exists():
        target = path  # another file has the right name; nothing of it may be lost
    with atomic_write(target, "wb") as file:
        file.write(written(structure.mended))
    if target != path:
        path.unlink(missing_ok=True)
    return target, kept


def content_of(work: Work) -> bytes:
    """Return the bytes of a notebook.

    Raises
    ------
    CsCnnError
        When it is a Python file, or cannot be read.
    """
    if work.path.suffix.lower() != ".ipynb":
        raise CsCnnError(
            f"{work.path} is not a notebook (.ipynb); only a notebook can be handed in or mended."
        )
    try:
        return work.path.read_bytes()
    except OSError as error:
        raise CsCnnError(f"Cannot read {work.path}: {error.strerror or error}.") from error


def _alone(content: bytes, work: Work) -> list[Note]:
    """Tell what is wrong with a notebook without a release to compare it with."""
    from cs_cnn import checks

    notebook, notes = read(content, str(work.path))
    cells = [cell for cell in cells_of(notebook) if cell.name]
    names = [cell.name for cell in cells]
    twice = tuple(dict.fromkeys(name for name in names if names.count(name) > 1))
    if twice:
        notes.append(Note("copied", f"There is more than one cell called: {', '.join(twice)}.", twice))
    changed = tuple(cell.name for cell in cells if cell.locked and not untouched(cell))
    if changed:
        notes.append(
            Note("changed", f"Changed, and should stay as handed out: {', '.join(changed)}.", changed)
        )
    code = "\n".join(cell.text for cell in cells_of(notebook) if cell.kind == "code")
    tasks = [task.name for task in checks.tasks() if task.name.startswith(f"{work.assignment}.")]
    lost = tuple(name for name in tasks if work.assignment and f'"{name}"' not in code)
    if lost:
        notes.append(Note("lost", f"Checks that are missing: {', '.join(lost)}.", lost))
    if not names:
        notes.append(Note("bare", "No cell has the marks by which grading knows it."))
    return notes
