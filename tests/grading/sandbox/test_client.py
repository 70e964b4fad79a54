"""A kernel that speaks nonsense, or without end, keeps nobody waiting."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from .conftest import Kernel

pytestmark = pytest.mark.sandbox


class WaitedInVain(BaseException):
    """Raised in a wait that should have ended long ago; no library catches it."""


@pytest.fixture(autouse=True)
def patience() -> Iterator[None]:
    """End a test that would hang, since what is tested is that nothing does."""

    def ring(*_: object) -> None:
        raise WaitedInVain

    before = signal.signal(signal.SIGALRM, ring)
    signal.alarm(60)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def test_no_thread_waits_for_the_kernel(kernel: Kernel) -> None:
    # The heartbeat of jupyter_client does, and `stop_channels` waits for it: with nonsense on the connection
    # sometimes for ever, which the next test sees in one of about four kernels.
    before = threading.active_count()
    client = kernel.manager.client()
    client.start_channels()
    assert threading.active_count() == before
    client.stop_channels()


@pytest.mark.parametrize("number", range(3))
def test_nonsense_on_every_open_file_does_not_keep_the_client_from_closing(
    kernel: Kernel, number: int
) -> None:
    kernel.request(
        """
        import os
        while True:
            for number in range(3, 64):
                try:
                    os.write(number, b'{"value": 6.0}' * 100)
                except OSError:
                    pass
        """
    )
    time.sleep(1.5 + number / 3)
    kernel.end()
    kernel.client.stop_channels()


@pytest.mark.parametrize("kind", ["status", "stream"])
def test_messages_without_end_do_not_stop_the_clock(kernel: Kernel, kind: str) -> None:
    kernel.request(
        f"""
        import threading
        kernel = get_ipython().kernel
        content = {{"execution_state": "busy", "name": "stdout", "text": "x"}}
        message = kernel.session.serialize(kernel.session.msg("{kind}", content))
        def flood():
            while True:
                kernel.iopub_socket.send_multipart([b"", *message], copy=False)
        for _ in range(2):
            threading.Thread(target=flood, daemon=True).start()
        """
    )

    async def listen() -> None:
        while True:
            await kernel.client.get_iopub_msg()

    async def listen_for_a_second() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(listen(), 1)

    begun = time.monotonic()
    kernel.wait(listen_for_a_second())
    assert time.monotonic() - begun < 20
