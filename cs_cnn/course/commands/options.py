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
_CLUSTER = ("distributed", "dask", "psycopg")


def _use_database(context: click.Context, _option: click.Parameter, url: str | None) -> None:
    if url is not None:
        from cs_cnn.course import engine

        context.with_resource(engine.using_database(url))


database_option = click.option(
    "--db",
    metavar="URL",
    expose_value=False,
    callback=_use_database,
    help="The gradebook, such as postgresql://user@host/name; by default as course.yml says.",
)


def course_option(command: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Add the options that say where the class is: --course and --db."""
    where = click.option(
        "--course", "folder", type=FOLDER, help="The course directory; by default around here."
    )
    return where(database_option(command))


def _address(_context: click.Context, _option: click.Parameter, book: str | None) -> str | None:
    if book and not book.startswith(("https://", "http://")):
        raise click.UsageError(
            f"--book is the address of the book, such as https://example.org/cnn, not '{book}'."
        )
    return book


book_option = click.option(
    "--book",
    envvar="CS_CNN_BOOK",
    metavar="URL",
    callback=_address,
    help="Where students read the book, for links; by default as course.yml says. Also as CS_CNN_BOOK.",
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
            extra = "cluster" if error.name.partition(".")[0] in _CLUSTER else "grade"
            raise CsCnnError(
                f"The package {error.name} is missing; install what instructors need with: "
                f"pip install 'cs-cnn[{extra}]'."
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
