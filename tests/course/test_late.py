"""What handing in late costs, and that it follows the calendar without grading again."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cs_cnn.course import calendar, engine, late
from cs_cnn.course.calendar import LatePolicy
from cs_cnn.course.grading import grade, marks
from cs_cnn.course.late import Lateness
from cs_cnn.course.report import feedback
from cs_cnn.errors import CsCnnError

from .conftest import Classroom

RIGHT = "def double(x):\n    return 2 * x"
POLICY = "late: {grace_hours: 1, per_day: 10, cap: 25, bank: 1}\n"


def test_the_bank_is_spent_in_the_order_of_the_due_dates() -> None:
    policy = LatePolicy(grace_hours=0, per_day=10, cap=25, bank=3)
    assert late.spread([2, 0, 4], policy) == [
        Lateness(2, 2, 0.0),
        Lateness(0, 0, 0.0),
        Lateness(4, 1, 0.25),
    ]
    assert late.spread([], policy) == []


def test_grace_is_for_the_first_hours_only() -> None:
    policy = LatePolicy(grace_hours=3, per_day=10)
    due = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)
    assert late.days_late(datetime(2027, 3, 28, 3, 30, tzinfo=UTC), due, policy) == 0
    assert late.days_late(datetime(2027, 3, 28, 3, 31, tzinfo=UTC), due, policy) == 1
    assert late.days_late(datetime(2027, 3, 29, 0, 31, tzinfo=UTC), due, policy) == 2
    assert late.days_late(None, due, policy) == 0


def rows(classroom: Classroom) -> dict[str, marks.Row]:
    course = calendar.load(classroom.folder)
    with engine.session():
        return {row.student: row for row in marks.table(classroom.folder, course.assignment("a1"))}


def hand_in(classroom: Classroom, student: str, when: str, code: str = RIGHT) -> None:
    classroom.write(student, code, "Because.")
    classroom.file(student, when.encode(), "timestamp.txt")


def edit(classroom: Classroom, old: str, new: str) -> None:
    path = classroom.folder / "course.yml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_class_is_charged_and_everything_can_still_change(classroom: Classroom) -> None:
    edit(classroom, "chapters:\n", POLICY + "chapters:\n")
    # Due on 2027-01-20 23:59 in Berlin, which is 22:59 UTC.
    hand_in(classroom, "ada", "2027-01-20 23:50:00 UTC")
    hand_in(classroom, "bob", "2027-01-22 20:00:00 UTC")
    hand_in(classroom, "cyd", "2027-02-20 20:00:00 UTC")
    classroom.write("dan", RIGHT, "Because.")
    course = calendar.load(classroom.folder)
    outcome = grade.grade(classroom.folder, course.assignment("a1"), progress=False)
    assert [result.points for result in outcome.results.values()] == [6, 6, 6, 6]
    found = rows(classroom)
    assert {
        student: (row.late.days, row.late.free, row.points) for student, row in found.items() if row.submitted
    } == {
        "ada": (0, 0, 6),
        "bob": (2, 1, 5.4),
        "cyd": (31, 1, 4.5),
    }
    assert found["dan"].points == 6 and found["dan"].submitted is None

    written = feedback.write(classroom.folder, course.assignment("a1"), students=("bob",), progress=False)
    page = written.pages[0].read_text()
    assert "Handed in 2 days late, 1 of them from the bank of free days." in " ".join(page.split())
    assert "0.6 points were taken off" in page

    # A mark given by hand is charged, too.
    with engine.session(), marks.gradebook(classroom.folder) as opened:
        opened.find_grade("why", "double", "a1_double", "bob").manual_score = 4
        opened.db.commit()
    assert rows(classroom)["bob"].points == pytest.approx(9)

    # One student gets more time, and then everybody does.
    (classroom.folder / "extensions.csv").write_text("student,assignment,due\ncyd,a1,2027-02-19 23:59\n")
    assert rows(classroom)["cyd"].points == 6
    edit(classroom, "2027-01-20 23:59", "2027-01-22 23:59")
    assert rows(classroom)["bob"].points == 10
    edit(classroom, POLICY, "")
    (classroom.folder / "extensions.csv").unlink()
    assert {row.points for row in rows(classroom).values() if row.submitted} == {6, 10}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ada,a9,2027-02-01 12:00", "line 2: There is no assignment 'a9'"),
        ("ada,a1,soon", "line 2: 'soon' is not a date and time"),
    ],
)
def test_wrong_extensions_are_a_sentence(classroom: Classroom, line: str, words: str) -> None:
    (classroom.folder / "extensions.csv").write_text(f"student,assignment,due\n{line}\n")
    with pytest.raises(CsCnnError, match=words):
        late.extensions(classroom.folder, calendar.load(classroom.folder))


def test_a_column_that_is_missing_is_named(classroom: Classroom) -> None:
    (classroom.folder / "extensions.csv").write_text("student,due\n")
    with pytest.raises(CsCnnError, match="the column assignment is missing"):
        late.extensions(classroom.folder, calendar.load(classroom.folder))


def test_the_policy_of_this_course_is_read(root: Path) -> None:
    policy = calendar.load(root).late
    assert policy is not None and 0 < policy.per_day <= policy.cap <= 100
