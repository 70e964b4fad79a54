"""The quiz in a browser: with the keyboard, with feedback that is announced, and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from .conftest import CHAPTERS

pytestmark = pytest.mark.browser


@pytest.fixture()
def question(browser: Any, address: str) -> Iterator[Any]:
    """Return the first question of the first chapter's quiz."""
    context = browser.new_context(viewport={"width": 1000, "height": 900})
    page = context.new_page()
    page.goto(f"{address}{CHAPTERS[0]}.html")
    yield page.locator(".quiz-question").first
    context.close()


@pytest.mark.parametrize("verdict", ["right", "wrong"])
def test_an_answer_gets_its_own_feedback(question: Any, verdict: str) -> None:
    answer = question.locator(f".quiz-answer[data-verdict={verdict}]").first
    result = question.locator(".quiz-result")
    answer.locator("input").check()
    assert result.inner_text() == "", "choosing alone must reveal nothing"
    question.get_by_role("button", name="Check").click()
    assert result.get_attribute("data-verdict") == verdict
    assert result.inner_text().startswith("Right." if verdict == "right" else "Not quite.")
    words = answer.locator(".quiz-feedback").evaluate("e => e.textContent").split()
    assert result.evaluate("e => e.textContent").split()[: len(words)] == words


def test_it_works_with_the_keyboard_alone(question: Any) -> None:
    page = question.page
    question.locator("input").first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    assert question.locator(".quiz-result").inner_text() == ""
    page.keyboard.press("Enter")
    chosen = question.locator(".quiz-answer").nth(1)
    assert question.locator(".quiz-result").get_attribute("data-verdict") == chosen.get_attribute(
        "data-verdict"
    )
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Check"


def test_feedback_is_announced_and_goes_with_a_new_choice(question: Any) -> None:
    result = question.locator(".quiz-result")
    assert result.get_attribute("aria-live") == "polite"
    question.get_by_role("button", name="Check").click()
    assert result.inner_text() == "Choose an answer first."
    question.locator("input").first.check()
    assert result.inner_text() == ""


def test_every_answer_of_every_quiz_has_feedback(browser: Any, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    for chapter in CHAPTERS:
        page.goto(f"{address}{chapter}.html")
        counts = page.evaluate(
            "[...document.querySelectorAll('.quiz-question')].map(q => [q.querySelectorAll('.quiz-answer').length,"
            " q.querySelectorAll('.quiz-feedback').length, q.querySelectorAll('[data-verdict=right]').length])"
        )
        assert 3 <= len(counts) <= 6, f"{chapter} has {len(counts)} questions"
        assert all(answers == feedback and right == 1 for answers, feedback, right in counts), chapter
    context.close()


def test_without_javascript_the_feedback_unfolds(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}{CHAPTERS[0]}.html")
    details = page.locator(".quiz-details").first
    assert details.is_visible()
    assert not details.locator(".quiz-feedback").is_visible()
    details.locator("summary").click()
    assert details.locator(".quiz-feedback").is_visible()
    context.close()
