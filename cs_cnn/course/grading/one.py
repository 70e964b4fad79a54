"""Grading one submission: a pure function from data to data, which any process on any machine can run."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cs_cnn.course import engine
from cs_cnn.course.grading import isolation, tasks
from cs_cnn.course.grading.preflight import FILE_LIMIT, Problem, regular_files
from cs_cnn.course.grading.tasks import Graded, Kit, Task
from cs_cnn.errors import CsCnnError

_LOG_LIMIT = 100_000
_NOT_STARTED = "Kernel died before replying to kernel_info"
"""What jupyter_client says, before any cell runs: two kernels may have been given the same port."""
_ATTEMPTS = 3
_TOO_LONG = 600.0
"""Seconds beyond twice a notebook's time after which it is not the notebook that takes long."""

on_stuck: Callable[[], None] | None = None
"""What ends this process when grading hangs; set where another process then takes over."""

# nbgrader changes the environment and the logging of its process: a cluster's worker with several threads must wait.
_alone = threading.Lock()
_folders: set[Path] = set()


def grade_one(kit: Kit, task: Task) -> Graded:
    """Grade one submission; a kernel that did not even start is the machine's fault, and is tried again.

    Parameters
    ----------
    kit : Kit
        What the assignment is graded with.
    task : Task
        The submission.

    Returns
    -------
    Graded
        Whatever the submission does to nbgrader, there is a result.

    Raises
    ------
    CsCnnError
        When there is no sandbox, or the settings are wrong.
    OSError
        When there is no space for the temporary folder.
    """
    for _ in range(_ATTEMPTS - 1):
        graded = _grade(kit, task)
        if graded.problem is None or _NOT_STARTED not in graded.log:
            return graded
    return _grade(kit, task)


def _grade(kit: Kit, task: Task) -> Graded:
    """Grade one submission in a temporary course directory with a gradebook of its own."""
    begun = time.monotonic()
    with (
        _alone,
        engine.session() as heard,
        tempfile.TemporaryDirectory(prefix="cs-cnn-", ignore_cleanup_errors=True) as temporary,
    ):
        root = Path(temporary).resolve()
        _folders.add(root)
        try:
            _stage(root, kit, task)
            graded: dict[str, Any]
            try:
                notes = autograde(root, kit, task.student)
                graded = _read(root, kit, task.student)
                graded["notes"] = (*graded.get("notes", ()), *notes)
            except CsCnnError:
                raise  # no sandbox, or wrong settings: it would be the same for everybody
            except (Exception, SystemExit):
                # Whatever one submission makes nbgrader do, the class goes on; the log has the details.
                why = f"nbgrader could not grade this notebook ({_reason(heard.getvalue())})."
                graded = {"problem": Problem("failed", why)}
                heard.write(traceback.format_exc())
        finally:
            _folders.discard(root)
        said = heard.getvalue()[-_LOG_LIMIT:]
    return Graded(**graded, log=said, seconds=round(time.monotonic() - begun, 2))


def autograde(root: Path, kit: Kit, student: str) -> list[str]:
    """Run one prepared submission in this private course folder, and save its marks in the gradebook beside it.

    Whatever isolates a student's code from the grader belongs here: everything before it only reads data, and
    everything after it reads `gradebook.db` and `autograded/` of this folder.

    Parameters
    ----------
    root : pathlib.Path
        A course directory with one submission in `submitted/`, and the assignment's data in `source/`.
    kit : Kit
        What the assignment is graded with; the instructors' notebook is in `kit.source` and not in the folder.
    student : str
        Whose submission it is.

    Returns
    -------
    list of str
        What was unusual, a sentence each.
    """
    settings = engine.config(root)
    (root / engine.CONFIG_NAME).unlink()
    database = engine.sqlite_url(root / "gradebook.db")
    _without_checking_twice(settings)
    home = root / "submitted" / student / kit.assignment
    sandbox = isolation.sandboxed(settings, kit, home) if kit.sandbox else contextlib.nullcontext()
    with _watched(settings), sandbox as kernels:
        engine.convert("Autograde", root, kit.assignment, settings, database=database)
        return [f"The notebook was ended: {kernels.student.why}."] if kernels and kernels.student.why else []


def _without_checking_twice(settings: Any) -> None:
    """Take nbgrader's check of the cells' metadata out: they are those of the release, put there by the preflight."""
    from nbgrader.converters import Autograde

    for name in ("sanitize_preprocessors", "autograde_preprocessors"):
        listed = settings.Autograde.get(name) or Autograde.class_traits()[name].default()
        settings.Autograde[name] = [
            each for each in listed if not str(getattr(each, "__name__", each)).endswith("CheckCellMetadata")
        ]


