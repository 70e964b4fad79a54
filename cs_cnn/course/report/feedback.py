"""A feedback page for every submission, through nbgrader's GenerateFeedback, and an index for the instructors."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cs_cnn.course import calendar, engine
from cs_cnn.course.calendar import Assignment, Course
from cs_cnn.course.directory import locked
from cs_cnn.course.grading import marks
from cs_cnn.course.grading.journal import NOTHING_RAN, Journal
from cs_cnn.course.report.logbook import LOG
from cs_cnn.course.report.manner import Book, Manner, Policy
from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write, folder_in_the_making


@dataclass
class Written:
    """What a run wrote: the index, the pages, and the students without a page with the reason."""

    index: Path
    pages: list[Path] = field(default_factory=list)
    without: dict[str, str] = field(default_factory=dict)


def write(
    folder: Path,
    assignment: Assignment,
    *,
    students: tuple[str, ...] = (),
    policy: Policy = "hints",
    book: str = "",
    dry_run: bool = False,
    progress: bool = True,
) -> Written:
    """Write the feedback of an assignment.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory.
    assignment : Assignment
        Which one.
    students : tuple of str
        Only these; empty for everybody.
    policy : {"hints", "scores", "full"}
        How much the pages tell, see `Manner`.
    book : str
        The address of the book, for links to chapters.
    dry_run : bool
        Write nothing; the pages are those that would be written.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    Written
        `feedback/STUDENT/ASSIGNMENT/NOTEBOOK.html` for everybody graded, and `feedback/index.html`.

    Raises
    ------
    CsCnnError
        When nothing is graded yet.
    """
    from tqdm import tqdm

    journal = Journal(folder, assignment)
    if not journal.results:
        raise CsCnnError(
            f"Nothing of {assignment.name} is graded yet; run `cs-cnn grade {assignment.short}` first."
        )
    unknown = [student for student in students if student not in journal.results]
    if unknown:
        raise CsCnnError(f"There is no graded submission of {assignment.name} by '{unknown[0]}'.")
    course = calendar.load(folder)
    written = Written(folder / "feedback" / "index.html")
    with locked(folder), engine.session(folder / "grading" / "log.txt"):
        settings = engine.config(folder)
        cells = marks.graded_cells(folder, assignment)
        everybody = marks.table(folder, assignment)
        rows = [
            row
            for row in everybody
            if row.state not in ("not_submitted", "not_graded") and (not students or row.student in students)
        ]
        manner = Manner(policy, Book(book, {each.file: each.title for each in course.chapters}))
        if dry_run:
            written.pages = [_place(folder, assignment, row.student) for row in rows]
            return written
        with tqdm(total=len(rows), unit="page", disable=not progress, dynamic_ncols=True) as bar:
            for row in rows:
                bar.set_description(row.student)
                ran = journal.results[row.student].state not in NOTHING_RAN
                try:
                    own = replace(manner, others=_others(everybody, row))
                    written.pages.append(_one(folder, assignment, row, cells, settings, own, ran=ran))
                except CsCnnError:
                    raise  # a full disk concerns everybody
                except (
                    Exception
                ) as error:  # one odd notebook leaves one student without a page, not the class
                    written.without[row.student] = f"{type(error).__name__}, see grading/log.txt"
                bar.update()
        _index(course, folder, written.index)
        LOG.info(f"feedback: wrote {len(written.pages)} pages of {assignment.name}, policy {policy}")
    return written


def _place(folder: Path, assignment: Assignment, student: str) -> Path:
    return folder / "feedback" / student / assignment.name / f"{assignment.notebook}.html"


def _others(everybody: Sequence[marks.Row], own: marks.Row) -> frozenset[str]:
    """Return what must not appear on a student's page: the others' names in full, and their addresses."""
    names: set[str] = set()
    for row in everybody:
        if row.student != own.student:
            if row.first_name and row.last_name:
                names |= {f"{row.first_name} {row.last_name}", f"{row.last_name}, {row.first_name}"}
            names.add(row.email)
    return frozenset(names - {own.name, f"{own.last_name}, {own.first_name}", own.email, ""})


def _one(
    folder: Path,
    assignment: Assignment,
    row: marks.Row,
    cells: list[marks.Cell],
    settings: Any,
    manner: Manner,
    *,
    ran: bool,
) -> Path:
    from cs_cnn.course.report import pages

    broken = "" if ran else pages.student(assignment, row, cells, manner=manner)
    page = broken or _through_nbgrader(folder, assignment, row, cells, settings, manner)
    target = _place(folder, assignment, row.student)
    with folder_in_the_making(target.parent) as making:
        (making / target.name).write_text(page, encoding="utf-8", newline="\n")
    return target


def _through_nbgrader(
    folder: Path,
    assignment: Assignment,
    row: marks.Row,
    cells: list[marks.Cell],
    settings: Any,
    manner: Manner,
) -> str:
    """Let nbgrader fetch marks and comments and lay the page out, in a temporary folder with this notebook only."""
    from copy import deepcopy

    from cs_cnn.course.report.pages import FeedbackExporter

    name = f"{assignment.notebook}.ipynb"
    with tempfile.TemporaryDirectory(prefix="cs-cnn-") as temporary:
        root = Path(temporary).resolve()
        stage = root / "autograded" / row.student / assignment.name
        stage.mkdir(parents=True)
        shutil.copyfile(folder / "autograded" / row.student / assignment.name / name, stage / name)
        own = deepcopy(settings)
        context = {"assignment": assignment, "row": row, "graded": cells, "manner": manner}
        own.GenerateFeedback.exporter_class = type("FeedbackExporter", (FeedbackExporter,), context)
        own.GenerateFeedback.preprocessors = ["nbgrader.preprocessors.GetGrades"]
        engine.convert("GenerateFeedback", root, assignment.name, own, database=engine.database_url(folder))
        made = root / "feedback" / row.student / assignment.name / f"{assignment.notebook}.html"
        return made.read_text(encoding="utf-8")


def _index(course: Course, folder: Path, path: Path) -> None:
    from cs_cnn.course.report import pages

    graded = [each for each in course.assignments if Journal(folder, each).results]
    tables = [(each, marks.table(folder, each)) for each in graded]
    with atomic_write(path) as file:
        file.write(pages.index(course, path.parent, tables))
