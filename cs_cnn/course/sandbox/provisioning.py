"""A kernel manager of jupyter_client whose kernels live in sandboxes, whoever starts or restarts them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import select
import shutil
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from cs_cnn.course.sandbox.client import BoundedClient, bound_memory
from cs_cnn.course.sandbox.limits import Limits
from cs_cnn.course.sandbox.view import HOME, KERNEL
from cs_cnn.course.sandbox.warm.job import PACKET
from cs_cnn.course.sandbox.warm.users import NOBODY, can_become_nobody
from cs_cnn.errors import CsCnnError

_PORTS = ("shell_port", "iopub_port", "stdin_port", "hb_port", "control_port")
_PATIENCE = 60  # seconds for an answer of the warm process, which takes a tenth of one


class _Provisioner(KernelProvisionerBase):
    """Starts one kernel after another, each in a sandbox of its own.

    Parameters
    ----------
    manager : SandboxedKernelManager
    request : callable
        Asks the warm process for a sandbox and returns the socket on which to speak about it.
    environment : mapping
        The whole environment of the kernel.
    files : mapping of str to pathlib.Path
        What lies in the kernel's folder, by name there.
    limits : Limits
    """

    def __init__(
        self,
        manager: SandboxedKernelManager,
        request: Callable[[], socket.socket],
        environment: Mapping[str, str],
        files: Mapping[str, Path],
        limits: Limits,
    ) -> None:
        super().__init__(parent=manager, kernel_id=secrets.token_hex(6), kernel_spec=manager.kernel_spec)
        self._manager, self._request, self._limits = manager, request, limits
        self._environment, self._files = dict(environment), dict(files)
        # Asked for now: it is made while the caller does something else.
        self._channel: socket.socket | None = request()
        self._folders: list[int] = []
        self._status: int | None = None
        self._running = False
        self.why = ""

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started, and its end has not been waited for."""
        return self._running

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Take what is known before the start; folder and environment are the sandbox's own."""
        if self._channel is None:
            self._channel = self._request()
        self._status, self.why = None, ""
        return {"cmd": [], "arguments": list(kwargs.get("extra_arguments") or [])}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        """Put the files in place and start the kernel."""
        assert self._channel is not None
        self._expect("held")
        world = self._folders[-1]
        self._copy_files(world)
        kernel = os.open(KERNEL.lstrip("/"), os.O_PATH | os.O_DIRECTORY, dir_fd=world)
        self._folders.append(kernel)
        manager = self._manager
        # The name is new each time: an open folder's number is used again, and must not lead to another kernel.
        name = secrets.token_hex(4)
        manager.transport = "ipc"
        manager.ip = f"/proc/{os.getpid()}/fd/{kernel}/{name}"
        for number, port in enumerate(_PORTS, 1):
            setattr(manager, port, number)
        connection = {port: number for number, port in enumerate(_PORTS, 1)} | {
            "transport": "ipc",
            "ip": f"{KERNEL}/{name}",
            "key": manager.session.key.decode(),
            "signature_scheme": manager.session.signature_scheme,
        }
        start = {
            "connection": connection,
            "environment": self._environment,
            "arguments": kwargs["arguments"],
            "output": self._limits.output,
        }
        self._channel.send(json.dumps({"start": start}).encode())
        self._expect("started")
        self._running = True
        return manager.get_connection_info()

    async def poll(self) -> int | None:
        """Return None while the kernel runs, then its exit status."""
        return self._look()

    async def wait(self) -> int | None:
        """Wait until the kernel and all that it started are gone."""
        while self._look() is None:
            await asyncio.sleep(0.01)
        self._running = False
        return self._status

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel; ending it ends its whole sandbox."""
        if signum == signal.SIGKILL:
            self._end()
        else:
            self._tell({"signal": int(signum)})

    async def kill(self, restart: bool = False) -> None:
        """End the sandbox; on return nothing of it is left."""
        await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await self.send_signal(signal.SIGTERM)

    async def cleanup(self, restart: bool = False) -> None:
        """Forget the sandbox, which ends it if it has not ended."""
        self.close()

    def close(self) -> None:
        """End the sandbox, if it has not ended, and close everything that is open for it."""
        if self._channel is not None:
            self._end()
            self._channel.close()
            self._channel = None
        while self._folders:
            os.close(self._folders.pop())

    def _end(self) -> None:
        self._tell({"end": True})
        while self._channel is not None and self._status is None:
            self._take(self._receive(_PATIENCE) or b"")

    def _copy_files(self, world: int) -> None:
        """Copy the files into the kernel's folder, where the student may change them."""
        home = os.open(HOME.lstrip("/"), os.O_PATH | os.O_DIRECTORY, dir_fd=world)
        try:
            for name, source in self._files.items():
                target = Path(f"/proc/self/fd/{home}", name)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
                for path in (target, *target.parents[: len(Path(name).parts) - 1]):
                    path.chmod(0o755 if path.is_dir() else 0o644)
                    if can_become_nobody():
                        os.chown(path, NOBODY, NOBODY)
        except OSError as error:
            raise CsCnnError(f"Cannot put {name} into the sandbox: {error.strerror or error}.") from error
        finally:
            os.close(home)

    def _expect(self, what: str) -> None:
        packet = self._receive(_PATIENCE)
        message = json.loads(packet) if packet else {}
        if what not in message:
            problem = message.get("failed") or "the process that makes it has ended"
            raise CsCnnError(f"A sandbox did not start ({problem}).")

    def _tell(self, message: dict[str, Any]) -> None:
        if self._channel is not None and self._look() is None:
            with contextlib.suppress(OSError):  # it is ending by itself
                self._channel.send(json.dumps(message).encode())

    def _look(self) -> int | None:
        if self._channel is not None and self._status is None:
            packet = self._receive(0)
            if packet is not None:
                self._take(packet)
        return self._status if self._channel is not None else 1

    def _receive(self, seconds: float) -> bytes | None:
        """Return the next packet, an empty one when the other side has closed, None when there is none in time.

        A folder that comes with it is kept open until the end.
        """
        assert self._channel is not None
        waiting = select.poll()
        waiting.register(self._channel, select.POLLIN)
        if not waiting.poll(1000 * seconds):
            return None
        try:
            packet, handed, _, _ = socket.recv_fds(self._channel, PACKET, 1)
        except OSError:
            return b""
        self._folders += handed
        return packet

    def _take(self, packet: bytes) -> None:
        message: dict[str, Any] = json.loads(packet) if packet else {"ended": 1}
        if "ended" not in message:
            return  # it had been made, and nobody had asked yet
        self._status = int(message["ended"])
        if message.get("why"):
            self.why = self._limits.sentence(message["why"])


