"""`grading/ASSIGNMENT.json`: what became of every submission.

While a class is graded, one line for each result goes to the end of a second file beside it, so that a crash loses
nothing and a large class costs no more per student than a small one. `close` makes one file of both.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from cs_cnn.course.calendar import Assignment
from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write

# The reason codes, with what each means to an instructor.
STATES = {
    "graded": "graded",
    "needs_reading": "tests graded; a written answer waits to be read",
    "needs_person": "graded in part; a person should look",
    "timed_out": "graded in part; cells took too long",
    "kernel_died": "graded in part; the kernel ended",
    "unreadable": "could not be read; 0 points",
    "missing_notebook": "the notebook is missing; 0 points",
    "failed": "nbgrader could not grade it; 0 points",
}
# With these the class is not done: somebody has to act.
TROUBLE = ("needs_person", "timed_out", "kernel_died", "unreadable", "missing_notebook", "failed")
# With these there is no graded notebook to show.
NOTHING_RAN = ("unreadable", "missing_notebook", "failed")


@dataclass(frozen=True)
class Result:
    """What became of one submission.

    Attributes
    ----------
    state : str
        A reason code of `STATES`.
    points, max_points : float
        As in the gradebook when it was graded, before anything is taken off for lateness.
    note : str
        A sentence about what is unusual; empty for nothing.
    cells : dict of str to float or None
        Points of every graded cell; None waits for a person.
    submission, grader : str
        Hashes of what was graded, and of what it was graded with.
    cleared : dict of str to float
        Marks given by hand that were cleared because the work they were for is gone.
    graded : str
        When, ISO 8601 in UTC.
    seconds : float
        How long it took.
    """

    state: str
    points: float
    max_points: float
    note: str
    cells: dict[str, float | None]
    submission: str
    grader: str
    graded: str
    seconds: float
    cleared: dict[str, float] = field(default_factory=dict)


class Journal:
    """The results of one assignment, kept in a file.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.

    Raises
    ------
    CsCnnError
        When the file is there and is not such a journal.
    """

    def __init__(self, folder: Path, assignment: Assignment) -> None:
        self.path = folder / "grading" / f"{assignment.name}.json"
        self._lines = self.path.with_suffix(".part.jsonl")
        self._assignment = assignment.name
        self.results: dict[str, Result] = {}
        try:
            if self.path.exists():
                data = json.loads(self.path.read_text(encoding="utf-8"))
                self.results = {student: Result(**entry) for student, entry in data["submissions"].items()}
            if self._lines.exists():
                self._catch_up(self._lines.read_bytes())
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CsCnnError(
                f"{self.path} is not a list of results any more ({type(error).__name__}); "
                "move it away, and everything is graded again."
            ) from error

    def _catch_up(self, lines: bytes) -> None:
        """Apply what a run that did not come to its end has left; its last line may be half a line."""
        for line in lines.split(b"\n")[:-1]:
            if not line.strip():
                continue
            for student, entry in json.loads(line).items():
                self._set(student, None if entry is None else Result(**entry))

    def _set(self, student: str, result: Result | None) -> None:
        if result is None:
            self.results.pop(student, None)
        else:
            self.results[student] = result

    def put(self, entries: Mapping[str, Result | None]) -> None:
        """Record results, or forget them (None); they are on the disk when this returns.

        Parameters
        ----------
        entries : mapping of str to Result or None
            By student.

        Raises
        ------
        CsCnnError
            When they cannot be written.
        """
        line = {name: None if result is None else asdict(result) for name, result in entries.items()}
        try:
            self._lines.parent.mkdir(parents=True, exist_ok=True)
            with self._lines.open("ab") as file:
                file.write(json.dumps(line).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise CsCnnError(f"Cannot write {self._lines}: {error.strerror or error}.") from error
        for student, result in entries.items():
            self._set(student, result)

    def close(self) -> None:
        """Write one file with everything, and remove the lines.

        Before the first `put`, too: what a crash has left may end with half a line.
        """
        if not self._lines.exists():
            return
        submissions: dict[str, Any] = {name: asdict(self.results[name]) for name in sorted(self.results)}
        content = {"assignment": self._assignment, "submissions": submissions}
        with atomic_write(self.path) as file:
            json.dump(content, file, indent=1, ensure_ascii=False)
            file.write("\n")
        with contextlib.suppress(FileNotFoundError):
            self._lines.unlink()
