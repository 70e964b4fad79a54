"""Compare `cs-cnn grade`, sandboxed, with nbgrader's own `autograde`: wall time of a class, as a ratio.

Both grade the same class, honest submissions of the solution, from nothing to marks in the gradebook; they take turns,
since the machine may be busy, and must give the same scores. `nbgrader autograde` has its own settings, none of ours.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import click

from benchmarks.machine import processor, versions
from cs_cnn.command import Sentence
from cs_cnn.course import calendar, directory, engine
from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write

# short name, what it needs, and how many times faster it is meant to be
CASES = {
    "a1": ("NumPy", 3.0),
    "a2": ("NumPy", 3.0),
    "a3": ("NumPy", 3.0),
    "a4": ("NumPy", 3.0),
    "a5": ("torch", 5.0),
    "a6": ("torch", 5.0),
}
_STOCK = """\
c = get_config()
c.CourseDirectory.course_id = "benchmark"
c.ExecutePreprocessor.timeout = 300
"""


def lay_out(course: calendar.Course, folder: Path, short: str, submissions: int) -> calendar.Assignment:
    """Make a course directory in which everybody hands in the solution.

    Parameters
    ----------
    course : Course
        The calendar of this repository.
    folder : pathlib.Path
        Where.
    short : str
        The assignment.
    submissions : int
        How many.

    Returns
    -------
    Assignment
    """
    directory.lay_out(course, folder)
    assignment = course.assignment(short)
    for number in range(submissions):
        home = folder / "submitted" / f"s{number:03}" / assignment.name
        shutil.copytree(folder / "source" / assignment.name, home)
    return assignment


def grade(folder: Path, assignment: calendar.Assignment, how: str, jobs: int) -> float:
    """Grade a fresh copy of the class, and return the seconds.

    Parameters
    ----------
    folder : pathlib.Path
        A course directory in which nothing is graded; it is graded here.
    assignment : Assignment
        Which one.
    how : {"ours", "stock"}
        Which program.
    jobs : int
        How many submissions ours grades at a time.

    Returns
    -------
    float

    Raises
    ------
    CsCnnError
        When the program fails.
    """
    programs = Path(sys.executable).parent
    if how == "ours":
        command = [programs / "cs-cnn", "grade", assignment.short, "--course", folder, "--jobs", jobs]
    else:
        (folder / engine.CONFIG_NAME).write_text(_STOCK, encoding="utf-8")
        command = [programs / "nbgrader", "autograde", assignment.name, f"--course-dir={folder}"]
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
    }
    begun = time.monotonic()
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - begun
    if done.returncode not in (0, 1):
        raise CsCnnError(f"{how} ended with status {done.returncode}: {done.stderr.strip()[-300:]}")
    return seconds


def scores(folder: Path, assignment: calendar.Assignment) -> dict[str, float]:
    """Return the automatic points of everybody."""
    from nbgrader.api import Gradebook

    with engine.session(), Gradebook(engine.sqlite_url(folder / "gradebook.db")) as gradebook:
        return {
            each.student.id: float(
                sum(grade.auto_score or 0 for book in each.notebooks for grade in book.grades)
            )
            for each in gradebook.assignment_submissions(assignment.name)
        }


def compare(short: str, submissions: int, rounds: int, jobs: int) -> dict[str, Any]:
    """Measure one assignment.

    Returns
    -------
    dict
        Seconds of both in every round, the ratio of the medians, and the one that is wanted.

    Raises
    ------
    CsCnnError
        When the scores differ.
    """
    course = calendar.load(Path(__file__).resolve().parents[1] / "course.yml")
    kind, wanted = CASES[short]
    seconds: dict[str, list[float]] = {"ours": [], "stock": []}
    with tempfile.TemporaryDirectory(prefix="cs-cnn-benchmark-") as temporary:
        fresh = Path(temporary) / "fresh"
        assignment = lay_out(course, fresh, short, submissions)
        for number in range(rounds):
            found = []
            for how in ("stock", "ours") if number % 2 == 0 else ("ours", "stock"):
                folder = Path(temporary) / f"{how}{number}"
                shutil.copytree(fresh, folder)
                seconds[how].append(round(grade(folder, assignment, how, jobs), 2))
                found.append(scores(folder, assignment))
                shutil.rmtree(folder)
            if found[0] != found[1]:
                raise CsCnnError(f"The scores of {short} differ: {found[0]} and {found[1]}.")
    ratio = statistics.median(seconds["stock"]) / statistics.median(seconds["ours"])
    return {
        "assignment": assignment.name,
        "kind": kind,
        "submissions": submissions,
        "jobs": jobs,
        "seconds": seconds,
        "ratio": round(ratio, 2),
        "wanted": wanted,
    }


@click.command()
@click.option("--assignment", "shorts", type=click.Choice(list(CASES)), multiple=True, default=list(CASES))
@click.option("--submissions", type=click.IntRange(min=1), default=30, show_default=True)
@click.option("--rounds", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--jobs", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--json", "target", type=click.Path(dir_okay=False, path_type=Path), help="Write this file.")
def main(shorts: tuple[str, ...], submissions: int, rounds: int, jobs: int, target: Path | None) -> None:
    """Compare sandboxed grading with nbgrader's autograde on this machine."""
    rows = []
    try:
        for short in shorts:
            row = compare(short, submissions, rounds, jobs)
            rows.append(row)
            ours, stock = (statistics.median(row["seconds"][how]) for how in ("ours", "stock"))
            click.echo(
                f"{row['assignment']} ({row['kind']}), {submissions} submissions: nbgrader {stock:.1f} s, "
                f"cs-cnn {ours:.1f} s, {row['ratio']:.2f} times as fast (wanted {row['wanted']:g})"
            )
    except CsCnnError as error:
        raise Sentence(str(error)) from error
    if target is not None:
        machine = {"processor": processor(), "cores": os.cpu_count(), "versions": versions()}
        with atomic_write(target) as file:
            json.dump({"date": date.today().isoformat(), "machine": machine, "cases": rows}, file, indent=1)
            file.write("\n")
        click.echo(f"Wrote {target}.")


if __name__ == "__main__":
    main()
