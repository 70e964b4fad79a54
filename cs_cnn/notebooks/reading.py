"""From the bytes of a notebook file, as some editor on some machine wrote them, to its cells."""

from __future__ import annotations

import codecs
import json
from dataclasses import dataclass
from typing import Any

from cs_cnn.errors import CsCnnError

LARGEST = 50_000_000
"""Bytes beyond which a file is not read; a notebook this large is full of outputs."""


@dataclass(frozen=True)
class Note:
    """One kind of thing that is not as it should be in a notebook.

    Attributes
    ----------
    kind : str
        A short key, such as ``"copied"``.
    sentence : str
        For a person, naming the cells.
    cells : tuple of str
        The cells' names.
    """

    kind: str
    sentence: str
    cells: tuple[str, ...] = ()


def read(content: bytes, name: str = "the notebook") -> tuple[dict[str, Any], list[Note]]:
    """Read a notebook, whatever its encoding and the version of its format.

    Parameters
    ----------
    content : bytes
        The whole file.
    name : str
        How to call the file in an error.

    Returns
    -------
    notebook : dict
        In format 4; every cell has a known type, a text and metadata.
    notes : list of Note
        What was unusual about the file.

    Raises
    ------
    CsCnnError
        When it is no notebook.
    """
    if len(content) > LARGEST:
        raise CsCnnError(
            f"{name} has {len(content) / 1e6:.0f} MB, and at most {LARGEST / 1e6:.0f} are read; clear its outputs "
            "(Edit > Clear Outputs of All Cells) and save it again."
        )
    if not content.strip():
        raise CsCnnError(f"{name} is empty; save it again in Jupyter, or take your last copy.")
    text, notes = _decoded(content)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CsCnnError(_not_json(name, text, error)) from error
    if not isinstance(document, dict):
        raise CsCnnError(f"{name} is JSON, but not a notebook; is it the right file?")
    cells = document.get("cells")
    if not isinstance(cells, list):
        cells = _old_cells(document)
        if cells is None:
            raise CsCnnError(f"{name} has no cells, so it is not a notebook; is it the right file?")
        notes.append(Note("format", "The file has an old notebook format (3 or older)."))
    usable = [cell for cell in map(_usable, cells) if cell is not None]
    if len(usable) < len(cells):
        notes.append(Note("format", f"{len(cells) - len(usable)} entries of the file are not cells."))
    metadata = document.get("metadata")
    return {
        "cells": usable,
        "metadata": metadata if isinstance(metadata, dict) else {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }, notes


def written(notebook: dict[str, Any]) -> bytes:
    """Return the bytes of a notebook as Jupyter writes them: UTF-8, indented by one, a line end at the end."""
    text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    return text.encode("utf-8", "replace")


def _decoded(content: bytes) -> tuple[str, list[Note]]:
    """Decode the bytes; a few that are not UTF-8 are read as Windows or Latin-1 would."""
    if content.startswith(codecs.BOM_UTF8):
        text, notes = _decoded(content[len(codecs.BOM_UTF8) :])
        return text, [
            Note("encoding", "The file starts with a byte order mark, which notebooks do not have."),
            *notes,
        ]
    wide = ""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        wide = "utf-16"
    elif b"\0" in content[:2]:  # JSON starts with an ASCII character, so a zero byte means two bytes for each
        wide = "utf-16-be" if content[:1] == b"\0" else "utf-16-le"
    if wide:
        return content.decode(wide, "replace"), [Note("encoding", "The file is UTF-16, and should be UTF-8.")]
    try:
        return content.decode("utf-8"), []
    except UnicodeDecodeError:
        escaped = content.decode("utf-8", "surrogateescape")
    odd = 0
    letters = []
    for letter in escaped:
        code = ord(letter) - 0xDC00
        if 0x80 <= code <= 0xFF:
            odd += 1
            letter = bytes([code]).decode("cp1252", "replace")
        letters.append(letter)
    noun = "byte is" if odd == 1 else "bytes are"
    return "".join(letters), [Note("encoding", f"{odd} {noun} not UTF-8 (another editor saved the file).")]


def _not_json(name: str, text: str, error: Exception) -> str:
    if "<<<<<<< " in text and ">>>>>>> " in text:
        return f"{name} holds two versions that git could not merge (lines with <<<<<<<); choose one of them first."
    if text.lstrip()[:1] != "{":
        return f"{name} is not a notebook: its first character is not an opening brace."
    line = getattr(error, "lineno", 0)
    where = f" in line {line} of {text.count(chr(10)) + 1}" if line else ""
    return (
        f"{name} is damaged: its JSON breaks off{where}; save it again in Jupyter, or take the last copy from "
        "the folder .ipynb_checkpoints."
    )


def _old_cells(document: dict[str, Any]) -> list[Any] | None:
    """Return the cells of formats 2 and 3, which lay in work sheets, as those of format 4."""
    sheets = document.get("worksheets")
    if not isinstance(sheets, list):
        return None
    found: list[Any] = []
    for sheet in sheets:
        cells = sheet.get("cells") if isinstance(sheet, dict) else None
        for cell in cells if isinstance(cells, list) else []:
            if not isinstance(cell, dict):
                found.append(cell)
                continue
            renewed = {**cell, "source": cell.get("input", cell.get("source", ""))}
            if cell.get("cell_type") == "heading":
                level = cell.get("level")
                marks = "#" * (level if isinstance(level, int) and 0 < level < 7 else 1)
                renewed |= {"cell_type": "markdown", "source": f"{marks} {_joined(renewed['source'])}"}
            found.append(renewed)
    return found


def _joined(source: Any) -> str:
    text = "".join(part for part in source if isinstance(part, str)) if isinstance(source, list) else source
    text = text if isinstance(text, str) else ""
    # A lone surrogate, as a broken escape leaves it, could not be written as UTF-8 again.
    return text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode("utf-8")


def _usable(cell: Any) -> dict[str, Any] | None:
    """Return a cell with everything that a reader relies on, or None when it is no cell at all."""
    if not isinstance(cell, dict):
        return None
    kind = cell.get("cell_type")
    metadata = cell.get("metadata")
    made: dict[str, Any] = {
        "cell_type": kind if kind in ("code", "markdown", "raw") else "raw",
        "metadata": metadata if isinstance(metadata, dict) else {},
        "source": _joined(cell.get("source")).splitlines(keepends=True),
    }
    if isinstance(cell.get("id"), str):
        made["id"] = cell["id"]
    if kind != "code" and isinstance(cell.get("attachments"), dict):
        made["attachments"] = cell["attachments"]
    if kind == "code":
        outputs, count = cell.get("outputs"), cell.get("execution_count")
        made["outputs"] = outputs if isinstance(outputs, list) else []
        made["execution_count"] = count if isinstance(count, int) else None
    return made
