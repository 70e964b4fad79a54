"""When a kernel ends, however it ends, nothing that it started is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cs_cnn.course.sandbox import Sandboxes

from .conftest import Kernel, inside

pytestmark = pytest.mark.sandbox

DAEMON = """
import os, signal, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 60):
            if number not in (signal.SIGKILL, signal.SIGSTOP, 32, 33):
                signal.signal(number, signal.SIG_IGN)
        os.closerange(0, 500)
        while True:
            time.sleep(1)
    os._exit(0)
time.sleep(0.5)
"""


def gone(world: str, *, seconds: float = 10) -> bool:
    ends = time.monotonic() + seconds
    while inside(world):
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("way", ["shutdown", "close", "exit", "killed"])
def test_a_daemon_does_not_survive_its_kernel(students: Sandboxes, way: str) -> None:
    with Kernel(students.kernel_manager()) as kernel:
        world = kernel.world
        kernel.run(DAEMON)
        assert len(inside(world)) >= 4
        if way == "shutdown":
            kernel.wait(kernel.manager.shutdown_kernel(now=True))
        elif way == "close":
            kernel.manager.close()
        else:
            kernel.request("os._exit(3)" if way == "exit" else "os.kill(os.getpid(), 9)")
            assert kernel.died()
        assert not inside(world)  # not a moment later: they were gone when the end was told
        assert kernel.wait(kernel.manager.is_alive()) is False


def test_leaving_the_context_ends_everything(student_edition: Path) -> None:
    with Sandboxes(student_edition) as sandboxes:
        kernel = Kernel(sandboxes.kernel_manager())
        world = kernel.world
        idle = sandboxes.kernel_manager()  # a sandbox without a kernel goes too
        kernel.run(DAEMON)
    assert not inside(world)
    idle.close()
    kernel.manager.close()
    kernel.client.stop_channels()


@pytest.mark.parametrize("killed", ["the grader", "the warm process"])
def test_nothing_survives_a_killed_owner(student_edition: Path, killed: str, root: Path) -> None:
    script = f"""
import asyncio, sys, time
from pathlib import Path
from cs_cnn.course.sandbox import Sandboxes

async def main(sandboxes):
    manager = sandboxes.kernel_manager()
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    await client.wait_for_ready(timeout=60)
    hear = lambda message: print(message["content"].get("text", ""), end="", flush=True)
    await client.execute_interactive({DAEMON!r}, output_hook=hear)
    await client.execute_interactive("print(os.readlink('/proc/self/ns/pid'))", output_hook=hear)
    print(sandboxes._process.pid, sandboxes._workshop, flush=True)
    await asyncio.sleep(60)

with Sandboxes(Path({str(student_edition)!r})) as sandboxes:
    asyncio.run(main(sandboxes))
"""
    owner = subprocess.Popen(
        [sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    workshop = ""
    try:
        assert owner.stdout is not None
        world = owner.stdout.readline().strip()
        number, workshop = owner.stdout.readline().split()
        warm = int(number)
        assert len(inside(world)) >= 4
        os.kill(owner.pid if killed == "the grader" else warm, signal.SIGKILL)
        assert gone(world)
        if killed == "the grader":
            ends = time.monotonic() + 10
            while Path(workshop).exists() and time.monotonic() < ends:
                time.sleep(0.05)
            assert not Path(workshop).exists()  # the last thing that the warm process does
    finally:
        owner.kill()
        owner.communicate()
        shutil.rmtree(workshop, ignore_errors=True)  # there is nobody left to do it


def test_a_restarted_kernel_is_in_a_new_sandbox(kernel: Kernel) -> None:
    kernel.run("open('x', 'w').write('x')")
    kernel.client.stop_channels()
    kernel.wait(kernel.manager.restart_kernel(now=True))
    kernel.client = kernel.manager.client()
    kernel.client.start_channels()
    kernel.wait(kernel.client.wait_for_ready(timeout=60))
    assert kernel.run("import os; print(os.listdir(), os.getuid())") == "[] 65534"


def test_nothing_lies_about_afterwards(
    student_edition: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("HOME", str(tmp_path))
    open_before = len(os.listdir("/proc/self/fd"))
    with Sandboxes(student_edition) as sandboxes:
        for _ in range(3):
            with Kernel(sandboxes.kernel_manager()) as kernel:
                kernel.run("1 + 1")
        assert os.listdir(tmp_path)
    assert os.listdir(tmp_path) == []
    assert len(os.listdir("/proc/self/fd")) <= open_before + 3  # the interpreter's own, not three a kernel
