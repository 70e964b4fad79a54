"""Limits hold, whatever a submission does to get around them, and the reason is known afterwards."""

from __future__ import annotations

import asyncio
import dataclasses
import resource
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cs_cnn.course.sandbox import Limits, Sandboxes

from .conftest import MIB, SMALL, Kernel, inside

pytestmark = pytest.mark.sandbox


@pytest.fixture
def strict(student_edition: Path) -> Sandboxes:
    """Return sandboxes, not entered yet, in which little time passes until the limits on time."""
    return Sandboxes(student_edition, limits=dataclasses.replace(SMALL, cpu=1, wall=6))


def test_a_large_array_is_a_memory_error(kernel: Kernel) -> None:
    assert kernel.run(f"import numpy as np; x = np.ones({SMALL.memory // 4}, dtype=float)").startswith(
        ("MemoryError", "_ArrayMemoryError")
    )
    # What is allowed works, and the kernel goes on.
    assert kernel.run(f"x = np.ones({SMALL.memory // 16}, dtype=float); print(int(x[-1]))") == "1"


def test_memory_of_many_processes_counts_together(kernel: Kernel) -> None:
    kernel.request(
        f"""
        import os, time
        for _ in range(8):
            if os.fork() == 0:
                x = b"x" * {SMALL.memory // 4}
                time.sleep(60)
        time.sleep(60)
        """
    )
    assert kernel.died(seconds=30)
    assert kernel.manager.why == "it used more than 1024 MiB of memory"


def test_a_fork_bomb_stays_small(kernel: Kernel) -> None:
    world = kernel.world
    kernel.request(
        """
        import os
        while True:
            try:
                os.fork()
            except OSError:
                pass
        """
    )
    most, ends = 0, time.monotonic() + 3
    while time.monotonic() < ends:
        most = max(most, len(inside(world)))
        time.sleep(0.1)
    assert 10 < most <= SMALL.processes + 5
    kernel.end()
    assert not inside(world)


def test_files_and_folders_are_limited(kernel: Kernel) -> None:
    write = "with open('large', 'wb') as file: file.write(bytes({}))"
    kernel.run(write.format(SMALL.file))
    assert kernel.run("import os; os.path.getsize('large')") == str(SMALL.file)
    assert kernel.run(write.format(SMALL.file + 1)).startswith("OSError: [Errno 27]")
    for folder in ("/home/student", "/tmp", "/dev/shm"):
        said = kernel.run(
            f"""
            for number in range(20):
                with open(f"{folder}/{{number}}", "wb") as file:
                    file.write(bytes({MIB}))
            """
        )
        assert said.startswith("OSError: [Errno 28]"), folder


def test_processor_time_is_limited(strict: Sandboxes) -> None:
    with strict as sandboxes, Kernel(sandboxes.kernel_manager()) as kernel:
        kernel.request("while True: pass")
        assert kernel.died(seconds=30)
        assert kernel.manager.why == "it used more than 1 s of processor time"


def test_waiting_is_limited(strict: Sandboxes) -> None:
    with strict as sandboxes, Kernel(sandboxes.kernel_manager()) as kernel:
        world = kernel.world
        start = time.monotonic()
        kernel.request(
            "import time\nwhile True:\n    try:\n        time.sleep(99)\n    except BaseException:\n        pass"
        )
        assert kernel.died(seconds=30)
        assert time.monotonic() - start < 15
        assert kernel.manager.why == "it took longer than 6 s in all"
        assert not inside(world)


def test_printed_output_is_cut_with_a_sentence(kernel: Kernel) -> None:
    said = kernel.run("for _ in range(10_000):\n    print('x' * 10_000)")
    assert SMALL.output <= len(said) < SMALL.output + 200
    assert said.endswith(f"[output cut here: more than {SMALL.output} characters]")
    assert kernel.run("import sys; print('more', file=sys.stderr); 1 + 1") == "2"


@pytest.mark.parametrize(
    ("send", "counted"),
    [
        ("display('x' * 20_000)", True),
        ("session.send(socket, 'stream', {'name': 'stdout', 'text': 'x' * 20_000}, parent=parent)", True),
        ("socket.send_multipart([b'x' * 20_000] * 4)", False),
        ("session.send(socket, 'stream', {}, parent=parent)", False),
        ("session.send(socket, 'status', [], parent=[])", False),
        ("session.send(socket, 'error', {'ename': 1}, parent=parent)", False),
    ],
)
def test_output_that_goes_around_the_cut_is_dropped(kernel: Kernel, send: str, counted: bool) -> None:
    said = kernel.run(
        f"""
        from IPython.display import display
        kernel = get_ipython().kernel
        session, socket, parent = kernel.session, kernel.iopub_socket, kernel.get_parent()
        for _ in range(200):
            {send}
        """
    )
    assert len(said) <= 2 * SMALL.output + (1 << 16)
    if counted:
        assert len(said) > SMALL.output
        assert kernel.run("1 + 1") == ""  # the budget is used up
    assert kernel.wait(kernel.manager.is_alive())


def test_one_enormous_message_is_not_read(kernel: Kernel) -> None:
    kernel.run("from IPython.display import display")
    kernel.request("display('x' * 100_000_000)")
    ends = time.monotonic() + 10
    sizes = []

    async def listen() -> None:
        while time.monotonic() < ends:
            try:
                sizes.append(len(str(await kernel.client.get_iopub_msg(timeout=2))))
            except Exception:
                return

    kernel.wait(asyncio.wait_for(listen(), 20))
    assert max(sizes, default=0) < SMALL.output


def test_a_loop_can_be_interrupted(kernel: Kernel) -> None:
    kernel.request("while True: pass")
    time.sleep(0.5)
    kernel.wait(kernel.manager.interrupt_kernel())
    while not kernel.run("print('ready')"):  # what was queued behind the loop was given up with it
        time.sleep(0.1)
    assert kernel.run("1 + 1") == "2"


def test_wrong_limits_are_refused() -> None:
    with pytest.raises(ValueError, match="the limit memory must be at least 1, got 0"):
        Limits(memory=0)


def test_messages_that_nobody_reads_do_not_fill_the_graders_memory(student_edition: Path) -> None:
    def used() -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

    limits = dataclasses.replace(SMALL, output=8 * MIB, memory=4096 * MIB)
    with Sandboxes(student_edition, limits=limits) as sandboxes, Kernel(sandboxes.kernel_manager()) as kernel:
        before = used()
        kernel.run(
            f"""
            import threading
            session, socket = get_ipython().kernel.session, get_ipython().kernel.iopub_socket
            def flood():
                for _ in range(120):
                    session.send(socket, "stream", {{"name": "stdout", "text": "x" * {12 * MIB}}})
            threading.Thread(target=flood).start()
            """
        )
        time.sleep(4)
        assert used() - before < 400 * MIB  # all together they are 1440


def test_many_at_once(students: Sandboxes) -> None:
    def use(number: int) -> str:
        with Kernel(students.kernel_manager()) as kernel:
            return kernel.run(f"import time; time.sleep(0.2); {number} ** 2")

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(use, range(8))) == [str(number**2) for number in range(8)]
