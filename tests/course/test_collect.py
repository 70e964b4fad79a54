"""Taking in submissions: every system's names, nothing outside a student's folder, and nothing lost."""

from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from nbgrader.utils import parse_utc

from cs_cnn.command import main
from cs_cnn.course import calendar
from cs_cnn.course.grading import grade
from cs_cnn.course.intake import collecting, naming, opening
from cs_cnn.course.roster import Student
from cs_cnn.errors import CsCnnError

from .conftest import Classroom

ADA = Student("ada", "Ada", "Lovelace, Countess", "ada@example.org", "41")
ZOE = Student("zoe", "Zoë", "Müller-Lüdenscheidt", "")
VAN = Student("van_ada", "Ada", "Van", "")
CLASS = (ADA, ZOE, VAN)
BERLIN = ZoneInfo("Europe/Berlin")


def collect(classroom: Classroom, source: Path, *options: str) -> Result:
    return CliRunner().invoke(
        main, ["collect", "a1", str(source), "--course", str(classroom.folder), *options]
    )


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def submitted(classroom: Classroom, student: str) -> dict[str, bytes]:
    home = classroom.folder / "submitted" / student / classroom.name
    return {
        path.relative_to(home).as_posix(): path.read_bytes() for path in home.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize(
    ("system", "name", "student", "file"),
    [
        ("canvas", "somebody_41_900_double.ipynb", "ada", "double.ipynb"),
        ("canvas", "mullerludenscheidtzoe_LATE_77_901_double-2.ipynb", "zoe", "double.ipynb"),
        ("moodle", "Ada Lovelace Countess_5_assignsubmission_file_/double.ipynb", "ada", "double.ipynb"),
        ("moodle", "Zoë Müller-Lüdenscheidt_6_assignsubmission_file_work.zip", "zoe", "work.zip"),
        ("blackboard", "a1_ada_attempt_2027-01-20-23-58-00_double.ipynb", "ada", "double.ipynb"),
        ("blackboard", "a1_van_ada_attempt_2027-01-20-23-58-00_double.ipynb", "van_ada", "double.ipynb"),
        ("exchange", "zoe+a1_double+2027-01-20 22:58:00 UTC+x/double.ipynb", "zoe", "a1_double/double.ipynb"),
        ("folders", "Ada@example.org/double.ipynb", "ada", "double.ipynb"),
        ("folders", "zoe.zip", "zoe", "zoe.zip"),
    ],
)
def test_names_of_every_system(system: str, name: str, student: str, file: str) -> None:
    named = naming.READERS[system](name, CLASS, BERLIN)
    assert named is not None
    assert [each.id for each in named.people] == [student]
    assert named.file == file
    assert naming.guess([name]) == system
    if system in ("blackboard", "exchange"):
        assert named.when is not None
        assert f"{named.when.astimezone(BERLIN):%Y-%m-%d %H:%M}" == "2027-01-20 23:58"


def test_an_archive_of_canvas(classroom: Classroom, tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("a1_double/double.ipynb", b"zoe's")
        archive.writestr("timestamp.txt", b"2000-01-01 00:00:00 UTC")
        archive.writestr("../ada/a1_double/double.ipynb", b"stolen")
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    source = packed(
        tmp_path / "submissions.zip",
        {
            "lovelacecountessada_41_900_double.ipynb": b"first",
            "lovelacecountessada_41_950_double-1.ipynb": b"second",
            "11zoe_LATE_77_901_a1_double-submission.zip": inner.getvalue(),
            "stranger_99_902_double.ipynb": b"?",
        },
    )
    times = tmp_path / "times.csv"
    times.write_text("id,submitted\nzoe,2027-01-21 08:00\nnobody,soon\n")
    dry = collect(classroom, source, "--dry-run", "--times", str(times))
    assert "2 new, 0 replaced" in dry.output and not list((classroom.folder / "submitted").iterdir())

    result = collect(classroom, source, "--times", str(times))
    assert result.exit_code == 1
    assert "(canvas): 2 new, 0 replaced, 0 unchanged" in result.output
    assert "1 without a time" in result.output
    assert "stranger (99): nobody on the roster fits" in result.output
    assert "zoe: '../ada/a1_double/double.ipynb' leads outside" in result.output
    assert "zoe: link.txt is not a regular file" in result.output
    assert submitted(classroom, "ada") == {"double.ipynb": b"second"}
    work = submitted(classroom, "zoe")
    assert work.pop("timestamp.txt") == b"2027-01-21 07:00:00 UTC\n"
    assert work == {"double.ipynb": b"zoe's"}

    assert "0 new, 0 replaced, 2 unchanged" in collect(classroom, source, "--times", str(times)).output
    packed(source, {"lovelacecountessada_41_960_double-2.ipynb": b"third"})
    assert "1 replaced" in collect(classroom, source).output
    assert submitted(classroom, "ada") == {"double.ipynb": b"third"}
    kept = list((classroom.folder / "replaced").rglob("double.ipynb"))
    assert [path.read_bytes() for path in kept] == [b"second"]


def test_only_the_last_attempt_counts_and_its_time_is_the_systems(
    classroom: Classroom, tmp_path: Path
) -> None:
    source = packed(
        tmp_path / "gradebook.zip",
        {
            "a1_ada_attempt_2027-01-20-23-58-00_double.ipynb": b"late, whole",
            "a1_ada_attempt_2027-01-20-23-58-00.txt": b"Date Submitted: yesterday",
            "a1_ada_attempt_2027-01-19-10-00-00_double.ipynb": b"early",
            "a1_ada_attempt_2027-01-19-10-00-00_notes.txt": b"not handed in again",
        },
    )
    result = collect(classroom, source)
    assert result.exit_code == 0, result.output
    work = submitted(classroom, "ada")
    when = parse_utc(work.pop("timestamp.txt").decode().strip())
    assert str(when) == "2027-01-20 22:58:00"
    assert work == {"double.ipynb": b"late, whole"}


def test_folders_with_work_for_several_assignments_and_an_archive_each(
    classroom: Classroom, tmp_path: Path
) -> None:
    home = tmp_path / "handed-in"
    (home / "ada" / "a1_double").mkdir(parents=True)
    (home / "ada" / "a1_double" / "double.ipynb").write_bytes(b"ada's")
    (home / "ada" / ".ipynb_checkpoints").mkdir()
    (home / "ada" / ".ipynb_checkpoints" / "double.ipynb").write_bytes(b"old")
    (home / "ada" / "passwd").symlink_to("/etc/passwd")
    with tarfile.open(home / "zoe.tar.gz", "w:gz") as archive:
        info = tarfile.TarInfo("double.ipynb")
        info.size = 5
        archive.addfile(info, io.BytesIO(b"zoe's"))
        device = tarfile.TarInfo("null")
        device.type = tarfile.CHRTYPE
        archive.addfile(device)
    result = collect(classroom, home)
    assert "passwd is a link" in result.output and "zoe: null is not a regular file" in result.output
    assert submitted(classroom, "ada") == {"double.ipynb": b"ada's"}
    assert submitted(classroom, "zoe") == {"double.ipynb": b"zoe's"}


def test_limits_hold_while_reading(
    classroom: Classroom, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "FILE_LIMIT", 1000)
    monkeypatch.setattr(opening, "TOTAL_LIMIT", 1500)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("double.ipynb", b"0" * 100_000)
    home = tmp_path / "handed-in"
    for student in ("ada", "zoe"):
        (home / student).mkdir(parents=True)
    (home / "ada" / "work.zip").write_bytes(bomb.getvalue())
    (home / "zoe" / "one.txt").write_bytes(b"1" * 900)
    (home / "zoe" / "two.txt").write_bytes(b"2" * 900)
    result = collect(classroom, home)
    assert result.exit_code == 1 and "0 new" in result.output
    assert "ada: double.ipynb has more than" in result.output
    assert "zoe: more than" in result.output
    assert not list((classroom.folder / "submitted").iterdir())


def test_a_lying_size_is_found_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(opening, "FILE_LIMIT", 10)
    (tmp_path / "grows.txt").write_bytes(b"x" * 5)
    with opening.opened(tmp_path) as found:
        (tmp_path / "grows.txt").write_bytes(b"x" * 50)
        with pytest.raises(opening.Refused, match="more than"):
            found[0].read()  # type: ignore[union-attr]


def test_files_that_cannot_lie_side_by_side_are_one_students_trouble(
    classroom: Classroom, tmp_path: Path
) -> None:
    packed(tmp_path / "ada.zip", {"double.ipynb": b"1", "double.ipynb/inside": b"2"})
    packed(tmp_path / "zoe.zip", {"double.ipynb": b"zoe's"})
    home = tmp_path / "in"
    home.mkdir()
    for name in ("ada.zip", "zoe.zip"):
        os.rename(tmp_path / name, home / name)
    result = collect(classroom, home)
    assert "ada: double.ipynb/inside cannot be written" in result.output
    assert submitted(classroom, "ada") == {}
    assert submitted(classroom, "zoe") == {"double.ipynb": b"zoe's"}


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("name,submitted\n", "should have the columns id"),
        ("id,submitted\nada,tomorrow\n", "line 2: 'tomorrow' is not a time"),
    ],
)
def test_wrong_times_are_a_sentence(content: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "times.csv"
    path.write_text(content)
    with pytest.raises(CsCnnError, match=words):
        collecting.times_of(path, CLASS, BERLIN)


def test_wrong_sources_are_a_sentence(classroom: Classroom, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and then nothing")
    for name, words in {
        "nothing.zip": "There is no file or folder",
        "notes.txt": "neither a folder nor a zip",
        "broken.zip": "neither a folder nor a zip",
    }.items():
        result = collect(classroom, tmp_path / name)
        assert result.exit_code == 2 and words in result.output, result.output


def test_two_students_of_one_name_are_told_apart_by_the_roster(classroom: Classroom) -> None:
    twins = (Student("a1", "Ada", "Lovelace", ""), Student("a2", "Ada", "Lovelace", ""))
    upload = opening.Upload("lovelaceada_5_6_double.ipynb", 1, lambda: b"x")
    course = calendar.load(classroom.folder)
    collected, found = collecting.gather(course, course.assignment("a1"), twins, [upload], system="canvas")
    assert found == []
    assert collected.refused == ["lovelaceada (5): it fits a1 and a2; give the roster a column lms_id"]


def test_what_was_collected_can_be_graded(classroom: Classroom, tmp_path: Path) -> None:
    classroom.write("ada", "def double(x):\n    return 2 * x")
    home = classroom.folder / "submitted" / "ada"
    source = packed(
        tmp_path / "class.zip", {"ada/double.ipynb": (home / "a1_double" / "double.ipynb").read_bytes()}
    )
    os.rename(home, tmp_path / "away")
    times = tmp_path / "times.csv"
    times.write_text("email,submitted\nada@example.org,2027-01-20T21:00+01:00\n")
    assert collect(classroom, source, "--times", str(times)).exit_code == 0
    course = calendar.load(classroom.folder)
    outcome = grade.grade(classroom.folder, course.assignment("a1"), progress=False)
    assert (outcome.results["ada"].state, outcome.results["ada"].points) == ("graded", 6)
