"""Grading a class again after the checks changed."""

from __future__ import annotations

from pathlib import Path

import click

from cs_cnn.course.commands.options import course_option, instructors, student_option


@click.command()
@click.argument("assignment")
@course_option
@student_option
@click.option("--apply", "write", is_flag=True, help="Write the new marks; else they are only shown.")
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Submissions at a time.")
@click.option("--no-sandbox", is_flag=True, help="As for `cs-cnn grade`.")
@instructors
def regrade(
    assignment: str,
    folder: Path | None,
    students: tuple[str, ...],
    write: bool,
    jobs: int | None,
    no_sandbox: bool,
) -> None:
    """Grade ASSIGNMENT again with the checks as they are now, and show who would have other marks.

    The marks themselves are written only with --apply; those given by hand are kept. Take in a changed assignment
    first, with `cs-cnn init`.

    \b
    Example:
      cs-cnn regrade a4 --course ~/cnn-2027
      cs-cnn regrade a4 --course ~/cnn-2027 --apply
    """  # noqa: D301
    from cs_cnn.course import directory
    from cs_cnn.course.grading import places, regrade
    from cs_cnn.course.grading.marks import number

    home, found = directory.open_for(assignment, folder)
    jobs = jobs or places.default_jobs()
    changes = regrade.compare(home, found, students=students, write=write, jobs=jobs, sandbox=not no_sandbox)
    for change in changes:
        tasks = ", ".join(
            f"{task} {number(before)} → {number(after)}" for task, (before, after) in change.tasks.items()
        )
        click.echo(f"  {change.student}: {number(change.before)} → {number(change.after)} ({tasks})")
    noun = "submission" if len(changes) == 1 else "submissions"
    if not changes:
        click.echo(f"No mark of {found.name} changes.")
    elif not write:
        click.echo(f"The marks of {len(changes)} {noun} would change. Nothing was written; --apply does it.")
    else:
        click.echo(f"The marks of {len(changes)} {noun} were changed; those given by hand were kept.")
