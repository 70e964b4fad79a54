"""Opening what people upload: regular files only, names that stay inside, and sizes that are limited while reading."""

from __future__ import annotations

import contextlib
import io
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cs_cnn.errors import CsCnnError

FILE_LIMIT = 200_000_000
"""Bytes of one file."""
TOTAL_LIMIT = 400_000_000
"""Bytes of all files that one student handed in."""
FILES = 1000
"""Files that one student handed in."""
ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


class Refused(Exception):
    """Why a member or a whole archive is not taken, as a part of a sentence."""


@dataclass(frozen=True)
class Upload:
    """A regular file, in a folder or an archive.

    Attributes
    ----------
    name : str
        Its path inside, with forward slashes; it never leads outside.
    size : int
        Bytes, as promised by the archive; reading more is refused.
    read : callable
        Returns the bytes, or raises `Refused`.
    """

    name: str
    size: int
    read: Callable[[], bytes]


def is_archive(name: str) -> bool:
    """Tell whether a file is an archive, by its name."""
    return name.lower().endswith(ARCHIVES)


def inside(name: str) -> str:
    r"""Return a member's name with forward slashes, or refuse one that leads outside.

    >>> inside("ada\\work.ipynb")
    'ada/work.ipynb'
    >>> inside("../bob/work.ipynb")
    Traceback (most recent call last):
    cs_cnn.course.intake.opening.Refused: '../bob/work.ipynb' leads outside the archive
    """
    plain = name.replace("\\", "/")
    parts = PurePosixPath(plain).parts
    if plain.startswith("/") or ".." in parts or (parts and ":" in parts[0]) or not parts:
        raise Refused(f"{name!r} leads outside the archive")
    if any(ord(letter) < 32 or letter == "\x7f" for letter in plain):
        raise Refused(f"{name!r} holds a control character")
    return "/".join(parts)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[list[Upload | Refused]]:
    """Open a folder or an archive and list its regular files, which can be read until the block ends.

    Parameters
    ----------
    path : pathlib.Path
        A folder, or a zip or tar file.

    Yields
    ------
    list of Upload or Refused
        What is not taken is in the list too, so that it can be reported.

    Raises
    ------
    CsCnnError
        When it is neither, or cannot be read.
    """
    with contextlib.ExitStack() as open_ones:
        try:
            found = list(_members(path, open_ones))
        except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error) as error:
            raise CsCnnError(f"{path} cannot be read: {error}.") from error
        yield found


def _members(path: Path, open_ones: contextlib.ExitStack) -> Iterator[Upload | Refused]:
    if path.is_dir():
        yield from _folder(path)
    elif not path.is_file():
        raise CsCnnError(f"There is no file or folder {path}.")
    elif zipfile.is_zipfile(path):
        yield from _zip(open_ones.enter_context(zipfile.ZipFile(path)))
    elif tarfile.is_tarfile(path):
        yield from _tar(open_ones.enter_context(tarfile.open(path)))  # noqa: SIM115 (closed by the stack)
    else:
        raise CsCnnError(f"{path} is neither a folder nor a zip nor a tar file.")


def unpacked(upload: Upload) -> Iterator[Upload | Refused]:
    """List the files of an archive that a student handed in."""
    try:
        data = io.BytesIO(upload.read())
        if upload.name.lower().endswith(".zip"):
            with zipfile.ZipFile(data) as archive:
                yield from _zip(archive)
        else:
            with tarfile.open(fileobj=data) as tar:
                yield from _tar(tar)
    except Refused as refused:
        yield refused
    except (OSError, EOFError, zipfile.BadZipFile, tarfile.TarError, zlib.error) as error:
        yield Refused(f"{upload.name} cannot be opened ({error})")


def _folder(folder: Path) -> Iterator[Upload | Refused]:
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            yield Refused(f"{path.name} is a link")
        elif path.is_dir():
            for each in _folder(path):
                if isinstance(each, Upload):
                    each = Upload(f"{path.name}/{each.name}", each.size, each.read)
                yield each
        elif path.is_file():
            yield Upload(path.name, path.stat().st_size, _of_file(path))
        else:
            yield Refused(f"{path.name} is not a regular file")


def _of_file(path: Path) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with path.open("rb") as file:
                return _limited(file.read(FILE_LIMIT + 1), path.name)
        except OSError as error:
            raise Refused(f"{path.name} cannot be read ({error.strerror or error})") from error

    return read


def _limited(data: bytes, name: str) -> bytes:
    if len(data) > FILE_LIMIT:
        raise Refused(f"{name} has more than {FILE_LIMIT // 1_000_000} MB")
    return data


def _zip(archive: zipfile.ZipFile) -> Iterator[Upload | Refused]:
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        mode = entry.external_attr >> 16
        try:
            name = inside(entry.filename)
            if mode and not stat.S_ISREG(mode) and stat.S_IFMT(mode):
                raise Refused(f"{name} is not a regular file")
            if entry.flag_bits & 1:
                raise Refused(f"{name} is encrypted")
            if entry.file_size > FILE_LIMIT:
                raise Refused(f"{name} has more than {FILE_LIMIT // 1_000_000} MB")
        except Refused as refused:
            yield refused
            continue

        def read(entry: zipfile.ZipInfo = entry, name: str = name) -> bytes:
            try:
                with archive.open(entry) as file:
                    return _limited(file.read(FILE_LIMIT + 1), name)
            except (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
                raise Refused(f"{name} cannot be unpacked ({error})") from error

        yield Upload(name, entry.file_size, read)


def _tar(archive: tarfile.TarFile) -> Iterator[Upload | Refused]:
    for entry in archive:
        if entry.isdir():
            continue
        try:
            name = inside(entry.name)
            if not entry.isreg():
                raise Refused(f"{name} is not a regular file")
            if entry.size > FILE_LIMIT:
                raise Refused(f"{name} has more than {FILE_LIMIT // 1_000_000} MB")
        except Refused as refused:
            yield refused
            continue

        def read(entry: tarfile.TarInfo = entry, name: str = name) -> bytes:
            file = archive.extractfile(entry)
            if file is None:
                raise Refused(f"{name} cannot be unpacked")
            return _limited(file.read(FILE_LIMIT + 1), name)

        yield Upload(name, entry.size, read)
