"""Writing the marks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cs_cnn.course.commands.options import asked, course_option, instructors

if TYPE_CHECKING:
    from cs_cnn.course.calendar import Assignment, Course
    from cs_cnn.course.report.filling import Filled

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("names", nargs=-1, metavar="[ASSIGNMENT]... [TEMPLATE]")
@click.option("--all", "everything", is_flag=True, help="Every assignment of the course.")
@course_option
@click.option(
    "--lms",
    type=click.Choice(["canvas", "moodle", "blackboard"]),
    help="Fill TEMPLATE, the table of marks that this system exported.",
)
@click.option("--column", help="With --lms: the heading of the points, when it is not the assignment's name.")
@click.option("--decimal-comma", "comma", is_flag=True, help="With --lms: write 9,5 for 9.5.")
@click.option("--partial", is_flag=True, help="With --lms: fill in who fits, even if somebody fits nowhere.")
@click.option(
    "--format", "form", type=click.Choice(["csv", "json"]), help="By default as --to ends, else csv."
)
@click.option("--to", "target", type=_FILE, help="The file to write.")
@click.option("--dry-run", is_flag=True, help="Say what would be written, and write nothing.")
@click.pass_context
@instructors
def export(
    context: click.Context,
    names: tuple[str, ...],
    everything: bool,
    folder: Path | None,
    lms: str | None,
    column: str | None,
    comma: bool,
    partial: bool,
    form: str | None,
    target: Path | None,
    dry_run: bool,
) -> None:
    """Write the marks: as CSV or JSON, or into the table that a learning management system exported.

    Students who handed in nothing are listed with 0 points. Without --to the file is DIR/marks.csv or DIR/marks.json.

    With --lms, the last name is TEMPLATE: the marks go into the columns of the assignments, and every other byte stays.
    TEMPLATE itself is not changed; without --to the file is TEMPLATE-filled beside it. When somebody in the table is
    not in the class, or the other way round, they are named and nothing is written. The exit status is 1 then, and
    also when marks are not final.

    \b
    Example:
      cs-cnn export a2 --course ~/cnn-2027 --to marks.csv
      cs-cnn export --all --to marks.json
      cs-cnn export a4 --lms canvas grades.csv
      cs-cnn export a4 --lms moodle worksheet.csv --dry-run
    """  # noqa: D301
    from cs_cnn.course import calendar, directory

    if lms is None and (column or comma or partial):
        raise click.UsageError("--column, --decimal-comma and --partial belong to --lms.")
    if lms is not None and form is not None:
        raise click.UsageError("--lms writes the form of its template, so it goes without --format.")
    template = None
    if lms is not None:
        if not names:
            raise click.UsageError(
                "--lms needs TEMPLATE, the file that the system exported, as the last name."
            )
        template, names = Path(names[-1]), names[:-1]
    # With a name, a mistyped one is reported even where there is no course directory.
    named = names and not everything
    home = directory.open_for(names[0], folder)[0] if named else directory.locate(folder)
    course = calendar.load(home)
    if template is not None and lms is not None:
        several = not names
        chosen = list(course.assignments) if several else asked(course, names, everything)
        target = target or template.with_name(f"{template.stem}-filled{template.suffix}")
        filled = _fill(home, chosen, template, lms, target, column=column, comma=comma, several=several)
        context.exit(_report(home, filled, target, partial=partial, dry_run=dry_run))
    _plain(course, home, asked(course, names, everything), form, target, dry_run=dry_run)


def _plain(
    course: Course,
    home: Path,
    assignments: list[Assignment],
    form: str | None,
    target: Path | None,
    *,
    dry_run: bool,
) -> None:
    from cs_cnn.course.report import export as exporting
    from cs_cnn.course.report.logbook import note

    form = form or ("json" if target is not None and target.suffix.lower() == ".json" else "csv")
    target = target or home / f"marks.{form}"
    if dry_run:
        count = len(exporting.rows(course, home, assignments)[1])
        click.echo(f"Would write {count} rows to {target}. Nothing was written (--dry-run).")
        return
    write = exporting.write_json if form == "json" else exporting.write
    count = write(course, home, assignments, target)
    note(home, f"export: wrote {target}, {count} rows")
    click.echo(f"Wrote {count} rows to {target}")


def _fill(
    home: Path,
    assignments: list[Assignment],
    template: Path,
    lms: str,
    target: Path,
    *,
    column: str | None,
    comma: bool,
    several: bool,
) -> Filled:
    from cs_cnn.course import engine
    from cs_cnn.course.grading import marks
    from cs_cnn.course.intake.collecting import roster_of
    from cs_cnn.course.report import filling
    from cs_cnn.errors import CsCnnError

    if target.exists() and template.exists() and target.samefile(template):
        raise CsCnnError(
            f"{target} is the template itself, which stays as it is; name another file with --to."
        )
    if not template.is_file():
        raise CsCnnError(
            f"There is no file {template}; the table that was exported is the last name on the line."
        )
    with engine.session(home / "grading" / "log.txt"):
        tables = [(each, marks.table(home, each)) for each in assignments]
    students = roster_of(home)
    return filling.fill(template, lms, tables, students, column=column, comma=comma, all_there=not several)


def _report(home: Path, filled: Filled, target: Path, *, partial: bool, dry_run: bool) -> int:
    """Write the file if it may be written, say everything, and return the exit status."""
    from cs_cnn.course.report.logbook import note
    from cs_cnn.files import atomic_write

    for name, heading in filled.columns.items():
        mine = [entry for entry in filled.entries if entry.assignment == name]
        new = [entry for entry in filled.changed if entry.assignment == name]
        click.echo(f"{name} in '{heading}': {len(mine)} marks, {len(new)} of them new or changed.")
    replaced = [entry for entry in filled.changed if entry.before not in ("", "-")]
    for entry in replaced:
        click.echo(f"  {entry.student}: {entry.before} becomes {entry.after}")
    if filled.waiting:
        click.echo("Not final:")
        for sentence in filled.waiting:
            click.echo(f"  {sentence}")
    if filled.formulas:
        places = "; ".join(filled.formulas)
        click.echo(
            f"A spreadsheet would compute these, which are the system's own and were left alone: {places}."
        )
    if filled.refused:
        click.echo("Table and class do not fit:")
        for sentence in filled.refused:
            click.echo(f"  {sentence}.")
    refused = bool(filled.refused) and not partial
    if refused:
        click.echo("Nothing was written; mend the table or the roster, or say --partial.")
    elif dry_run:
        click.echo(f"Would write {target}. Nothing was written (--dry-run).")
    else:
        with atomic_write(target, "wb") as file:
            file.write(filled.content)
        note(home, f"export: wrote {target}, {len(filled.entries)} marks")
        click.echo(f"Wrote {target}")
    return 1 if filled.refused or filled.waiting else 0
