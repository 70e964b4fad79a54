"""Writing files so that an interrupt or a full disk leaves the old content or the new, never half."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from cs_cnn.errors import CsCnnError


def _sibling(path: Path, what: str) -> Path:
    """Return an unused hidden name beside `path`: a rename is atomic only within one file system."""
    return path.with_name(f".{path.name}.{what}-{secrets.token_hex(4)}")


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str], mode: str = "w") -> Iterator[IO[Any]]:
    r"""Open a file for writing that appears under its name only when it is complete.

    Parameters
    ----------
    path : path-like
        Where the file shall be. Missing parent folders are made.
    mode : {"w", "wb"}
        Text (UTF-8, line ends as written) or bytes.

    Yields
    ------
    file object
        A file with a temporary name in the same folder.

    Raises
    ------
    CsCnnError
        When the file cannot be written (no space, no permission); the old file is untouched.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> target = pathlib.Path(tempfile.mkdtemp()) / "marks.csv"
    >>> with atomic_write(target) as file:
    ...     _ = file.write("ada,100\n")
    >>> target.read_text()
    'ada,100\n'
    """
    if mode not in ("w", "wb"):
        raise ValueError(f"mode must be 'w' or 'wb', got {mode!r}")
    path = Path(path)
    temporary = _sibling(path, "part")
    text: dict[str, Any] = {} if "b" in mode else {"encoding": "utf-8", "newline": ""}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, mode, **text) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        if error.filename not in (None, str(temporary), str(path), str(path.parent)):
            raise  # something else that the block was doing
        raise CsCnnError(
            f"Cannot write {path}: {error.strerror or error}; the file is as it was before."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def replace_folder(new: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
    """Put the finished folder `new` in the place of `target`, and remove the old one last.

    Parameters
    ----------
    new : path-like
        A complete folder on the same file system as `target`.
    target : path-like
        The folder's final name; it may exist, and may not be a file.

    Raises
    ------
    CsCnnError
        When the folder cannot be moved; the old folder is put back.
    """
    new, target = Path(new), Path(target)
    if target.exists() and not target.is_dir():
        raise CsCnnError(
            f"Cannot put a folder at {target}: a file of that name is there; move it away first."
        )
    old = _sibling(target, "old")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():
            os.rename(target, old)
        try:
            os.rename(new, target)
        except OSError:
            if old.exists():
                os.rename(old, target)
            raise
    except OSError as error:
        raise CsCnnError(
            f"Cannot move {new} to {target}: {error.strerror or error}; nothing was changed."
        ) from error
    shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def folder_in_the_making(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yield an empty folder that takes the place of `target` when the block ends without an error.

    Parameters
    ----------
    target : path-like
        The folder to make or to renew.

    Yields
    ------
    pathlib.Path
        A temporary folder beside `target`; it is removed when the block raises.
    """
    target = Path(target)
    making = _sibling(target, "new")
    try:
        making.mkdir(parents=True)
    except OSError as error:
        raise CsCnnError(f"Cannot make a folder beside {target}: {error.strerror or error}.") from error
    try:
        yield making
        replace_folder(making, target)
    finally:
        shutil.rmtree(making, ignore_errors=True)
