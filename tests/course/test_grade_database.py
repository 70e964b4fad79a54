"""Where the gradebook is: in a file, on a server that course.yml names, or on one that --db names."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from cs_cnn.command import main
from cs_cnn.course import calendar, directory, engine
from cs_cnn.errors import CsCnnError

from .conftest import Classroom
from .postgres import Server
from .simulated import everything, simulate
from .test_grade import RIGHT, run


def command(*arguments: str, status: int = 0) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == status, result.output
    return result.output


@pytest.mark.database
def test_a_whole_class_on_a_server(repository: Path, server: Server, tmp_path: Path) -> None:
    url, folder = server.database(), tmp_path / "class"
    where = ["--course", str(folder), "--db", url]
    roster = tmp_path / "students.csv"
    roster.write_text("id,first_name,last_name,email\nada,Ada,Lovelace,ada@example.org\n")
    command("init", str(folder), "--repository", str(repository), "--roster", str(roster), "--db", url)
    assert not (folder / "gradebook.db").exists()
    # nbgrader's own commands and formgrader find it.
    with engine.using_database(url):
        named = engine.database_url(folder)
    assert engine.config(folder).CourseDirectory.db_url == named
    classroom = Classroom(folder)
    classroom.write("ada", RIGHT, "Because.")
    assert "1 graded now, 0 unchanged" in command("grade", "a1", *where)
    assert "a1_double: 0 to grade." in command("grade", "a1", "--dry-run", *where)
    assert "Lovelace" in command("export", "a1", *where) + "".join(
        path.read_text() for path in folder.glob("*.csv")
    )
    # Renewing keeps the marks; a changed assignment that has submissions is refused, and so is a broken one.
    command("init", str(folder), "--repository", str(repository), "--db", url)
    source = repository / "solutions" / "a1_double" / "double.py"
    text = source.read_text()
    source.write_text(text + '\n# %% test="triple" points=1\nassert True\n')
    assert "a1_double" in command("init", str(folder), "--repository", str(repository), "--db", url, status=2)
    with Gradebook(named) as gradebook:
        assert gradebook.find_submission("a1_double", "ada").score == 6
    # Without --db the class has no gradebook, and says so.
    assert "gradebook.db is missing" in command("grade", "a1", "--course", str(folder), status=2)
    assert engine.in_a_file(folder)


@pytest.mark.database
def test_a_server_that_does_not_answer_is_a_sentence_without_its_password(
    classroom: Classroom, tmp_path: Path
) -> None:
    classroom.write("ada", RIGHT)
    url = f"postgresql://me:secret@/none?host={tmp_path}"
    said = command("grade", "a1", "--course", str(classroom.folder), "--db", url, status=2)
    assert "cannot be read" in said and "secret" not in said and "Traceback" not in said


@pytest.mark.parametrize("url", ["gradebook", "mysql://x/y", "postgresql:/", ""])
def test_what_is_not_a_database_is_a_sentence(classroom: Classroom, url: str) -> None:
    with pytest.raises(CsCnnError, match="must be a URL such as"), engine.using_database(url):
        pass
    path = classroom.folder / "course.yml"
    path.write_text(f"database: '{url}'\n{path.read_text()}")
    with pytest.raises(CsCnnError, match="line 1"):
        directory.locate(classroom.folder)


def test_another_file_can_be_named(classroom: Classroom, tmp_path: Path) -> None:
    classroom.write("ada", RIGHT)
    other = tmp_path / "elsewhere.db"
    (classroom.folder / "gradebook.db").rename(other)
    path = classroom.folder / "course.yml"
    path.write_text(f"database: sqlite:///{other}\n{path.read_text()}")
    assert calendar.load(classroom.folder).database == f"sqlite:///{other}"
    assert run(classroom, function=simulate).graded == ["ada"]
    assert everything(classroom)["gradebook"][0][0] == "ada"
    assert not (classroom.folder / "gradebook.db").exists()


def test_a_dry_run_writes_nothing(classroom: Classroom) -> None:
    classroom.write("ada", RIGHT)
    classroom.write("bob", RIGHT)
    before = sorted((path, path.stat().st_mtime_ns) for path in classroom.folder.rglob("*"))
    said = command("grade", "a1", "--dry-run", "--student", "bob", "--course", str(classroom.folder))
    assert "a1_double: 1 to grade: bob." in said and "Nothing was written" in said
    assert sorted((path, path.stat().st_mtime_ns) for path in classroom.folder.rglob("*")) == before
