"""Read the few facts about a PDF that Chromium wrote: pages, tags, outline, and the page of every named place.

Chromium's writer leaves dictionaries in the open and compresses only streams, so that patterns suffice; a file of
another writer is refused in a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

OBJECT = re.compile(rb"(?:^|\n)(\d+) 0 obj\b(.*?)(?:\bstream\r?\n|\bendobj\b)", re.DOTALL)
STRING = rb"\((?:\\.|[^\\()])*\)"
PLACE = re.compile(rb"/([^\s/\[\]<>()]+)\s*\[(\d+) 0 R /XYZ")


@dataclass(frozen=True)
class Facts:
    """What is in a PDF."""

    pages: int
    tagged: bool
    title: str
    outline: list[str] = field(default_factory=list)
    places: dict[str, int] = field(default_factory=dict)


def text(raw: bytes) -> str:
    r"""Decode a string object.

    Examples
    --------
    >>> text(rb"(a \(b\))"), text(b"<FEFF03B1>")
    ('a (b)', 'α')
    """
    if raw.startswith(b"<"):
        value = bytes.fromhex(raw[1:-1].decode())
    else:
        value = re.sub(
            rb"\\([0-7]{3}|.)",
            lambda m: bytes([int(m[1], 8)]) if len(m[1]) == 3 else m[1],
            raw[1:-1],
            flags=re.DOTALL,
        )
    return value[2:].decode("utf-16-be") if value.startswith(b"\xfe\xff") else value.decode("latin-1")


def name(raw: bytes) -> str:
    """Decode a name object: `#23` is a character in hexadecimal."""
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda m: bytes([int(m[1], 16)]), raw).decode("utf-8", "replace")


def read(path: Path) -> Facts:
    """Read the facts of a PDF.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    Facts

    Raises
    ------
    ValueError
        When it is no PDF as Chromium writes them.
    """
    content = path.read_bytes()
    objects = {int(number): body for number, body in OBJECT.findall(content)}
    catalog = next((body for body in objects.values() if re.search(rb"/Type\s*/Catalog\b", body)), None)
    if not content.startswith(b"%PDF-") or catalog is None:
        raise ValueError(f"{path.name} is no PDF as Chromium writes them.")

    def pages_under(number: int) -> list[int]:
        body = objects[number]
        if kids := re.search(rb"/Kids\s*\[(.*?)\]", body, re.DOTALL):
            return [page for each in re.findall(rb"(\d+) 0 R", kids[1]) for page in pages_under(int(each))]
        return [number]

    def referred(key: bytes, body: bytes) -> int | None:
        found = re.search(rb"/" + key + rb"\s+(\d+) 0 R", body)
        return int(found[1]) if found else None

    tree = referred(b"Pages", catalog)
    order = {page: place for place, page in enumerate(pages_under(tree) if tree else [], 1)}
    outline, waiting = [], [referred(b"Outlines", catalog)]
    while waiting:
        if (number := waiting.pop()) is None:
            continue
        body = objects[number]
        if found := re.search(rb"/Title\s*(" + STRING + rb"|<[0-9A-Fa-f]*>)", body, re.DOTALL):
            outline.append(text(found[1]))
        waiting += [referred(b"Next", body), referred(b"First", body)]
    named = referred(b"Dests", catalog)
    places = {name(key): order[int(page)] for key, page in PLACE.findall(objects[named] if named else b"")}
    titled = re.search(rb"/Title\s*(" + STRING + rb"|<[0-9A-Fa-f]*>)", objects.get(1, b""), re.DOTALL)
    return Facts(
        pages=len(order),
        tagged=b"/StructTreeRoot" in catalog and re.search(rb"/Marked\s+true", content) is not None,
        title=text(titled[1]) if titled else "",
        outline=outline,
        places=places,
    )
