"""One sandbox with its kernel, from the request to the end of its last process."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import socket
import time
from typing import Any

from .cgroups import Cgroups
from .forking import Forked, fork_into
from .holder import Holder, Refused
from .kernel import become_kernel
from .usage import ROOM, memory_beyond, own_memory, processes

PACKET = 1 << 20


class Job:
    """A sandbox and the socket on which its owner speaks to it.

    Parameters
    ----------
    channel : socket.socket
        Closing it ends the sandbox.
    request : dict
        `view`: arguments of bubblewrap beyond those of the configuration.
    configuration : dict
        Path of `bubblewrap`, and `view`, `close` and `limits` of every sandbox.
    selector : selectors.BaseSelector
        Where everything is registered that this object shall be told of by `react`.
    """

    def __init__(
        self,
        channel: socket.socket,
        request: dict[str, Any],
        configuration: dict[str, Any],
        selector: selectors.BaseSelector,
    ) -> None:
        self.closed = False
        self._channel, self._selector = channel, selector
        self._limits: dict[str, int] = configuration["limits"]
        self._forked: Forked | None = None
        self._kernel: int | None = None
        self._why = ""
        try:
            # The last words make the root of the view read-only, so they come after what is added.
            view = [*configuration["view"], *request["view"], *configuration["close"]]
            self._holder = Holder(configuration["bubblewrap"], view)
        except Refused as error:
            self._say({"failed": str(error)})
            channel.close()
            self.closed = True
            return
        self._cgroups = Cgroups(self._limits)
        self._own = own_memory()
        self._ends = [self._watch(channel.fileno()), self._watch(self._holder.ended)]
        self._say({"held": True}, self._holder.world)

    def react(self, end: int) -> None:
        """Do what something that became readable asks for."""
        if end == self._channel.fileno():
            self._hear()
        elif self._forked is not None and end == self._forked.report:
            self._read_report()
        else:  # the kernel or the holder has ended
            self.end()

    def look(self) -> None:
        """End a sandbox that uses more than it may."""
        if self.closed or self._forked is None:
            return
        if time.monotonic() > self._deadline:
            self._why = "wall"
        elif self._cgroups.out_of_memory():
            self._why = "memory"
        elif processes(self._holder.world) > self._limits["processes"]:
            self._why = "processes"
        elif memory_beyond(self._holder.world, self._own, self._limits["memory"] + ROOM):
            self._why = "memory"
        if self._why:
            self.end()

    def end(self) -> None:
        """End every process, say how the kernel ended, and forget the sandbox."""
        if self.closed:
            return
        self.closed = True
        for end in self._ends:
            self._selector.unregister(end)
        status = self._status()
        self._holder.end()
        if self._forked is not None:
            if status is None:
                status = os.waitstatus_to_exitcode(os.waitpid(self._forked.watcher, 0)[1])
            os.close(self._forked.report)
            os.close(self._ended)
        if self._kernel is not None:
            os.close(self._kernel)
        if not self._why and self._cgroups.out_of_memory():
            self._why = "memory"
        elif not self._why and status == 128 + signal.SIGXCPU:
            self._why = "cpu"
        self._cgroups.remove()
        self._say({"ended": status if status is not None else 1, "why": self._why})
        self._channel.close()

    def _status(self) -> int | None:
        if self._forked is None:
            return None
        pid, status = os.waitpid(self._forked.watcher, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def _watch(self, end: int) -> int:
        self._selector.register(end, selectors.EVENT_READ, self)
        return end

    def _hear(self) -> None:
        try:
            packet = self._channel.recv(PACKET)
        except OSError:
            packet = b""
        if not packet:
            self.end()
            return
        message = json.loads(packet)
        if "start" in message and self._forked is None:
            request = message["start"]
            self._deadline = time.monotonic() + self._limits["wall"]
            self._forked = fork_into(
                self._holder.pid, self._limits, self._cgroups, lambda started: become_kernel(request, started)
            )
            self._ended = os.pidfd_open(self._forked.watcher)
            self._ends += [self._watch(self._forked.report), self._watch(self._ended)]
        elif "end" in message:
            self.end()
        elif "signal" in message and self._kernel is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._kernel, message["signal"])

    def _read_report(self) -> None:
        """Take note of the kernel's process id; when it has started, the other end closes without a word."""
        assert self._forked is not None
        text = os.read(self._forked.report, 4096).decode(errors="replace")
        if text and self._kernel is None and text.split("\n")[0].isdigit():
            number, _, text = text.partition("\n")
            with contextlib.suppress(ProcessLookupError):
                self._kernel = os.pidfd_open(int(number))
            if not text:
                return
        self._say({"failed": text} if text or self._kernel is None else {"started": True})
        self._selector.unregister(self._forked.report)
        self._ends.remove(self._forked.report)

    def _say(self, message: dict[str, Any], *ends: int) -> None:
        with contextlib.suppress(OSError):  # nobody listens any more
            socket.send_fds(self._channel, [json.dumps(message).encode()], list(ends))
