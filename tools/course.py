"""The main job (`make course`): check the homework, build the book, scan for leaks, grade the demonstration class.

Every step is the command an instructor would type, so that this is also a walk through a term.
"""

from __future__ import annotations

import time
from pathlib import Path

import click

from cs_cnn.command import main as cs_cnn
from cs_cnn.course import calendar
from cs_cnn.course.sandbox import running
from cs_cnn.errors import CsCnnError
from tests.grading import classroom
from tools import book
from tools.progress import StepFailed, say

ROOT = Path(__file__).resolve().parents[1]
DEMONSTRATION = ROOT / "demonstration"
ROSTER = ROOT / "tests" / "grading" / "class" / "students.csv"

NEEDS_A_PERSON = 1
"""Exit status of `cs-cnn grade` when all went well and some submissions wait for a person."""


def command(*arguments: str, also_fine: int = 0) -> None:
    """Run one `cs-cnn` command and show it.

    Parameters
    ----------
    *arguments : str
        What stands behind `cs-cnn`.
    also_fine : int
        An exit status besides 0 that is no error.

    Raises
    ------
    StepFailed
        When it ends with an error.
    """
    say(f"$ cs-cnn {' '.join(arguments)}")
    status = cs_cnn.main(args=list(arguments), prog_name="cs-cnn", standalone_mode=False)
    if status not in (None, 0, also_fine):
        raise StepFailed(f"`cs-cnn {' '.join(arguments)}` ended with status {status}.")


def sandbox() -> tuple[str, ...]:
    """Return what `cs-cnn grade` has to be told: where no sandbox can be made, the made-up class does without."""
    try:
        running.require_namespaces()
    except CsCnnError as error:
        say(f"{error} The demonstration class is our own, and is graded without.")
        return ("--no-sandbox",)
    return ()


def demonstrate(folder: Path, assignment: calendar.Assignment) -> None:
    """Take the demonstration class through one assignment, from the roster to the marks.

    Parameters
    ----------
    folder : pathlib.Path
        The course directory to make or to renew.
    assignment : Assignment
        The one to grade.
    """
    where = str(folder.relative_to(ROOT)) if folder.is_relative_to(ROOT) else str(folder)
    command("init", where, "--roster", str(ROSTER.relative_to(ROOT)))
    released = ROOT / "assignments" / assignment.name / f"{assignment.notebook}.ipynb"
    classroom.build(released, folder)
    command("grade", assignment.short, "--course", where, *sandbox(), also_fine=NEEDS_A_PERSON)
    command("feedback", assignment.short, "--course", where, also_fine=NEEDS_A_PERSON)
    command("stats", assignment.short, "--course", where)
    command("export", assignment.short, "--course", where, "--to", f"{where}/marks.csv")


@click.command()
def main() -> None:
    """Build the book, check the homework and what leaves this place, and grade the demonstration class."""
    started = time.monotonic()
    try:
        # Generated anew and compared: a source that was changed without its release stops here.
        command("release", "--all", "--check")
        site = book.build()
        command("release", "--scan", "--packages")
        assignment = calendar.load(ROOT / "course.yml").assignment("a2")
        demonstrate(DEMONSTRATION, assignment)
    except (StepFailed, CsCnnError, click.ClickException) as error:
        sentence = error.format_message() if isinstance(error, click.ClickException) else str(error)
        raise click.ClickException(sentence) from error
    released = ROOT / "assignments" / assignment.name / f"{assignment.notebook}.ipynb"
    say(f"\nDone in {time.monotonic() - started:.0f} s. Where to look:")
    for what, path, how in (
        ("the book", site / "index.html", "make serve"),
        ("the homework as students get it", released, "open it in JupyterLab or VS Code"),
        (
            "the graded class",
            DEMONSTRATION / "gradebook.db",
            "cd demonstration; ../.venv/bin/jupyter lab: Nbgrader, Formgrader",
        ),
        (
            "a feedback page for each student",
            DEMONSTRATION / "feedback" / "index.html",
            "open it in a browser",
        ),
        (
            "what the class got wrong",
            DEMONSTRATION / "reports" / f"stats-{assignment.name}.html",
            "open it in a browser",
        ),
        ("the marks", DEMONSTRATION / "marks.csv", "open it in a spreadsheet"),
    ):
        say(f"  {what:<34}{path.relative_to(ROOT)!s:<58}{how}")


if __name__ == "__main__":
    main()
