"""Kernels in sandboxes for the tests, and what this machine shows of them from outside."""

from __future__ import annotations

import asyncio
import os
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest

from cs_cnn.course.sandbox import Limits, Sandboxes, edition
from cs_cnn.course.sandbox.provisioning import SandboxedKernelManager

MIB = 1024**2
SECRET = "CS_CNN_TEST_SECRET"
SMALL = Limits(memory=1024 * MIB, processes=64, file=3 * MIB, disk=8 * MIB, cpu=60, wall=120, output=100_000)


class Kernel:
    """A started kernel and a client, for tests that are not asynchronous themselves."""

    def __init__(self, manager: SandboxedKernelManager) -> None:
        self.manager = manager
        self._loop = asyncio.new_event_loop()
        self.wait(manager.start_kernel(extra_arguments=["--HistoryManager.hist_file=:memory:"]))
        self.client: Any = manager.client()
        self.client.start_channels()
        self.wait(self.client.wait_for_ready(timeout=60))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.end()
        self.client.stop_channels()
        self._loop.close()

    def wait(self, coming: Any) -> Any:
        return self._loop.run_until_complete(coming)

    def run(self, code: str, *, seconds: float = 60) -> str:
        """Run a cell; return what it printed, displayed or raised."""
        said: list[str] = []

        def hear(message: dict[str, Any]) -> None:
            content = message["content"]
            if message["msg_type"] == "stream":
                said.append(content["text"])
            elif message["msg_type"] == "error":
                said.append(f"{content['ename']}: {content['evalue']}")
            elif message["msg_type"] in ("display_data", "execute_result"):
                said.append(content["data"]["text/plain"])

        self.wait(
            self.client.execute_interactive(
                textwrap.dedent(code), output_hook=hear, allow_stdin=False, timeout=seconds
            )
        )
        return "".join(said).strip()

    def request(self, code: str) -> None:
        """Run a cell without waiting for it."""
        self.client.execute(textwrap.dedent(code))

    def died(self, *, seconds: float = 60) -> bool:
        """Whether the kernel ends by itself in that time."""

        async def over() -> bool:
            for _ in range(int(seconds / 0.05)):
                if not await self.manager.is_alive():
                    return True
                await asyncio.sleep(0.05)
            return False

        return bool(self.wait(over()))

    def end(self) -> None:
        self.manager.close()

    @property
    def world(self) -> str:
        """What the sandbox's processes have in common, as seen from everywhere."""
        return self.run("import os; print(os.readlink('/proc/self/ns/pid'))")


def inside(world: str) -> dict[int, int]:
    """Return the processes of a sandbox that this machine still has: number outside, number inside."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                if os.readlink(f"/proc/{entry}/ns/pid") == world:
                    status = Path(f"/proc/{entry}/status").read_text()
                    found[int(entry)] = int(status.split("NSpid:")[1].splitlines()[0].split()[-1])
            except OSError:
                continue
    return found


@pytest.fixture(scope="session")
def student_edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an edition as the NumPy assignments need it."""
    return edition.build(tmp_path_factory.mktemp("edition") / "student", ["gradcheck"])


@pytest.fixture(scope="session")
def students(student_edition: Path) -> Iterator[Sandboxes]:
    """Return sandboxes for students of a NumPy assignment, made by an instructor with a secret."""
    os.environ[SECRET] = "the instructor's password"
    try:
        with Sandboxes(student_edition, limits=SMALL) as sandboxes:
            yield sandboxes
    finally:
        del os.environ[SECRET]


@pytest.fixture
def kernel(students: Sandboxes) -> Iterator[Kernel]:
    """Return a student's kernel."""
    with Kernel(students.kernel_manager()) as kernel:
        yield kernel
