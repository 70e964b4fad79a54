"""Forking the warm process twice: a watcher that enters the namespaces, and below it the process that is the kernel."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import entering
from .cgroups import Cgroups

# From here on the system counts processes per user and namespace, and not per user of the whole machine.
_COUNTS_PER_NAMESPACE = (5, 14)


@dataclass
class Forked:
    """A kernel that is being started.

    Attributes
    ----------
    watcher : int
        The process outside that waits for the kernel and ends with its exit status.
    report : int
        Where the kernel's process id (first line) and its failure to start (the rest) can be read.
    """

    watcher: int
    report: int


def fork_into(
    pid: int, limits: dict[str, int], cgroups: Cgroups, become: Callable[[Callable[[], None]], Any]
) -> Forked:
    """Fork this process into a sandbox.

    Parameters
    ----------
    pid : int
        The first process of the sandbox.
    limits : dict
        See `Limits`.
    cgroups : Cgroups
        Groups that count for the limits too.
    become : callable
        What the new process does. It calls its argument when it has started; what it raises before is reported.

    Returns
    -------
    Forked
    """
    report, written = os.pipe()
    watcher = os.fork()
    if watcher:
        os.close(written)
        return Forked(watcher, report)
    status = 97
    try:
        os.setsid()
        cgroups.join()
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")  # when the machine has no memory left, this is what ends
        entering.enter(pid)
        kernel = os.fork()
        if kernel:
            os.write(written, f"{kernel}\n".encode())
            os.closerange(3, 1 << 16)
            ended = os.waitstatus_to_exitcode(os.waitpid(kernel, 0)[1])
            status = ended if ended >= 0 else 128 - ended
        else:
            _settle(written)

            def started() -> None:
                _take_limits(limits)  # now that the threads of a kernel, with their stacks, are there
                os.close(written)

            become(started)
            status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 0
    except (
        BaseException
    ) as error:  # whatever it is, the parent must hear of it, and two processes must not go on
        _tell(written, f"{type(error).__name__}: {error}")
    finally:
        os._exit(status)


def _tell(written: int, text: str) -> None:
    try:
        os.write(written, text.encode(errors="replace")[:2000])
    except OSError:  # it had started already, and nobody listens any more
        print(text, file=sys.__stderr__)


def _settle(written: int) -> None:
    """In the new process, inside: keep no open file, no privilege and no key."""
    os.setsid()
    os.chdir("/home/student")
    os.umask(0o022)
    entering.forget_keys()
    entering.give_up_privileges(root=os.getuid() == 0)
    log = os.open("/kernel/log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    null = os.open("/dev/null", os.O_RDONLY)
    for end, standard in ((null, 0), (log, 1), (log, 2)):
        os.dup2(end, standard)
    os.closerange(3, written)
    os.closerange(written + 1, 1 << 16)


def _take_limits(limits: dict[str, int]) -> None:
    release = tuple(int(part) for part in os.uname().release.split("-")[0].split(".")[:2])
    # Where the first process belongs to root, nobody else on the machine has the id of this one.
    counted = os.stat("/proc/1").st_uid == 0 or release >= _COUNTS_PER_NAMESPACE
    entering.take_limits(
        memory=limits["memory"],
        processes=limits["processes"] if counted else None,
        file=limits["file"],
        cpu=limits["cpu"],
    )
