"""Running the visible checks of an assignment on a student's notebook, in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cs_cnn import checks
from cs_cnn.checks import Task
from cs_cnn.errors import CsCnnError
from cs_cnn.notebooks import cells_of
from cs_cnn.student.finding import Work
from cs_cnn.student.machine import shadows

SECONDS, CELL_SECONDS = 300.0, 60.0
_CHECK_SECONDS, _GRACE = 120.0, 5.0
_DEATHS = 5
_PACKAGE = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Checked:
    """One task after its check.

    Attributes
    ----------
    task : Task
    points : float
    text : str
        The report; or why there is none.
    """

    task: Task
    points: float
    text: str


@dataclass
class Outcome:
    """What checking a notebook gave.

    Attributes
    ----------
    checked : list of Checked
        In the order of the notebook.
    remarks : list of str
        A sentence for each cell that did not run, and for each line that only Jupyter understands.
    seconds : float
        How long it took.
    """

    checked: list[Checked] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def points(self) -> float:
        """Points of all checks."""
        return sum(each.points for each in self.checked)

    @property
    def of(self) -> float:
        """Points possible."""
        return sum(each.task.points for each in self.checked)

    @property
    def ok(self) -> bool:
        """Whether every check gave all its points."""
        return all(each.points == each.task.points for each in self.checked)


def run(
    work: Work,
    *,
    seconds: float = SECONDS,
    colour: bool = False,
    progress: Callable[[str], None] = lambda text: None,
) -> Outcome:
    """Run the cells of a notebook in their order, each visible check where it stands.

    A cell that raises, or takes too long, costs only itself. When a cell or a check ends the whole process, or hangs
    so that only ending the process helps, the notebook is run again without it.

    Parameters
    ----------
    work : Work
    seconds : float
        Limit for everything together.
    colour : bool
        Colour the reports.
    progress : callable
        Is told what runs now.

    Returns
    -------
    Outcome

    Raises
    ------
    CsCnnError
        When the work belongs to no assignment.
    """
    tasks = [task for task in checks.tasks() if task.name.startswith(f"{work.assignment}.")]
    if not work.assignment or not tasks:
        raise CsCnnError(
            f"{work.path} calls no check and defines no function of an assignment; say which one it is, as in "
            f"`cs-cnn check a4 {work.path}`."
        )
    if work.task:
        tasks = [task for task in tasks if task.name == work.task]
    job: dict[str, Any] = {
        "cells": [
            {"number": number, "text": cell.text, "graded": cell.graded}
            for number, cell in enumerate(cells_of(work.notebook), 1)
            if cell.kind == "code" and cell.text.strip()
        ],
        "tasks": [task.name for task in tasks],
        "alone": bool(work.task),
        "seconds": seconds,
        "cell_seconds": min(CELL_SECONDS, seconds),
        "colour": colour,
        "skip_cells": [],
    }
    outcome = Outcome(remarks=shadows(work.folder))
    start = time.monotonic()
    reports: dict[str, Checked] = {}
    by_name = {task.name: task for task in tasks}
    for _ in range(_DEATHS):
        events, why = _once(job, work.folder, start + seconds, progress)
        outcome.remarks += [text for text in map(_remark, events) if text and text not in outcome.remarks]
        for event in events:
            if event["event"] == "report":
                task = by_name[event["task"]]
                reports[task.name] = Checked(task, event["points"], event["text"])
        if not why:
            break
        cell, checking = _last(events)
        if checking:
            task = by_name[checking]
            reports[checking] = Checked(task, 0.0, f"{task.title}: your code {why} during the check.")
        elif cell:
            job["skip_cells"].append(cell)
            outcome.remarks.append(f"Cell {cell} {why}, so it was left out.")
        else:
            reason = " ".join(outcome.remarks) or "`cs-cnn doctor` may find out why."
            raise CsCnnError(f"The process that runs {work.path} {why} before the first cell. {reason}")
        job["tasks"] = [name for name in by_name if name not in reports]
        if not job["tasks"] or time.monotonic() - start >= seconds:
            break
    for task in tasks:
        missing = Checked(task, 0.0, f"{task.title}: not checked, since the notebook did not come this far.")
        outcome.checked.append(reports.get(task.name, missing))
    outcome.seconds = time.monotonic() - start
    return outcome


def _last(events: list[dict[str, Any]]) -> tuple[int, str]:
    """Return the cell that ran last, and the check in it that has no report; 0 and "" when there is none."""
    cell, checking = 0, ""
    for event in events:
        if event["event"] == "cell":
            cell, checking = event["number"], ""
        elif event["event"] in ("checking", "report"):
            checking = event["task"] if event["event"] == "checking" else ""
    return cell, checking


def _remark(event: dict[str, Any]) -> str:
    if event["event"] == "stopped":
        return f"Cell {event['number']} stopped: {event['reason']}"
    if event["event"] == "left out":
        return f"Cell {event['number']}: {event['line']} was left out; only Jupyter knows it."
    return ""


def _once(
    job: dict[str, Any], folder: Path, until: float, progress: Callable[[str], None]
) -> tuple[list[dict[str, Any]], str]:
    """Run the job in a fresh process; return its events, and how the process ended if that was too early."""
    with tempfile.TemporaryDirectory(prefix="cs-cnn-") as temporary:
        orders, results = Path(temporary, "job.json"), Path(temporary, "results.jsonl")
        orders.write_text(json.dumps(job), encoding="utf-8")
        results.touch()
        # A process group of its own, so that whatever a notebook starts can be ended with it.
        process = subprocess.Popen(
            [sys.executable, "-m", "cs_cnn.student.child", str(orders), str(results)],
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            late = _wait(process, results, job, until, progress)
        finally:
            _end(process)
        events = _events(results)
    if any(event["event"] == "done" for event in events):
        return events, ""
    if late:
        return events, "did not end in time"
    return events, f"ended Python (exit status {process.returncode})"


def _wait(
    process: subprocess.Popen[bytes],
    results: Path,
    job: dict[str, Any],
    until: float,
    progress: Callable[[str], None],
) -> bool:
    """Wait for the process and tell what it does; True when the time was over first."""
    size, patience = 0, until
    while process.poll() is None:
        if time.monotonic() > min(until, patience):
            return True
        now = results.stat().st_size
        if now != size:
            size = now
            # A loop that catches everything, or a call that Python cannot interrupt, outlives the process's own limits.
            last = (_events(results) or [{"event": ""}])[-1]
            limit = _CHECK_SECONDS if last["event"] == "checking" else job["cell_seconds"]
            patience = time.monotonic() + limit + _GRACE
            progress(f"cell {last['number']}" if "number" in last else last.get("task", ""))
            if last["event"] == "done":
                # Threads that a notebook started may keep the process alive; nobody needs them.
                return False
        time.sleep(0.05)
    return False


def _events(results: Path) -> list[dict[str, Any]]:
    found = []
    for line in results.read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(ValueError):  # the last line of a process that was killed
            found.append(json.loads(line))
    return found


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process and everything it started."""
    if hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _environment() -> dict[str, str]:
    """Return the environment of the process: figures without a screen, one thread, this edition of the package."""
    changed = dict(os.environ, MPLBACKEND="Agg", PYTHONIOENCODING="utf-8", PYTHONUTF8="1")
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        changed.setdefault(name, "1")
    before = os.environ.get("PYTHONPATH")
    changed["PYTHONPATH"] = os.pathsep.join([*([before] if before else []), str(_PACKAGE)])
    return changed
