"""A client of a kernel that nobody trusts: it takes a stated number of bytes of output, and then no more."""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel
from traitlets import Integer, Type

# Messages that become part of a notebook, with what must be in them; widgets, which would come besides, need a page.
_OUTPUT: dict[str, dict[str, type]] = {
    "stream": {"name": str, "text": str},
    "display_data": {"data": dict, "metadata": dict},
    "update_display_data": {"data": dict, "metadata": dict},
    "execute_result": {"data": dict, "metadata": dict, "execution_count": int},
    "error": {"ename": str, "evalue": str, "traceback": list},
    "execute_input": {"execution_count": int},
}
_OTHER: dict[str, dict[str, type]] = {"status": {"execution_state": str}, "clear_output": {}}
# What is around an output in a message.
_HEAD = 1 << 16


class _Channel(AsyncZMQSocketChannel):
    """A channel on which anything may come; what is no message is taken for one that answers nothing."""

    async def _recv(self, **kwargs: Any) -> dict[str, Any]:  # type: ignore[override]
        parts = await self.socket.recv_multipart(**kwargs)
        try:
            message = self.session.deserialize(self.session.feed_identities(parts)[1])
            header = message["parent_header"]
            if isinstance(header, dict) and isinstance(message["content"], dict):
                return self.allowed(message, sum(len(part) for part in parts))
        except Exception:  # a kernel that is not one any more can send whatever it likes
            pass
        return _nothing({})

    def allowed(self, message: dict[str, Any], size: int) -> dict[str, Any]:
        """Return the message, or what takes its place."""
        return message


class _Output(_Channel):
    """The channel of outputs, with a budget."""

    left = 0

    def allowed(self, message: dict[str, Any], size: int) -> dict[str, Any]:
        """Return the message if the budget allows it; states of the kernel always come through."""
        kind, content = message["msg_type"], message["content"]
        wanted = _OUTPUT.get(kind, _OTHER.get(kind))
        well_formed = wanted is not None and all(isinstance(content.get(key), wanted[key]) for key in wanted)
        well_formed = well_formed and (kind != "stream" or content["name"] in ("stdout", "stderr"))
        if kind in _OUTPUT:
            self.left -= size
        if well_formed and (kind in _OTHER or self.left > 0):
            return message
        return _nothing(message["parent_header"])


class _NoHeartbeat:
    """Stands for the channel on which other clients ask every second whether the kernel is alive.

    Whether a process runs is known here without asking it, and jupyter_client's own channel waits for ever to send
    its question when a kernel has broken the connection by writing nonsense into it.
    """

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    def start(self) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""

    def is_alive(self) -> bool:
        """Return False: there is nothing to stop."""
        return False


def bound_memory(context: zmq.asyncio.Context, most: int) -> None:
    """Bound what the sockets of a context hold: messages that nobody reads, and how large one may be to be taken."""
    context.maxmsgsize = most
    context.rcvhwm = 8  # more wait in the kernel's own memory


def _nothing(parent: dict[str, Any]) -> dict[str, Any]:
    """Return a message that every client passes over."""
    header = {"msg_id": "", "msg_type": "status"}
    content = {"execution_state": "busy"}
    return {
        "header": header,
        "msg_type": "status",
        "parent_header": parent,
        "content": content,
        "buffers": [],
    }


class BoundedClient(AsyncKernelClient):
    """A client that drops output beyond a number of bytes.

    Attributes
    ----------
    output : int
        Bytes of output it takes in all.
    """

    output = Integer(1 << 24)
    iopub_channel_class = Type(_Output)
    shell_channel_class = Type(_Channel)
    control_channel_class = Type(_Channel)
    hb_channel_class = Type(_NoHeartbeat)  # type: ignore[assignment]

    @property
    def _most(self) -> int:
        # Room for what the kernel itself cuts at `output` characters, and for what is around them.
        return 2 * self.output + _HEAD

    def _context_default(self) -> zmq.asyncio.Context:
        context = super()._context_default()
        bound_memory(context, self._most)
        return context

    @property
    def iopub_channel(self) -> Any:
        """Return the channel of outputs."""
        new = self._iopub_channel is None
        channel = super().iopub_channel
        if new:
            channel.left = self._most
        return channel

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers on both of its channels.

        The client of jupyter_client waits a fifth of a second longer, for messages that concern nobody.

        Parameters
        ----------
        timeout : float, optional
            Seconds.

        Raises
        ------
        RuntimeError
            When the kernel has ended, or does not answer in time.
        """
        ends = None if timeout is None else time.monotonic() + timeout
        while True:
            asked = self.kernel_info()
            until = time.monotonic() + 0.5
            while time.monotonic() < until:
                try:
                    message = await self.shell_channel.get_msg(timeout=0.5)
                except Empty:
                    break
                if message["msg_type"] == "kernel_info_reply":
                    try:
                        await self.iopub_channel.get_msg(timeout=0.2)
                    except Empty:
                        break  # not connected yet: a message sent now would be lost
                    self._handle_kernel_info_reply(message)
                    return
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if ends is not None and time.monotonic() > ends:
                raise RuntimeError(f"Kernel didn't respond to {asked} in {timeout:g} seconds")
