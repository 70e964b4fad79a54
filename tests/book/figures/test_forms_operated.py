"""The figures on the forms of a convolution, on sequences, dropout and views, operated by keyboard in Chromium."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..operating import result, type_over

pytestmark = pytest.mark.browser


def test_type_one_weight_of_a_convolution_matrix(show: Callable[..., Any]) -> None:
    figure = show("convolution_matrix")
    weight = figure.get_by_label("Weight of output 4 for pixel 6")
    type_over(weight, "5")
    assert "9 entries changed" in result(figure).inner_text()
    assert figure.locator(".cells-framed").count() == 9
    assert "turned by 180°" in result(figure).inner_text()
    figure.page.keyboard.press("Backspace")
    figure.page.keyboard.press("Tab")
    assert weight.input_value() == "5", "the last possible number stays"
    layer = figure.get_by_role("combobox", name="Layer")
    layer.focus()
    figure.page.keyboard.type("f")
    assert "144 free numbers" in result(figure).inner_text()
    assert "It is a convolution" in result(figure).inner_text()
    type_over(figure.get_by_label("Weight of output 4 for pixel 0"), "-4")
    assert "one entry changed" in result(figure).inner_text()
    assert "No kernel makes this matrix" in result(figure).inner_text()
    layer.select_option("shared")
    assert "4 free numbers fill 144 entries, 36 of them" in result(figure).inner_text()
    assert not figure.page.complaints


def test_predict_how_many_terms_a_filter_needs(show: Callable[..., Any]) -> None:
    figure = show("separable_terms")
    keys = figure.page.keyboard
    assert set(figure.locator(".terms-term td").all_inner_texts()) == {"?"}, "not before the prediction"
    figure.get_by_role("button", name="1", exact=True).focus()
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "1 · (3 + 3) = 6 products" in result(figure).inner_text()
    figure.get_by_role("combobox", name="Filter").select_option("Sobel, turned by 45°")
    figure.get_by_role("button", name="1", exact=True).press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "off by 70.7 %" in result(figure).inner_text(), "two terms of equal strength"
    corner = figure.get_by_label("Filter, row 0, column 0")
    type_over(corner, "1")
    assert "Rank 3" in result(figure).inner_text()
    keys.type("0")
    keys.press("Tab")
    assert corner.input_value() == "1", "the last possible number stays"
    assert figure.locator("[data-set=preset]").input_value() == "my own"
    assert not figure.page.complaints


def test_look_for_texts_that_no_filter_tells_apart(show: Callable[..., Any]) -> None:
    figure = show("text_pieces")
    keys = figure.page.keyboard
    assert figure.locator("[data-piece]").count() == 0, "not before the prediction"
    figure.get_by_role("button", name="No", exact=True).focus()
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "Width 2 is the first" in result(figure).inner_text()
    figure.get_by_role("slider").focus()
    keys.press("ArrowRight")
    assert "Predict first" in result(figure).inner_text()
    figure.get_by_role("button", name="Yes", exact=True).press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    figure.get_by_role("button", name="th", exact=True).press("Enter")
    assert figure.page.evaluate("document.activeElement.dataset.piece") == "th"
    assert "maximum 1" in figure.locator("[data-part=texts]").inner_text()
    assert "maximum 0" in figure.locator("[data-part=texts]").inner_text()
    type_over(figure.get_by_label("A", exact=True), "nano 7")
    assert "the 27 channels" in result(figure).inner_text()
    keys.press("Tab")
    assert figure.get_by_label("A", exact=True).input_value() == "nano ", "the last text that was possible"
    assert figure.locator("[data-set=pair]").input_value() == "my own"
    assert not figure.page.complaints


def test_let_sixteen_subnetworks_vote(show: Callable[..., Any]) -> None:
    figure = show("dropout_votes")
    keys = figure.page.keyboard
    figure.get_by_label("Keep unit 2").focus()
    keys.press("Space")
    assert "mask 1 1 1 1, chance 0.0625" in result(figure).inner_text()
    assert set(figure.locator(".votes-key strong").all_inner_texts()) == {"?"}, "not before the prediction"
    figure.get_by_role("button", name="lower").press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    _, geometric, scaled = figure.locator(".votes-key strong").all_inner_texts()
    assert geometric == scaled
    figure.get_by_role("combobox").select_option("affine")
    figure.get_by_role("button", name="equal").press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    type_over(figure.get_by_label("Weight of unit 1"), "-3")
    figure.get_by_role("slider").press("End")
    mean, scaled = figure.locator(".votes-key strong").all_inner_texts()
    assert mean == scaled == "−5.75", "whatever p and the weights"
    figure.get_by_role("combobox").select_option("relu")
    figure.get_by_role("button", name="equal").press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "higher" in result(figure).inner_text()
    assert not figure.page.complaints


def test_count_the_views_of_one_picture(show: Callable[..., Any]) -> None:
    figure = show("view_labels")
    keys = figure.page.keyboard
    sheet = figure.locator("[data-part=sheet]")
    assert sheet.inner_text().strip() == "", "no names before the prediction"
    type_over(figure.locator("[data-part=guess]"), "50")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "now 5" in sheet.inner_text()
    figure.get_by_label("upside down").focus()
    keys.press("Space")
    type_over(figure.locator("[data-part=guess]"), "100")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong", "half a turn leaves a 2"
    assert "50 different pictures; the generator has 100 draws" in result(figure).inner_text()
    before = sheet.inner_html()
    figure.get_by_role("button", name="Draw again").press("Enter")
    assert sheet.inner_html() != before
    figure.get_by_role("combobox", name="Classes").select_option("letters")
    figure.get_by_role("combobox", name="Picture").select_option("o")
    figure.get_by_role("slider").press("Home")
    figure.get_by_role("button", name="Show it", exact=True).press("Enter")
    assert "1 different picture;" in result(figure).inner_text()
    assert not figure.page.complaints
