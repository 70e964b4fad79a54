"""Writing the marks."""

from __future__ import annotations

from pathlib import Path

import click

from cs_cnn.course.commands.options import asked, course_option, instructors


@click.command()
@click.argument("assignments", nargs=-1, metavar="[ASSIGNMENT]...")
@click.option("--all", "everything", is_flag=True, help="Every assignment of the course.")
@course_option
@click.option(
    "--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="The CSV file to write."
)
@instructors
def export(assignments: tuple[str, ...], everything: bool, folder: Path | None, target: Path | None) -> None:
    """Write the marks as a CSV file, one row per student and assignment.

    Students who handed in nothing are listed with 0 points. Without --to the file is DIR/marks.csv.

    \b
    Example:
      cs-cnn export a2 --course ~/cnn-2027 --to marks.csv
    """  # noqa: D301
    from cs_cnn.course import calendar, directory
    from cs_cnn.course.report import export as exporting

    # With a name, a mistyped one is reported even where there is no course directory.
    named = assignments and not everything
    home = directory.open_for(assignments[0], folder)[0] if named else directory.locate(folder)
    course = calendar.load(home)
    target = target or home / "marks.csv"
    count = exporting.write(course, home, asked(course, assignments, everything), target)
    click.echo(f"Wrote {count} rows to {target}")
