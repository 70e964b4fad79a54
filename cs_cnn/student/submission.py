"""Packing what is handed in: the notebook under its right name, and the pictures and tables it speaks of."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write
from cs_cnn.notebooks import cells_of
from cs_cnn.notebooks.matching import stub
from cs_cnn.student.finding import Released, Work
from cs_cnn.student.printing import is_empty
from cs_cnn.student.structure import content_of

ALLOWED = (".png", ".jpg", ".jpeg", ".gif", ".svg", ".pdf", ".csv", ".txt", ".md")
LARGEST_NOTEBOOK, LARGEST_FILE, LARGEST_TOTAL, MOST_FILES = 10_000_000, 5_000_000, 20_000_000, 20
_NAMED = re.compile(rf"(?:{'|'.join(map(re.escape, ALLOWED))})\b", re.IGNORECASE)
_EDGE, _LONGEST_NAME = re.compile(r"[\n\"'`()<>\[\]=,:]"), 200
_SHOWN = re.compile(r"!\[[^\]\n]{0,200}\]\(([^)\s]{1,200})")
_IMPORTED = re.compile(r"^\s*(?:from|import)\s+(\w+)", re.MULTILINE)
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip file can hold: the same work gives the same bytes


@dataclass(frozen=True)
class Package:
    """What goes into the zip.

    Attributes
    ----------
    name : str
        Of the zip file.
    files : dict of str to bytes
        Their content by their name in the zip; the notebook first.
    warnings : tuple of str
        A sentence for everything the student should know before handing in.
    """

    name: str
    files: dict[str, bytes]
    warnings: tuple[str, ...]


def pack(work: Work, release: Released | None, further: tuple[Path, ...] = ()) -> Package:
    """Gather what is handed in.

    Files beside the notebook go in when the notebook names them and they are pictures, tables or text. Data files
    that were handed out stay out, and so does Python code: a notebook is graded alone.

    Parameters
    ----------
    work : Work
        A notebook.
    release : Released or None
        The one that was handed out.
    further : tuple of pathlib.Path
        Files that the student names.

    Returns
    -------
    Package

    Raises
    ------
    CsCnnError
        When a file is too large, of a kind that is not taken, or not a regular file.
    """
    content = content_of(work)
    if not work.assignment:
        raise CsCnnError(f"{work.path} calls no check of an assignment; is it the right notebook?")
    if len(content) > LARGEST_NOTEBOOK:
        raise CsCnnError(
            f"{work.path} has {shown(len(content))}, and at most {shown(LARGEST_NOTEBOOK)} are taken; clear the "
            "outputs of its largest cells and save it."
        )
    warnings = []
    notebook = work.path.name if release is None else release.path.name
    if notebook != work.path.name:
        warnings.append(f"{work.path.name} is packed under its right name, {notebook}.")
    files = {notebook: content}
    given = release.files if release else frozenset()
    for path in further:
        if path.name in files:
            raise CsCnnError(f"{path} has the name of another file that is handed in; rename one of them.")
        files[path.name] = _read(path, path.name)
    for name, path in _mentioned(work):
        if name not in files and name not in given:
            files[name] = _read(path, name)
    for name in _pictures(work):
        if name not in files and not (work.path.parent / name).is_file():
            warnings.append(f"The notebook shows {name}, and there is no such file beside it.")
    total = sum(map(len, files.values()))
    if total > LARGEST_TOTAL or len(files) > MOST_FILES:
        raise CsCnnError(
            f"{len(files)} files with {shown(total)} together are too much; at most {MOST_FILES} files and "
            f"{shown(LARGEST_TOTAL)} are taken."
        )
    for module in _own_modules(work):
        warnings.append(
            f"{module} stays here, and grading will miss it: copy its functions into the notebook."
        )
    empty = empty_answers(work, release)
    if empty:
        warnings.append(f"Nothing is written in: {', '.join(empty)}.")
    folder = work.path.resolve().parent.name
    full = folder if folder.startswith(f"{work.assignment}_") else work.assignment
    if release:
        full = release.assignment
    return Package(f"{full}-submission.zip", files, tuple(warnings))


def write(package: Package, target: Path) -> str:
    """Write the zip; the same package always gives the same bytes.

    Parameters
    ----------
    package : Package
    target : pathlib.Path
        The zip file.

    Returns
    -------
    str
        The zip's SHA-256, by which two people can tell that they speak of the same file.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in package.files.items():
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, content)
    with atomic_write(target, "wb") as file:
        file.write(buffer.getvalue())
    return hashlib.sha256(buffer.getvalue()).hexdigest()


