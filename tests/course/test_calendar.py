"""The calendar: what it accepts, and the line it names when it does not."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn.course import calendar
from cs_cnn.errors import CsCnnError

from .conftest import COURSE


def load(folder: Path, text: str) -> calendar.Course:
    (folder / "course.yml").write_text(text)
    return calendar.load(folder)


def test_reads_everything(tmp_path: Path) -> None:
    course = load(tmp_path, COURSE)
    assert course.start == date(2027, 1, 11)
    assert course.week_start(3) == date(2027, 1, 25)
    assert [chapter.week for chapter in course.chapters] == [1, 2]
    assignment = course.assignment("a1")
    assert assignment.due == datetime(2027, 1, 20, 23, 59, tzinfo=ZoneInfo("Europe/Berlin"))
    assert assignment.files == {"numbers.txt": "data/numbers.txt"}
    assert course.policy(assignment.ai_policy).title == "Allowed"
    assert course.book == ""
    with_book = COURSE.replace("  title:", "  book: https://example.org/cnn\n  title:", 1)
    assert load(tmp_path, with_book).book == "https://example.org/cnn"


WRONG = [
    # (replace this, by that, line, words of the sentence)
    ("  title: A tiny course\n", "  title: A tiny course\n  colour: red\n", 3, "unknown key 'colour'"),
    ("    points: 10\n", "", 16, "lacks the key 'points'"),
    (
        "  title: A tiny course\n",
        "  title: A tiny course\n  book: example.org\n",
        3,
        "does not have the form",
    ),
    ("points: 10", "points: ten", 19, "should be a whole number, got 'ten'"),
    ("points: 10", "points: 0", 19, "at least 1"),
    ("points: 10", "points:", 19, "got nothing"),
    ("hours: 1.5", "hours: -1", 20, "more than 0"),
    ("start: 2027-01-11", "start: 2027-02-30", 4, "not a date"),
    ("start: 2027-01-11", "start: soon", 4, "not a date"),
    ("due: 2027-01-20 23:59", "due: 2027-01-20", 22, "not a date and time"),
    ("due: 2027-01-20 23:59", "due: 23:59", 22, "not a date and time"),
    ("due: 2027-01-20 23:59", "due: 2027-01-10 23:59", 22, "before week 1"),
    ("time_zone: Europe/Berlin", "time_zone: Europe/Berln", 5, "time zone"),
    ("ai_policy: open", "ai_policy: closed", 23, "no AI policy 'closed'"),
    ("chapters: [one/first]", "chapters: [one/frist]", 24, "no chapter 'one/frist'"),
    ("week: 2", "week: 9\n  - {file: one/first, title: Again, week: 3}", 15, "already used in line 9"),
    ("chapters: [one/first]", "chapters:\n      - one/first\n      - one/second", 26, "taught after"),
    ("points: 10", "points: 10\n    points: 20", 20, "twice (first in line 19)"),
    ("version: 0.1.0", "version: [0.1.0", 4, "not YAML"),
    ("  version: 0.1.0", "\tversion: 0.1.0", 3, "tab"),
    ("numbers.txt: data", "numbers.py: data", 26, "not a name that can stand here"),
    ("data/numbers.txt", "../numbers.txt", 26, "does not have the form"),
    ("- name: a1_double", "- name: 7", 16, "should be text, got 7"),
    ("- name: a1_double", "- name: ../a1", 16, "does not have the form"),
    ("open: {title: Allowed, text: Say what you used.}", "open: yes", 7, "should be a mapping"),
]


@pytest.mark.parametrize(("old", "new", "line", "words"), WRONG, ids=[row[1].strip()[:40] for row in WRONG])
def test_names_the_line(tmp_path: Path, old: str, new: str, line: int, words: str) -> None:
    text = COURSE.replace(old, new, 1)
    if "taught after" in words:
        text = text.replace("week: 2\n", "week: 20\n")
    assert text != COURSE
    with pytest.raises(CsCnnError) as raised:
        load(tmp_path, text)
    sentence = str(raised.value)
    assert words in sentence
    assert f"course.yml, line {line}:" in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("text", ["", "   \n# nothing\n"])
def test_an_empty_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(CsCnnError, match=r"line 1: the file is empty"):
        load(tmp_path, text)


@pytest.mark.parametrize("text", ["just words", "- a\n- list", "course: 1"])
def test_another_shape(tmp_path: Path, text: str) -> None:
    with pytest.raises(CsCnnError, match=r"course\.yml, line 1: "):
        load(tmp_path, text)


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "course.yml").write_bytes(COURSE.encode().replace(b"Doubling", b"Doubl\xefng"))
    with pytest.raises(CsCnnError, match=r"line 17: a byte is not UTF-8"):
        calendar.load(tmp_path)


@given(st.text(max_size=80))
def test_any_text_is_a_course_or_a_sentence(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    folder = tmp_path_factory.mktemp("any")
    (folder / "course.yml").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(CsCnnError):
        calendar.load(folder)


@given(st.integers(0, len(COURSE.splitlines()) - 1), st.sampled_from(["", "x", "  x: 1", "- 1", "{", "'"]))
def test_any_damaged_line_is_a_course_or_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, index: int, damage: str
) -> None:
    lines = COURSE.splitlines()
    lines[index] = damage
    try:
        load(tmp_path_factory.mktemp("damaged"), "\n".join(lines))
    except CsCnnError as error:
        assert ", line " in str(error)


def test_finds_an_assignment_by_a_beginning(tmp_path: Path) -> None:
    entry = COURSE[COURSE.index("  - name: a1_double") :]
    more = "".join(entry.replace("a1_double", name) for name in ("a2_first", "a2_second", "a10_late"))
    course = load(tmp_path, COURSE + more)
    assert course.assignment("a1").name == "a1_double"
    assert course.assignment("a10").name == "a10_late"
    assert course.assignment("a2_s").name == "a2_second"
    assert course.assignment("assignments/a1_double/").name == "a1_double"
    with pytest.raises(CsCnnError, match="could mean a2_first, a2_second"):
        course.assignment("a2")
    for unknown in ("a9", "", "/"):
        with pytest.raises(CsCnnError, match="known ones are: a1_double, a2_first"):
            course.assignment(unknown)


def test_is_found_from_below_and_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load(tmp_path, COURSE)
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.delenv("CS_CNN_COURSE", raising=False)
    monkeypatch.chdir(below)
    assert calendar.load().path == tmp_path / "course.yml"
    monkeypatch.chdir("/")
    with pytest.raises(CsCnnError, match=r"There is no course\.yml"):
        calendar.load()
    monkeypatch.setenv("CS_CNN_COURSE", str(tmp_path))
    assert calendar.load().path == tmp_path / "course.yml"
    monkeypatch.setenv("CS_CNN_COURSE", str(tmp_path / "gone"))
    with pytest.raises(CsCnnError, match="CS_CNN_COURSE"):
        calendar.load()


def test_tables(tmp_path: Path) -> None:
    course = load(tmp_path, COURSE)
    assert calendar.syllabus_table(course, book="..").splitlines()[2:] == [
        "| 1 | 2027-01-11 | [First](../one/first.md) | a1 is handed out |",
        "| 2 | 2027-01-18 | [Second](../one/second.md) | a1 is due |",
    ]
    row = "| a1 | Doubling | 10 | 1.5 | 2027-01-11 | 2027-01-20 23:59 | Allowed |"
    assert calendar.assignments_table(course).splitlines()[2:] == [row]


def test_the_course_of_this_repository(root: Path) -> None:
    course = calendar.load(root)
    assert course.assignment("a2").points == 100
    for chapter in course.chapters:
        assert (root / "book" / f"{chapter.file}.md").is_file(), (
            f"{chapter.file} is in course.yml, not in book/"
        )
