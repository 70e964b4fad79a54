"""Tables of learning management systems: the marks go in, and every other byte stays."""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from cs_cnn.command import main
from cs_cnn.course import calendar
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.grading import grade
from cs_cnn.course.grading.marks import Row
from cs_cnn.course.report import filling
from cs_cnn.course.report.sheet import Sheet
from cs_cnn.course.roster import Student
from cs_cnn.errors import CsCnnError

from .conftest import Classroom

STUDENTS = [
    Student("ada", "Ada", "Lovelace, Countess", "ada@example.org", "1001"),
    Student("zoe", "Zoë", "Müller", "zoe@example.org", "1002"),
    Student("max", "Max", "Meier", "max@example.org", ""),
]
ASSIGNMENT = Assignment(
    name="a4_convolution",
    title="Convolution",
    notebook="convolution",
    points=100,
    hours=10,
    released=7,
    due=datetime(2027, 3, 5, tzinfo=UTC),
    ai_policy="open",
    chapters=(),
)
OTHER = Assignment(**{**vars(ASSIGNMENT), "name": "a1_linear", "title": "Linear"})
POINTS = {"ada": 92.5, "zoe": 100.0, "max": 0.0}

CANVAS = '''\
Student,ID,SIS User ID,SIS Login ID,Section,a4: Convolution (77),a40 later (78),Current Score
,,,,,Manual Posting,,(read only)
    Points Possible,,,,,100.00,10.00,(read only)
"Lovelace, Countess, Ada",1001,,ada@example.org,"Section ""A""",,3.50,=1+1
"Müller, Zoë",1002,,zoe,Section A,50,,88
"Meier, Max",9999,max,max@example.org,Section A,,,
"Student, Test",777,,0f3c,Section A,,,
'''
MOODLE = """\
Identifier,"Full name","Email address",Status,Grade,"Maximum Grade","Grade can be changed","Feedback comments"
"Participant 1001","Ada Lovelace, Countess",ada@example.org,"Submitted for grading",,100.00,Yes,
"Participant 1002","Zoë Müller",zoe@example.org,"No submission",,100.00,Yes,"two
lines"
"Participant 1003","Max Meier",max@example.org,"No submission",,100.00,Yes,
"""
MOODLE_BOOK = """\
"First name",Surname,"ID number","Email address","Assignment: Convolution (Real)","Assignment: Convolution (Percentage)"
Ada,"Lovelace, Countess",ada,ada@example.org,-,-
Zoë,Müller,zoe,zoe@example.org,-,-
Max,Meier,,,-,-
"""
BLACKBOARD = """\
"Last Name"\t"First Name"\t"Username"\t"Student ID"\t"Availability"\t"a4 Convolution [Total Pts: 100 Score] |1234"
"Lovelace, Countess"\t"Ada"\t"ada"\t"1001"\t"Yes"\t""
"Müller"\t"Zoë"\t"zoe"\t"1002"\t"Yes"\t"In Progress(3.00)"
"Meier"\t"Max"\t"max"\t""\t"Yes"\t""
"""


def rows(states: dict[str, str] | None = None) -> list[Row]:
    return [
        Row(
            student.id,
            student.first_name,
            student.last_name,
            student.email,
            (states or {}).get(student.id, "graded"),
            POINTS[student.id],
            100.0,
            "",
            None,
            {},
        )
        for student in STUDENTS
    ]


