"""Bringing in the list of students."""

from __future__ import annotations

from pathlib import Path

import click

from cs_cnn.course.commands.options import course_option, instructors


@click.command()
@click.argument("file", metavar="FILE.csv", type=click.Path(dir_okay=False, path_type=Path))
@course_option
@click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing.")
@instructors
def roster(file: Path, folder: Path | None, dry_run: bool) -> None:
    """Check a list of students and bring it into the course directory.

    FILE.csv has the columns id, first_name, last_name, email and, if there is one, lms_id: the learning management
    system's own number, by which `cs-cnn collect` and `cs-cnn export` know a student. Students who are there get what
    is new about them; nobody is taken out, and marks stay as they are.

    \b
    Example:
      cs-cnn roster students.csv --course ~/cnn-2027 --dry-run
      cs-cnn roster students.csv --course ~/cnn-2027
    """  # noqa: D301
    from cs_cnn.course import directory
    from cs_cnn.course import roster as reading
    from cs_cnn.course.report import enrolment

    home = directory.locate(folder)
    enrolled = enrolment.enrol(home, reading.read(file), write=not dry_run)
    click.echo(
        f"{file.name}: {len(enrolled.new)} new, {len(enrolled.changed)} changed, {len(enrolled.same)} as they were."
    )
    for student in enrolled.new:
        click.echo(f"  new: {student}")
    for student, changes in enrolled.changed.items():
        click.echo(f"  {student}: {'; '.join(changes)}")
    if enrolled.kept:
        click.echo(f"  not in the file, and kept: {', '.join(enrolled.kept)}")
    if dry_run:
        click.echo("Nothing was written (--dry-run).")
