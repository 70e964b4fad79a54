"""Objective, exercise, task: each promise of a chapter is practised in it, and leads to homework or to reading."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
import yaml
from quiz_body import read

from cs_cnn import checks

from .conftest import BOOK, CHAPTERS

TABLE: dict[str, list[dict[str, Any]]] = yaml.safe_load((BOOK / "objectives.yml").read_text(encoding="utf-8"))
TASKS = {task.name: task.section.split("#")[0] for task in checks.tasks()}
"""Each graded task, and the chapter that explains it."""
HEADING = "## What you will be able to do"


def one_line(text: object) -> str:
    """Return a text without its line breaks."""
    return " ".join(str(text).split())


@dataclass(frozen=True)
class Chapter:
    """What a chapter promises, and what it gives to practise."""

    objectives: list[str]
    exercises: set[str]
    solved: set[str]
    questions: list[str]
    labels: set[str]


def chapter(page: str) -> Chapter:
    """Read a chapter's source."""
    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    promise = re.search(rf"^{HEADING}\n(.*?)^## ", text, re.DOTALL | re.MULTILINE)
    quiz = re.search(r"^```\{quiz\} \S+\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    assert promise is not None, f"{page} has no '{HEADING}'"
    assert quiz is not None, f"{page} has no quiz"
    return Chapter(
        [one_line(found) for found in re.findall(r"^- (.*(?:\n  .*)*)", promise[1], re.MULTILINE)],
        set(re.findall(r"^`{3,}\{exercise(?:-start)?\}.*\n:label: (\S+)", text, re.MULTILINE)),
        set(re.findall(r"^`{3,}\{solution(?:-start)?\} (\S+)", text, re.MULTILINE)),
        [one_line(question["question"]) for question in read(quiz[1])],
        set(re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE)),
    )


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_objective_is_in_the_table_word_for_word(page: str) -> None:
    promised = chapter(page).objectives
    assert len(promised) >= 3
    assert [row["does"] for row in TABLE[page]] == promised


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_objective_begins_with_a_verb_and_is_practised_in_its_chapter(page: str) -> None:
    here = chapter(page)
    for row in TABLE[page]:
        assert row["does"].startswith("**"), row["does"]
        exercises, openings = row.get("exercises", []), row.get("quiz", [])
        assert exercises or openings, f"nothing practises: {row['does']}"
        assert set(exercises) <= here.exercises & here.solved, row["does"]
        for opening in openings:
            meant = [question for question in here.questions if question.startswith(opening)]
            assert len(meant) == 1, f"'{opening}' begins {len(meant)} questions of {page}"


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_objective_leads_to_tasks_or_else_to_reading(page: str) -> None:
    known = chapter(page).labels
    for row in TABLE[page]:
        assert set(row) <= {"does", "exercises", "quiz", "tasks", "reading"}
        assert ("tasks" in row) != ("reading" in row), row["does"]
        if "tasks" in row:
            assert row["tasks"], row["does"]
            assert set(row["tasks"]) <= set(TASKS), row["does"]
        else:
            assert row["reading"] in known, row["does"]


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_exercise_practises_an_objective(page: str) -> None:
    used = {label for row in TABLE[page] for label in row.get("exercises", [])}
    assert used == chapter(page).exercises


def test_the_table_has_the_chapters_of_the_book_in_their_order() -> None:
    assert list(TABLE) == CHAPTERS


def test_every_graded_task_is_prepared_in_the_chapter_that_explains_it() -> None:
    prepared = {(task, page) for page, rows in TABLE.items() for row in rows for task in row.get("tasks", [])}
    assert set(TASKS.items()) - prepared == set()
    assert {task.split(".")[0] for task in TASKS} == {f"a{number}" for number in range(1, 7)}


SMALL = """\
index:
  - {does: "**Build** it.", exercises: [here], quiz: [Is it, Will it], tasks: [a1.scores]}
  - {does: "**Say** why.", quiz: [Why], reading: here}
"""


def test_the_directive_shows_the_table(small_book: Any) -> None:
    toc = "parts: [{caption: First part, chapters: [{file: index}]}]"
    page = "# A page\n\n```{objectives}\n```\n\n(here)=\n## Here\n"
    files = {"book/objectives.yml": SMALL, "book/_toc.yml": toc}
    out, warnings = small_book(page, "objectives", files=files)
    words = re.sub(r"<[^>]+>|\s+", " ", (out / "index.html").read_text(encoding="utf-8"))
    words = re.sub(r"\s+", " ", words).replace(" ,", ",").replace(" .", ".")
    assert not warnings
    assert "First part A page Build it. Practised in Here, the quiz (2 questions). Task: a1.scores." in words
    assert "Say why. Practised in the quiz. Reading: Here." in words
