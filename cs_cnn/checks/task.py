"""What a graded task is: its functions, its parts with their points, and how it is graded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cs_cnn.checks.bench import Bench


@dataclass(frozen=True)
class PartOfTask:
    """A part of a task that earns points of its own.

    Attributes
    ----------
    name : str
        Short name, such as ``"dW1"``.
    points : float
        Points of the part.
    tested : str
        What is tested, as the student reads it when the part is right.
    hint : str
        What to think of when the part is wrong and no known mistake explains it.
    """

    name: str
    points: float
    tested: str
    hint: str


@dataclass(frozen=True)
class Task:
    """A graded task of an assignment.

    Attributes
    ----------
    name : str
        Such as ``"a2.forward"``: the assignment and the task.
    number : str
        The number in the notebook, such as ``"2.3"``.
    asks : str
        What the student writes, as the report calls it: mostly a function's name, or two with " and " between them.
    functions : tuple of str
        The student's functions the check needs, in the order in which a cell hands them over.
    parts : tuple of PartOfTask
    grade : callable
        Runs the check on a `Bench`. What it draws from ``bench.rng`` must not depend on the student's results.
    section : str
        Where the book explains the task: page and heading.
    seconds : float
        Time the student's code may use in one check.
    """

    name: str
    number: str
    asks: str
    functions: tuple[str, ...]
    parts: tuple[PartOfTask, ...]
    grade: Callable[[Bench], None]
    section: str
    seconds: float = 10.0

    @property
    def points(self) -> float:
        """Points of the whole task."""
        return float(sum(part.points for part in self.parts))

    @property
    def title(self) -> str:
        """How the task is called in a report, such as ``"Task 2.3 forward"``."""
        return f"Task {self.number} {self.asks}"
