"""Taking in what students handed in."""

from __future__ import annotations

from pathlib import Path

import click

from cs_cnn.course.commands.options import course_option, instructors

SYSTEMS = ("canvas", "moodle", "blackboard", "exchange", "folders")


@click.command()
@click.argument("assignment")
@click.argument("source", metavar="FROM", type=click.Path(path_type=Path))
@course_option
@click.option("--lms", type=click.Choice(SYSTEMS), help="Who wrote the names in FROM; guessed when left out.")
@click.option(
    "--times",
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV with the columns id (or lms_id, or email) and submitted.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be done, and write nothing.")
@click.pass_context
@instructors
def collect(
    context: click.Context,
    assignment: str,
    source: Path,
    folder: Path | None,
    lms: str | None,
    times: Path | None,
    dry_run: bool,
) -> None:
    """Put what students handed in for ASSIGNMENT into the course directory.

    FROM is an archive as Canvas, Moodle or Blackboard writes it, a folder with a folder or an archive for each
    student, or the inbound folder of nbgrader's exchange. What is replaced is kept in DIR/replaced/. Times come from
    the system that received the work, never from what a student packed. The exit status is 1 when something was not
    taken.

    \b
    Example:
      cs-cnn collect a4 submissions.zip --course ~/cnn-2027
      cs-cnn collect a4 submissions.zip --times canvas-times.csv --dry-run
    """  # noqa: D301
    from zoneinfo import ZoneInfo

    from cs_cnn.course import calendar, directory
    from cs_cnn.course.intake import collecting, opening

    home, found = directory.open_for(assignment, folder)
    course = calendar.load(home)
    roster = collecting.roster_of(home)
    received = collecting.times_of(times, roster, ZoneInfo(course.time_zone)) if times else {}
    with directory.locked(home), opening.opened(source) as uploads:
        collected, submissions = collecting.gather(course, found, roster, uploads, system=lms, times=received)
        collecting.store(home, found, submissions, collected, write=not dry_run)
    counts = f"{len(collected.new)} new, {len(collected.replaced)} replaced, {len(collected.same)} unchanged"
    click.echo(f"{found.name} from {source.name} ({collected.system}): {counts}.")
    if collected.untimed:
        click.echo(
            f"  {len(collected.untimed)} without a time, which counts as in time; --times FILE.csv says when they came."
        )
    for sentence in collected.refused:
        click.echo(f"  Not taken: {sentence}.")
    if dry_run:
        click.echo("Nothing was written (--dry-run).")
    if collected.refused:
        context.exit(1)
