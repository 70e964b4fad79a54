"""Course directories: made whole or not at all, renewed without touching what students and graders did."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from cs_cnn.command import main
from cs_cnn.course import calendar, directory, engine, roster
from cs_cnn.errors import CsCnnError

from .conftest import Classroom

pytestmark = pytest.mark.filterwarnings("ignore:Object of type")  # nbgrader and SQLAlchemy 2.1


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_command_makes_a_directory_that_nbgrader_knows(repository: Path, tmp_path: Path) -> None:
    students = tmp_path / "students.csv"
    students.write_text('id,first_name,last_name,email\nada,Ada,"Lovelace, Countess",ada@example.org\n')
    folder = tmp_path / "class"
    arguments = ["init", str(folder), "--roster", str(students), "--repository", str(repository)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert (folder / "release" / "a1_double" / "numbers.txt").read_text() == "1 2 3\n"
    assert (folder / "course.yml").read_bytes() == (repository / "course.yml").read_bytes()
    with Gradebook(engine.database_url(folder)) as gradebook:
        assert gradebook.find_assignment("a1_double").duedate == datetime(2027, 1, 20, 22, 59)
        assert gradebook.find_assignment("a1_double").max_score == 10
        assert gradebook.find_student("ada").last_name == "Lovelace, Countess"
    # nbgrader's own commands, as an instructor would call them there.
    command = [sys.executable, "-m", "nbgrader"]
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    listed = subprocess.run(
        [*command, "db", "student", "list"], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert listed.returncode == 0, listed.stderr
    assert "ada (Lovelace, Countess, Ada)" in listed.stdout
    again = subprocess.run(
        [*command, "generate_assignment", "a1_double", "--force"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert again.returncode == 0, again.stderr


def test_renewing_keeps_submissions_marks_and_settings(classroom: Classroom, repository: Path) -> None:
    folder = classroom.folder
    classroom.file("ada", b"work")
    (folder / "nbgrader_config.py").write_text(engine.CONFIG_TEXT + "\n# mine\n")
    shutil.rmtree(folder / "release")
    with Gradebook(engine.database_url(folder)) as gradebook:
        submission = gradebook.add_submission("a1_double", "ada")
        submission.notebooks[0].grades[0].manual_score = 3
        gradebook.db.commit()
    calendar_file = repository / "course.yml"
    calendar_file.write_text(calendar_file.read_text().replace("2027-01-20 23:59", "2027-01-22 23:59"))
    assert not directory.lay_out(calendar.load(repository), folder).new
    assert (folder / "release" / "a1_double" / "double.ipynb").is_file()
    assert (folder / "submitted" / "ada" / "a1_double" / "double.ipynb").read_bytes() == b"work"
    assert "# mine" in (folder / "nbgrader_config.py").read_text()
    with Gradebook(engine.database_url(folder)) as gradebook:
        assert gradebook.find_assignment("a1_double").duedate == datetime(2027, 1, 22, 22, 59)
        assert gradebook.find_submission("a1_double", "ada").score == 3


def test_changed_cells_with_submissions_change_nothing(classroom: Classroom, repository: Path) -> None:
    with Gradebook(engine.database_url(classroom.folder)) as gradebook:
        gradebook.add_submission("a1_double", "ada")
    source = repository / "solutions" / "a1_double" / "double.py"
    source.write_text(source.read_text().replace('locked="setup"', 'locked="start"'))
    before = (classroom.folder / "gradebook.db").read_bytes()
    with pytest.raises(CsCnnError, match="graded cells of a1_double changed"):
        directory.lay_out(calendar.load(repository), classroom.folder)
    assert (classroom.folder / "gradebook.db").read_bytes() == before
    assert "setup" in (classroom.folder / "release" / "a1_double" / "double.ipynb").read_text()


def test_nothing_half_built(repository: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (repository / "data" / "numbers.txt").unlink()
    with pytest.raises(CsCnnError, match=r"needs numbers\.txt"):
        directory.lay_out(calendar.load(repository), home / "class")
    assert entries(home) == []


def test_refuses_folders_that_are_not_its_own(repository: Path, tmp_path: Path) -> None:
    course = calendar.load(repository)
    full = tmp_path / "full"
    full.mkdir()
    (full / "thesis.txt").write_text("mine")
    with pytest.raises(CsCnnError, match="not empty and not a course directory"):
        directory.lay_out(course, full)
    with pytest.raises(CsCnnError, match="is a file"):
        directory.lay_out(course, full / "thesis.txt")
    assert entries(full) == ["thesis.txt"]


def test_an_empty_folder_is_filled_in_place(repository: Path, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    inode = empty.stat().st_ino
    directory.lay_out(calendar.load(repository), empty)
    assert empty.stat().st_ino == inode and directory.is_course_directory(empty)


def test_one_at_a_time(classroom: Classroom) -> None:
    with directory.locked(classroom.folder), pytest.raises(CsCnnError, match="Another cs-cnn is working"):  # noqa: SIM117
        with directory.locked(classroom.folder):
            pass


HEADER = "id,first_name,last_name,email\n"
WRONG = [
    ("", 1, "empty"),
    ("id;first_name;last_name;email\nada;A;L;\n", 1, "semicolons"),
    ("id,first_name,last_name\nada,A,L\n", 1, "column email is missing"),
    ("id,id,first_name,last_name,email\na,a,A,L,\n", 1, "more than once"),
    (HEADER + "ada,A,L,\nbob,B,L,\nADA,A,L,\n", 4, "already used in line 2"),
    (HEADER + "..,A,L,\n", 2, "cannot name a folder"),
    (HEADER + "\n\na/b,A,L,\n", 4, "cannot name a folder"),
    (HEADER + ",A,L,\n", 2, "cannot name a folder"),
    (HEADER + "=1+1,A,L,\n", 2, "cannot name a folder"),
    (HEADER + "ada,A\n", 2, "there are 2 values"),
    (HEADER + 'ada,"A\nB",L,\n', 3, "control character"),
    (HEADER + 'ada,"A,L,\n', 2, "not CSV"),
    (HEADER + "ada,A,L,nowhere\n", 2, "not an e-mail address"),
]


@pytest.mark.parametrize(("text", "line", "words"), WRONG, ids=[row[2] for row in WRONG])
def test_a_wrong_roster_names_the_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = tmp_path / "students.csv"
    path.write_text(text)
    with pytest.raises(CsCnnError) as raised:
        roster.read(path)
    assert words in str(raised.value)
    assert f"students.csv, line {line}:" in str(raised.value)


def test_a_roster_from_a_spreadsheet(tmp_path: Path) -> None:
    path = tmp_path / "students.csv"
    path.write_bytes("\ufeffEmail,ID,last_name,first_name,Group\r\n,zoe,O'Neil,Zoë,7\r\n".encode())
    assert roster.read(path) == [roster.Student("zoe", "Zoë", "O'Neil", "")]
    path.write_bytes(HEADER.encode() + b"zoe,Zo\xeb,O,\n")
    with pytest.raises(CsCnnError, match="line 2: a byte is not UTF-8"):
        roster.read(path)
