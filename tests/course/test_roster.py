"""Importing the list of students: what is new comes in, nothing is lost, and a wrong file changes nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from nbgrader.api import Gradebook

from cs_cnn.command import main
from cs_cnn.course import engine
from cs_cnn.course.intake.collecting import roster_of
from cs_cnn.course.report import enrolment
from cs_cnn.course.roster import Student

from .conftest import Classroom

HEAD = "id,first_name,last_name,email,lms_id\n"


def run(classroom: Classroom, text: str, *more: str) -> tuple[int, str]:
    path = classroom.folder.parent / "new.csv"
    path.write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["roster", str(path), "--course", str(classroom.folder), *more])
    return result.exit_code, result.output


def people(classroom: Classroom) -> dict[str, Student]:
    return {student.id: student for student in roster_of(classroom.folder)}


def test_new_changed_and_kept(classroom: Classroom) -> None:
    text = HEAD + "ada,Ada,King,,17\nbob,Bob,,bob@example.org,18\n"
    before = people(classroom)
    code, said = run(classroom, text, "--dry-run")
    assert code == 0 and "Nothing was written" in said and people(classroom) == before
    code, said = run(classroom, text)
    assert code == 0
    assert said.splitlines() == [
        "new.csv: 1 new, 1 changed, 0 as they were.",
        "  new: bob",
        "  ada: last_name 'Lovelace, Countess' becomes 'King'; lms_id '17'",
        "  not in the file, and kept: zoe",
    ]
    after = people(classroom)
    # An empty e-mail in the file takes none away.
    assert after["ada"] == Student("ada", "Ada", "King", "ada@example.org", "17")
    assert after["bob"] == Student("bob", "Bob", "", "bob@example.org", "18")
    assert after["zoe"] == before["zoe"]
    assert run(classroom, text)[1].startswith("new.csv: 0 new, 0 changed, 2 as they were.")


def test_without_the_column_a_number_stays(classroom: Classroom) -> None:
    run(classroom, HEAD + "ada,Ada,King,,17\n")
    run(classroom, "id,first_name,last_name,email\nada,Ada,Byron,\n")
    assert people(classroom)["ada"] == Student("ada", "Ada", "Byron", "ada@example.org", "17")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD + "bob,Bob,B,,1\nADA,Ada,L,,\n", "only in capital letters"),
        (HEAD + "ada,,,,17\nbob,Bob,B,,18\ncyd,C,C,,18\n", "'18' is already used in line 3"),
        (HEAD + "bob,Bob,B,,\n../x,X,X,,\n", "line 3: the id '../x' cannot name a folder"),
        ("id;first_name;last_name;email\n", "semicolons"),
    ],
)
def test_a_wrong_file_changes_nothing(classroom: Classroom, text: str, words: str) -> None:
    before = people(classroom)
    code, said = run(classroom, text)
    assert code == 2 and words in said and said.splitlines()[-1].startswith("Error: ")
    assert people(classroom) == before


def test_a_number_of_somebody_else_is_refused(classroom: Classroom) -> None:
    run(classroom, HEAD + "ada,Ada,King,,17\n")
    code, said = run(classroom, HEAD + "bob,Bob,B,,17\n")
    assert code == 2 and "would belong to both 'ada' and 'bob'" in said
    assert "bob" not in people(classroom)
    code, said = run(classroom, HEAD + "bob,Bob,B,,17\nada,Ada,King,,19\n")  # ada's number changes with it
    assert code == 0 and people(classroom)["bob"].lms_id == "17"


def test_marks_stay(classroom: Classroom) -> None:
    with Gradebook(engine.database_url(classroom.folder)) as gradebook:
        gradebook.add_submission("a1_double", "zoe")
        gradebook.find_grade("test_double", "double", "a1_double", "zoe").manual_score = 5
        gradebook.db.commit()
    run(classroom, HEAD + "zoe,Zoe,Zed,,3\n")
    with Gradebook(engine.database_url(classroom.folder)) as gradebook:
        assert gradebook.find_grade("test_double", "double", "a1_double", "zoe").score == 5


def test_two_thousand_students_come_in_at_once(classroom: Classroom) -> None:
    students = [Student(f"s{number}", "A", "B", "", str(number)) for number in range(2000)]
    assert len(enrolment.enrol(classroom.folder, students).new) == 2000
    assert len(people(classroom)) == 2002
    assert len(enrolment.enrol(classroom.folder, students).same) == 2000


def test_the_log_and_the_file(classroom: Classroom, tmp_path: Path) -> None:
    run(classroom, HEAD + "bob,Bob,B,,\n")
    assert "roster: 1 new" in (classroom.folder / "grading" / "log.txt").read_text(encoding="utf-8")
    missing = CliRunner().invoke(
        main, ["roster", str(tmp_path / "none.csv"), "--course", str(classroom.folder)]
    )
    assert missing.exit_code == 2 and "Cannot read the roster" in missing.output
