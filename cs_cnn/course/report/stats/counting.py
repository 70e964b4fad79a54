"""The numbers of the statistics."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cs_cnn.course.calendar import Assignment
from cs_cnn.course.grading import marks
from cs_cnn.course.grading.journal import Journal
from cs_cnn.course.report.stats.recognising import Known, checked, printed, recognised, section_of

_UNGRADED = ("not_submitted", "not_graded")


@dataclass
class TaskCount:
    """How one graded cell went.

    Attributes
    ----------
    cell : marks.Cell
    marked : int
        Students with a mark for it.
    points : float
        Their points together.
    full, none : int
        Students with all points, and with none.
    """

    cell: marks.Cell
    marked: int = 0
    points: float = 0.0
    full: int = 0
    none: int = 0

    @property
    def share(self) -> float | None:
        """The part of the points that the class earned; None where nothing is marked."""
        return self.points / (self.marked * self.cell.points) if self.marked and self.cell.points else None


@dataclass
class SectionCount:
    """What a section of the book could have saved.

    Attributes
    ----------
    section : str
        Page and label.
    lost : float
        Points that the class lost over it.
    students : int
        How many lost any.
    tasks : dict of str to float
        Points lost by task.
    """

    section: str
    lost: float = 0.0
    students: int = 0
    tasks: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))


@dataclass
class Statistics:
    """What is known of a class in one assignment; `points` and `early` have one entry for each student.

    Attributes
    ----------
    assignment : Assignment
    people, handed_in : int
        Students of the class, and those who handed something in.
    states : Counter of str
        What became of the submissions, in words.
    points : list of float
        Of everybody graded.
    max_points : float
    tasks : list of TaskCount
    mistakes : list of (Known, int)
        Recognised mistakes and the students who made each, most frequent first.
    sections : list of SectionCount
        Most points lost first.
    early : list of float
        Hours before the due date, negative when late; only where the time is known.
    late : int
        Submissions that are late after grace and extensions.
    seconds : list of float
        How long grading took.
    """

    assignment: Assignment
    people: int = 0
    handed_in: int = 0
    states: Counter[str] = field(default_factory=Counter)
    points: list[float] = field(default_factory=list)
    max_points: float = 0.0
    tasks: list[TaskCount] = field(default_factory=list)
    mistakes: list[tuple[Known, int]] = field(default_factory=list)
    sections: list[SectionCount] = field(default_factory=list)
    early: list[float] = field(default_factory=list)
    late: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """Lower quartile, median and upper quartile of the points."""
        if len(self.points) < 2:
            return (self.points[0],) * 3 if self.points else (0.0, 0.0, 0.0)
        low, middle, high = statistics.quantiles(self.points, n=4, method="inclusive")
        return low, middle, high


def count(
    folder: Path, assignment: Assignment, rows: Sequence[marks.Row], *, progress: bool = True
) -> Statistics:
    """Count everything.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.
    rows : sequence of marks.Row
        The class, from `marks.table`.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Statistics
    """
    from tqdm import tqdm

    cells = marks.graded_cells(folder, assignment)
    names = checked(folder, assignment)
    results = Journal(folder, assignment).results
    counted = Statistics(assignment, people=len(rows), max_points=sum(cell.points for cell in cells))
    tasks = {cell.grade_id: TaskCount(cell) for cell in cells}
    made: Counter[Known] = Counter()
    sections: dict[str, SectionCount] = {}
    for row in tqdm(rows, unit="student", disable=not progress, dynamic_ncols=True):
        counted.states[row.meaning] += 1
        if row.state != "not_submitted":
            counted.handed_in += 1
            _time(counted, row, assignment.due)
        if row.state in _UNGRADED:
            continue
        counted.points.append(row.points)
        if row.student in results:
            counted.seconds.append(results[row.student].seconds)
        words = printed(folder, row.student, assignment)
        mine: set[Known] = set()
        lost: defaultdict[str, float] = defaultdict(float)
        for grade_id, task in tasks.items():
            points = row.cells.get(grade_id)
            if points is None:
                continue
            _add(task, points)
            found = recognised(words.get(grade_id, ""), names.get(grade_id, ()))
            mine |= set(found)
            missing = max(0.0, task.cell.points - points)
            # Points lost are put down to what explains them: the mistakes, else the task.
            where = {mistake.section for mistake in found} or {
                section_of(name) for name in names.get(grade_id, ())
            }
            for section in where - {""} if missing else set():
                entry = sections.setdefault(section, SectionCount(section))
                entry.tasks[task.cell.name] += missing / len(where)
                lost[section] += missing / len(where)
        made.update(mine)
        for section, points in lost.items():
            sections[section].lost += points
            sections[section].students += 1
    counted.tasks = list(tasks.values())
    counted.mistakes = sorted(made.items(), key=lambda pair: (-pair[1], pair[0].task, pair[0].name))
    counted.sections = sorted(sections.values(), key=lambda each: (-each.lost, each.section))
    return counted


def _time(counted: Statistics, row: marks.Row, due: datetime) -> None:
    counted.late += row.late.days > 0
    if row.submitted is not None:
        counted.early.append((due - row.submitted).total_seconds() / 3600)


def _add(task: TaskCount, points: float) -> None:
    task.marked += 1
    task.points += points
    task.full += points >= task.cell.points
    task.none += points <= 0
