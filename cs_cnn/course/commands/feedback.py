"""Writing feedback pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cs_cnn.course.commands.options import book_option, course_option, instructors, student_option

if TYPE_CHECKING:
    from cs_cnn.course.report.manner import Policy


@click.command()
@click.argument("assignment")
@course_option
@student_option
@click.option(
    "--policy",
    type=click.Choice(["hints", "scores", "full"]),
    default="hints",
    show_default=True,
    help="How much a page tells: messages and hints, points only, or hidden tests and tracebacks, too.",
)
@book_option
@click.option("--dry-run", is_flag=True, help="Say which pages would be written, and write nothing.")
@click.pass_context
@instructors
def feedback(
    context: click.Context,
    assignment: str,
    folder: Path | None,
    students: tuple[str, ...],
    policy: Policy,
    book: str | None,
    dry_run: bool,
) -> None:
    """Write a feedback page for every graded submission of ASSIGNMENT.

    The pages are DIR/feedback/STUDENT/ASSIGNMENT/; DIR/feedback/index.html lists them for instructors. What students
    wrote cannot run. Hidden tests, tracebacks, paths and other students' names are cut out; --policy full keeps hidden
    tests and tracebacks, so use it only when nobody can hand in any more.

    \b
    Example:
      cs-cnn feedback a2 --course ~/cnn-2027
      cs-cnn feedback a2 --policy scores --dry-run
      cs-cnn feedback a2 --book https://example.org/cnn
    """  # noqa: D301
    from cs_cnn.course import calendar, directory
    from cs_cnn.course.report import feedback as writing

    home, found = directory.open_for(assignment, folder)
    book = calendar.load(home).book if book is None else book
    written = writing.write(home, found, students=students, policy=policy, book=book, dry_run=dry_run)
    if dry_run:
        for page in written.pages:
            click.echo(f"Would write {page}")
        click.echo("Nothing was written (--dry-run).")
        return
    click.echo(f"Wrote {len(written.pages)} pages; start at {written.index}")
    for student, reason in written.without.items():
        click.echo(f"  {student} has no page: {reason}.")
    if written.without:
        context.exit(1)
