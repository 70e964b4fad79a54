"""Control groups, where this user may make them: they count memory that belongs to no single process."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from pathlib import Path

from .usage import ROOM

_BASE = "/sys/fs/cgroup"


class Cgroups:
    """The control groups of one sandbox; none where they cannot be made, and then the other limits stand alone.

    Parameters
    ----------
    limits : dict
        See `Limits`.
    """

    def __init__(self, limits: dict[str, int]) -> None:
        self.folders: list[str] = []
        name = f"cs-cnn-{os.getpid()}-{secrets.token_hex(4)}"
        # Files in the three writable folders are memory too.
        memory, processes = str(limits["memory"] + ROOM + 3 * limits["disk"]), str(limits["processes"])
        if os.path.exists(f"{_BASE}/cgroup.controllers"):
            wanted = {_BASE: {"memory.max": memory, "memory.swap.max": "0", "pids.max": processes}}
        else:
            wanted = {
                f"{_BASE}/memory": {"memory.limit_in_bytes": memory},
                f"{_BASE}/pids": {"pids.max": processes},
            }
        for base, settings in wanted.items():
            folder = f"{base}/{name}"
            with contextlib.suppress(OSError):
                os.mkdir(folder)
                self.folders.append(folder)
                for key, value in settings.items():
                    with contextlib.suppress(OSError), open(f"{folder}/{key}", "w") as file:
                        file.write(value)

    @staticmethod
    def remove_left_over() -> None:
        """Remove the groups of processes like this one that were killed before they could."""
        for folder in (*Path(_BASE).glob("cs-cnn-*-*"), *Path(_BASE).glob("*/cs-cnn-*-*")):
            if not os.path.exists(f"/proc/{folder.name.split('-')[2]}"):
                with contextlib.suppress(OSError):
                    folder.rmdir()

    def join(self) -> None:
        """Put this process, and what it will start, into the groups."""
        for folder in self.folders:
            with contextlib.suppress(OSError), open(f"{folder}/cgroup.procs", "w") as file:
                file.write(str(os.getpid()))

    def out_of_memory(self) -> bool:
        """Whether the system ended a process of the groups because they had used up their memory."""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError), open(f"{folder}/{name}") as file:
                    counts = dict(line.split() for line in file)
                    if int(counts.get("oom_kill", "0")):
                        return True
        return False

    def remove(self) -> None:
        """Remove the groups; their processes have ended."""
        for folder in self.folders:
            for _ in range(50):
                try:
                    os.rmdir(folder)
                    break
                except OSError:  # the last process may still be leaving
                    time.sleep(0.01)
        self.folders.clear()
