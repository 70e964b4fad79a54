"""Packages from npm, as archives: fetched by the environment's npm, or else the machine's, and never installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_MINUTES = 5
_PATIENCE = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000")


def program(name: str) -> str | None:
    """Return the path of a program, the environment's own first; None where there is none."""
    own = Path(sys.executable).with_name(name)
    return str(own) if own.is_file() else shutil.which(name)


def packed(package: str, version: str) -> bytes | None:
    """Return the archive of a package, from npm's own cache where it is there.

    Parameters
    ----------
    package, version : str

    Returns
    -------
    bytes or None
        The archive, whose SHA-256 is for the caller to check; None without npm, network, or such a package.
    """
    npm = program("npm")
    if npm is None:
        return None
    path = f"{Path(npm).parent}{os.pathsep}{os.environ.get('PATH', '')}"  # where npm finds its node
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", f"{package}@{version}", "--silent", "--prefer-offline", *_PATIENCE]
        try:
            subprocess.run(
                command,
                cwd=folder,
                env={**os.environ, "PATH": path},
                check=True,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=60 * _MINUTES,
            )
            return (Path(folder) / f"{package}-{version}.tgz").read_bytes()
        except (OSError, subprocess.SubprocessError):
            return None
