"""Grading many at a time: processes that are killed, clusters that lose workers, results that come twice."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest
from click.testing import CliRunner
from distributed import LocalCluster
from nbgrader.api import Gradebook

from cs_cnn.command import main
from cs_cnn.course import engine
from cs_cnn.course.grading import one, places, submissions
from cs_cnn.course.grading.journal import Journal
from cs_cnn.course.grading.tasks import Graded, Kit, Task
from cs_cnn.errors import CsCnnError

from .conftest import Classroom
from .simulated import everything, simulate
from .test_grade import RIGHT, assignment, everywhere, run

__all__ = ["everywhere"]  # a fixture


def class_of(classroom: Classroom, count: int) -> list[str]:
    students = [f"s{number:02}" for number in range(count)]
    for student in students:
        classroom.write(student, RIGHT, "Because.")
    return students


def test_two_processes_give_what_one_gives(classroom: Classroom) -> None:
    students = class_of(classroom, 3)
    classroom.write("half", "def double(x):\n    return 2 * x if x != 2.5 else 1", "Because.")
    classroom.file("bad", b"hello")
    assert run(classroom).results["half"].points == 2.5
    alone = everything(classroom)
    outcome = run(classroom, again=True, jobs=2)
    assert sorted(outcome.graded) == ["bad", "half", *students]
    assert everything(classroom) == alone


def test_who_kills_the_grader_harms_nobody_else(classroom: Classroom) -> None:
    students = class_of(classroom, 6)
    outcome = run(classroom, jobs=2, function=ends_its_worker)
    states = {student: result.state for student, result in outcome.results.items()}
    assert states == dict.fromkeys(students, "needs_reading") | {"s01": "failed"}
    assert "the process that graded it ended" in outcome.results["s01"].note


def hangs_for_one(kit: Kit, task: Task) -> Graded:
    if task.student == "s01":
        one._TOO_LONG = -1199.0  # one second beyond twice the ten minutes of a notebook
        engine.convert = lambda *_, **__: threading.Event().wait()
    return one.grade_one(kit, task)


def test_a_submission_under_which_grading_hangs_harms_nobody_else(classroom: Classroom) -> None:
    students = class_of(classroom, 3)
    outcome = run(classroom, jobs=1, function=hangs_for_one)
    states = {student: result.state for student, result in outcome.results.items()}
    assert states == dict.fromkeys(students, "needs_reading") | {"s01": "failed"}
    assert "the process that graded it ended" in outcome.results["s01"].note


def test_marks_given_by_hand_stay_and_are_not_asked_for_again(everywhere: Classroom) -> None:
    everywhere.write("ada", RIGHT, "Because.")
    assert run(everywhere).results["ada"].state == "needs_reading"
    with Gradebook(engine.database_url(everywhere.folder)) as gradebook:
        written = gradebook.find_grade("why", "double", "a1_double", "ada")
        written.manual_score, written.extra_credit, written.needs_manual_grade = 3, 0.5, False
        gradebook.find_comment("why", "double", "a1_double", "ada").manual_comment = "Good."
        gradebook.db.commit()
    before = everything(everywhere)["gradebook"]
    result = run(everywhere, again=True).results["ada"]
    assert (result.state, result.points, result.cells["why"]) == ("graded", 9.5, 3.5)
    assert everything(everywhere)["gradebook"] == before
    # Other work is read again, and keeps its mark until somebody has.
    everywhere.write("ada", RIGHT, "Because two times is twice.")
    result = run(everywhere).results["ada"]
    assert (result.state, result.points) == ("needs_reading", 9.5)


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")  # from nbgrader's own way of adding one
def test_a_resubmission_keeps_its_place_in_the_gradebook(everywhere: Classroom) -> None:
    everywhere.write("ada", "x = 1")
    everywhere.file("ada", b"2027-01-19 20:00:00 UTC", "timestamp.txt")
    run(everywhere, function=simulate)
    with Gradebook(engine.database_url(everywhere.folder)) as gradebook:
        first = gradebook.find_submission("a1_double", "ada")
        known, when = first.id, first.timestamp
        # What nbgrader would make is what we made.
        gradebook.update_or_create_student("other")
        made = gradebook.add_submission("a1_double", "other").notebooks[0]
        ours = first.notebooks[0]
        assert {each.name for each in ours.grades} == {each.name for each in made.grades}
        assert {each.name for each in ours.comments} == {each.name for each in made.comments}
    everywhere.file("ada", b"2027-01-20 20:00:00 UTC", "timestamp.txt")
    run(everywhere, function=simulate)
    with Gradebook(engine.database_url(everywhere.folder)) as gradebook:
        second = gradebook.find_submission("a1_double", "ada")
        assert second.id == known and (second.timestamp - when).days == 1


def test_results_that_come_twice_count_once(classroom: Classroom, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler may run a task twice; it is merged once, and merging it again changes nothing."""
    students = class_of(classroom, 2)
    calls: list[str] = []

    class Twice(places.Here):
        def submit(self, function: Any, kit: Kit, task: Task) -> Any:
            calls.append(task.student)
            super().submit(function, kit, task)
            return super().submit(function, kit, task)

    @contextlib.contextmanager
    def place(*_: object) -> Iterator[Twice]:
        yield Twice()

    monkeypatch.setattr(places, "place", place)
    assert run(classroom, function=simulate).graded == students == calls
    once = everything(classroom)
    assert run(classroom, function=simulate, again=True).graded == students
    assert everything(classroom) == once


