"""Opening everything that can hold something: folders, archives in archives, compressed files, data inside text."""

from __future__ import annotations

import base64
import binascii
import bz2
import gzip
import hashlib
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

DEEPEST = 8
LARGEST = 256 * 2**20
_EMBEDDED = re.compile(rb"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{200,}={0,2}")
_INVENTORY = b"# Sphinx inventory version 2"
_COMPRESSED: tuple[tuple[bytes, Callable[[io.BytesIO], io.BufferedIOBase]], ...] = (
    (b"\x1f\x8b", lambda file: gzip.GzipFile(fileobj=file)),
    (b"BZh", bz2.BZ2File),
    (b"\xfd7zXZ\x00", lzma.LZMAFile),
)


@dataclass(frozen=True)
class Member:
    """A file, wherever it lies: its path (members of archives after `!`), its bytes, and the name of its owner.

    `trouble` says why it could not be opened; `data` is empty then.
    """

    where: str
    data: bytes
    owner: str = ""
    trouble: str = ""

    @property
    def name(self) -> str:
        """The path within the innermost folder or archive."""
        return self.where.rsplit("!", 1)[-1]


def in_folder(folder: Path, label: str, known: Collection[str] = ()) -> Iterator[Member]:
    """Open a folder and everything in it.

    Parameters
    ----------
    folder : pathlib.Path
        Links in it are reported, not followed.
    label : str
        What stands before the paths in reports; empty for nothing.
    known : collection of str
        The SHA-256 of files to pass over (see `published`).

    Yields
    ------
    Member
    """
    for path in sorted(folder.rglob("*")):
        where = "/".join(part for part in (label, path.relative_to(folder).as_posix()) if part)
        if path.is_symlink():
            yield Member(where, b"", trouble="it is a link, which may lead anywhere")
        elif path.is_file():
            data = path.read_bytes()
            if not known or hashlib.sha256(data).hexdigest() not in known:
                yield from opened(Member(where, data))


def opened(member: Member, depth: int = 0) -> Iterator[Member]:
    """Yield a member and everything inside it.

    Parameters
    ----------
    member : Member
    depth : int
        How many archives it already lies in.

    Yields
    ------
    Member
    """
    yield member
    if member.trouble or not member.data:
        return
    if depth == DEEPEST:
        yield Member(member.where, b"", trouble=f"it lies in more than {DEEPEST} archives")
        return
    try:
        for inner in _inside(member):
            yield from opened(inner, depth + 1)
    except (
        *(OSError, EOFError, RuntimeError, NotImplementedError, ValueError),
        *(zipfile.BadZipFile, tarfile.TarError, lzma.LZMAError, zlib.error),
    ) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        yield Member(member.where, b"", trouble=f"it cannot be opened ({reason})")


def _inside(member: Member) -> Iterator[Member]:
    data = member.data
    if data[:4] in (b"PK\x03\x04", b"PK\x05\x06") or member.name.endswith((".zip", ".whl", ".npz")):
        yield from _zip(member)
    elif data[257:262] == b"ustar":
        yield from _tar(member)
    elif data.startswith(_INVENTORY):
        yield Member(f"{member.where}!entries", zlib.decompress(data.split(b"\n", 4)[-1]))
    elif compressed := next((how for magic, how in _COMPRESSED if data.startswith(magic)), None):
        name = re.sub(r"\.(gz|bz2|xz|svgz|tgz)$", "", member.name.rsplit("/", 1)[-1])
        with compressed(io.BytesIO(data)) as file:
            yield Member(f"{member.where}!{name}", _limited(file.read(LARGEST + 1)))
    else:
        yield from _embedded(member)


def _zip(member: Member) -> Iterator[Member]:
    with zipfile.ZipFile(io.BytesIO(member.data)) as archive:
        if archive.comment:
            yield Member(f"{member.where}!comment", archive.comment)
        for entry in archive.infolist():
            if entry.file_size > LARGEST:
                raise ValueError(f"{entry.filename} is larger than {LARGEST} bytes")
            if not entry.is_dir():
                yield Member(f"{member.where}!{entry.filename}", archive.read(entry))


def _tar(member: Member) -> Iterator[Member]:
    with tarfile.open(fileobj=io.BytesIO(member.data), mode="r:") as archive:
        for entry in archive:
            where, owner = (
                f"{member.where}!{entry.name}",
                entry.uname or (str(entry.uid) if entry.uid else ""),
            )
            if entry.isfile():
                file = archive.extractfile(entry)
                assert file is not None
                yield Member(where, _limited(file.read(LARGEST + 1)), owner)
            elif not entry.isdir():
                yield Member(where, b"", trouble="it is a link, which may lead anywhere")


def _limited(data: bytes) -> bytes:
    if len(data) > LARGEST:
        raise ValueError(f"it is larger than {LARGEST} bytes")
    return data


def _embedded(member: Member) -> Iterator[Member]:
    """Find data written as text: pictures and attachments in notebooks and pages."""
    for number, match in enumerate(_EMBEDDED.finditer(member.data), 1):
        text = match.group()
        try:
            data = base64.b64decode(text + b"=" * (-len(text) % 4), validate=True)
        except binascii.Error:
            continue
        line = member.data.count(b"\n", 0, match.start()) + 1
        yield Member(f"{member.where}!data {number} in line {line}", data)