def empty_answers(work: Work, release: Released | None) -> list[str]:
    """Return the names of the answers in which nothing is written yet."""
    cells = [cell for cell in cells_of(work.notebook) if cell.answer and cell.name]
    originals = {cell.name: cell for cell in cells_of(release.notebook) if cell.answer} if release else {}
    written = {
        cell.name
        for cell in cells
        if not (stub(originals[cell.name], cell) if cell.name in originals else is_empty(cell))
    }
    return [
        name for name in dict.fromkeys([*originals, *(cell.name for cell in cells)]) if name not in written
    ]


def shown(size: int) -> str:
    """Return a number of bytes for reading.

    >>> shown(2_345_678), shown(900)
    ('2.3 MB', '900 bytes')
    """
    if size >= 1_000_000:
        return f"{size / 1e6:.1f} MB".replace(".0 ", " ")
    return f"{size / 1e3:.0f} kB" if size >= 1000 else f"{size} bytes"


def _mentioned(work: Work) -> Iterator[tuple[str, Path]]:
    """Yield the files beside the notebook which it names, by their name relative to it."""
    folder = work.path.resolve().parent
    for cell in cells_of(work.notebook):
        for ending in _NAMED.finditer(cell.text):
            before = cell.text[max(0, ending.start() - _LONGEST_NAME) : ending.end()]
            words = unquote(_EDGE.split(before)[-1]).split(" ")
            # A name may hold spaces; the longest one that is a file counts.
            for start in range(len(words)):
                name = " ".join(words[start:]).removeprefix("./")
                path = folder / name
                if not name or name.startswith(("/", ".")) or ".." in Path(name).parts:
                    continue
                if path.is_file() and not _linked(path, folder):
                    yield Path(name).as_posix(), path
                    break


def _pictures(work: Work) -> list[str]:
    """Return the names of the pictures that the student's text shows from files beside the notebook."""
    words = "\n".join(
        cell.text for cell in cells_of(work.notebook) if cell.kind == "markdown" and not cell.locked
    )
    names = dict.fromkeys(unquote(name).removeprefix("./") for name in _SHOWN.findall(words))
    return [name for name in names if ":" not in name]  # not an address, nor a picture pasted into the cell


def _linked(path: Path, folder: Path) -> bool:
    """Whether a link on the way to a file leads elsewhere; what it shows could be anything on the computer."""
    return path.resolve() != path or not path.resolve().is_relative_to(folder)


def _read(path: Path, name: str) -> bytes:
    if not path.exists():
        raise CsCnnError(f"There is no file {path} to hand in.")
    if path.suffix.lower() not in ALLOWED:
        raise CsCnnError(
            f"{path} cannot be handed in; beside the notebook, only {', '.join(ALLOWED)} are taken."
        )
    if path.is_symlink() or not path.is_file():
        raise CsCnnError(f"{path} is not a regular file, so it cannot be handed in.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CsCnnError(f"Cannot read {path}: {error.strerror or error}.") from error
    if len(content) > LARGEST_FILE:
        raise CsCnnError(
            f"{name} has {shown(len(content))}, and at most {shown(LARGEST_FILE)} are taken for a file."
        )
    return content


def _own_modules(work: Work) -> list[str]:
    """Return the Python files beside the notebook that it imports."""
    code = "\n".join(cell.text for cell in cells_of(work.notebook) if cell.kind == "code")
    names = dict.fromkeys(_IMPORTED.findall(code))
    return [f"{name}.py" for name in names if (work.path.parent / f"{name}.py").is_file()]
