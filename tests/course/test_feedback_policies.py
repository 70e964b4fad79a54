"""What a feedback page tells under each policy, and that it reads well on a phone."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from nbformat import v4

from cs_cnn.checks.results import Part, Report
from cs_cnn.course.calendar import Assignment
from cs_cnn.course.grading.marks import Cell, Row
from cs_cnn.course.report import feedback, pages, verdicts
from cs_cnn.course.report.manner import Book, Manner, Policy

from .browsing import NARROW, PHONE, complaints, opened, sideways, smallest_text

CHAPTER = "foundations/two_layer_networks"
ASSIGNMENT = Assignment(
    name="a2_two_layer_net",
    title="A two-layer network",
    notebook="two_layer_net",
    points=20,
    hours=6,
    released=2,
    due=datetime(2027, 1, 29, tzinfo=UTC),
    ai_policy="open",
    chapters=(CHAPTER,),
)
CELLS = [Cell("test_sigmoid", 5, False), Cell("test_twice", 5, False), Cell("report", 10, True)]
BOOK = Book("https://example.org/cnn", {CHAPTER: "Two-layer networks"})
REPORT = Report(
    "a2.sigmoid",
    "Task 1.1 sigmoid",
    (
        Part("values", 2, 2, True, "arrays of one and two axes"),
        Part(
            "large",
            0,
            3,
            False,
            "it is not finite " * 9,
            "exp(1000) is infinite. " * 9,
            "overflow",
            f"{CHAPTER}#large",
        ),
    ),
    advice=("Your functions print.",),
)
SECRETS = ("HIDDEN", "secret", "assert twice(3)", "Traceback", "/srv/class", "Bob Other", "bob@example.org")


def notebook() -> Any:
    marks = {"schema_version": 3, "locked": True, "solution": False, "grade": True, "points": 5}
    error = v4.new_output(
        "error",
        ename="AssertionError",
        evalue="the secret is 6",
        traceback=["Traceback (most recent call last)", "/srv/class/submitted/bob/x.py: the secret is 6"],
    )
    own = v4.new_output(
        "error",
        ename="FileNotFoundError",
        evalue="No such file: '/srv/class/data/numbers.txt'",
        traceback=["Traceback (most recent call last)", "open('/srv/class/data/numbers.txt')"],
    )
    html = v4.new_output("display_data", {"text/html": "<b>seen</b> /srv/class/a.txt <script>x()</script>"})
    said = v4.new_output(
        "stream", text="Bob Other <bob@example.org> at file:///srv/class/bob/x, Ada Lovelace\n"
    )
    code = "### BEGIN HIDDEN TESTS\nassert twice(3) == 6\n### END HIDDEN TESTS"
    cells = [
        v4.new_code_cell("open('numbers.txt')", outputs=[said, own, html]),
        v4.new_code_cell(
            'check("a2.sigmoid", sigmoid)',
            outputs=[v4.new_output("stream", text=f"first\n{REPORT.text()}\n")],
            metadata={"nbgrader": {**marks, "grade_id": "test_sigmoid"}},
        ),
        v4.new_code_cell(code, outputs=[error], metadata={"nbgrader": {**marks, "grade_id": "test_twice"}}),
        v4.new_markdown_cell(
            "My *answer*.",
            metadata={
                "nbgrader": {
                    **marks,
                    "grade_id": "report",
                    "solution": True,
                    "locked": False,
                    "comment": "Well **said**.",
                }
            },
        ),
    ]
    return v4.new_notebook(cells=cells)


def row(student: str = "ada", first: str = "Ada", last: str = "Lovelace") -> Row:
    note = "Left out: /srv/class/numpy.py."
    cells: dict[str, float | None] = {"test_sigmoid": 2.0, "test_twice": 0.0, "report": 7.5}
    return Row(student, first, last, f"{student}@example.org", "graded", 9.5, 20, note, None, cells)


def page(policy: Policy, book: Book = BOOK) -> str:
    others = feedback._others([row(), row("bob", "Bob", "Other")], row())
    return pages.student(ASSIGNMENT, row(), CELLS, notebook=notebook(), manner=Manner(policy, book, others))


def words(html: str) -> str:
    return " ".join(BeautifulSoup(html, "html.parser").get_text(" ").split())


def test_hints_tell_messages_and_hide_the_rest() -> None:
    text = page("hints")
    for secret in SECRETS:
        assert secret not in text, secret
    said = words(text)
    assert "Hidden tests ran here." in said and "AssertionError was raised while this test ran." in said
    assert "FileNotFoundError: No such file: 'numbers.txt'" in said
    assert "not yet large, 0 of 3: it is not finite it is" in said and "Hint for large: exp(1000)" in said
    assert "Well said ." in said and "My answer ." in said and "(somebody)" in said
    assert "Ada Lovelace" in said.split("Your notebook")[1]  # the student's own name stays
    assert f'href="https://example.org/cnn/{CHAPTER}.html#large"' in text
    assert f'href="https://example.org/cnn/{CHAPTER}.html"' in text
    assert "<script" not in text and "<b>seen</b> a.txt" in text


def test_scores_tell_points_and_comments_only() -> None:
    text = page("scores")
    for secret in (*SECRETS, "sigmoid(", "not finite", "My ", "What to do", "Your notebook"):
        assert secret not in text, secret
    assert "9.5 of 20 points" in text and "Well <strong>said</strong>." in text
    assert 'href="#' not in text


def test_full_tells_hidden_tests_and_tracebacks_but_no_folder_or_name() -> None:
    text = page("full")
    said = words(text)
    assert (
        "assert twice ( 3 ) == 6" in said
        and "Traceback (most recent call last)" in said
        and "secret is 6" in said
    )
    for secret in ("/srv/class", "Bob Other", "bob@example.org", "<script"):
        assert secret not in text, secret


def test_without_an_address_chapters_are_named() -> None:
    text = page("hints", Book("", {CHAPTER: "Two-layer networks"}))
    assert "Read again: Two-layer networks, large" in words(text) and "example.org/cnn" not in text


def test_a_name_of_two_students_is_the_own_one() -> None:
    everybody = [row("ada"), row("ada2")]
    assert feedback._others(everybody, everybody[0]) == {"ada2@example.org"}


def test_a_verdict_keeps_every_word_of_its_report() -> None:
    (before, verdict) = verdicts.split(f"first\n{REPORT.text()}")
    assert before == "first" and isinstance(verdict, verdicts.Verdict)
    assert verdict.headline == "Task 1.1 sigmoid: 2 of 5 points."
    assert [entry.split()[0] for entry in verdict.entries] == ["right", "not", "Hint", "Read", "Advice,"]
    flat = " ".join(" ".join(verdict.entries).split())
    for sentence in (*REPORT.messages, *REPORT.hints):
        assert " ".join(sentence.split()) in flat


def test_every_hint_of_the_bank_comes_through() -> None:
    from cs_cnn.checks.assignments import TASKS
    from cs_cnn.checks.mistakes import everything

    for mistake in everything():
        task = TASKS[mistake.task]
        parts = tuple(
            Part(part.name, 0, part.points, False, part.tested, mistake.hint, mistake.name, task.section)
            if part.name in mistake.loses
            else Part(part.name, part.points, part.points, True, part.tested)
            for part in task.parts
        )
        (verdict,) = verdicts.split(Report(task.name, task.title, parts).text())
        assert isinstance(verdict, verdicts.Verdict)
        joined = [" ".join(entry.split()) for entry in verdict.entries]
        assert any(entry.endswith(": " + " ".join(mistake.hint.split())) for entry in joined), mistake
        assert f"Read again: {task.section}" in joined


def test_what_a_program_prints_is_no_verdict() -> None:
    text = "[[1 2]\n    [3 4]]\n  not yet: me"
    assert verdicts.split(text) == [text]
    forged = verdicts.html(verdicts.Verdict("<b>Task", ["<i>x</i>", "right  <u>  1 of 1: <u>"]), Manner())
    assert "<b>" not in forged and "<i>" not in forged and "<u>" not in forged


@pytest.mark.browser
@pytest.mark.parametrize("policy", ["hints", "scores", "full"])
def test_the_page_on_a_phone(policy: Policy, tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_text(page(policy), encoding="utf-8")
    with opened(path, PHONE) as tab:
        assert complaints(tab) == []
        assert sideways(tab) == []
        assert smallest_text(tab) >= 13
        levels = [int(name[1]) for name in re.findall(r"<(h[1-6])", tab.content())]
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        tab.set_viewport_size({"width": NARROW, "height": 700})
        assert sideways(tab) == []
