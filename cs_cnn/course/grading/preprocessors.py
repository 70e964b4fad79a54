"""Two steps of grading that nbgrader lacks: a limit for the whole notebook, and a guard on what counts as a mark."""

from __future__ import annotations

import math
import time
from queue import Empty
from typing import Any

from jupyter_core.utils import run_sync
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_output
from nbgrader import utils
from nbgrader.preprocessors import Execute, NbGraderPreprocessor
from traitlets import Integer

TIMED_OUT = "CellTimeoutError"
STOPPED = "KernelStopped"
NOT_A_MARK = "NotAMark"


def _error(name: str, sentence: str) -> Any:
    return new_output("error", ename=name, evalue=sentence, traceback=[f"{name}: {sentence}"])  # type: ignore[no-untyped-call]


class RunCells(Execute):  # type: ignore[misc]
    """nbgrader's Execute, which goes on when a kernel dies or hangs: only the cells that could not run lose points.

    Attributes
    ----------
    total : int
        Seconds for all cells together; afterwards the remaining cells are not run.
    """

    total = Integer(600, help="Seconds for all cells of a notebook together.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any, km: Any = None) -> tuple[Any, Any]:
        """Run all cells; see nbgrader's Execute."""
        self._ends = time.monotonic() + self.total
        self._stopped = ""
        self.timeout_func = self._seconds
        self.shutdown_kernel = "immediate"  # it has nothing to save, and asking politely can take seconds
        result: tuple[Any, Any] = super().preprocess(nb, resources, km)
        return result

    def setup_kernel(self, **kwargs: Any) -> Any:
        """Start the kernel with its own terminal output thrown away."""
        import subprocess

        kwargs.setdefault("stdout", subprocess.DEVNULL)
        kwargs.setdefault("stderr", subprocess.DEVNULL)
        return super().setup_kernel(**kwargs)

    def _seconds(self, _cell: Any) -> int:
        return max(1, min(self.timeout or self.total, math.ceil(self._ends - time.monotonic())))

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """Run one cell, or say in its output why it was not run."""
        if cell.cell_type != "code" or not cell.source.strip():
            return super().preprocess_cell(cell, resources, index)  # type: ignore[no-any-return]
        if not self._stopped and time.monotonic() > self._ends:
            self._stopped = f"the notebook took longer than {self.total} s"
        if self._stopped:
            cell.outputs = [_error(STOPPED, f"This cell was not run: {self._stopped}.")]
            return cell, resources
        try:
            cell, resources = super().preprocess_cell(cell, resources, index)
        except DeadKernelError:
            self._stopped = "the kernel ended in an earlier cell (exit, or no memory left)"
            cell.outputs.append(
                _error(STOPPED, "The kernel ended while this cell ran (exit, or no memory left).")
            )
            return cell, resources
        except CellTimeoutError:
            # nbclient gives up on a kernel that ignores interrupts; the other cells keep their points.
            self._stopped = "an earlier cell could not be interrupted"
            cell.outputs.append(_error(TIMED_OUT, "This cell took too long and could not be interrupted."))
            return cell, resources
        timed_out = any(output.get("ename") == TIMED_OUT for output in cell.outputs)
        if timed_out and not run_sync(self._answers)():
            self._stopped = "an earlier cell could not be interrupted"
        return cell, resources

    async def _answers(self) -> bool:
        """Whether the kernel speaks again after an interrupt."""
        assert self.kc is not None
        wanted = self.kc.kernel_info()
        ends = time.monotonic() + 5
        while time.monotonic() < ends:
            try:
                message = await self.kc.shell_channel.get_msg(timeout=1)
            except Empty:
                continue
            if message["parent_header"].get("msg_id") == wanted:
                return True
        return False


class MarksOnly(NbGraderPreprocessor):  # type: ignore[misc]
    """Keep nbgrader from reading a mark where there is none.

    nbgrader gives 0 to a test with anything on stderr, and full marks to a test whose result is not a number, or is
    NaN. Here a warning is moved to stdout, and such a result becomes an error, which earns nothing and is reported.
    """

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """Look at the outputs of one graded code cell."""
        if cell.cell_type != "code" or not utils.is_grade(cell) or utils.is_solution(cell):
            return cell, resources
        points = float(cell.metadata.nbgrader["points"])
        for number, output in enumerate(cell.outputs):
            if output.output_type == "stream":
                output.name = "stdout"
            elif output.output_type == "execute_result":
                text = str(output.get("data", {}).get("text/plain", ""))
                try:
                    valid = 0 <= float(text) <= points
                except ValueError:
                    valid = False
                if not valid:
                    shown = text if len(text) < 60 else text[:57] + "..."
                    sentence = f"The test's result is {shown}, not a number from 0 to {points:g}."
                    cell.outputs[number] = _error(NOT_A_MARK, sentence)
        return cell, resources
