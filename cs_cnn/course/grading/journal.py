"""`grading/ASSIGNMENT.json`: what became of every submission, complete after every student."""

from __future__ import annotations

import json
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
        As in the gradebook when it was graded.
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
        self._assignment = assignment.name
        self.results: dict[str, Result] = {}
        if not self.path.exists():
            return
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            self.results = {student: Result(**entry) for student, entry in data["submissions"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise CsCnnError(
                f"{self.path} is not a list of results any more ({type(error).__name__}); "
                "move it away, and everything is graded again."
            ) from error

    def put(self, student: str, result: Result | None) -> None:
        """Record the result of a student, or forget it (None), and write the file."""
        if result is None:
            self.results.pop(student, None)
        else:
            self.results[student] = result
        submissions: dict[str, Any] = {name: asdict(self.results[name]) for name in sorted(self.results)}
        content = {"assignment": self._assignment, "submissions": submissions}
        with atomic_write(self.path) as file:
            json.dump(content, file, indent=1, ensure_ascii=False)
            file.write("\n")
