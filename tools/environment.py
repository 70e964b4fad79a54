"""Make `.venv` from `constraints.txt`: complete, or not at all (`make env`).

Only the standard library, since it runs before anything is installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import sys
from pathlib import Path

from tools.progress import StepFailed, run, say

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "environment.sha256"
LOG = ROOT / "build" / "environment.log"
OLDEST = (3, 11)

# Debian package: (a program of it, what it is for)
SYSTEM_PACKAGES = {"chromium": ("chromium", "the tests that look at pages")}


def fingerprint() -> str:
    """Return a hash of everything that decides what is in the environment."""
    digest = hashlib.sha256(sys.version.encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def missing_for_a_venv() -> str | None:
    """Say what this Python lacks to make an environment, or None."""
    if sys.version_info < OLDEST:
        return (
            f"Python {OLDEST[0]}.{OLDEST[1]} or later is needed, and this is {sys.version.split()[0]};"
            " name another one with: make PYTHON=python3.11 env"
        )
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        return "Python's venv module is missing; install it with: apt-get install python3-venv"
    return None


def mention_system_packages() -> None:
    """Name in one sentence what the machine could have and lacks."""
    lacking = {name: use for name, (program, use) in SYSTEM_PACKAGES.items() if shutil.which(program) is None}
    if lacking:
        uses = ", ".join(f"{name} (for {use})" for name, use in lacking.items())
        say(f"Optional, and not on this machine: {uses}; to have it: apt-get install {' '.join(lacking)}")


def make() -> None:
    """Make or update the environment, unless it is up to date.

    Raises
    ------
    StepFailed
        When it cannot be made; an environment that this call began is removed again.
    """
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text(encoding="utf-8") == wanted:
        return
    if sentence := missing_for_a_venv():
        raise StepFailed(sentence)
    began_here = not VENV.exists()
    STAMP.unlink(missing_ok=True)
    python = VENV / "bin" / "python"
    try:
        if not python.exists():
            run("Making .venv", [sys.executable, "-m", "venv", str(VENV)], LOG)
        install = [
            str(python),
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--progress-bar",
            "off",
        ]
        run(
            "Installing the tested packages into .venv (a few minutes, about 2 GB)",
            [*install, "--constraint", str(ROOT / "constraints.txt"), "--editable", f"{ROOT}[all]"],
            LOG,
            environment={"PIP_ROOT_USER_ACTION": "ignore"},
        )
        # Written last: an environment without its stamp is not trusted.
        part = STAMP.with_suffix(".part")
        part.write_text(wanted, encoding="utf-8")
        os.replace(part, STAMP)
    except BaseException:
        if began_here:
            shutil.rmtree(VENV, ignore_errors=True)
        raise
    mention_system_packages()


def main() -> int:
    """Run `make env`."""
    try:
        make()
    except StepFailed as error:
        say(f"Error: {error}")
        return 2
    except KeyboardInterrupt:
        say("\nStopped; run the same command to go on.")
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
