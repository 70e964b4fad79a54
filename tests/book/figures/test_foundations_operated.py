"""The figures of the chapters on foundations in Chromium, operated from the keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..operating import result

pytestmark = pytest.mark.browser


def test_move_a_digit_away_from_itself(show: Callable[..., Any]) -> None:
    figure = show("pixel_distance")
    distances = figure.locator(".pixels-shelf button > span:nth-of-type(1)")
    assert distances.all_inner_texts()[1] == "0.0"
    figure.get_by_role("button", name="Move right").press("Enter")
    assert "The nearest is the 3, at 44.3. The 1 itself is 50.2 away" in result(figure).inner_text()
    before = distances.all_inner_texts()
    figure.get_by_label("Shuffle the pixels").focus()
    figure.page.keyboard.press("Space")
    assert distances.all_inner_texts() == before, "a shuffle changes no distance"
    assert "all ten distances are what they were" in result(figure).inner_text()
    other = figure.locator(".pixels-shelf button").nth(1)
    other.press("Enter")
    assert "d² to the 1: 64 squares add up to 2524" in result(figure).inner_text()
    assert other.evaluate("e => e === document.activeElement")
    figure.get_by_role("button", name="Move it back").press("Enter")
    assert "is the 1 itself" in result(figure).inner_text()
    assert not figure.page.complaints


def test_move_one_bias_and_a_weight(show: Callable[..., Any]) -> None:
    figure = show("linear_viewpoints")
    keys = figure.page.keyboard
    assert "3 of 9" in result(figure).inner_text()
    assert "both 100%" in figure.get_by_role("img").get_attribute("aria-label")
    figure.get_by_label("Bias").focus()
    for _ in range(3):
        keys.press("ArrowLeft")
    assert "9 of 9" in result(figure).inner_text()
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "move parallel to themselves" in result(figure).inner_text()
    shares = "left 30%, right 30%, both 39%"  # (5 / 8)² = 0.39
    assert shares in figure.get_by_role("img").get_attribute("aria-label")
    figure.get_by_role("button", name="Double all").press("Enter")
    assert "no border has moved" in result(figure).inner_text()
    assert shares in figure.get_by_role("img").get_attribute("aria-label")
    figure.get_by_label("Left weight").focus()
    keys.press("ArrowLeft")
    assert "Where the left pixel is 0, no score of “both” has changed" in result(figure).inner_text()
    assert not figure.page.complaints


def test_predict_what_a_mistake_repairs(show: Callable[..., Any]) -> None:
    figure = show("perceptron_mistakes")
    will_be_right = figure.get_by_role("button", name="It will be right")
    will_be_right.press("Enter")
    assert (
        "Right: row 1 is right now. Its sum went from 0 to 13.5, by u · u = 13.5"
        in result(figure).inner_text()
    )
    assert "rows 2 and 4, right before, are wrong now" in result(figure).inner_text()
    will_be_right.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong", "1.5 is less than the sum"
    assert will_be_right.evaluate("e => e === document.activeElement")
    figure.get_by_role("button", name="To the end").press("Enter")
    assert "At rest after 7 mistakes" in result(figure).inner_text()
    assert "At most 49 were possible, in any order. Orders tried here: 7." in result(figure).inner_text()
    assert will_be_right.is_disabled()
    figure.get_by_role("button", name="Another order").press("Enter")
    figure.get_by_role("button", name="To the end").press("Enter")
    assert "Orders tried here: 7, " in result(figure).inner_text()
    figure.get_by_label("The classes").select_option("overlap")
    figure.get_by_role("button", name="To the end").press("Enter")
    assert "Stopped after 60 mistakes" in result(figure).inner_text()
    assert not figure.page.complaints


def test_predict_which_loss_a_move_changes(show: Callable[..., Any]) -> None:
    figure = show("loss_arrows")
    do_it = figure.get_by_role("button", name="Do it")
    move, answer = (figure.locator(f"[data-part={name}]") for name in ("move", "answer"))
    do_it.press("Enter")
    assert (
        "Right: neither loss changed. Softmax 0.505 → 0.505, hinge 0.5 → 0.5" in result(figure).inner_text()
    )
    move.select_option("hinge")
    answer.select_option("both")
    do_it.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "hinge: max(0, 2 − 3.5 + 1) + max(0, 0 − 3.5 + 1) = 0" in figure.inner_text()
    do_it.press("Enter")
    assert "neither loss changed" in result(figure).inner_text(), "the hinge has come to rest"
    assert "no arrow to follow" in result(figure).inner_text()
    move.select_option("double")
    answer.select_option("softmax")
    do_it.press("Enter")
    assert "Right: only softmax changed" in result(figure).inner_text()
    do_it.press("Enter")
    assert "would leave the picture" in result(figure).inner_text()
    first = figure.get_by_role("slider").first
    first.press("Home")
    assert "Class 0 lags by 12" in result(figure).inner_text()
    assert not figure.page.complaints


def test_predict_what_a_rate_does(show: Callable[..., Any]) -> None:
    figure = show("step_factor")
    keys, check = figure.page.keyboard, figure.get_by_role("button", name="Check")
    assert "1 − 0.3 · 4 = ?" in figure.inner_text(), "the answer must not be shown before the prediction"
    figure.locator("[data-part=guess]").select_option("jumps")
    check.press("Enter")
    assert "Right: the factor is −0.2" in result(figure).inner_text()
    assert "takes 43 steps, because of the flat direction" in result(figure).inner_text()
    rate = figure.get_by_label("Rate η")
    rate.focus()
    for _ in range(20):
        keys.press("ArrowRight")
    assert "= ?" in figure.inner_text() and rate.evaluate("e => e === document.activeElement")
    figure.locator("[data-part=guess]").select_option("jumps")
    check.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "2 / λ = 0.5 exactly; it jumps for ever" in result(figure).inner_text()
    figure.get_by_label("Steep λ").select_option("2")
    figure.get_by_label("Flat λ").select_option("2")
    check.press("Enter")
    assert "it arrives in one step" in result(figure).inner_text(), "a round bowl takes a single step"
    assert not figure.page.complaints
