"""What the instructors' commands share: options, the choice of assignments, and the missing package in a sentence."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from cs_cnn.errors import CsCnnError

if TYPE_CHECKING:
    from cs_cnn.course.calendar import Assignment, Course

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")
FOLDER = click.Path(file_okay=False, path_type=Path)
course_option = click.option(
    "--course", "folder", type=FOLDER, help="The course directory; by default around here."
)
student_option = click.option(
    "--student", "students", multiple=True, metavar="ID", help="Only this student; repeatable."
)
repository_option = click.option(
    "--repository", type=FOLDER, help="The folder with course.yml and solutions/."
)


def instructors(function: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
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


def asked(course: Course, names: tuple[str, ...], everything: bool) -> list[Assignment]:
    """Return the assignments that are meant, by names or by `--all`."""
    if everything and names:
        raise click.UsageError("Name assignments or say --all, not both.")
    if not everything and not names:
        known = ", ".join(each.short for each in course.assignments) or "none yet"
        raise click.UsageError(f"Name an assignment, or say --all; the course has: {known}.")
    chosen = course.assignments if everything else tuple(course.assignment(name) for name in names)
    return list({each.name: each for each in chosen}.values())
