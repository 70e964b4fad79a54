"""Writing how a class did."""

from __future__ import annotations

from pathlib import Path

import click

from cs_cnn.course.commands.options import book_option, course_option, instructors


@click.command()
@click.argument("assignment")
@course_option
@book_option
@click.option(
    "--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="The HTML file to write."
)
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@instructors
def stats(assignment: str, folder: Path | None, book: str | None, target: Path | None, dry_run: bool) -> None:
    """Write a page on how the class did in ASSIGNMENT.

    It shows which sections to explain once more, the distribution of the points, each task, the known mistakes that
    were made and how often, and when work came. It is one file without requests, and names no student. Without --to
    it is DIR/reports/stats-ASSIGNMENT.html.

    \b
    Example:
      cs-cnn stats a4 --course ~/cnn-2027
      cs-cnn stats a4 --book https://example.org/cnn --to a4.html
    """  # noqa: D301
    from cs_cnn.course import calendar, directory, engine
    from cs_cnn.course.grading import marks
    from cs_cnn.course.report import stats as statistics
    from cs_cnn.course.report.logbook import LOG
    from cs_cnn.course.report.manner import Book
    from cs_cnn.files import atomic_write

    home, found = directory.open_for(assignment, folder)
    target = target or home / "reports" / f"stats-{found.name}.html"
    course = calendar.load(home)
    titles = {chapter.file: chapter.title for chapter in course.chapters}
    with engine.session(home / "grading" / "log.txt"):
        counted = statistics.count(home, found, marks.table(home, found))
        page = statistics.render(counted, Book(course.book if book is None else book, titles))
        if not dry_run:
            with atomic_write(target) as file:
                file.write(page)
            LOG.info(f"stats: wrote {target}")
    click.echo(
        f"{found.name}: {len(counted.points)} of {counted.people} students graded, "
        f"{len(counted.mistakes)} known mistakes recognised."
    )
    for section in counted.sections[: statistics.FIRST]:
        click.echo(f"  explain again: {section.section} ({marks.number(section.lost)} points lost)")
    click.echo(f"Would write {target}. Nothing was written (--dry-run)." if dry_run else f"Wrote {target}")
