"""Figures about places (boxes, masks, grids to look at, codes of pictures), operated by keyboard in Chromium."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..operating import result, type_over

pytestmark = pytest.mark.browser


def test_bet_on_a_threshold_of_suppression(show: Callable[..., Any]) -> None:
    figure = show("box_suppression")
    keys = figure.page.keyboard
    assert "Up or down" in result(figure).inner_text()
    assert "share 5 · 7 = 35 of 56 + 56 − 35 = 77" in result(figure).inner_text()
    figure.get_by_role("slider").focus()
    keys.press("ArrowLeft")
    keys.press("ArrowLeft")
    assert "Precision 2/2, recall 2/2" in result(figure).inner_text()
    assert figure.locator(".nms-struck .nms-frame").count() == 3
    keys.press("ArrowRight")
    assert "C comes back at the lower threshold 0.2" in result(figure).inner_text()
    keys.press("ArrowRight")
    keys.press("ArrowRight")
    assert "Precision 2/3, recall 2/2" in result(figure).inner_text()
    figure.get_by_role("button", name="Move left").focus()
    for _ in range(6):
        keys.press("ArrowLeft")
    assert "No threshold at all finds both bags once" in result(figure).inner_text()
    figure.get_by_role("button", name="Start again").press("Enter")
    figure.get_by_role("combobox", name="Move").select_option("box B")
    figure.get_by_role("button", name="Move up").press("Enter")
    assert "B from 6, 2 to 14, 9" in figure.get_by_role("img").get_attribute("aria-label")
    frame = figure.locator('[data-box="4"] .nms-frame').bounding_box()
    figure.page.mouse.move(frame["x"] + frame["width"] - 3, frame["y"] + frame["height"] / 2)
    figure.page.mouse.down()
    figure.page.mouse.move(frame["x"] + frame["width"] - 3, frame["y"] + frame["height"])
    figure.page.mouse.up()
    assert figure.get_by_role("combobox", name="Move").input_value() == "4"
    assert not figure.page.complaints


def test_paint_a_mask_with_the_keyboard(show: Callable[..., Any]) -> None:
    figure = show("mask_scores")
    keys = figure.page.keyboard
    assert "4 pixels each" in result(figure).inner_text()
    figure.get_by_role("button", name="Miss a row of the pullover").press("Enter")
    assert "accuracy (76 + 16 + 4)/100 = 0.96" in result(figure).inner_text()
    assert "(0.95 + 0.80 + 1.00)/3 = 0.92" in result(figure).inner_text()
    figure.get_by_role("button", name="Miss the bag").press("Enter")
    assert "accuracy (76 + 20 + 0)/100 = 0.96" in result(figure).inner_text()
    assert "(0.95 + 1.00 + 0.00)/3 = 0.65" in result(figure).inner_text()
    assert "The bag is gone" in result(figure).inner_text()
    figure.get_by_role("button", name="All right").press("Enter")
    figure.get_by_role("button", name="Row 0, column 0").focus()
    for _ in range(7):
        keys.press("ArrowDown")
        keys.press("ArrowRight")
    focused = "document.activeElement.getAttribute('aria-label')"
    assert figure.page.evaluate(focused) == "Row 7, column 7: is bag, called bag"
    keys.press("1")
    assert figure.page.evaluate(focused) == "Row 7, column 7: is bag, called pullover"
    assert "That pixel: accuracy −0.010" in result(figure).inner_text()
    figure.get_by_role("radio", name="bag").focus()
    keys.press("Space")
    figure.get_by_role("button", name="Row 7, column 7").press("Space")
    assert "Nothing is wrong" in result(figure).inner_text()
    figure.get_by_role("button", name="Row 9, column 9").click()
    assert "That pixel" in result(figure).inner_text()
    assert not figure.page.complaints


def test_look_at_the_seven(show: Callable[..., Any]) -> None:
    figure = show("sampling_grid")
    theta = {name: figure.get_by_label(f"θ{name}", exact=True) for name in ("11", "13", "22", "23")}
    assert "reads 0.25 · 8 + 0.25 · 10 + 0.25 · 15 + 0.25 · 16 = 12.25" in result(figure).inner_text()
    for name, number in {"11": "2", "13": "-0.75", "22": "2", "23": "0.75"}.items():
        type_over(theta[name], number)
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "The wrong way round" in result(figure).inner_text()
    for name, number in {"11": "0.5", "13": "0.375", "22": "0.5", "23": "-0.375"}.items():
        type_over(theta[name], number)
    assert result(figure).get_attribute("data-verdict") == "right"
    assert (
        "25% of the old picture's area; what lies in it becomes 4 times as large"
        in result(figure).inner_text()
    )
    type_over(theta["11"], "")
    figure.page.keyboard.press("Tab")
    assert theta["11"].input_value() == "0.5", "the last number that was possible"
    figure.get_by_role("slider", name="New row").focus()
    figure.page.keyboard.press("End")
    assert "row 8, column 12" in figure.locator("[data-part=read]").inner_text()
    figure.get_by_role("combobox", name="Goal").select_option("the seven, a quarter turn clockwise")
    assert "pixels differ" in result(figure).inner_text()
    figure.get_by_role("button", name="Show it", exact=True).press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    figure.get_by_role("button", name="Identity").press("Enter")
    assert theta["11"].input_value() == "1"
    assert not figure.page.complaints


def test_spoil_a_number_of_a_code(show: Callable[..., Any]) -> None:
    figure = show("code_of_digit")
    keys = figure.page.keyboard
    assert "Still to come: number 5" in result(figure).inner_text()
    assert figure.get_by_label("Number 5 of the code").is_disabled()
    figure.get_by_role("slider").focus()
    keys.press("ArrowRight")
    assert "Number 5 takes off 1.41²/64 = 0.0311" in result(figure).inner_text()
    assert "number 5 says most" in result(figure).inner_text()
    keys.press("End")
    for number, value in (("1", "1.13"), ("12", "1.34")):
        type_over(figure.get_by_label(f"Number {number} of the code", exact=True), value)
        assert "off by 1.00: that adds 1.00²/64 = 0.0156" in result(figure).inner_text()
        figure.get_by_role("button", name="True code").press("Enter")
        assert "Number 12 takes off" in result(figure).inner_text()
    type_over(figure.get_by_label("Number 3 of the code"), "")
    keys.press("Tab")
    assert figure.get_by_label("Number 3 of the code").input_value() == "0.13", "the last possible number"
    figure.get_by_role("combobox", name="Digit").select_option("7")
    assert "Of this 7, number 3 says most" in result(figure).inner_text()
    figure.get_by_role("slider").focus()
    keys.press("Home")
    assert "every digit is drawn as the mean digit" in result(figure).inner_text()
    assert not figure.page.complaints
