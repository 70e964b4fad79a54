"""Which cell runs where: nbgrader's Execute with two kernels.

To grade in two processes, put `TwoKernels` in the place of `RunCells` in the list of nbgrader's preprocessors, and set
two things: the instructor's notebook, and what gives the kernels of one submission. `MarksOnly` follows as before.

>>> def kernels() -> Kernels:  # doctest: +SKIP
...     link = Path(tempfile.mkdtemp())
...     student = students.kernel_manager(files=submitted, link=link)  # students = Sandboxes(edition)
...     judge = judges.kernel_manager(files=ours, link=link)  # judges = Sandboxes("full")
...     return Kernels(student, judge, "/link/socket", str(link))
>>> settings.Autograde.autograde_preprocessors[0] = TwoKernels  # doctest: +SKIP
>>> settings.TwoKernels.notebook = str(source_notebook)  # doctest: +SKIP
>>> settings.TwoKernels.kernels = kernels  # doctest: +SKIP

The managers may have been started or not; their kernels are shut down at the end. Both kernels see the folder of the
socket under the same path, and nobody else can reach it. Limits are those of `RunCells`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from nbgrader import utils
from traitlets import Callable, Unicode

from cs_cnn.course.grading.preprocessors import STOPPED, TIMED_OUT, RunCells
from cs_cnn.course.judge import looking, session
from cs_cnn.course.judge.trusted import Trusted, course_cells, grade_id

NO_ANSWER = "NoAnswer"
"""The name of the error in a graded cell whose questions were not answered."""
BROKEN = "GradingBroken"
"""The name of the error in a graded cell that could not be run through no fault of the student's."""
_DEAD = "the kernel ended in an earlier cell (exit, or no memory left)"
_SESSION = "__import__('cs_cnn.course.judge.session', fromlist=['session'])"
_PATIENCE = 30.0
_LET_GO = 3.0


@dataclass
class Kernels:
    """Two kernels and the socket between them.

    Attributes
    ----------
    student, judge : jupyter_client.KernelManager
        Asynchronous kernel managers.
    socket : str
        A path in a folder that both kernels see under this name.
    folder : str
        A folder to remove at the end; empty for none.
    """

    student: Any
    judge: Any
    socket: str
    folder: str = field(default="", repr=False)


def ordinary_kernels() -> Kernels:
    """Return two ordinary kernels, without a sandbox."""
    folder = tempfile.mkdtemp(prefix="cs-cnn-link-")
    student, judge = (AsyncKernelManager(kernel_name="python3") for _ in range(2))
    return Kernels(student, judge, os.path.join(folder, "socket"), folder)


