"""The instructors' commands of `cs-cnn`; everything heavy is imported when a command runs."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from cs_cnn.errors import CsCnnError

if TYPE_CHECKING:
    from cs_cnn.course.calendar import Assignment, Course
    from cs_cnn.course.grading.grade import Outcome

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")
_FOLDER = click.Path(file_okay=False, path_type=Path)
_course = click.option(
    "--course", "folder", type=_FOLDER, help="The course directory; by default around here."
)
_student = click.option(
    "--student", "students", multiple=True, metavar="ID", help="Only this student; repeatable."
)
_repository = click.option("--repository", type=_FOLDER, help="The folder with course.yml and solutions/.")
_INTERRUPTED = 130


def _instructors(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Say in a sentence which package is missing: the extra `grade` is not part of a student's installation."""

    @functools.wraps(function)
    def wrapped(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        try:
            return function(*args, **kwargs)
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("cs_cnn"):
                raise
            raise CsCnnError(
                f"The package {error.name} is missing; install what instructors need with: "
                "pip install 'cs-cnn[grade]'."
            ) from error

    return wrapped


def _asked(course: Course, names: tuple[str, ...], everything: bool) -> list[Assignment]:
    if everything and names:
        raise click.UsageError("Name assignments or say --all, not both.")
    if not everything and not names:
        known = ", ".join(each.short for each in course.assignments) or "none yet"
        raise click.UsageError(f"Name an assignment, or say --all; the course has: {known}.")
    chosen = course.assignments if everything else tuple(course.assignment(name) for name in names)
    return list({each.name: each for each in chosen}.values())


@click.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option(
    "--roster", type=click.Path(dir_okay=False, path_type=Path), help="CSV: id,first_name,last_name,email."
)
@_repository
@_instructors
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


@click.command()
@click.argument("assignments", nargs=-1, metavar="[ASSIGNMENT]...")
@click.option("--all", "everything", is_flag=True, help="Every assignment of the course.")
@click.option("--check", is_flag=True, help="Write nothing; say what differs, and exit 1 if anything does.")
@click.option("--note", help="A sentence for assignments/CHANGELOG.md: why this release changed.")
@click.option(
    "--zip",
    "zips",
    type=_FOLDER,
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
@_repository
@click.pass_context
@_instructors
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
        [] if scan and not (assignments or everything) else _asked(course, assignments, everything)
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
        found = f"{len(scanned.findings)} leaks" if scanned.findings else "no leak"
        click.echo(f"{scanned.name}: {f'{scanned.files} files, {found}' if scanned.files else 'not there'}.")
        for finding in scanned.findings:
            click.echo(f"  {finding}.")
        leaks += len(scanned.findings)
    return leaks


@click.command("export-public")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@_repository
@_instructors
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


@click.command()
@click.argument("assignment")
@_course
@_student
@click.option("--again", is_flag=True, help="Grade what did not change, too.")
@click.pass_context
@_instructors
def grade(
    context: click.Context, assignment: str, folder: Path | None, students: tuple[str, ...], again: bool
) -> None:
    """Grade every submission of ASSIGNMENT that changed since it was graded.

    Each submission ends with points and a reason; one that is broken gets 0 and a sentence, and the class goes on.
    Results are in DIR/grading/. The exit status is 1 when a person should look at one of them.

    \b
    Example:
      cs-cnn grade a2 --course ~/cnn-2027
    """  # noqa: D301
    from cs_cnn.course import directory
    from cs_cnn.course.grading import grade as grading

    home, found = directory.open_for(assignment, folder)
    outcome = grading.grade(home, found, students=students, again=again)
    context.exit(_report(found, home, outcome))


def _report(assignment: Assignment, home: Path, outcome: Outcome) -> int:
    from cs_cnn.course.grading.journal import STATES, TROUBLE
    from cs_cnn.course.grading.marks import number

    results = outcome.results
    unchanged = len(results) - len(set(outcome.graded) & set(results))
    click.echo(f"{assignment.name}: {len(outcome.graded)} graded now, {unchanged} unchanged.")
    for state, count in collections.Counter(result.state for result in results.values()).most_common():
        click.echo(f"  {count:4}  {STATES[state]}")
    trouble = {student: result for student, result in results.items() if result.state in TROUBLE}
    if trouble:
        click.echo("Please look at:")
        for student, result in trouble.items():
            click.echo(f"  {student}, {number(result.points)} of {number(result.max_points)}: {result.note}")
    if outcome.interrupted:
        click.echo("Interrupted: what is finished is kept; run the same command again for the rest.")
        return _INTERRUPTED
    click.echo(f"Results: {home / 'grading' / assignment.name}.json")
    return 1 if trouble else 0


@click.command()
@click.argument("assignment")
@_course
@_student
@click.pass_context
@_instructors
def feedback(context: click.Context, assignment: str, folder: Path | None, students: tuple[str, ...]) -> None:
    """Write a feedback page for every graded submission of ASSIGNMENT.

    The pages are DIR/feedback/STUDENT/ASSIGNMENT/; DIR/feedback/index.html lists them for instructors. Hidden tests
    are cut out, and what students wrote cannot run.

    \b
    Example:
      cs-cnn feedback a2 --course ~/cnn-2027
    """  # noqa: D301
    from cs_cnn.course import directory
    from cs_cnn.course.report import feedback as writing

    home, found = directory.open_for(assignment, folder)
    written = writing.write(home, found, students=students)
    click.echo(f"Wrote {len(written.pages)} pages; start at {written.index}")
    for student, reason in written.without.items():
        click.echo(f"  {student} has no page: {reason}.")
    if written.without:
        context.exit(1)


@click.command()
@click.argument("assignments", nargs=-1, metavar="[ASSIGNMENT]...")
@click.option("--all", "everything", is_flag=True, help="Every assignment of the course.")
@_course
@click.option(
    "--to", "target", type=click.Path(dir_okay=False, path_type=Path), help="The CSV file to write."
)
@_instructors
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
    count = exporting.write(course, home, _asked(course, assignments, everything), target)
    click.echo(f"Wrote {count} rows to {target}")
