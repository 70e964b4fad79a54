"""A sandbox without a kernel yet: bubblewrap has made the namespaces, and a sleeping process holds them."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time

from .users import NOBODY, can_become_nobody, same_ids

START = 20.0  # seconds bubblewrap may take; it needs 0.05


class Refused(Exception):
    """bubblewrap could not make a sandbox; the text is what it said."""


class Holder:
    """The namespaces of one sandbox.

    Parameters
    ----------
    program : str
        Path of bubblewrap.
    view : list of str
        Arguments of bubblewrap that lay out the file system.

    Attributes
    ----------
    pid : int
        The first process of the sandbox, as seen from outside: when it ends, the kernel ends all others.

    Raises
    ------
    Refused
        When there is no such sandbox on this machine.
    """

    def __init__(self, program: str, view: list[str]) -> None:
        # Where there are several ids to give, the sandbox has them all; else bubblewrap gives it the only one.
        several = can_become_nobody()
        self._ends: list[int] = []
        options = ["--unshare-all", "--unshare-user", "--die-with-parent", "--new-session"]
        information = self._pipe()
        blocked = self._pipe() if several else None
        if blocked is None:
            options += ["--uid", str(NOBODY), "--gid", str(NOBODY)]
        else:
            options += ["--userns-block-fd", str(blocked[0])]
        options += ["--info-fd", str(information[1])]
        # In a file of its own, since anybody in the sandbox can read the command line of its first process.
        arguments = os.memfd_create("arguments")
        self._ends.append(arguments)
        os.write(arguments, b"".join(os.fsencode(word) + b"\0" for word in options + view))
        os.lseek(arguments, 0, os.SEEK_SET)
        command = [program, "--args", str(arguments), "--", "/bin/sh", "-c"]
        command.append("echo ready; exec sleep infinity >/dev/null 2>&1")
        passed = [arguments, information[1]] + ([] if blocked is None else [blocked[0]])
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=passed,
            )
        except OSError as error:
            self._close_all()
            raise Refused(str(error)) from error
        try:
            os.close(information[1])
            self._ends.remove(information[1])
            self.pid = self._child(information[0])
            if blocked is not None:
                for name in ("uid_map", "gid_map"):
                    with open(f"/proc/{self.pid}/{name}", "w") as file:
                        file.write(same_ids(name))
                os.write(blocked[1], b"x")
            assert self._process.stdout is not None
            if self._read(self._process.stdout.fileno()) != b"ready\n":
                raise Refused("it ended before the sandbox was ready")
        except (OSError, ValueError, Refused) as error:
            self._process.kill()
            said = self._process.communicate()[1].decode(errors="replace").strip()
            raise Refused(said or str(error)) from error
        finally:
            self._close_all()
        self.ended = os.pidfd_open(self._process.pid)
        self.world = os.open(f"/proc/{self.pid}/root", os.O_PATH | os.O_DIRECTORY)

    def end(self) -> None:
        """End every process of the sandbox; return when they are gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self.ended)
        os.close(self.world)

    def _pipe(self) -> tuple[int, int]:
        ends = os.pipe()
        self._ends += ends
        return ends

    def _close_all(self) -> None:
        for end in self._ends:
            os.close(end)
        self._ends.clear()
        process = getattr(self, "_process", None)
        for stream in (process.stdout, process.stderr) if process is not None else ():
            if stream is not None:
                stream.close()

    def _child(self, information: int) -> int:
        text = b""
        while True:
            text += self._read(information)
            with contextlib.suppress(ValueError):
                return int(json.loads(text)["child-pid"])

    @staticmethod
    def _read(end: int, ends: float = START) -> bytes:
        deadline = time.monotonic() + ends
        if not select.select([end], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise Refused(f"no sandbox after {ends:g} s")
        content = os.read(end, 4096)
        if not content:
            raise Refused("it ended before the sandbox was ready")
        return content