def fill(tmp_path: Path, content: bytes | str, lms: str, **options: object) -> filling.Filled:
    path = tmp_path / "grades.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    tables = [(ASSIGNMENT, options.pop("rows", None) or rows())]
    return filling.fill(path, lms, tables, options.pop("students", STUDENTS), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("lms", "template", "expected"),
    [
        (
            "canvas",
            CANVAS,
            CANVAS.replace('A""",,3', 'A""",92.5,3')
            .replace("A,50,", "A,100,")
            .replace("max@example.org,Section A,,", "max@example.org,Section A,0,"),
        ),
        (
            "moodle",
            MOODLE,
            MOODLE.replace('grading",,', 'grading",92.5,')
            .replace('submission",,', 'submission",100,', 1)
            .replace('submission",,', 'submission",0,'),
        ),
        (
            "moodle",
            MOODLE_BOOK,
            MOODLE_BOOK.replace("ada@example.org,-", "ada@example.org,92.5")
            .replace("zoe@example.org,-", "zoe@example.org,100")
            .replace(",,,-", ",,,0"),
        ),
        (
            "blackboard",
            BLACKBOARD,
            BLACKBOARD.replace('1001"\t"Yes"\t""', '1001"\t"Yes"\t"92.5"')
            .replace("In Progress(3.00)", "100")
            .replace('""\t"Yes"\t""', '""\t"Yes"\t"0"'),
        ),
    ],
)
@pytest.mark.parametrize(
    ("mark", "encoding"),
    [(b"", "utf-8"), (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (b"", "cp1252")],
)
@pytest.mark.parametrize("ending", ["\n", "\r\n"])
def test_only_the_points_change(
    lms: str, template: str, expected: str, mark: bytes, encoding: str, ending: str, tmp_path: Path
) -> None:
    assert expected != template

    def encoded(text: str) -> bytes:
        return mark + text.replace("\n", ending).encode(encoding)

    filled = fill(tmp_path, encoded(template), lms)
    assert filled.refused == [] and filled.waiting == []
    assert filled.content == encoded(expected)
    assert {entry.student: entry.after for entry in filled.entries} == {
        "ada": "92.5",
        "zoe": "100",
        "max": "0",
    }
    assert (tmp_path / "grades.csv").read_bytes() == encoded(template)


def test_no_line_end_at_the_end_stays_none(tmp_path: Path) -> None:
    assert fill(tmp_path, CANVAS.rstrip("\n"), "canvas").content.endswith(b"0f3c,Section A,,,")


def test_what_is_replaced_is_told_and_equal_numbers_are_not(tmp_path: Path) -> None:
    filled = fill(tmp_path, CANVAS.replace('A""",,3.5', 'A""",92.50,3.5'), "canvas")
    assert {(entry.student, entry.before, entry.after) for entry in filled.changed} == {
        ("zoe", "50", "100"),
        ("max", "", "0"),
    }
    assert filled.formulas == ["Current Score, line 4"]


def test_strangers_and_missing_students_are_named(tmp_path: Path) -> None:
    text = CANVAS.replace('"Meier, Max",9999,max,max@', '"Nobody, Ned",9999,ned,ned@')
    assert fill(tmp_path, text, "canvas").refused == [
        "Nobody, Ned (9999, ned, ned@example.org), line 6 is nobody of the class",
        "Max Meier (max) has no row in the table",
    ]


def test_a_row_for_two_and_two_rows_for_one_are_refused(tmp_path: Path) -> None:
    (two, missing) = fill(tmp_path, CANVAS.replace("1002,,zoe", "1002,,ada"), "canvas").refused
    assert two.endswith("can be ada and zoe") and missing.startswith("Zoë Müller (zoe) has no row")
    (twice,) = fill(tmp_path, CANVAS + '"Meier, Max",9998,max,,A,,,\n', "canvas").refused
    assert twice.startswith("max has more than one row: ")
    assert "line 6" in twice and "line 8" in twice


def test_digits_at_the_end_of_an_id_are_not_an_id(tmp_path: Path) -> None:
    assert fill(tmp_path, CANVAS.replace("9999,max", "9999,S1001"), "canvas").refused == []


def test_names_count_only_when_they_are_clear(tmp_path: Path) -> None:
    text = CANVAS.replace("9999,max,max@example.org", "9999,,")
    assert fill(tmp_path, text, "canvas").refused == []
    namesake = [*STUDENTS, Student("max2", "Max", "Meier", "", "")]
    assert any("max and max2" in line for line in fill(tmp_path, text, "canvas", students=namesake).refused)


def test_marks_that_are_not_final(tmp_path: Path) -> None:
    states = {"ada": "not_graded", "zoe": "needs_reading", "max": "changed"}
    filled = fill(tmp_path, CANVAS, "canvas", rows=rows(states))
    assert [entry.student for entry in filled.entries] == ["zoe", "max"]
    assert [line.split(",")[0] for line in filled.waiting] == ["ada", "zoe", "max"]


def test_moodle_says_what_cannot_be_changed(tmp_path: Path) -> None:
    filled = fill(tmp_path, MOODLE.replace("Yes,\n", "No,\n", 1), "moodle")
    assert len(filled.refused) == 1 and "Ada Lovelace" in filled.refused[0]
    assert b'grading",,100' in filled.content


def test_a_decimal_comma_is_quoted_where_commas_separate(tmp_path: Path) -> None:
    assert b'""A""","92,5",3.50' in fill(tmp_path, CANVAS, "canvas", comma=True).content
    semicolons = "Student;ID;a4 Convolution (77)\n    Points Possible;;100,00\n" + "".join(
        f"{student.last_name};{student.lms_id or student.id};\n" for student in STUDENTS[:2]
    )
    filled = fill(tmp_path, semicolons, "canvas", comma=True, students=STUDENTS[:2])
    assert "Lovelace, Countess;1001;92,5\n" in filled.content.decode()


@pytest.mark.parametrize(
    ("lms", "content", "options", "words"),
    [
        ("canvas", MOODLE, {}, "none of the columns id"),
        ("canvas", CANVAS.replace("a4: Convolution (77)", "Essay (77)"), {}, "no column for a4_convolution"),
        ("canvas", CANVAS.replace("a40 later (78)", "a4 again (78)"), {}, "could both be a4_convolution"),
        ("canvas", CANVAS.replace("100.00", "50.00"), {}, "is out of 50 points"),
        ("moodle", MOODLE.replace("100.00", "10.00"), {}, "is out of 10 points"),
        ("blackboard", BLACKBOARD.replace("Pts: 100", "Pts: 20"), {}, "is out of 20 points"),
        ("canvas", CANVAS, {"column": "ID"}, "has no column 'ID' for points"),
        ("canvas", CANVAS.replace('"Müller, Zoë"', '"Müller" Zoë'), {}, "line 5: a quotation mark"),
        ("canvas", b"\x00\x01", {}, "not a table in UTF-8"),
        ("canvas", b"\n", {}, "is empty"),
    ],
)
def test_a_wrong_table_is_one_sentence(
    lms: str, content: str | bytes, options: dict[str, str], words: str, tmp_path: Path
) -> None:
    # The heading "a4: Convolution" begins with the name; "a4 again" does so too.
    if "again" in str(content):
        content = str(content).replace("a4: Convolution", "a4: first part")
    with pytest.raises(CsCnnError, match=re.escape(words)):
        fill(tmp_path, content, lms, **options)


def test_a_named_column(tmp_path: Path) -> None:
    filled = fill(tmp_path, CANVAS.replace("10.00", "100.00"), "canvas", column="a40 later (78)")
    assert filled.columns == {"a4_convolution": "a40 later (78)"}


def test_several_assignments_in_one_table(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    path.write_text(CANVAS, encoding="utf-8")
    tables = [(ASSIGNMENT, rows()), (OTHER, rows())]
    with pytest.raises(CsCnnError, match="no column for a1_linear"):
        filling.fill(path, "canvas", tables, STUDENTS)
    assert list(filling.fill(path, "canvas", tables, STUDENTS, all_there=False).columns) == ["a4_convolution"]


VALUES = st.text(alphabet='ab",;\t\n =ä', max_size=5)


@given(
    st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=4),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    VALUES,
)
def test_a_sheet_reads_as_csv_does_and_changes_one_value(
    table: list[list[str]], delimiter: str, ending: str, quoting: int, new: str
) -> None:
    table = [["one", "two", "three"], *table]
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator=ending, quoting=quoting).writerows(table)
    content = file.getvalue().encode()
    sheet = Sheet(content)
    kept = [row for row in table if any(value.strip() for value in row)]
    assert [[field.value for field in row] for row in sheet.rows] == kept
    assert sheet.filled({}) == content
    kept[-1][1] = new
    again = Sheet(sheet.filled({(len(kept) - 1, 1): new}))
    assert [[field.value for field in row] for row in again.rows] == [
        row for row in kept if any(value.strip() for value in row)
    ]


