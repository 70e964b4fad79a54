"""Labelling pictures in Chromium: by keyboard, scored beside the net, kept in the browser and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from cs_cnn.studies import recorded
from cs_cnn.studies.labels import asked

pytestmark = pytest.mark.browser
PAGE = "architectures/imagenet.html"
FIGURE = ".moving[data-figure=label_images]"


@pytest.fixture()
def page(browser: Any, address: str) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 390, "height": 900})
    opened = context.new_page()
    opened.goto(f"{address}{PAGE}")
    opened.wait_for_selector(f"{FIGURE}[data-ready=yes]")
    yield opened
    context.close()


def test_ten_pictures_by_keyboard(page: Any, browser: Any, address: str) -> None:
    from cs_cnn import data

    true_of = data.load("fashion-mnist").y_test
    order = asked(true_of)
    answers = recorded("labels")["runs"][0]["answers"]
    figure = page.locator(FIGURE)
    score = figure.get_by_role("button", name="Score so far")
    assert score.is_disabled()
    figure.get_by_role("button", name="Next").focus()
    page.keyboard.press("Enter")
    assert "Make a guess first" in figure.locator(".moving-result").inner_text()
    for position in range(10):
        assert figure.locator("canvas").first.get_attribute("aria-label") == f"Picture {position + 1} of 50"
        page.keyboard.press(str(true_of[order[position]] if position else (true_of[order[0]] + 1) % 10))
        page.keyboard.press("ArrowRight")
    assert "Picture 11 of 50; 10 labelled." in figure.inner_text()
    score.focus()
    page.keyboard.press("Enter")
    missed = sum(str(true_of[i]) != answers[i][0] for i in order[:10])
    said = f"Of 10 pictures your first guess is wrong for 1, the net's for {missed}."
    assert said in figure.locator(".moving-result").inner_text()
    first = figure.get_by_role("row", name="top-1").inner_text()
    assert "10% (2% to 40%)" in first
    page.reload()
    page.wait_for_selector(f"{FIGURE}[data-ready=yes]")
    assert "Picture 11 of 50; 10 labelled." in page.locator(FIGURE).inner_text()
    page.locator(FIGURE).get_by_role("button", name="Start again").click()
    assert "Picture 1 of 50; 0 labelled." in page.locator(FIGURE).inner_text()


def test_guesses_have_an_order_and_can_be_taken_back(page: Any) -> None:
    figure = page.locator(FIGURE)
    buttons = figure.locator(".label-classes button")
    for digit in (3, 1, 7, 3):
        buttons.nth(digit).click()
    pressed = [n for n in range(10) if buttons.nth(n).get_attribute("aria-pressed") == "true"]
    assert pressed == [1, 7]
    assert "guess 1" in buttons.nth(1).inner_text() and "guess 2" in buttons.nth(7).inner_text()
    for digit in (0, 2, 4, 5):
        buttons.nth(digit).click()
    assert "Five guesses are the most" in figure.locator(".moving-result").inner_text()
    assert buttons.nth(5).get_attribute("aria-pressed") == "false"
