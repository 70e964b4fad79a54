"""A tiny course: one notebook with one function to write and one answer to give, so that grading takes seconds."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .postgres import Server

COURSE = """\
course:
  title: A tiny course
  version: 0.1.0
  start: 2027-01-11
  time_zone: Europe/Berlin
ai_policies:
  open: {title: Allowed, text: Say what you used.}
chapters:
  - file: one/first
    title: First
    week: 1
  - file: one/second
    title: Second
    week: 2
assignments:
  - name: a1_double
    title: Doubling
    notebook: double
    points: 10
    hours: 1.5
    released: 1
    due: 2027-01-20 23:59
    ai_policy: open
    chapters: [one/first]
    files:
      numbers.txt: data/numbers.txt
"""

SOURCE = '''\
# ---
# jupyter:
#   kernelspec: {name: python3, display_name: Someone's kernel, language: python}
# ---

# %% [markdown]
# # Doubling
#
# Write a function.

# %% locked="setup"
import math

# %% answer="double"
def double(x):
    """Return twice x."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% test="double" points=6
assert double(1) == 2
### BEGIN HIDDEN TESTS
assert double(3) == 6, "the secret number is 6"
6.0 if double(2.5) == 5 else 2.5
### END HIDDEN TESTS

# %% [markdown] written="why" points=4
# ### BEGIN SOLUTION
# Because two times is twice.
# ### END SOLUTION

# %%
# Your own notes.
'''


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Return a folder with course.yml, the source of one assignment, and its data file."""
    return make_repository(tmp_path / "repository")


def make_repository(folder: Path) -> Path:
    (folder / "solutions" / "a1_double").mkdir(parents=True)
    (folder / "data").mkdir()
    (folder / "course.yml").write_text(COURSE)
    (folder / "solutions" / "a1_double" / "double.py").write_text(SOURCE)
    (folder / "data" / "numbers.txt").write_text("1 2 3\n")
    return folder


class Classroom:
    """A course directory, and students who hand in what a test asks for."""

    name, notebook = "a1_double", "double.ipynb"

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def home(self, student: str) -> Path:
        home = self.folder / "submitted" / student / self.name
        home.mkdir(parents=True, exist_ok=True)
        return home

    def file(self, student: str, content: bytes, name: str = notebook) -> None:
        (self.home(student) / name).write_bytes(content)

    def copy(self, student: str, step: str) -> None:
        shutil.copy(self.folder / step / self.name / self.notebook, self.home(student))

    def edit(self, student: str, change: Callable[[str, dict[str, Any]], None]) -> None:
        """Hand in the release after `change(grade_id, cell)` was called for every cell."""
        notebook = json.loads((self.folder / "release" / self.name / self.notebook).read_text())
        for cell in notebook["cells"]:
            change(cell["metadata"].get("nbgrader", {}).get("grade_id", ""), cell)
        self.file(student, json.dumps(notebook).encode())

    def write(self, student: str, code: str, answer: str | None = None) -> None:
        """Hand in the release with `code` as the function and `answer` as the written answer."""

        def change(grade_id: str, cell: dict[str, Any]) -> None:
            if grade_id == "double":
                cell["source"] = code
            if grade_id == "why" and answer is not None:
                cell["source"] = answer

        self.edit(student, change)

    def limit(self, cell: int, total: int) -> None:
        """Shorten the time limits, as an instructor would."""
        path = self.folder / "nbgrader_config.py"
        text = path.read_text().replace("timeout = 60", f"timeout = {cell}")
        path.write_text(text.replace("total = 600", f"total = {total}"))


@pytest.fixture(scope="session")
def _laid_out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _lay_out(tmp_path_factory.mktemp("laid-out"))


def _lay_out(folder: Path, database: str | None = None) -> Path:
    from cs_cnn.course import calendar, directory

    roster = folder / "students.csv"
    roster.write_text(
        'id,first_name,last_name,email\nada,Ada,"Lovelace, Countess",ada@example.org\nzoe,Zoë,=1+1,\n'
    )
    repository = make_repository(folder / "repository")
    if database is not None:
        path = repository / "course.yml"
        path.write_text(f"database: {database}\n{path.read_text()}")
    directory.lay_out(calendar.load(repository), folder / "class", students=roster)
    return folder / "class"


@pytest.fixture
def classroom(_laid_out: Path, tmp_path: Path) -> Classroom:
    """Return a fresh course directory with two students on the roster and no submissions."""
    shutil.copytree(_laid_out, tmp_path / "class")
    return Classroom(tmp_path / "class")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Return a PostgreSQL server (marker `database`)."""
    running = Server()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def _laid_out_on_server(server: Server, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    url = server.database()
    return _lay_out(tmp_path_factory.mktemp("laid-out"), url), url


@pytest.fixture
def classroom_on_server(_laid_out_on_server: tuple[Path, str], server: Server, tmp_path: Path) -> Classroom:
    """Return the same, with its gradebook on a PostgreSQL server."""
    folder, url = _laid_out_on_server
    shutil.copytree(folder, tmp_path / "class")
    own = server.database(template=url.split("/")[3].split("?")[0])
    path = tmp_path / "class" / "course.yml"
    path.write_text(path.read_text().replace(url, own))
    return Classroom(tmp_path / "class")
