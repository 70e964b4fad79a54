"""Files that somebody else published and that the site only passes on: byte for byte theirs, they hold nothing of ours.

Python and Jupyter for the browser are 60 MB of programs, full of paths of the machines that built them. Each of their
files is known by its SHA-256; one that differs in a single byte is scanned like any other.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

PYODIDE = Path("build") / "pyodide"
LOCK = "pyodide-lock.json"
CORE = frozenset(
    (
        "9c45b916001a750f4102fc287494f3eab215909c7535c626a20db80fd6333e2c",  # pyodide-lock.json
        "b4cb23a53aba19c221659b9fb40a2f18281d685691dc06647fb0afd0681baf98",  # pyodide.js
        "04c052c815abb0bf2981fa38c2dfa58e3120ee5288c956df2b2a15e301782c5f",  # pyodide.mjs
        "6b4c90de5b7172873f04f21884d0e9d2274e305fe32116558fe3e4fbe3618d51",  # pyodide.asm.js
        "a50dd1843f805a0b7c45b61037ee0d7b26dfe85efe0e18ef95a34ad24e401f5f",  # pyodide.asm.wasm
        "16611534726e5d8ac2bd8f926410b2dcb8d6f49aa24913463533b457a2115c16",  # python_stdlib.zip
    )
)
"""The files of Pyodide 0.27.7 on npm; the first is its lock file, which names the SHA-256 of each package."""

_EXTENSION = Path("share/jupyter/labextensions/@jupyterlite")


def hashes(repository: Path) -> frozenset[str]:
    """Return the SHA-256 of every published file that is known here.

    Parameters
    ----------
    repository : pathlib.Path
        The folder in which `build/pyodide` may lie.

    Returns
    -------
    frozenset of str
        In hexadecimal; with less installed it is smaller, and more is scanned.
    """
    return frozenset((*CORE, *_packages(repository / PYODIDE / LOCK), *_jupyterlite(), *_extensions()))


def sha256(data: bytes) -> str:
    """Return the SHA-256 of some bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def _packages(lock: Path) -> Iterator[str]:
    """Yield the hashes of Pyodide's packages, if the lock file is the published one."""
    content = lock.read_bytes() if lock.is_file() else b""
    if sha256(content) in CORE:
        yield from (package["sha256"] for package in json.loads(content)["packages"].values())


def _jupyterlite() -> Iterator[str]:
    """Yield the hashes of the programs that the installed JupyterLite unpacks into a site."""
    found = importlib.util.find_spec("jupyterlite_core")  # finds the package without importing it
    for archive in Path(found.origin).parent.glob("*.tgz") if found and found.origin else ():
        with tarfile.open(archive) as members:
            for member in members:
                file = None if member.name.endswith(".map") else members.extractfile(member)
                if file is not None:
                    yield sha256(file.read())


def _extensions() -> Iterator[str]:
    """Yield the hashes of the installed kernel for it."""
    for path in (Path(sys.prefix) / _EXTENSION).rglob("*"):
        if path.is_file() and path.suffix != ".map":
            yield sha256(path.read_bytes())
