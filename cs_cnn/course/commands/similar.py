"""Listing code that resembles other code."""

from __future__ import annotations

from pathlib import Path

import click

from cs_cnn.course.commands.options import FOLDER, course_option, instructors


@click.command()
@click.argument("assignment")
@course_option
@click.option(
    "--past",
    "years",
    type=FOLDER,
    multiple=True,
    metavar="DIR",
    help="A past year's course directory, or a folder of notebooks; repeatable.",
)
@click.option(
    "--at-least",
    type=click.IntRange(1, 100),
    default=60,
    show_default=True,
    metavar="PER_CENT",
    help="List pairs that share this much.",
)
@click.option(
    "--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="The HTML file to write."
)
@click.option("--dry-run", is_flag=True, help="Compare, and write nothing.")
@click.pass_context
@instructors
def similar(
    context: click.Context,
    assignment: str,
    folder: Path | None,
    years: tuple[Path, ...],
    at_least: int,
    target: Path | None,
    dry_run: bool,
) -> None:
    """List answers to ASSIGNMENT that resemble other code, for a person to look at.

    The answer cells, without what was handed out, are compared within the class, with the reference layers and the
    instructors' solution, and with past years. Resemblance is no evidence of misconduct; the page says how to read
    it, and no mark depends on it. Without --to it is DIR/reports/similar-ASSIGNMENT.html. The exit status is 1 when
    there is something to look at.

    \b
    Example:
      cs-cnn similar a4 --course ~/cnn-2027
      cs-cnn similar a4 --past ~/cnn-2026 --past ~/cnn-2025 --at-least 70
    """  # noqa: D301
    from cs_cnn.course import directory, engine
    from cs_cnn.course import similar as comparing
    from cs_cnn.course.grading import submissions
    from cs_cnn.course.intake.collecting import roster_of
    from cs_cnn.course.report.logbook import LOG
    from cs_cnn.course.similar import texts
    from cs_cnn.files import atomic_write

    home, found = directory.open_for(assignment, folder)
    submissions.chosen(home, found, ())  # says so when nobody has handed in
    target = target or home / "reports" / f"similar-{found.name}.html"
    names = {student.id: f"{student.first_name} {student.last_name}".strip() for student in roster_of(home)}
    with engine.session(home / "grading" / "log.txt"):
        students, unread = comparing.submitted(home, found)
        reference, past = comparing.references(home, found), comparing.past(home, found, years)
        skeleton = texts.skeleton(home, found)
        compared = comparing.compare(
            students, [*reference, *past], skeleton, at_least=at_least / 100, progress=True
        )
        others = {"the library and the instructors' solution": len(reference), "past years": len(past)}
        page = comparing.render(
            found,
            compared,
            unread=unread,
            names=names,
            at_least=at_least / 100,
            others={what: number for what, number in others.items() if number},
        )
        if not dry_run:
            with atomic_write(target) as file:
                file.write(page)
            LOG.info(f"similar: wrote {target}")
    click.echo(
        f"{found.name}: {compared.texts} compared with each other, {len(reference)} reference texts and "
        f"{len(past)} of past years; pairs that share {at_least} % or more: {len(compared.pairs)}."
    )
    for student, reason in unread.items():
        click.echo(f"  {student} was not compared: {reason}")
    if compared.short:
        click.echo(f"  too short to be compared: {', '.join(compared.short)}")
    click.echo("Resemblance is no evidence of misconduct: read the passages before you think anything of it.")
    click.echo(f"Would write {target}. Nothing was written (--dry-run)." if dry_run else f"Wrote {target}")
    if compared.pairs or unread:
        context.exit(1)
