"""Laying out a course directory."""

from __future__ import annotations

from pathlib import Path

import click

from cs_cnn.course.commands.options import FOLDER, database_option, instructors, repository_option


@click.command()
@click.argument("folder", metavar="DIR", type=FOLDER)
@click.option(
    "--roster", type=click.Path(dir_okay=False, path_type=Path), help="CSV: id,first_name,last_name,email."
)
@repository_option
@database_option
@instructors
def init(folder: Path, roster: Path | None, repository: Path | None) -> None:
    """Lay out a course directory for a class, or renew the assignments of one.

    DIR becomes an ordinary course directory of nbgrader, with the gradebook. Run again after an assignment or the
    roster changed: submissions and marks stay as they are.

    \b
    Example:
      cs-cnn init ~/cnn-2027 --roster students.csv
    """  # noqa: D301
    from cs_cnn.course import calendar, directory

    laid = directory.lay_out(calendar.load(repository), folder, students=roster)
    done = "Made" if laid.new else "Renewed"
    click.echo(
        f"{done} {laid.folder}: {', '.join(laid.assignments) or 'no assignments'}; roster: {laid.students}."
    )
    click.echo(f"Put what students hand in under {laid.folder / 'submitted'}/STUDENT/ASSIGNMENT/.")
