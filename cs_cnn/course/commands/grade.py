"""Grading a class."""

from __future__ import annotations

import collections
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cs_cnn.course.commands.options import course_option, instructors, student_option

if TYPE_CHECKING:
    from cs_cnn.course.calendar import Assignment
    from cs_cnn.course.grading.grade import Outcome

_INTERRUPTED = 130


@click.command()
@click.argument("assignment")
@course_option
@student_option
@click.option("--again", is_flag=True, help="Grade what did not change, too.")
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Submissions at a time; by default one for each core, and at most 4.",
)
@click.option(
    "--scheduler", metavar="ADDRESS", help="Let the workers of this dask scheduler grade: tcp://host:8786."
)
@click.option(
    "--no-sandbox",
    is_flag=True,
    help="Run submissions as you, with your files and your network: only for people whom you trust.",
)
@click.option("--dry-run", is_flag=True, help="Say who would be graded, and write nothing.")
@click.pass_context
@instructors
def grade(
    context: click.Context,
    assignment: str,
    folder: Path | None,
    students: tuple[str, ...],
    again: bool,
    jobs: int | None,
    scheduler: str | None,
    no_sandbox: bool,
    dry_run: bool,
) -> None:
    """Grade every submission of ASSIGNMENT that changed since it was graded.

    Students' code runs in sandboxes, without network, gradebook, solutions or other students' work; what gives points
    runs apart from it. Each submission ends with points and a reason; one that is broken gets 0 and a sentence, and the
    class goes on. Results are in DIR/grading/. Ctrl-C keeps what is finished; run the command again for the rest. The
    exit status is 1 when a person should look at one of them.

    \b
    Example:
      cs-cnn grade a2 --course ~/cnn-2027
      cs-cnn grade a2 --jobs 8 --db postgresql://grader@db.example.org/cnn
      cs-cnn grade a2 --scheduler tcp://10.0.0.5:8786
    """  # noqa: D301
    from cs_cnn.course import directory
    from cs_cnn.course.grading import grade as grading
    from cs_cnn.course.grading import places

    if jobs is not None and scheduler is not None:
        raise click.UsageError("Say --jobs or --scheduler, not both: a cluster has as many jobs as workers.")
    home, found = directory.open_for(assignment, folder)
    if dry_run:
        todo = grading.pending(home, found, students=students, again=again)
        click.echo(f"{found.name}: {len(todo)} to grade{': ' if todo else ''}{', '.join(todo)}.")
        click.echo("Nothing was written (--dry-run).")
        return
    if scheduler is None:
        jobs = jobs or places.default_jobs()
    outcome = grading.grade(
        home, found, students=students, again=again, jobs=jobs, scheduler=scheduler, sandbox=not no_sandbox
    )
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
