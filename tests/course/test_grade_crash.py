"""Killing the grader at random moments: the next run goes on, and at the end nothing is missing or there twice."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import event
from sqlalchemy.engine import Engine

from cs_cnn.course.grading.journal import Journal
from cs_cnn.course.grading.tasks import Graded, Kit, Task

from .conftest import Classroom
from .simulated import everything, simulate
from .test_grade import RIGHT, assignment, everywhere, run

__all__ = ["everywhere"]  # a fixture

KILLS = 20
_forking = multiprocessing.get_context("fork")  # what takes seconds to import is there already


def class_of(classroom: Classroom, count: int) -> list[str]:
    students = [f"s{'x' * (number % 5)}{number:04}" for number in range(count)]
    for student in students:
        classroom.write(student, RIGHT)
    classroom.file(students[3], b"hello")
    return students


class Counting:
    """Grades as `simulate` does, and leaves a byte in a file for every call."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.path.touch()

    def __call__(self, kit: Kit, task: Task) -> Graded:
        time.sleep(0.01)
        with self.path.open("ab") as file:
            file.write(b".")
        return simulate(kit, task)


def _one_run(classroom: Classroom, function: Counting) -> None:
    os.setpgrp()
    run(classroom, function=function)


def test_killed_at_twenty_random_moments(everywhere: Classroom, tmp_path: Path) -> None:
    students = class_of(everywhere, 150)
    run(everywhere, function=simulate)
    undisturbed = everything(everywhere)
    assert len(undisturbed["files"]) == len(students) - 1
    # Everybody hands in again; the first marks are there and must all be replaced.
    for student in students:
        everywhere.file(student, b"1, 2, 3", "data.csv")
    counting = Counting(tmp_path / "calls")
    moments = random.Random()
    kills = 0
    while kills < KILLS:
        process = _forking.Process(target=_one_run, args=(everywhere, counting))
        process.start()
        process.join(moments.uniform(0, 0.6))
        if not process.is_alive():
            break  # the class was finished sooner
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        kills += 1
        known = Journal(everywhere.folder, assignment(everywhere)).results
        assert len(known) >= len(students) - 2  # only who was being written is forgotten
    assert kills > KILLS // 2
    run(everywhere, function=counting)
    assert run(everywhere, function=counting).graded == []
    # At most one submission was under way, and one being written, whenever the grader was killed.
    assert len(students) - 1 <= counting.path.stat().st_size <= len(students) + 2 * kills
    end = everything(everywhere)
    hashes = {student: entry.pop("submission") for student, entry in end["results"].items()}
    for student, entry in undisturbed["results"].items():
        assert entry.pop("submission") != hashes[student]
    assert end == undisturbed


def test_a_killed_command_leaves_no_process_and_goes_on(classroom: Classroom) -> None:
    for student in ("ada", "bob", "cyd", "dan"):
        classroom.write(student, RIGHT, "Because.")
    command = [sys.executable, "-m", "cs_cnn.command", "grade", "a1", "--course", str(classroom.folder)]
    command += ["--jobs", "2"]
    marker = f"cs-cnn-test-{os.getpid()}-{time.monotonic_ns()}"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "CS_CNN_TEST": marker}
    moments = random.Random()
    first = classroom.folder / "grading" / "a1_double.part.jsonl"
    for _ in range(2):
        process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
        )
        while not first.exists() and process.poll() is None:
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 0.5))
        process.kill()
        process.wait()
        for _ in range(100):
            if not _with(marker):
                break
            time.sleep(0.1)
        assert not _with(marker)
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    killed = everything(classroom)
    subprocess.run([*command, "--again"], env=environment, capture_output=True, check=True)
    assert everything(classroom) == killed


def _with(marker: str) -> list[str]:
    """List the processes whose environment holds a text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if marker.encode() in path.read_bytes():
                found.append(path.parent.name)
        except OSError:
            continue
    return found


def test_a_large_class_costs_no_more_for_each_student(classroom: Classroom) -> None:
    """Count what the gradebook is asked, and look how it finds the answers: never by reading everybody's marks."""
    asked: list[tuple[str, object]] = []

    def listen(connection: object, cursor: object, statement: str, parameters: object, *_: object) -> None:
        asked.append((statement, parameters))

    counts, plans = {}, []
    for count in (20, 40):
        students = class_of(classroom, count)[-10:]
        run(classroom, function=simulate)
        event.listen(Engine, "before_cursor_execute", listen)
        run(classroom, function=simulate, students=tuple(students), again=True)
        event.remove(Engine, "before_cursor_execute", listen)
        counts[count] = len(asked)
        plans = asked[:]
        asked.clear()
    assert counts[20] == counts[40] > 0
    large = ("grade", "comment", "submitted_notebook", "submitted_assignment", "student")
    with sqlite3.connect(classroom.folder / "gradebook.db") as database:
        for statement, parameters in plans:
            if not statement.lstrip().upper().startswith(("SELECT", "UPDATE")):
                continue
            for row in database.execute(f"EXPLAIN QUERY PLAN {statement}", parameters):  # type: ignore[arg-type]
                words = str(row[3]).split()
                assert not (words[0] == "SCAN" and words[1] in large), (row, statement)
