"""The one writer: puts the results of a run into the gradebook, the graded notebooks and the journal.

Everything that has arrived is one transaction. The order makes a crash harmless: the journal forgets the students,
their files and marks are written, the journal records them; whoever is missing there is graded again.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cs_cnn.course.calendar import Assignment
from cs_cnn.course.grading import marks, tasks
from cs_cnn.course.grading.journal import NOTHING_RAN, Journal, Result
from cs_cnn.course.grading.packing import Packed
from cs_cnn.course.grading.tasks import Graded
from cs_cnn.files import folder_in_the_making

Batch = Sequence[tuple[Packed, Graded]]


@dataclass
class Merged:
    """The marks of one student after merging, and those given by hand that were cleared."""

    now: marks.Marks = field(default_factory=marks.Marks)
    cleared: dict[str, float] = field(default_factory=dict)


class Writer:
    """Writes results into a course directory.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.
    opened : nbgrader.api.Gradebook
        The open gradebook.
    journal : Journal
        Of this assignment.
    grader : str
        The hash of what is graded with.
    """

    def __init__(
        self, folder: Path, assignment: Assignment, opened: Any, journal: Journal, grader: str
    ) -> None:
        self._folder, self._assignment, self._opened = folder, assignment, opened
        self._journal, self._grader = journal, grader
        self._cells = marks.graded_cells(folder, assignment)

    def write(self, batch: Batch) -> None:
        """Write what has arrived.

        Parameters
        ----------
        batch : sequence of (Packed, Graded)
            Each student once.
        """
        if not batch:
            return
        earlier = {packed.student: self._journal.results.get(packed.student) for packed, _ in batch}
        replaced = {
            packed.student: (before := earlier[packed.student]) is None or before.submission != packed.content
            for packed, _ in batch
        }
        if forgotten := {student: None for student, before in earlier.items() if before is not None}:
            self._journal.put(forgotten)
        for packed, graded in batch:
            self._files(packed.student, graded)
        merged = merge(self._opened, self._assignment, batch, replaced)
        self._journal.put(
            {
                packed.student: self._result(packed, graded, merged[packed.student], earlier[packed.student])
                for packed, graded in batch
            }
        )

    def _files(self, student: str, graded: Graded) -> None:
        with (self._folder / "grading" / "log.txt").open("a", encoding="utf-8") as log:
            log.write(graded.log)
        target = self._folder / "autograded" / student / self._assignment.name
        if graded.problem is not None:
            if target.exists():
                shutil.rmtree(target)
            return
        with folder_in_the_making(target) as making:
            tasks.write(graded.files, making)
            for path in making.rglob("*"):
                if path.is_file():
                    with contextlib.suppress(OSError):
                        path.chmod(0o444)  # as nbgrader leaves them

    def _result(self, packed: Packed, graded: Graded, merged: Merged, earlier: Result | None) -> Result:
        points = merged.now.points()
        if graded.problem is not None:
            state, sentences = graded.problem.state, [graded.problem.sentence]
        else:
            state, sentences = graded.state or "", list(graded.notes)
            if packed.suspicious:
                state = state or "needs_person"
            state = state or ("needs_reading" if merged.now.to_read(self._cells) else "graded")
        note = " ".join([*sentences, *packed.notes])
        if earlier and state in NOTHING_RAN and earlier.points > points:
            note += f" The earlier mark of {marks.number(earlier.points)} was cleared."
        return Result(
            state=state,
            points=points,
            max_points=sum(cell.points for cell in self._cells),
            note=note,
            cells=merged.now.ordered(self._cells),
            submission=packed.content,
            grader=self._grader,
            graded=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=graded.seconds,
            cleared=merged.cleared,
        )


def merge(
    opened: Any, assignment: Assignment, batch: Batch, replaced: Mapping[str, bool]
) -> dict[str, Merged]:
    """Put the results of some students into the gradebook, in one transaction.

    Marks given by hand stay, unless the work they were for was replaced by something that cannot be graded.

    Parameters
    ----------
    opened : nbgrader.api.Gradebook
        The open gradebook.
    assignment : Assignment
        Which one.
    batch : sequence of (Packed, Graded)
        Each student once.
    replaced : mapping of str to bool
        Whether the student's work is another one than what was graded before.

    Returns
    -------
    dict of str to Merged
        By student.
    """
    rows = _Rows(opened, assignment, [packed.student for packed, _ in batch])
    found = {}
    for packed, graded in batch:
        merged = found[packed.student] = Merged()
        submission = rows.submission(packed.student)
        submission.timestamp = packed.submitted
        for notebook, cells in rows.notebooks(submission):
            notebook.late_submission_penalty = None
            for cell in cells:
                if cell.type in ("SolutionCell", "TaskCell"):
                    rows.comment(notebook, cell).auto_comment = graded.comments.get(cell.name)
                if cell.type in ("GradeCell", "TaskCell"):
                    grade, new = rows.grade(notebook, cell)
                    _mark(grade, cell.name, graded, new or replaced[packed.student], merged)
    opened.db.commit()
    opened.db.remove()  # forgets what was loaded, or it would pile up with the class
    return found


def _mark(grade: Any, name: str, graded: Graded, replaced: bool, merged: Merged) -> None:
    """Write the mark of one cell."""
    if graded.problem is not None:
        grade.auto_score, grade.needs_manual_grade = 0, False
        if replaced and (grade.manual_score is not None or grade.extra_credit):
            merged.cleared[name] = float(grade.manual_score or 0) + float(grade.extra_credit or 0)
            grade.manual_score = grade.extra_credit = None
    else:
        auto = graded.scores.get(name)
        if replaced or auto != grade.auto_score:
            grade.needs_manual_grade = auto is None or grade.manual_score is not None
        # Otherwise nothing changed, and what a person has read is read.
        grade.auto_score = auto
    merged.now.cells[name] = marks.score(grade.auto_score, grade.manual_score, grade.extra_credit)
    if grade.needs_manual_grade:
        merged.now.waiting.add(name)


class _Rows:
    """The rows of some students in nbgrader's tables, looked up by their indices and made where they are missing.

    nbgrader's own look-ups, a student and a cell at a time, read the table of all marks from end to end each time.
    """

    def __init__(self, opened: Any, assignment: Assignment, students: list[str]) -> None:
        from nbgrader import api

        self._api, self._db = api, opened.db
        self._assignment = opened.find_assignment(assignment.name).id
        notebooks = self._all(api.Notebook, assignment_id=[self._assignment])
        self._cells = {
            notebook.id: self._all(api.BaseCell, notebook_id=[notebook.id]) for notebook in notebooks
        }
        cells = [cell.id for each in self._cells.values() for cell in each]
        known = {person.id for person in self._all(api.Student, id=students)}
        self._db.add_all([api.Student(id=student) for student in students if student not in known])
        found = self._all(api.SubmittedAssignment, assignment_id=[self._assignment], student_id=students)
        self._submissions = {each.student_id: each for each in found}
        found = self._all(
            api.SubmittedNotebook,
            notebook_id=list(self._cells),
            assignment_id=[each.id for each in found],
        )
        self._notebooks = {(each.assignment_id, each.notebook_id): each for each in found}
        within = [each.id for each in found]
        self._grades, self._comments = (
            {
                (each.notebook_id, each.cell_id): each
                for each in self._all(table, cell_id=cells, notebook_id=within)
            }
            for table in (api.Grade, api.Comment)
        )

    def _all(self, table: Any, **columns: list[str]) -> list[Any]:
        chosen = [getattr(table, name).in_(values) for name, values in columns.items()]
        return self._db.query(table).filter(*chosen).all() if all(columns.values()) else []

    def _make(self, table: Any, **values: str) -> Any:
        row = table(id=self._api.new_uuid(), **values)
        self._db.add(row)
        return row

    def submission(self, student: str) -> Any:
        if student not in self._submissions:
            self._submissions[student] = self._make(
                self._api.SubmittedAssignment, assignment_id=self._assignment, student_id=student
            )
        return self._submissions[student]

    def notebooks(self, submission: Any) -> list[tuple[Any, list[Any]]]:
        found = []
        for notebook, cells in self._cells.items():
            key = (submission.id, notebook)
            if key not in self._notebooks:
                self._notebooks[key] = self._make(
                    self._api.SubmittedNotebook, assignment_id=submission.id, notebook_id=notebook
                )
            found.append((self._notebooks[key], cells))
        return found

    def grade(self, notebook: Any, cell: Any) -> tuple[Any, bool]:
        """Return the row of a mark, and whether it is new."""
        key = (notebook.id, cell.id)
        new = key not in self._grades
        if new:
            self._grades[key] = self._make(self._api.Grade, notebook_id=notebook.id, cell_id=cell.id)
        return self._grades[key], new

    def comment(self, notebook: Any, cell: Any) -> Any:
        key = (notebook.id, cell.id)
        if key not in self._comments:
            self._comments[key] = self._make(self._api.Comment, notebook_id=notebook.id, cell_id=cell.id)
        return self._comments[key]