# --- A cluster -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    """Return a cluster of two workers in processes of their own, as `dask worker --nthreads 1` starts them."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as running:
        yield running


def test_a_cluster_gives_what_one_process_gives(everywhere: Classroom, cluster: LocalCluster) -> None:
    class_of(everywhere, 3)
    everywhere.file("bad", b"hello")
    run(everywhere)
    alone = everything(everywhere)
    outcome = run(everywhere, again=True, scheduler=cluster.scheduler_address)
    assert len(outcome.graded) == 4
    assert everything(everywhere) == alone


def test_a_worker_killed_in_the_middle_loses_nothing(classroom: Classroom, cluster: LocalCluster) -> None:
    students = class_of(classroom, 12)
    killed = []

    def kill() -> None:
        lines = classroom.folder / "grading" / "a1_double.part.jsonl"
        while not lines.exists() or lines.read_bytes().count(b"\n") < 2:
            time.sleep(0.02)
        victim = next(iter(cluster.workers.values()))
        killed.append(victim.pid)
        os.kill(victim.pid, signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    outcome = run(classroom, scheduler=cluster.scheduler_address, function=simulate_slowly)
    killer.join()
    assert killed and sorted(outcome.graded) == students
    assert {result.state for result in outcome.results.values()} == {"needs_reading"}


def simulate_slowly(kit: Kit, task: Task) -> Graded:
    time.sleep(0.3)
    return simulate(kit, task)


def slow_for_one(kit: Kit, task: Task) -> Graded:
    time.sleep(5 if task.student == "s00" else 0.05)
    return simulate(kit, task)


def test_a_slow_worker_holds_up_nobody(classroom: Classroom, cluster: LocalCluster) -> None:
    students = class_of(classroom, 30)
    outcome = run(classroom, scheduler=cluster.scheduler_address, function=slow_for_one)
    assert sorted(outcome.graded) == students
    # One other may have been queued behind it.
    assert outcome.graded.index("s00") >= len(students) - 2


def ends_its_worker(kit: Kit, task: Task) -> Graded:
    if task.student == "s01":
        os._exit(1)
    return simulate(kit, task)


def test_who_ends_every_worker_fails_alone(classroom: Classroom, cluster: LocalCluster) -> None:
    students = class_of(classroom, 6)
    outcome = run(classroom, scheduler=cluster.scheduler_address, function=ends_its_worker)
    states = {student: result.state for student, result in outcome.results.items()}
    assert states == dict.fromkeys(students, "needs_reading") | {"s01": "failed"}


def test_a_worker_with_other_software_is_refused(
    classroom: Classroom, cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_of(classroom, 2)
    monkeypatch.setattr(submissions, "environment", lambda: "another one")
    with pytest.raises(CsCnnError, match="other versions of cs-cnn"):
        run(classroom, scheduler=cluster.scheduler_address, function=simulate)
    assert Journal(classroom.folder, assignment(classroom)).results == {}


def test_a_scheduler_that_is_not_there_is_a_sentence(
    classroom: Classroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    class_of(classroom, 1)
    monkeypatch.setattr(places, "_PATIENCE", 1)
    for address, words in (
        ("tcp://127.0.0.1:9", "There is no dask scheduler at tcp://127.0.0.1:9"),
        ("nonsense://x", "There is no dask scheduler at nonsense://x"),
    ):
        arguments = ["grade", "a1", "--course", str(classroom.folder), "--scheduler", address]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 2 and words in result.output, result.output
    with (
        LocalCluster(n_workers=0, processes=False, dashboard_address=":0", silence_logs=50) as empty,
        pytest.raises(CsCnnError, match="has no workers"),
    ):
        run(classroom, scheduler=empty.scheduler_address)
    both = ["grade", "a1", "--course", str(classroom.folder), "--scheduler", "tcp://x:1", "--jobs", "2"]
    assert "not both" in CliRunner().invoke(main, both).output
    assert Journal(classroom.folder, assignment(classroom)).results == {}


def test_a_pool_that_breaks_between_two_looks_is_mended(classroom: Classroom) -> None:
    students = class_of(classroom, 3)

    class Flaky(places.Here):
        mended = 0

        def submit(self, function: Any, kit: Any, task: Any) -> Any:
            if not self.mended:
                raise BrokenProcessPool("a process ended")
            return super().submit(function, kit, task)

        def mend(self) -> None:
            self.mended += 1

    flaky = Flaky()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(places, "place", lambda *_: contextlib.nullcontext(flaky))
        outcome = run(classroom, function=simulate)
    assert {result.state for result in outcome.results.values()} == {"needs_reading"}
    assert list(outcome.results) == students and flaky.mended == 1
