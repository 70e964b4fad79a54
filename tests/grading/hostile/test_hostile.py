"""Hostile and broken submissions, each between two honest ones, graded by the command as an instructor runs it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from cs_cnn.command import main
from cs_cnn.course import calendar, directory, engine
from cs_cnn.course.grading.journal import STATES, Journal
from tests.course.conftest import Classroom, make_repository

from .tricks import CODE, FILES, MARKER

pytestmark = pytest.mark.sandbox

RIGHT = "def double(x):\n    return 2 * x"
SECRET = "the-instructors-own-token"


class Graded:
    """A class after grading, and what was there before."""

    def __init__(self, classroom: Classroom) -> None:
        self.classroom = classroom
        self.tricks = {f"t{number:02}_{name}": name for number, name in enumerate([*CODE, *FILES])}
        self.honest = [f"t{number:02}" for number in range(len(self.tricks) + 1)]  # t00 < t00_… < t01
        self.before: dict[str, str] = {}
        self.calls: list[str] = []
        self.output = ""
        self.results: dict[str, Any] = {}

    @property
    def folder(self) -> Path:
        return self.classroom.folder


def _hashes(*folders: Path) -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _listen() -> tuple[socket.socket, list[str]]:
    """Listen on this machine, and note who calls."""
    server = socket.create_server(("127.0.0.1", 0))
    calls: list[str] = []

    def serve() -> None:
        while True:
            try:
                calls.append(str(server.accept()[1]))
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    return server, calls


def _filled(code: str, server: socket.socket, folder: Path) -> str:
    return code.replace("PORT", str(server.getsockname()[1])).replace("FOLDER", str(folder))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graded]:
    base = tmp_path_factory.mktemp("hostile")
    (base / "secret.txt").write_text(SECRET)
    repository = make_repository(base / "repository")
    directory.lay_out(calendar.load(repository), base / "class")
    found = Graded(Classroom(base / "class"))
    found.classroom.limit(6, 30)
    server, found.calls = _listen()
    for student in found.honest:
        found.classroom.write(student, RIGHT, "Because.")
    release = found.folder / "release" / "a1_double" / "double.ipynb"
    for student, name in found.tricks.items():
        if name in CODE:
            found.classroom.write(student, _filled(CODE[name], server, found.folder))
        else:
            FILES[name](found.classroom.home(student), json.loads(release.read_text()))
    watched = (repository, *(found.folder / name for name in ("source", "release", "submitted")))
    found.before = _hashes(*watched)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INSTRUCTORS_TOKEN", SECRET)
        result = CliRunner().invoke(main, ["grade", "a1", "--course", str(found.folder), "--jobs", "2"])
    found.output = result.output
    assert result.exit_code == 1, result.output
    found.results = dict(Journal(found.folder, calendar.load(found.folder).assignment("a1")).results)
    assert _hashes(*watched) == found.before
    yield found
    server.close()
    shutil.rmtree(found.folder, ignore_errors=True)


def test_there_are_enough_of_them(graded: Graded) -> None:
    assert len(graded.tricks) >= 40


def test_everybody_has_points_and_a_reason(graded: Graded) -> None:
    assert sorted(graded.results) == sorted([*graded.honest, *graded.tricks])
    assert {result.state for result in graded.results.values()} <= set(STATES)
    assert "Traceback" not in graded.output


def test_honest_marks_are_unchanged(graded: Graded) -> None:
    marks = {
        student: (graded.results[student].state, graded.results[student].points) for student in graded.honest
    }
    assert marks == dict.fromkeys(graded.honest, ("needs_reading", 6))
    with Gradebook(engine.database_url(graded.folder)) as gradebook:
        for student in graded.honest:
            assert gradebook.find_submission("a1_double", student).score == 6


@pytest.mark.parametrize("name", [*CODE, *FILES])
def test_no_point_is_stolen(graded: Graded, name: str) -> None:
    student = next(student for student, trick in graded.tricks.items() if trick == name)
    result = graded.results[student]
    assert result.points == 0, (result.state, result.note)
    with Gradebook(engine.database_url(graded.folder)) as gradebook:
        assert gradebook.find_submission("a1_double", student).score == 0


def test_nothing_of_the_instructors_was_read(graded: Graded) -> None:
    said = "".join(_said(graded.folder / "autograded" / student) for student in graded.tricks)
    assert "FOUND 0" in said  # it did run
    assert [
        word for word in (SECRET, "HAVE THEM", "ANOTHER", "WROTE", str(graded.folder)) if word in said
    ] == []


def _said(folder: Path) -> str:
    """Return every output of a graded notebook, and the other files beside it."""
    said = ""
    for path in folder.rglob("*"):
        if path.suffix == ".ipynb":
            cells = json.loads(path.read_text())["cells"]
            said += json.dumps([cell.get("outputs") for cell in cells])
        elif path.is_file():
            said += path.read_text(errors="replace")
    return said


def test_nobody_called(graded: Graded) -> None:
    assert graded.calls == []


def test_nothing_stays(graded: Graded) -> None:
    for _ in range(50):
        running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
        if MARKER not in running:
            break
        time.sleep(0.2)
    assert MARKER not in running
    assert "bwrap" not in running or os.environ.get("PYTEST_XDIST_WORKER")


def test_a_second_run_changes_nothing(graded: Graded) -> None:
    gradebook = (graded.folder / "gradebook.db").read_bytes()
    result = CliRunner().invoke(main, ["grade", "a1", "--course", str(graded.folder)])
    assert f"0 graded now, {len(graded.results)} unchanged" in result.output
    assert (graded.folder / "gradebook.db").read_bytes() == gradebook