def test_the_command(classroom: Classroom, tmp_path: Path) -> None:
    classroom.copy("ada", "source")
    assignment = calendar.load(classroom.folder).assignment("a1")
    grade.grade(classroom.folder, assignment, progress=False)
    template, target = tmp_path / "export.csv", tmp_path / "out" / "import.csv"

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(main, ["export", *arguments, "--course", str(classroom.folder)])
        return result.exit_code, result.output

    head = "Student,ID,SIS Login ID,Doubling (5)\n    Points Possible,,,10\n"
    template.write_text(head + '"Lovelace, Countess, Ada",1,ada,\n', encoding="utf-8")
    code, text = run("a1", "--lms", "canvas", str(template))
    assert code == 1 and "Zoë =1+1 (zoe) has no row in the table." in text and "Nothing was written" in text
    assert not (tmp_path / "export-filled.csv").exists()

    code, text = run("a1", "--lms", "canvas", str(template), "--partial")
    assert code == 1 and "(zoe) has no row" in text
    assert (tmp_path / "export-filled.csv").read_text(encoding="utf-8").endswith("1,ada,6\n")

    template.write_text(template.read_text() + '"=1+1, Zoë",2,zoe,\n', encoding="utf-8")
    code, text = run("--lms", "canvas", str(template), "--dry-run", "--to", str(target))
    assert code == 1 and "Would write" in text and not target.exists()  # 1: an answer waits to be read
    assert "2 marks, 2 of them new or changed" in text and "ada, a1_double: a written answer waits" in text
    assert "A spreadsheet would compute these" in text and "Student, line 4" in text
    code, text = run("a1", "--lms", "canvas", str(template), "--to", str(target))
    assert target.read_text(encoding="utf-8").splitlines()[2:] == [
        '"Lovelace, Countess, Ada",1,ada,6',
        '"=1+1, Zoë",2,zoe,0',
    ]
    assert f"export: wrote {target}" in (classroom.folder / "grading" / "log.txt").read_text(encoding="utf-8")
    code, text = run("a1", "--lms", "canvas", str(template), "--to", str(template))
    assert code == 2 and "is the template itself" in text
    for wrong in (["a1", "--lms", "canvas"], ["--lms", "canvas"], ["a1", "--partial"]):
        code, text = run(*wrong)
        assert code == 2 and text.splitlines()[-1].startswith("Error: ")

    code, text = run("a1", "--to", str(tmp_path / "marks.json"))
    assert code == 0
    content = json.loads((tmp_path / "marks.json").read_text(encoding="utf-8"))
    (only,) = content["assignments"]
    by_id = {student["id"]: student for student in only["students"]}
    assert by_id["zoe"]["last_name"] == "=1+1" and by_id["zoe"]["points"] == 0
    assert by_id["ada"]["tasks"]["double"] == 6 and by_id["ada"]["state"] == "needs_reading"
    assert only["max_points"] == 10 and only["tasks"][1] == {"name": "why", "points": 4.0, "written": True}
    before = sorted(path.name for path in tmp_path.iterdir())
    code, text = run("a1", "--dry-run", "--to", str(tmp_path / "new.csv"))
    assert code == 0 and "Would write 2 rows" in text
    assert sorted(path.name for path in tmp_path.iterdir()) == before