class SandboxedKernelManager(AsyncKernelManager):
    """What `Sandboxes.kernel_manager` returns: any of its kernels runs in a new sandbox.

    nbclient and nbgrader take it for the argument `km`. Folder, environment and output files given to `start_kernel`
    are ignored.
    """

    def __init__(
        self,
        request: Callable[[], socket.socket],
        *,
        environment: Mapping[str, str],
        files: Mapping[str, Path],
        limits: Limits,
        connection_file: Path,
    ) -> None:
        super().__init__(connection_file=str(connection_file))
        self._kernel_spec = KernelSpec(argv=[], display_name="Python 3", language="python")
        self._output = limits.output
        bound_memory(self.context, 1 << 16)  # on its one channel only short answers come
        self._sandbox = _Provisioner(self, request, environment, files, limits)
        self.provisioner = self._sandbox

    @property
    def why(self) -> str:
        """Which limit ended the last kernel, as the end of a sentence; empty when none did."""
        return self._sandbox.why

    def client(self, **kwargs: Any) -> AsyncKernelClient:  # type: ignore[override]
        """Return a client that takes as much output as the limits allow."""
        self.client_factory = BoundedClient
        return super().client(output=self._output, **kwargs)

    def cleanup_ipc_files(self) -> None:
        """Do nothing: the sockets lie in the sandbox and go with it."""

    def close(self) -> None:
        """End the sandbox, also one in which no kernel was started; on return nothing of it is left.

        nbclient leaves a kernel running whose manager it was given, so its owner calls this.
        """
        self._sandbox.close()
        self._close_control_socket()
        self.cleanup_connection_file()
        if self._created_context:
            self.context.destroy(linger=0)
