"""Generating what students receive."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cs_cnn.course.commands.options import FOLDER, asked, instructors, repository_option

if TYPE_CHECKING:
    from cs_cnn.course.calendar import Course


@click.command()
@click.argument("assignments", nargs=-1, metavar="[ASSIGNMENT]...")
@click.option("--all", "everything", is_flag=True, help="Every assignment of the course.")
@click.option("--check", is_flag=True, help="Write nothing; say what differs, and exit 1 if anything does.")
@click.option("--note", help="A sentence for assignments/CHANGELOG.md: why this release changed.")
@click.option(
    "--zip",
    "zips",
    type=FOLDER,
    metavar="DIR",
    help="Also pack each assignment into DIR, for students to download.",
)
@click.option(
    "--scan",
    is_flag=True,
    help="Open everything that students can receive; exit 1 if anything leaks a solution.",
)
@click.option(
    "--packages", is_flag=True, help="With --scan: build the wheel and the source distribution, too."
)
@repository_option
@click.pass_context
@instructors
def release(
    context: click.Context,
    assignments: tuple[str, ...],
    everything: bool,
    check: bool,
    note: str | None,
    zips: Path | None,
    scan: bool,
    packages: bool,
    repository: Path | None,
) -> None:
    """Generate what students receive: solutions/ -> assignments/, through nbgrader.

    \b
    Example:
      cs-cnn release a2
      cs-cnn release a2 --note "Task 2.3 now says which axis it means."
      cs-cnn release --all --check
      cs-cnn release --all --zip build/zips
      cs-cnn release --scan --packages
    """  # noqa: D301
    from cs_cnn.course import calendar
    from cs_cnn.course import release as making

    if packages and not scan:
        raise click.UsageError("--packages belongs to --scan.")
    if check and (note or zips):
        raise click.UsageError("--check writes nothing, so it goes without --note and --zip.")
    course = calendar.load(repository)
    differing = []
    for assignment in (
        [] if scan and not (assignments or everything) else asked(course, assignments, everything)
    ):
        lines = making.differences(course.root, assignment)
        if not lines and not note:
            click.echo(f"{assignment.name} is up to date.")
        elif check:
            differing += lines
        else:
            click.echo(f"Wrote {making.write(course.root, assignment, note=note)}.")
        if zips is not None:
            click.echo(f"Packed {making.write_zip(course.root, assignment, zips)}.")
    for line in differing:
        click.echo(f"{line}.")
    if differing:
        click.echo("Generate it again with: cs-cnn release --all")
    leaks = _scan(course, packages) if scan else 0
    if differing or leaks:
        context.exit(1)


def _scan(course: Course, packages: bool) -> int:
    """Scan what students can receive, say what was found, and return how many leaks there are."""
    from cs_cnn.course.release import received

    leaks = 0
    for scanned in received.scan(course, packages=packages):
        count = len(scanned.findings)
        found = "no leak" if not count else f"{count} leak{'s' if count > 1 else ''}"
        click.echo(f"{scanned.name}: {f'{scanned.files} files, {found}' if scanned.files else 'not there'}.")
        for finding in scanned.findings:
            click.echo(f"  {finding}.")
        leaks += count
    return leaks