class TwoKernels(RunCells):
    """Run ordinary cells in the student's kernel, and locked and graded cells in the judge's.

    What runs in the judge's kernel comes from the instructor's notebook; the student's notebook only says where its
    outputs go. A graded cell that was not run to its end always has an error as its output, since nbgrader gives full
    marks to a cell without one.

    Attributes
    ----------
    notebook : str
        The instructor's notebook, with hidden tests; the judge works in its folder.
    kernels : callable
        Gives `Kernels` for one notebook.
    """

    notebook = Unicode(help="The instructor's notebook, with hidden tests.").tag(config=True)
    kernels = Callable(ordinary_kernels, help="Gives the two kernels of one notebook.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any, km: Any = None) -> tuple[Any, Any]:
        """Run all cells; see nbgrader's Execute. `km` replaces the student's kernel manager."""
        path = Path(self.notebook).resolve()
        self._trusted, looks = course_cells(path)
        sources = [cell.source if cell.cell_type == "code" else "" for cell in nb.cells]
        self._left_out = looking.unneeded(sources, looks)
        self._unfit = ""
        self._answered = False
        self._ran: set[str] = set()
        self._ends = time.monotonic() + self.total
        kernels: Kernels = self.kernels()
        self._socket = kernels.socket
        self._judge = NotebookClient(
            nb,
            km=kernels.judge,
            resources={"metadata": {"path": str(path.parent)}},
            timeout_func=self._seconds,
            startup_timeout=self.startup_timeout,
            error_on_timeout=self.error_on_timeout,
            on_cell_executed=self.on_cell_executed,
            interrupt_on_timeout=True,
            allow_errors=True,
            shutdown_kernel="immediate",
        )
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        try:
            with self._judge.setup_kernel(cleanup_kc=True, **quiet):
                return super().preprocess(nb, resources, km or kernels.student)
        finally:
            if kernels.folder:
                shutil.rmtree(kernels.folder, ignore_errors=True)

    def setup_kernel(self, **kwargs: Any) -> Any:
        """Start the student's kernel; it ends with the notebook, whoever made its manager."""
        return super().setup_kernel(cleanup_kc=True, **kwargs)

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """Run one cell in the kernel it belongs to."""
        if cell.cell_type != "code":
            return super().preprocess_cell(cell, resources, index)
        if index in self._left_out:
            cell.outputs = [new_output("stream", name="stdout", text=looking.SAID)]  # type: ignore[no-untyped-call]
            return cell, resources
        trusted = next((entry for entry in self._trusted if entry.name == grade_id(cell)), None)
        if trusted is not None and trusted.graded:
            cell.source = trusted.source
            self._grade(cell, index, trusted)
            return cell, resources
        if trusted is not None:
            cell.source = trusted.source
        elif utils.is_grade(cell) and not utils.is_solution(cell):
            cell.outputs = [_error(BROKEN, "This assignment has no test of this name.")]
            return cell, resources
        return super().preprocess_cell(cell, resources, index)

    def _grade(self, cell: Any, index: int, trusted: Trusted) -> None:
        """Run a graded cell, or say in its output why it was not run or does not count."""
        cell.outputs = []
        if not self._stopped and time.monotonic() > self._ends:
            self._stopped = f"the notebook took longer than {self.total} s"
        if self._stopped:
            cell.outputs = [_error(STOPPED, f"This cell was not run: {self._stopped}.")]
            return
        if trusted.name in self._ran:
            cell.outputs = [_error(BROKEN, "This test stands in the notebook twice; the first one counts.")]
            return
        self._ran.add(trusted.name)
        self._prepare(cell, index, trusted)
        if self._unfit:
            cell.outputs = [_error(BROKEN, self._unfit)]
            return
        with self._answering():
            why = self._tell(f"{_SESSION}.begin({self._socket!r}, {trusted.names!r}, globals())")
            if not why:
                self._run_in_judge(cell, index)
                why = self._broken()
                if why:
                    why = f"Your functions could not be tested: {why}."
            if why and not any(output.get("ename") == TIMED_OUT for output in cell.outputs):
                cell.outputs = [_error(NO_ANSWER, why)]
        if self._stopped == _DEAD and why:
            cell.outputs = [
                _error(STOPPED, "The kernel ended while this cell ran (exit, or no memory left).")
            ]

    def _prepare(self, cell: Any, index: int, trusted: Trusted) -> None:
        """Run the locked cells before a graded one in the judge's kernel, those that have not run there yet."""
        for entry in self._trusted[: self._trusted.index(trusted)]:
            if entry.graded or entry.name in self._ran or self._unfit:
                continue
            self._ran.add(entry.name)
            why = self._tell(entry.source, seconds=float(self._seconds(cell)))
            if why:
                self._unfit = (
                    f"The course's own cell '{entry.name}' failed where grading runs ({why}); "
                    "grading is broken, not your work."
                )

    def _run_in_judge(self, cell: Any, index: int) -> None:
        try:
            self._judge.execute_cell(cell, index)
        except DeadKernelError:
            self._unfit = "The kernel that grades ended; grading is broken, not your work."
            cell.outputs = [_error(BROKEN, self._unfit)]
        except CellTimeoutError:
            self._unfit = "The kernel that grades did not stop; grading is broken, not your work."
            cell.outputs = [_error(TIMED_OUT, "This cell took too long and could not be interrupted.")]

    def _broken(self) -> str:
        """End the conversation, and return why it was broken, if it was."""
        if self._unfit:
            return ""
        found: dict[str, Any] = {}
        why = self._tell("", expressions={"broken": f"{_SESSION}.end()"}, found=found)
        if why:
            self._unfit = f"The kernel that grades cannot go on ({why}); grading is broken, not your work."
            return "the grading itself failed"
        text = str(found.get("broken", {}).get("data", {}).get("text/plain", "'unknown'"))
        return text.strip("'\"")

    def _tell(
        self,
        code: str,
        *,
        seconds: float = _PATIENCE,
        expressions: dict[str, str] | None = None,
        found: dict[str, Any] | None = None,
    ) -> str:
        """Run code in the judge's kernel that leaves no trace in the notebook; return what went wrong, if it did."""
        kc = self._judge.kc
        assert kc is not None
        request = kc.execute(
            code, silent=True, store_history=False, user_expressions=expressions, allow_stdin=False
        )
        reply = run_sync(_reply)(kc, self._judge.km, request, seconds)
        if reply is None:
            return "no answer"
        if reply["status"] != "ok":
            return (
                reply["evalue"]
                if reply.get("ename") == "CsCnnError"
                else f"{reply.get('ename')}: {reply.get('evalue')}"
            )
        if found is not None:
            found.update(reply.get("user_expressions", {}))
        return ""

    @contextlib.contextmanager
    def _answering(self) -> Iterator[None]:
        """Have the student's kernel answer calls meanwhile; afterwards it runs cells again, or is stopped."""
        assert self.kc is not None
        source = session.answer_source(self._socket, again=self._answered)
        self._answered = True
        request = self.kc.execute(source, silent=True, store_history=False, allow_stdin=False)
        try:
            yield
        finally:
            if run_sync(_reply)(self.kc, self.km, request, _LET_GO) is None:
                self._stop(request)

    def _stop(self, request: str) -> None:
        assert self.kc is not None and self.km is not None
        if run_sync(self.km.is_alive)():
            run_sync(self.km.interrupt_kernel)()
            if run_sync(_reply)(self.kc, self.km, request, _LET_GO) is not None:
                return
        if not run_sync(self.km.is_alive)():
            self._stopped = _DEAD
            return
        self._stopped = "a function in an earlier cell could not be stopped"
        run_sync(self.km.shutdown_kernel)(now=True)


async def _reply(kc: Any, km: Any, request: str, seconds: float) -> dict[str, Any] | None:
    """Wait for the reply to a request; None when it does not come, or the kernel ends."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            message = await kc.shell_channel.get_msg(timeout=min(0.5, max(0.01, ends - time.monotonic())))
        except Empty:
            if not await km.is_alive():
                return None
            continue
        if message["parent_header"].get("msg_id") == request:
            content: dict[str, Any] = message["content"]
            return content
    return None


def _error(name: str, sentence: str) -> Any:
    return new_output("error", ename=name, evalue=sentence, traceback=[f"{name}: {sentence}"])  # type: ignore[no-untyped-call]
