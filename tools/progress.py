"""Running a long step with a line that says how far it is, and its output in a log.

Only the standard library: this also runs before there is an environment.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class StepFailed(Exception):
    """A step ended with an error; the message says which, and where its log is."""


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    print(text, flush=True)


def _show(text: str) -> None:
    """Rewrite the current line of a terminal."""
    width = shutil.get_terminal_size().columns - 1
    sys.stdout.write("\r" + text[:width].ljust(width))
    sys.stdout.flush()


def run(
    title: str, command: Sequence[str], log: Path, *, environment: Mapping[str, str] | None = None
) -> None:
    """Run a command, show its latest line while it works, and keep everything it prints.

    Parameters
    ----------
    title : str
        What the step does, for the person who waits.
    command : sequence of str
    log : pathlib.Path
        File for the output; its folder is made.
    environment : mapping, optional
        Variables to add to the environment.

    Raises
    ------
    StepFailed
        When the command ends with an error; the end of the log has been printed then.
    """
    started = time.monotonic()
    log.parent.mkdir(parents=True, exist_ok=True)
    terminal = sys.stdout.isatty()
    if not terminal:
        say(f"{title} ...")
    with (
        open(log, "w", encoding="utf-8") as file,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            errors="replace",
            env={**os.environ, **(environment or {})},
        ) as process,
    ):
        assert process.stdout is not None
        try:
            for line in process.stdout:
                file.write(line)
                if terminal and line.strip():
                    _show(f"{title} ... {time.monotonic() - started:3.0f} s  {line.strip()}")
        except KeyboardInterrupt:
            process.terminate()
            raise
    seconds = time.monotonic() - started
    if terminal:
        _show("")
        sys.stdout.write("\r")
    if process.returncode:
        tail = log.read_text(encoding="utf-8", errors="replace").splitlines()[-25:]
        say("\n".join(f"    {line}" for line in tail))
        raise StepFailed(f"{title}: failed after {seconds:.0f} s; the whole output is in {log}.")
    say(f"{title}: done in {seconds:.0f} s")
