"""Grading a class with nbgrader: many submissions at a time, and whatever one does, the others get their marks."""

from __future__ import annotations

import contextlib
from collections import deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cs_cnn.course import engine
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.directory import locked
from cs_cnn.course.grading import isolation, marks, packing, places, submissions, tasks
from cs_cnn.course.grading.journal import TROUBLE, Journal, Result
from cs_cnn.course.grading.merging import Writer
from cs_cnn.course.grading.one import grade_one
from cs_cnn.course.grading.packing import Packed
from cs_cnn.course.grading.places import Function, Place
from cs_cnn.course.grading.preflight import Problem
from cs_cnn.course.grading.tasks import Graded, Kit, Task
from cs_cnn.errors import CsCnnError

_BATCH = 32
_SHOWN = 3


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
    jobs: int | None = None,
    scheduler: str | None = None,
    sandbox: bool = False,
    function: Function = grade_one,
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
    jobs : int, optional
        How many processes grade; by default this one does.
    scheduler : str, optional
        The address of a dask.distributed scheduler whose workers grade instead.
    sandbox : bool
        Whether students' code runs in sandboxes, as the command has it unless told otherwise.
    function : callable
        What grades one submission.

    Returns
    -------
    Outcome
        An interrupt ends the run early and keeps what is finished.

    Raises
    ------
    CsCnnError
        When there is nothing to grade, the directory is damaged, or there is no such scheduler.
    """
    people = submissions.chosen(folder, assignment, students)
    if sandbox and scheduler is None:
        isolation.require(folder)
    with locked(folder):
        journal = Journal(folder, assignment)
        journal.close()
        todo, grader = _todo(folder, assignment, people, journal, again)
        outcome = Outcome()
        if todo:
            try:
                with (
                    places.place(jobs, scheduler) as place,
                    _Run(folder, assignment, journal, grader, outcome, progress, sandbox) as run,
                ):
                    run.everybody(todo, place, function)
            except KeyboardInterrupt:
                outcome.interrupted = True
            except OSError as error:  # no space or no permission: it would be the same for everybody after
                reason = error.strerror or error
                raise CsCnnError(
                    f"Grading stopped: {reason}; what is finished is kept, run it again."
                ) from error
            finally:
                isolation.close()
                journal.close()
        outcome.results = {
            student: journal.results[student] for student in people if student in journal.results
        }
    return outcome


def pending(
    folder: Path, assignment: Assignment, *, students: tuple[str, ...] = (), again: bool = False
) -> list[str]:
    """List whose submissions `grade` would grade; nothing is written.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.
    students : tuple of str
        Only these; empty for everybody.
    again : bool
        Unchanged submissions, too.

    Returns
    -------
    list of str
        Student ids in order.
    """
    people = submissions.chosen(folder, assignment, students)
    todo, _ = _todo(folder, assignment, people, Journal(folder, assignment), again)
    return list(todo)


def _todo(
    folder: Path, assignment: Assignment, people: list[str], journal: Journal, again: bool
) -> tuple[dict[str, str], str]:
    """Return whose work is to be graded, with its hash, and the hash of what it is graded with."""
    grader = submissions.grader(folder, assignment)
    contents = {student: submissions.content(folder, student, assignment) for student in people}
    recorded = marks.known_submissions(folder, assignment)
    todo = {
        student: content
        for student, content in contents.items()
        if again
        or student not in recorded
        or (found := journal.results.get(student)) is None
        or (found.submission, found.grader) != (content, grader)
    }
    return todo, grader


class _Run:
    """One run: hands out submissions, and writes what comes back."""

    def __init__(
        self,
        folder: Path,
        assignment: Assignment,
        journal: Journal,
        grader: str,
        outcome: Outcome,
        progress: bool,
        sandbox: bool,
    ) -> None:
        self._folder, self._assignment, self._outcome = folder, assignment, outcome
        self._journal, self._grader, self._progress = journal, grader, progress
        self._sandbox = sandbox
        self._trouble = 0
        self._flying: dict[Future[Graded], Packed] = {}
        self._arrived: list[tuple[Packed, Graded]] = []

    def __enter__(self) -> _Run:
        with contextlib.ExitStack() as stack:
            stack.enter_context(engine.session())
            engine.config(self._folder)  # a mistake in it is the instructor's, and not one of every student
            opened = stack.enter_context(marks.gradebook(self._folder))
            self._kit: Kit = tasks.kit(self._folder, self._assignment, sandbox=self._sandbox)
            self._writer = Writer(self._folder, self._assignment, opened, self._journal, self._grader)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.close()

    def everybody(self, todo: dict[str, str], place: Place, function: Function) -> None:
        """Grade the students of `todo`."""
        from tqdm import tqdm

        waiting = deque(todo.items())
        # Whose process ended is not known when several were under way: each of them is tried once more, alone.
        suspects: deque[Packed] = deque()
        with tqdm(
            total=len(todo), unit="student", disable=not self._progress, dynamic_ncols=True
        ) as self._bar:
            try:
                while waiting or suspects or self._flying or self._arrived:
                    if suspects and not self._flying:
                        packed = suspects.popleft()
                        assert isinstance(packed.task, Task)
                        self._fly(place, function, packed, packed.task)
                    elif not suspects:
                        self._hand_out(waiting, place, function)
                    suspects.extend(self._collect(place))
                    self._write()
            except BaseException:
                self._collect(place, seconds=0, leaving=True)
                self._write()
                raise

    def _hand_out(self, waiting: deque[tuple[str, str]], place: Place, function: Function) -> None:
        """Send out as many submissions as there is room for."""
        room = place.room()
        while waiting and len(self._flying) < room and len(self._arrived) < _BATCH:
            student, content = waiting.popleft()
            packed = packing.pack(self._folder, self._assignment, student, content)
            if isinstance(packed.task, Problem):
                self._arrived.append((packed, Graded(packed.task)))
            else:
                self._fly(place, function, packed, packed.task)

    def _fly(self, place: Place, function: Function, packed: Packed, task: Task) -> None:
        names = [each.student for each in self._flying.values()] + [packed.student]
        self._show(names)
        try:
            future = place.submit(function, self._kit, task)
        except BrokenExecutor:  # since the last look; who was under way is found in the next one
            place.mend()
            future = place.submit(function, self._kit, task)
        self._flying[future] = packed

    def _show(self, names: list[str]) -> None:
        more = f" +{len(names) - _SHOWN}" if len(names) > _SHOWN else ""
        self._bar.set_description(", ".join(names[:_SHOWN]) + more)

    def _collect(self, place: Place, seconds: float = 0.5, leaving: bool = False) -> list[Packed]:
        """Take what is finished; return those whose process ended under them, perhaps through another's fault."""
        if not self._flying:
            return []
        done, _ = wait(self._flying, timeout=0 if self._arrived else seconds, return_when=FIRST_COMPLETED)
        alone = len(self._flying) == 1
        broken: list[Packed] = []
        beside: list[Packed] = []
        for future in done:
            packed = self._flying.pop(future)
            try:
                graded = future.result()
            except BrokenExecutor:
                broken.append(packed)
            except CancelledError as error:
                if not leaving:
                    raise CsCnnError(
                        "The cluster has dropped what it was asked to grade; what is finished is kept, run it again."
                    ) from error
            except (CsCnnError, OSError):
                if not leaving:
                    raise
            except Exception as error:  # no memory, or a worker of a cluster that dies again and again
                if place.may_be_anothers(error) and not alone:
                    beside.append(packed)
                else:
                    self._arrived.append((packed, _failed(type(error).__name__)))
            else:
                self._arrived.append((packed, graded))
        if broken and not leaving:
            broken += self._flying.values()
            self._flying.clear()
            place.mend()
            if alone:
                self._arrived.append((broken.pop(), _failed("the process that graded it ended")))
        self._bar.refresh()
        return broken + beside

    def _write(self) -> None:
        """Write what has arrived."""
        batch, self._arrived = self._arrived, []
        self._writer.write(batch)
        self._outcome.graded += [packed.student for packed, _ in batch]
        if batch:
            self._trouble += sum(
                self._journal.results[packed.student].state in TROUBLE for packed, _ in batch
            )
            self._bar.set_postfix_str(f"{self._trouble} to look at" if self._trouble else "", refresh=False)
            self._show([each.student for each in self._flying.values()])
            self._bar.update(len(batch))


def _failed(why: str) -> Graded:
    return Graded(Problem("failed", f"This submission could not be graded ({why})."))
