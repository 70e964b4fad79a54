"""What students read after a check: the reports, then a table of points."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator

from cs_cnn.checks.results import number
from cs_cnn.notebooks import Cell, cells_of, untouched
from cs_cnn.student.finding import Work
from cs_cnn.student.running import Outcome

_SHOWN = 6  # remarks


@contextlib.contextmanager
def status() -> Iterator[Callable[[str], None]]:
    """Show on a terminal what runs now, in one line that disappears; say nothing elsewhere."""
    shown = sys.stderr.isatty()

    def progress(text: str) -> None:
        if shown:
            print(f"\r\033[K{text} ...", end="", file=sys.stderr, flush=True)

    try:
        yield progress
    finally:
        if shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def checked(work: Work, outcome: Outcome) -> str:
    """Return the whole text for a student.

    Parameters
    ----------
    work : Work
    outcome : Outcome

    Returns
    -------
    str
    """
    lines = [f"{work.path} ({outcome.seconds:.0f} s)", ""]
    more = len(outcome.remarks) - _SHOWN
    if outcome.remarks:
        lines += outcome.remarks[:_SHOWN]
        lines += [f"And {more} more; the first is often the cause of the others."] if more > 0 else []
        lines += [""]
    for each in outcome.checked:
        lines += [each.text, ""]
    rows = [
        (each.task.title.removeprefix("Task "), number(each.points), number(each.task.points))
        for each in outcome.checked
    ]
    if not work.task:
        rows.append(("Checks together", number(outcome.points), number(outcome.of)))
    width = max(len(row[0]) for row in rows)
    digits = max(len(row[1]) for row in rows)
    table = [f"{name:<{width}}  {points:>{digits}} of {of}" for name, points, of in rows]
    if len(table) > 1:
        table.insert(-1, "-" * max(map(len, table)))
    lines += table
    answers = written_answers(work)
    if answers and not work.task:
        points = sum(_points(cell) for cell in answers)
        empty = [cell.name for cell in answers if is_empty(cell)]
        words = f"Written answers, read by a person: {number(points)} points"
        lines.append(words + (f"; still empty: {', '.join(empty)}." if empty else "."))
    return "\n".join(lines)


def written_answers(work: Work) -> list[Cell]:
    """Return the cells in which a student answers in words."""
    return [cell for cell in cells_of(work.notebook) if cell.answer and cell.graded]


def is_empty(cell: Cell) -> bool:
    """Tell whether nothing is written in an answer cell."""
    return not cell.essence or untouched(cell)


def _points(cell: Cell) -> float:
    points = cell.marks.get("points")
    return float(points) if isinstance(points, int | float) else 0.0
