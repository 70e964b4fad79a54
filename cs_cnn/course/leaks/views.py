"""The readings of a file: as it is, a page without its tags, a string with its line ends, a notebook by cells."""

from __future__ import annotations

import codecs
import html
import json
import re
from collections.abc import Iterator
from typing import Any

from cs_cnn.course.leaks.opening import Member

Lines = list[tuple[int, str]]

_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!--|-->|<!\[CDATA\[|\]\]>")
_ESCAPE = re.compile(r'\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(["\'/\\nrt]))')
_NAMED = {"n": "\n", "r": "\n", "t": " "}


def text_of(data: bytes) -> str | None:
    """Decode text in any of the usual encodings; None for other data."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    if b"\0" in data[:8192]:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
        strange = sum(not character.isprintable() and character not in "\n\r\t" for character in text[:8192])
        return None if strange > 0.05 * len(text[:8192]) else text


def _without_tags(text: str) -> str:
    return html.unescape(_TAG.sub(lambda match: "\n" * match.group().count("\n"), text))


def _unescaped(text: str) -> Lines:
    """Return what the strings of a script or of JSON say, each piece under the number of its line."""

    def plain(match: re.Match[str]) -> str:
        code = match.group(1) or match.group(2)
        return chr(int(code, 16)) if code else _NAMED.get(match.group(3), match.group(3))

    return [
        (number, piece)
        for number, line in enumerate(text.splitlines(), 1)
        for piece in _without_tags(_ESCAPE.sub(plain, line)).split("\n")
    ]


def readings(text: str) -> Iterator[Lines]:
    """Yield every reading of a text that differs from the others, as numbered lines.

    Parameters
    ----------
    text : str

    Yields
    ------
    list of (int, str)
        Line numbers are those of the text as it is.
    """
    yield list(enumerate(text.splitlines(), 1))
    bare = _without_tags(text)
    if bare != text:
        yield list(enumerate(bare.splitlines(), 1))
    if re.search(r'\\(n|u00|x[0-9a-f]{2}|")', text):
        yield _unescaped(text)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        if value and all(isinstance(each, str) for each in value):
            yield "".join(value)
        else:
            for each in value:
                yield from _strings(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield str(key)
            yield from _strings(each)


def notebook_of(member: Member, text: str) -> dict[str, Any] | None:
    """Return the notebook in a member, or None when it is none."""
    if '"cells"' not in text:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get("cells"), list) else None


def texts(member: Member) -> Iterator[tuple[str, str]]:
    """Yield the texts of a member and where each is: one for a file, one for each part of a notebook.

    Parameters
    ----------
    member : Member

    Yields
    ------
    (str, str)
        Where, and the text; nothing for data that is no text.
    """
    text = text_of(member.data)
    if text is None:
        return
    notebook = notebook_of(member, text)
    if notebook is None:
        yield member.where, text
        return
    yield f"{member.where}!metadata", "\n".join(_strings(notebook.get("metadata")))
    for number, cell in enumerate(notebook["cells"], 1):
        if not isinstance(cell, dict):
            continue
        where = f"{member.where}!cell {number}"
        yield where, "".join(_strings(cell.get("source")))
        outputs = cell.get("outputs")
        for position, output in enumerate(outputs if isinstance(outputs, list) else [], 1):
            for said in _strings(output):
                yield f"{where}, output {position}", said
        for key in sorted(cell.keys() - {"source", "outputs", "id", "cell_type"}):
            if cell[key]:
                yield f"{where} ({key})", "\n".join(_strings(cell[key]))