@contextlib.contextmanager
def _watched(settings: Any) -> Iterator[None]:
    """End this process, where that is possible, when all limits have passed and grading has not ended."""
    if on_stuck is None:
        yield
        return
    from cs_cnn.course.grading.preprocessors import RunCells

    total = settings.RunCells.get("total", RunCells.total.default_value)
    timer = threading.Timer(2 * total + _TOO_LONG, on_stuck)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def tidy() -> None:
    """Remove the folder of a submission that will not be finished, since this process is about to end."""
    isolation.close()
    for folder in list(_folders):
        going = folder.with_name(f"{folder.name}-going")
        # Renamed first, so that whoever still works in it finds no place for a new file.
        with contextlib.suppress(OSError):
            folder.rename(going)
        shutil.rmtree(going, ignore_errors=True)


def _stage(root: Path, kit: Kit, task: Task) -> None:
    """Write what is needed: the mended notebook, the student's other files, and the assignment's data."""
    home = root / "submitted" / task.student / kit.assignment
    # A timestamp.txt is not among the files: the time is the gradebook's, and a damaged one would stop nbgrader.
    tasks.write(task.files, home)
    (home / f"{kit.notebook}.ipynb").write_bytes(task.notebook)
    data = {name: content for name, content in kit.source.items() if not name.endswith(".ipynb")}
    tasks.write(data, root / "source" / kit.assignment)
    (root / engine.CONFIG_NAME).write_text(kit.config, encoding="utf-8")
    (root / "gradebook.db").write_bytes(kit.gradebook)


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines()]
    errors = [
        line for line in lines if line.split(":")[0].rpartition(".")[2].endswith(("Error", "Exception"))
    ]
    reason = errors[-1] if errors else "see grading/log.txt"
    return reason if len(reason) < 160 else reason[:157] + "..."


def _read(root: Path, kit: Kit, student: str) -> dict[str, Any]:
    """Read marks, comments and files from the private course directory."""
    from nbgrader.api import Gradebook

    made = root / "autograded" / student / kit.assignment
    notebook = made / f"{kit.notebook}.ipynb"
    if not notebook.is_file() or notebook.is_symlink():
        return {"problem": Problem("failed", "nbgrader graded this notebook and left no result.")}
    with Gradebook(engine.sqlite_url(root / "gradebook.db")) as opened:
        notebooks = opened.find_submission(kit.assignment, student).notebooks
        scores = {grade.name: grade.auto_score for each in notebooks for grade in each.grades}
        comments = {comment.name: comment.auto_comment for each in notebooks for comment in each.comments}
    state, notes = _outputs(notebook)
    files, left_out = _files(made, notebook)
    if left_out:
        notes.append(f"Files that this notebook wrote were too large to be kept: {left_out}.")
    return {
        "scores": scores,
        "comments": comments,
        "files": files,
        "state": state,
        "notes": tuple(notes),
    }


def _files(made: Path, notebook: Path) -> tuple[dict[str, bytes], int]:
    """Read the graded files; links that the student's code may have made, and what is too large, stay behind."""
    files = {notebook.name: notebook.read_bytes()}
    left, left_out = FILE_LIMIT, 0
    for path in regular_files(made):
        if path == notebook:
            continue
        left -= path.stat().st_size
        if left < 0:
            left_out += 1
            continue
        files |= tasks.contents(made, [path])
    return files, left_out


def _outputs(path: Path) -> tuple[str | None, list[str]]:
    """Look through the graded notebook for cells that did not run to an end, or gave no mark."""
    from cs_cnn.course.grading.preprocessors import NOT_A_MARK, STOPPED, TIMED_OUT
    from cs_cnn.course.judge.cells import BROKEN, NO_ANSWER

    known = (NOT_A_MARK, STOPPED, TIMED_OUT, NO_ANSWER, BROKEN)
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    errors = [
        (cell, output)
        for cell in cells
        for output in cell.get("outputs", [])
        if output.get("output_type") == "error" and output.get("ename") in known
    ]
    slow = sum(output["ename"] == TIMED_OUT for _, output in errors)
    stopped = [str(output["evalue"]) for _, output in errors if output["ename"] == STOPPED]
    strange = [
        cell["metadata"]["nbgrader"]["grade_id"] for cell, output in errors if output["ename"] == NOT_A_MARK
    ]
    state: str | None = None
    sentences = []
    if strange:
        state = "needs_person"
        names = ", ".join(name.removeprefix("test_") for name in strange)
        sentences.append(f"The result of the test of {names} is not a number of points.")
    for name, sentence in (
        (NO_ANSWER, "Functions could not be called to an end"),
        (BROKEN, "The grading itself failed"),
    ):
        count = sum(output["ename"] == name for _, output in errors)
        if count:
            state = "needs_person"
            sentences.append(f"{sentence} in {count} {'test' if count == 1 else 'tests'}.")
    if stopped:
        state = "timed_out" if slow or "took longer" in stopped[-1] else "kernel_died"
        why = "the kernel ended" if state == "kernel_died" else "time ran out"
        sentences.append(f"Cells that did not run to the end because {why}: {len(stopped)}.")
    if slow:
        state = "timed_out"
        sentences.append(f"Cells that took too long and were interrupted: {slow}.")
    return state, sentences
