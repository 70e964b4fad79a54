"""Asking a warm process for sandboxes; several processes may ask the same one."""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cs_cnn.course.sandbox import view
from cs_cnn.course.sandbox.limits import Limits
from cs_cnn.course.sandbox.provisioning import SandboxedKernelManager
from cs_cnn.course.sandbox.warm.users import NOBODY, can_become_nobody


@dataclass(frozen=True)
class Asking:
    """What it takes to ask; it can be handed to another process when that starts.

    Attributes
    ----------
    control : socket.socket
        Leads to the warm process, which ends when nobody holds it any more.
    edition : pathlib.Path or None
        The library that the kernels see; None for the installed one.
    limits : Limits
        Of each sandbox.
    workshop : pathlib.Path
        The warm process's own folder.
    """

    control: socket.socket
    edition: Path | None
    limits: Limits
    workshop: Path

    def kernel_manager(
        self, *, files: Mapping[str, Path] | None = None, link: Path | None = None
    ) -> SandboxedKernelManager:
        """Return a manager for a kernel in a new sandbox, which is made at once, in the background.

        Parameters
        ----------
        files : mapping of str to pathlib.Path, optional
            What lies in the kernel's folder: name there, and the file to copy.
        link : pathlib.Path, optional
            A folder that the sandbox sees as `/link`, for sockets between two sandboxes. Only the full edition may
            make anything in it; the others can connect to what is there.

        Returns
        -------
        SandboxedKernelManager
            Shutting its kernel down ends the sandbox; so does leaving the context.
        """
        extra: list[str] = []
        if link is not None:
            writable = self.edition is None
            if writable and can_become_nobody():
                os.chown(link, NOBODY, NOBODY)
            extra = view.linked(link, writable=writable)

        def request() -> socket.socket:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                # One packet, whole: requests of several processes do not mix.
                socket.send_fds(self.control, [json.dumps({"view": extra}).encode()], [theirs.fileno()])
            return ours

        return SandboxedKernelManager(
            request,
            environment=view.environment(self.edition),
            files=files or {},
            limits=self.limits,
            connection_file=self.workshop / f"{secrets.token_hex(6)}.json",
        )

    def close(self) -> None:
        """Give the way to the warm process up."""
        self.control.close()
