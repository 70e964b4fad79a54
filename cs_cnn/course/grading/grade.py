"""Grading a class with nbgrader, one student at a time: whatever one submission does, the others get their marks."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cs_cnn import notebooks
from cs_cnn.course import engine
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.directory import locked
from cs_cnn.course.grading import marks, submissions
from cs_cnn.course.grading.journal import NOTHING_RAN, Journal, Result
from cs_cnn.course.grading.preflight import TIMESTAMP, Prepared, Problem, prepare, regular_files
from cs_cnn.errors import CsCnnError
from cs_cnn.files import folder_in_the_making


@dataclass
class Outcome:
    """What a run did: the results of the students asked for, who was graded now, and whether it was interrupted."""

    results: dict[str, Result] = field(default_factory=dict)
    graded: list[str] = field(default_factory=list)
    interrupted: bool = False


def grade(
    folder: Path,
    assignment: Assignment,
    *,
    students: tuple[str, ...] = (),
    again: bool = False,
    progress: bool = True,
) -> Outcome:
    """Grade the submissions of an assignment that changed since they were graded.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.
    students : tuple of str
        Only these; empty for everybody.
    again : bool
        Grade unchanged submissions too.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Outcome
        An interrupt ends the run early and keeps what is finished.

    Raises
    ------
    CsCnnError
        When there is nothing to grade, or the directory is damaged.
    """
    people = submissions.chosen(folder, assignment, students)
    with locked(folder):
        journal = Journal(folder, assignment)
        grader = submissions.grader(folder, assignment)
        contents = {student: submissions.content(folder, student, assignment) for student in people}
        recorded = marks.known_submissions(folder, assignment)
        todo = [
            student
            for student in people
            if again
            or student not in recorded
            or (found := journal.results.get(student)) is None
            or (found.submission, found.grader) != (contents[student], grader)
        ]
        outcome = Outcome()
        if todo:
            try:
                _class(folder, assignment, todo, journal, contents, grader, outcome, progress)
            except KeyboardInterrupt:
                outcome.interrupted = True
            except OSError as error:  # no space or no permission: it would be the same for everybody after
                reason = error.strerror or error
                raise CsCnnError(
                    f"Grading stopped: {reason}; what is finished is kept, run it again."
                ) from error
        outcome.results = {
            student: journal.results[student] for student in people if student in journal.results
        }
    return outcome


def _class(
    folder: Path,
    assignment: Assignment,
    todo: list[str],
    journal: Journal,
    contents: dict[str, str],
    grader: str,
    outcome: Outcome,
    progress: bool,
) -> None:
    from tqdm import tqdm

    with (
        engine.session(folder / "grading" / "log.txt") as heard,
        tqdm(total=len(todo), unit="student", disable=not progress, dynamic_ncols=True) as bar,
    ):
        settings = engine.config(folder)
        cells = marks.graded_cells(folder, assignment)
        for student in todo:
            bar.set_description(student)
            earlier = journal.results.get(student)
            # Forgotten first: after a crash in the middle, the next run grades this student again.
            journal.put(student, None)
            heard.seek(0)
            heard.truncate()
            begun = time.monotonic()
            one = _One(folder, assignment, student, cells, settings, heard)
            problem, cleared = one.grade(replaced=earlier is None or earlier.submission != contents[student])
            state, note, points, found = one.result(problem)
            if earlier and state in NOTHING_RAN and earlier.points > points:
                note += f" The earlier mark of {marks.number(earlier.points)} was cleared."
            result = Result(
                state=state,
                points=points,
                max_points=sum(cell.points for cell in cells),
                note=note,
                cells=found,
                submission=contents[student],
                grader=grader,
                graded=datetime.now(UTC).isoformat(timespec="seconds"),
                seconds=round(time.monotonic() - begun, 2),
                cleared=cleared,
            )
            journal.put(student, result)
            outcome.graded.append(student)
            bar.update()


class _One:
    """One student's submission on its way through nbgrader, in a temporary course directory of its own."""

    def __init__(
        self,
        folder: Path,
        assignment: Assignment,
        student: str,
        cells: list[marks.Cell],
        settings: Any,
        heard: io.StringIO,
    ) -> None:
        self.folder, self.assignment, self.student = folder, assignment, student
        self.cells, self.settings, self.heard = cells, settings, heard
        self.submitted = folder / "submitted" / student / assignment.name
        self.autograded = folder / "autograded" / student / assignment.name
        self.notes: list[str] = []
        self.suspicious = False

    def grade(self, *, replaced: bool) -> tuple[Problem | None, dict[str, float]]:
        """Grade, and return what was wrong and which marks given by hand had to be cleared."""
        name = f"{self.assignment.notebook}.ipynb"
        prepared = prepare(
            self.submitted, self.assignment, self.folder / "release" / self.assignment.name / name
        )
        with marks.gradebook(self.folder) as opened:
            marks.begin(opened, self.assignment, self.student, self._timestamp())
        problem = prepared if isinstance(prepared, Problem) else self._run(prepared)
        if problem is None:
            return None, {}
        if self.autograded.exists():
            shutil.rmtree(self.autograded)
        with marks.gradebook(self.folder) as opened:
            return problem, marks.zero(opened, self.assignment, self.student, by_hand=replaced)

    def _timestamp(self) -> datetime | None:
        """When it was handed in, in UTC without a zone, as nbgrader keeps it."""
        from nbgrader.utils import parse_utc

        path = self.submitted / TIMESTAMP
        if not path.is_file() or path.is_symlink():
            return None
        try:
            text = path.read_text(encoding="utf-8").strip()
            when = parse_utc(text) if text else None
        except (ValueError, OverflowError, TypeError, OSError):
            self.notes.append(
                "timestamp.txt does not hold a time, so it is not known when this was handed in."
            )
            return None
        return when if isinstance(when, datetime) else None

    def _run(self, prepared: Prepared) -> Problem | None:
        self.notes += prepared.notes
        self.suspicious = prepared.suspicious
        with tempfile.TemporaryDirectory(prefix="cs-cnn-", ignore_cleanup_errors=True) as temporary:
            root = Path(temporary).resolve()
            self._stage(root, prepared)
            try:
                url = engine.database_url(self.folder)
                engine.convert("Autograde", root, self.assignment.name, self.settings, database=url)
            except (Exception, SystemExit):
                # Whatever one submission makes nbgrader do, the class goes on; the log has the details.
                return Problem("failed", f"nbgrader could not grade this notebook ({self._reason()}).")
            made = root / "autograded" / self.student / self.assignment.name
            if not (made / f"{self.assignment.notebook}.ipynb").is_file():
                return Problem("failed", "nbgrader graded this notebook and left no result.")
            _copy(made, self.autograded)
        return None

    def _stage(self, root: Path, prepared: Prepared) -> None:
        """Write what is needed: the mended notebook, the student's other files, and the assignment's data over them."""
        home = root / "submitted" / self.student / self.assignment.name
        home.mkdir(parents=True)
        (home / f"{self.assignment.notebook}.ipynb").write_bytes(notebooks.written(prepared.notebook))
        # The time is already in the gradebook, and a damaged timestamp.txt would stop nbgrader.
        for path in prepared.files:
            target = home / path.relative_to(self.submitted)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        source = self.folder / "source" / self.assignment.name
        for path in regular_files(source):
            if path.suffix != ".ipynb":
                target = root / "source" / self.assignment.name / path.relative_to(source)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)

    def _reason(self) -> str:
        lines = [line.strip() for line in self.heard.getvalue().splitlines()]
        errors = [
            line for line in lines if line.split(":")[0].rpartition(".")[2].endswith(("Error", "Exception"))
        ]
        reason = errors[-1] if errors else "see grading/log.txt"
        return reason if len(reason) < 160 else reason[:157] + "..."

    def result(self, problem: Problem | None) -> tuple[str, str, float, dict[str, float | None]]:
        """Return state, note, points, and the points of every cell."""
        with marks.gradebook(self.folder) as opened:
            entry = opened.find_submission(self.assignment.name, self.student)
            points, found, waiting = marks.points_of(entry, self.cells)
        if problem is not None:
            return problem.state, " ".join([problem.sentence, *self.notes]), points, found
        state, sentences = self._outputs()
        if self.suspicious:
            state = state or "needs_person"
        if state is None:
            state = "needs_reading" if waiting else "graded"
        return state, " ".join([*sentences, *self.notes]), points, found

    def _outputs(self) -> tuple[str | None, list[str]]:
        """Look through the graded notebook for cells that did not run to an end, or gave no mark."""
        from cs_cnn.course.grading.preprocessors import NOT_A_MARK, STOPPED, TIMED_OUT

        path = self.autograded / f"{self.assignment.notebook}.ipynb"
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        errors = [
            (cell, output)
            for cell in cells
            for output in cell.get("outputs", [])
            if output.get("output_type") == "error"
            and output.get("ename") in (NOT_A_MARK, STOPPED, TIMED_OUT)
        ]
        slow = sum(output["ename"] == TIMED_OUT for _, output in errors)
        stopped = [str(output["evalue"]) for _, output in errors if output["ename"] == STOPPED]
        strange = [
            cell["metadata"]["nbgrader"]["grade_id"]
            for cell, output in errors
            if output["ename"] == NOT_A_MARK
        ]
        state: str | None = None
        sentences = []
        if strange:
            state = "needs_person"
            names = ", ".join(name.removeprefix("test_") for name in strange)
            sentences.append(f"The result of the test of {names} is not a number of points.")
        if stopped:
            state = "timed_out" if slow or "took longer" in stopped[-1] else "kernel_died"
            why = "the kernel ended" if state == "kernel_died" else "time ran out"
            sentences.append(f"Cells that did not run to the end because {why}: {len(stopped)}.")
        if slow:
            state = "timed_out"
            sentences.append(f"Cells that took too long and were interrupted: {slow}.")
        return state, sentences


def _copy(made: Path, target: Path) -> None:
    """Put the graded files in the course directory; links that the student's code may have made stay behind."""
    with folder_in_the_making(target) as making:
        for path in regular_files(made):
            copy = making / path.relative_to(made)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, copy)
            with contextlib.suppress(OSError):
                copy.chmod(0o444)  # as nbgrader leaves them
