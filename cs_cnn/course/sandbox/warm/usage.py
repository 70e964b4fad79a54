"""What the processes of a sandbox use together, read from the sandbox's own /proc."""

from __future__ import annotations

import contextlib
import os

# Bytes that a kernel uses itself: a submission that needs all its memory shall get an error, and not an end.
ROOM = 128 * 1024**2

_PAGE = os.sysconf("SC_PAGE_SIZE")


def own_memory() -> int:
    """Return the bytes of memory that this process uses, and every fork of it shares at first."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * _PAGE


def _numbers(world: int) -> tuple[int, list[str]]:
    proc = os.open("proc", os.O_RDONLY | os.O_DIRECTORY, dir_fd=world)
    return proc, [name for name in os.listdir(proc) if name.isdigit()]


def processes(world: int) -> int:
    """Count the processes of a sandbox.

    Parameters
    ----------
    world : int
        Its root folder, open.
    """
    proc, names = _numbers(world)
    os.close(proc)
    return len(names)


def memory_beyond(world: int, shared: int, most: int) -> bool:
    """Say whether a sandbox uses more than `most` bytes.

    Parameters
    ----------
    world : int
        Its root folder, open.
    shared : int
        What every process has from the warm process, which is there only once.
    most : int
        Bytes.
    """
    proc, names = _numbers(world)
    try:
        # Quick, and never too little; it counts twice what processes share, so only then the exact sum is asked for.
        quick = sum(max(0, _resident(proc, name) - shared) for name in names)
        return quick > most and sum(_proportional(proc, name, shared) for name in names) > most
    finally:
        os.close(proc)


def _text(proc: int, name: str) -> str:
    with open(name, opener=lambda path, flags: os.open(path, flags, dir_fd=proc)) as file:
        return file.read()


def _resident(proc: int, name: str) -> int:
    try:
        return int(_text(proc, f"{name}/statm").split()[1]) * _PAGE
    except (OSError, IndexError):  # it has just ended
        return 0


def _proportional(proc: int, name: str, shared: int) -> int:
    with contextlib.suppress(OSError):  # it has just ended, or it forbade to look
        for line in _text(proc, f"{name}/smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return max(0, _resident(proc, name) - shared)
