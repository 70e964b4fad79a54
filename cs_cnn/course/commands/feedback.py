"""Writing feedback pages."""

from __future__ import annotations

from pathlib import Path

import click

from cs_cnn.course.commands.options import course_option, instructors, student_option


@click.command()
@click.argument("assignment")
@course_option
@student_option
@click.pass_context
@instructors
def feedback(context: click.Context, assignment: str, folder: Path | None, students: tuple[str, ...]) -> None:
    """Write a feedback page for every graded submission of ASSIGNMENT.

    The pages are DIR/feedback/STUDENT/ASSIGNMENT/; DIR/feedback/index.html lists them for instructors. Hidden tests
    are cut out, and what students wrote cannot run.

    \b
    Example:
      cs-cnn feedback a2 --course ~/cnn-2027
    """  # noqa: D301
    from cs_cnn.course import directory
    from cs_cnn.course.report import feedback as writing

    home, found = directory.open_for(assignment, folder)
    written = writing.write(home, found, students=students)
    click.echo(f"Wrote {len(written.pages)} pages; start at {written.index}")
    for student, reason in written.without.items():
        click.echo(f"  {student} has no page: {reason}.")
    if written.without:
        context.exit(1)
