"""Writing the tree that students may have."""

from __future__ import annotations

from pathlib import Path

import click

from cs_cnn.course.commands.options import FOLDER, instructors, repository_option


@click.command("export-public")
@click.argument("folder", metavar="DIR", type=FOLDER)
@repository_option
@instructors
def export_public(folder: Path, repository: Path | None) -> None:
    """Write what students may have into DIR: book, homework, library, environment, licences.

    The files come from an allow-list; there is no history and nothing of the instructors' side. Everything is
    scanned for leaks before DIR appears. DIR must not exist yet, or be empty.

    \b
    Example:
      cs-cnn export-public ~/cnn-2027-public
    """  # noqa: D301
    from cs_cnn.course import calendar
    from cs_cnn.course.release import public

    exported = public.export(calendar.load(repository), folder)
    click.echo(
        f"Wrote {exported.files} files to {exported.folder}; {exported.scanned} pieces scanned, no leak."
    )
