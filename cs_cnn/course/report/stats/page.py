"""The page of the statistics: one file that makes no request and names no student."""

from __future__ import annotations

import statistics

from markupsafe import Markup

from cs_cnn.course.report import layout
from cs_cnn.course.report.manner import Book
from cs_cnn.course.report.stats import figures
from cs_cnn.course.report.stats.counting import SectionCount, Statistics

FIRST = 5
"""How many sections are named for teaching once more."""
MISTAKES = 30
"""How many mistakes are listed."""


def render(counted: Statistics, book: Book) -> str:
    """Write the page.

    Parameters
    ----------
    counted : Statistics
    book : Book
        Where the chapters are.

    Returns
    -------
    str
        A complete HTML page.
    """

    def link(section: str) -> Markup:
        page, _, label = section.partition("#")
        return book.link(page, label)

    def tasks_of(section: SectionCount) -> str:
        return ", ".join(sorted(section.tasks, key=lambda name: -section.tasks[name]))

    graded = len(counted.points)
    page: str = (
        layout.environment()
        .get_template("stats.html.j2")
        .render(
            assignment=counted.assignment,
            counted=counted,
            graded=graded,
            mean=statistics.fmean(counted.points) if graded else 0.0,
            quartiles=counted.quartiles,
            again=counted.sections[:FIRST],
            mistakes=counted.mistakes[:MISTAKES],
            left_out=max(0, len(counted.mistakes) - MISTAKES),
            link=link,
            tasks_of=tasks_of,
            states=counted.states.most_common(),
            seconds=statistics.median(counted.seconds) if counted.seconds else None,
            slowest=max(counted.seconds, default=0.0),
            figure_points=figures.points(counted) if graded else "",
            figure_tasks=figures.tasks(counted) if any(task.marked for task in counted.tasks) else "",
            figure_times=figures.times(counted) if counted.early else "",
        )
    )
    return page
