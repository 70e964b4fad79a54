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
@click.pass_context
@instructors
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
