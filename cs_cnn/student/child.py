"""The process in which a student's notebook runs: `python -m cs_cnn.student.child JOB.json RESULTS.jsonl`.

It is plain Python with a small stand-in for what Jupyter adds. Everything it has to say goes into the results file, a
line of JSON for each event, so that nothing is lost when a cell ends the process.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
import json
import linecache
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

from cs_cnn import checks
from cs_cnn.checks.running import Clock, TimeUp, plain
from cs_cnn.notebooks.magics import plain_python

_DISPLAYS = ("clear_output", "display", "Audio", "HTML", "Image", "Latex", "Markdown", "Math", "SVG")


class _NoKeyboard(RuntimeError):
    """Raised by `input`: nobody sits at the keyboard while a notebook is checked."""


def main() -> None:
    """Run the job."""
    job = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with open(sys.argv[2], "a", encoding="utf-8") as events:
        _Run(job, events).go()


class _Run:
    def __init__(self, job: dict[str, Any], events: IO[str]) -> None:
        self.job, self.events = job, events
        self.module = types.ModuleType("__main__")
        self.tasks = {task.name: task for task in checks.tasks()}
        self.waiting = dict.fromkeys(job["tasks"])  # in their order
        self.seen: dict[str, tuple[Any, ...]] = {}  # what checks were given in cells that carry no points
        self.graded = False  # whether the cell that runs now carries points

    def tell(self, **event: Any) -> None:
        self.events.write(json.dumps(event) + "\n")
        self.events.flush()

    def go(self) -> None:
        _stand_in_for_jupyter(self.module)
        # Classes and functions of the notebook belong to `__main__`, as in Jupyter; pickling needs to find them there.
        sys.modules["__main__"] = self.module
        checks.check = self._check
        for cell in self.job["cells"]:
            if self.job["alone"] and not self.waiting:
                break
            if cell["number"] not in self.job["skip_cells"]:
                self._cell(cell)
        for name in list(self.waiting):
            functions = [getattr(self.module, each, None) for each in self.tasks[name].functions]
            self._report(name, self.seen.get(name, functions))
        self.tell(event="done")

    def _check(self, task: str, *functions: Any, hidden: bool = False, seed: int | None = None) -> float:
        """Stand in for `check`.

        The cell that carries the points is checked at once, since grading too sees only what is defined above it. A
        call in another cell is somebody's trial: its functions are kept for a notebook that has lost the other cell.
        """
        if task not in self.tasks:
            checks.run(task, functions)  # raises, and says which checks there are
        if self.graded:
            return self._report(task, functions)
        if not hidden and len(functions) == len(self.tasks[task].functions):
            self.seen[task] = functions
        return 0.0

    def _report(self, name: str, functions: Sequence[Any]) -> float:
        if name not in self.waiting:
            return 0.0
        self.tell(event="checking", task=name)
        report = checks.run(name, functions)
        self.waiting.pop(name)
        text = report.text(colour=self.job["colour"])
        self.tell(event="report", task=name, points=report.points, text=text)
        return report.points

    def _cell(self, cell: dict[str, Any]) -> None:
        number = cell["number"]
        self.tell(event="cell", number=number)
        code, left_out = plain_python(cell["text"])
        for line in left_out:
            self.tell(event="left out", number=number, line=line)
        name = f"<cell {number}>"
        linecache.cache[name] = (len(code), None, code.splitlines(keepends=True), name)
        self.graded = cell["graded"]
        # A check has a limit of its own.
        clock = Clock(self.job["seconds"] if self.graded else self.job["cell_seconds"])
        try:
            compiled = compile(code, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            with clock.running():
                waiting = eval(compiled, self.module.__dict__)
                if isinstance(waiting, types.CoroutineType):
                    import asyncio

                    asyncio.run(waiting)
        except TimeUp:
            reason = f"it was stopped after {clock.seconds:g} seconds; is there a loop that does not end?"
            self.tell(event="stopped", number=number, reason=reason)
        except BaseException as error:  # a notebook may raise anything, and the next cell runs all the same
            self.tell(event="stopped", number=number, reason=_reason(error, name))
        finally:
            self.graded = False
            drawing = sys.modules.get("matplotlib.pyplot")
            if drawing is not None:
                drawing.close("all")


def _reason(error: BaseException, name: str) -> str:
    """Say what a cell raised and in which of its lines, in half a sentence."""
    if isinstance(error, NotImplementedError) and not str(error):
        return "it needs a function that is not implemented yet."
    if isinstance(error, SystemExit):
        return "it calls exit(), which ends a notebook; leave that out."
    line, trace = (
        getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None,
        error.__traceback__,
    )
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    words = plain(error.msg if isinstance(error, SyntaxError) else error)
    said = f"{type(error).__name__}: {words}" if words else type(error).__name__
    shown = linecache.getline(name, line).strip()[:100] if line else ""
    return f"{said.rstrip('.')}, in line {line}: {shown}" if shown else f"{said.rstrip('.')}."


def _stand_in_for_jupyter(module: types.ModuleType) -> None:
    """Give a notebook the names it may expect from Jupyter; they do nothing here."""

    def nothing(*arguments: object, **keywords: object) -> None:
        return None

    def no_input(prompt: object = "", /) -> str:
        raise _NoKeyboard("input() waits for the keyboard, and nobody is there while a notebook is checked")

    shell = types.SimpleNamespace(
        run_line_magic=nothing, run_cell_magic=nothing, system=nothing, magic=nothing
    )
    builtins.input = no_input
    module.__dict__.update(__builtins__=builtins, get_ipython=lambda: shell, display=nothing)
    if importlib.util.find_spec("IPython") is None:
        package, shown = types.ModuleType("IPython"), types.ModuleType("IPython.display")
        for name in _DISPLAYS:
            setattr(shown, name, nothing)
        package.__dict__.update(display=shown, get_ipython=lambda: shell)
        sys.modules.update({"IPython": package, "IPython.display": shown})


if __name__ == "__main__":
    main()
