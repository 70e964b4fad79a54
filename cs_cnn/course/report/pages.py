"""The HTML of the feedback: one page per submission, and the index for instructors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from markupsafe import Markup
from nbconvert.exporters import Exporter
from traitlets import Unicode

from cs_cnn.course.calendar import Assignment, Course
from cs_cnn.course.grading import marks
from cs_cnn.course.report import inert, layout, verdicts
from cs_cnn.course.report.manner import HINTS, Manner

_HIDDEN = re.compile(
    r"^[^\n]*BEGIN HIDDEN TESTS.*?(?:END HIDDEN TESTS[^\n]*\n?|\Z)", re.DOTALL | re.MULTILINE
)
# Errors whose words come from Python or from us, and so cannot repeat a hidden test.
_SPEAKING = (
    "NotImplementedError",
    "NameError",
    "CellTimeoutError",
    "KernelStopped",
    "NotAMark",
    "NoAnswer",
    "GradingBroken",
    "KeyboardInterrupt",
)


@dataclass(frozen=True)
class Task:
    """One row of the table of points."""

    anchor: str
    name: str
    label: str
    points: float | None
    of: float
    here: bool

    @property
    def kind(self) -> str:
        """The class that colours the border; the words beside it say the same."""
        if self.points is None:
            return "waiting"
        return "full" if self.points >= self.of else "part" if self.points > 0 else "none"


@dataclass(frozen=True)
class View:
    """One cell as the page shows it."""

    html: Markup | None
    code: Markup | None
    outputs: Sequence[dict[str, Any]]
    task: Task | None
    comment: Markup | None


def _highlight(code: str) -> Markup:
    from pygments import highlight  # type: ignore[import-untyped]
    from pygments.formatters import HtmlFormatter  # type: ignore[import-untyped]
    from pygments.lexers import PythonLexer  # type: ignore[import-untyped]

    return Markup(highlight(code, PythonLexer(stripnl=False), HtmlFormatter(nowrap=True)).rstrip("\n"))


def _outputs(cell: Any, manner: Manner, *, test: bool, hidden: bool) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = []
    for output in cell.get("outputs", []):
        kind = output.output_type
        data = output.get("data", {})
        if kind == "stream":
            text = manner.discreet(inert.plain(str(output.text)))
            for piece in verdicts.split(text) if test else [text]:
                if isinstance(piece, str):
                    shown.append({"kind": "output", "content": piece})
                else:
                    shown.append({"kind": "html", "content": verdicts.html(piece, manner)})
        elif kind == "error":
            content = manner.discreet(_error(output, hidden=hidden, full=manner.policy == "full"))
            shown.append({"kind": "error", "content": content})
        elif kind == "execute_result" and test:
            continue  # the number of points: it stands above the cell already
        elif found := next((kind for kind in ("image/png", "image/jpeg", "image/gif") if kind in data), None):
            content = f"data:{found};base64,{''.join(str(data[found]).split())}"
            shown.append({"kind": "picture", "content": content})
        elif "text/html" in data:
            html = manner.discreet(inert.html(str(data["text/html"])))
            shown.append({"kind": "html", "content": Markup(inert.without_paths(html))})
        elif "text/markdown" in data:
            html = manner.discreet(inert.markdown(str(data["text/markdown"])))
            shown.append({"kind": "html", "content": Markup(inert.without_paths(html))})
        elif "text/plain" in data:
            shown.append({"kind": "output", "content": manner.discreet(inert.plain(str(data["text/plain"])))})
    return shown


def _error(output: Any, *, hidden: bool, full: bool) -> str:
    name, value = str(output.ename), inert.plain(str(output.evalue))
    if full:
        trace = inert.plain("\n".join(output.traceback))
        return trace if trace.strip() else f"{name}: {value}"
    if not hidden or (name in _SPEAKING and value):
        return f"{name}: {value.splitlines()[0]}" if value.strip() else name
    return f"{name} was raised while this test ran."


def _view(cell: Any, tasks: dict[str, Task], headings: inert.Headings, manner: Manner) -> View:
    mark = cell.metadata.get("nbgrader", {})
    task = tasks.get(mark.get("grade_id", "")) if mark.get("grade") else None
    comment = Markup(inert.markdown(str(mark["comment"]))) if mark.get("comment") else None
    if manner.policy == "scores":
        return View(None, None, (), task, comment)
    if cell.cell_type != "code":
        # The instructors' text is at hand elsewhere; here it would bury the marks.
        render = inert.folded if mark.get("locked") else inert.markdown
        return View(Markup(render(cell.source, headings)), None, (), task, comment)
    hidden = "BEGIN HIDDEN TESTS" in cell.source
    code = cell.source if manner.policy == "full" else _HIDDEN.sub("# Hidden tests ran here.\n", cell.source)
    test = task is not None and not mark.get("solution")
    return View(None, _highlight(code), _outputs(cell, manner, test=test, hidden=hidden), task, comment)


def _tasks(cells: list[marks.Cell], row: marks.Row, here: set[str]) -> dict[str, Task]:
    return {
        cell.grade_id: Task(
            anchor=cell.grade_id,
            name=cell.name,
            label="Written answer" if cell.written else "Task",
            points=row.cells.get(cell.grade_id),
            of=cell.points,
            here=cell.grade_id in here,
        )
        for cell in cells
    }


def student(
    assignment: Assignment,
    row: marks.Row,
    cells: list[marks.Cell],
    *,
    notebook: Any = None,
    penalty: float = 0,
    manner: Manner = HINTS,
) -> str:
    """Render the page of one submission.

    Parameters
    ----------
    assignment : Assignment
        Which one.
    row : marks.Row
        The student and the marks.
    cells : list of marks.Cell
        The graded cells in order.
    notebook : nbformat.NotebookNode, optional
        The graded notebook; None when nothing could be run.
    penalty : float
        Points taken off for lateness.
    manner : Manner
        How much the page tells.

    Returns
    -------
    str
        A complete HTML page that makes no request.
    """
    content = [] if notebook is None else list(notebook.cells)
    here = {cell.metadata.get("nbgrader", {}).get("grade_id", "") for cell in content}
    tasks = _tasks(cells, row, here)
    headings = inert.Headings(2)
    views = [_view(cell, tasks, headings, manner) for cell in content if str(cell.source).strip()]
    if manner.policy == "scores":
        views = [view for view in views if view.task is not None and view.comment is not None]
        tasks = {name: replace(task, here=False) for name, task in tasks.items()}
    page: str = (
        layout.environment()
        .get_template("feedback.html.j2")
        .render(
            assignment=assignment,
            row=row,
            tasks=list(tasks.values()),
            cells=views,
            penalty=penalty,
            ran=notebook is not None,
            policy=manner.policy,
            chapters=manner.chapters_of(assignment),
            note=inert.plain(row.note),
            waiting=any(task.points is None for task in tasks.values()),
        )
    )
    return page


def index(course: Course, folder: Path, tables: list[tuple[Assignment, list[marks.Row]]]) -> str:
    """Render the instructors' list of all students.

    Parameters
    ----------
    course : Course
        The calendar.
    folder : pathlib.Path
        `feedback/`, to see which pages are there.
    tables : list of (Assignment, list of marks.Row)
        What to list.

    Returns
    -------
    str
        A complete HTML page.
    """
    sections = []
    for assignment, rows in tables:
        entries = []
        for row in rows:
            path = Path(row.student, assignment.name, f"{assignment.notebook}.html")
            link = quote(path.as_posix()) if (folder / path).is_file() else None
            entries.append({"row": row, "link": link})
        sections.append((assignment, entries))
    page: str = layout.environment().get_template("index.html.j2").render(course=course, sections=sections)
    return page


class FeedbackExporter(Exporter):
    """What nbgrader's GenerateFeedback writes instead of its own page, for the student in `row`."""

    file_extension = Unicode(".html")
    output_mimetype = "text/html"
    assignment: Any = None
    row: Any = None
    graded: Any = None
    manner: Any = HINTS

    def from_notebook_node(self, nb: Any, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        """Convert a graded notebook, with the comments that nbgrader put into it, to a page."""
        nb, resources = super().from_notebook_node(nb, resources, **kw)
        penalty = float(resources["nbgrader"].get("late_penalty") or 0)
        page = student(
            self.assignment, self.row, self.graded, notebook=nb, penalty=penalty, manner=self.manner
        )
        return page, resources
