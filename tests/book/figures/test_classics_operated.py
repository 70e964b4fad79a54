"""The figures of the classic architectures and of transfer learning, operated in Chromium by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..operating import result, type_over

pytestmark = pytest.mark.browser


def test_rewire_the_filters_of_c3(show: Callable[..., Any]) -> None:
    figure = show("connection_table")
    keys = figure.page.keyboard
    assert "12 give this table" in result(figure).inner_text()
    figure.get_by_role("button", name="Filter 0 reads map 0").focus()
    for key in (
        "ArrowRight",
        "ArrowDown",
        "ArrowDown",
        "ArrowDown",
        "Space",
        "ArrowUp",
        "ArrowUp",
        "ArrowUp",
    ):
        keys.press(key)
    keys.press("Space")
    focused = figure.page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "Filter 1 reads map 0", "the focus stays in the table"
    assert "Only 15 different filters: 2 ways" in result(figure).inner_text(), "filter 1 became filter 0"
    assert figure.locator(".connect-twin").count() == 2
    figure.get_by_role("combobox", name="Table").select_option("one map each")
    assert "416" in figure.locator("[data-part=counts]").inner_text()
    guess = figure.get_by_label("how few connections")
    type_over(guess, "16")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    type_over(guess, "26")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "666" in figure.locator("[data-part=counts]").inner_text()
    assert figure.locator(".connect-twin").count() == 0
    assert not figure.page.complaints


def test_take_layers_out_of_alexnet(show: Callable[..., Any]) -> None:
    figure = show("layer_ledger")
    keys = figure.page.keyboard
    total = figure.locator(".ledger-total")
    assert "62.4" in total.inner_text()
    figure.get_by_label("fc6").focus()
    keys.press("Space")
    assert figure.page.evaluate("document.activeElement.dataset.layer") == "fc6", "the focus stays in its row"
    assert "?" in total.inner_text(), "the answer must not be shown before the prediction"
    keys.press("Tab")
    keys.press("Space")
    type_over(figure.get_by_label("Parameters, %"), "20")
    type_over(figure.get_by_label("Work, %"), "50")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "Right about the parameters" in result(figure).inner_text()
    assert "fc8 grows from 4.1 M to 9.2 M: it reads 9,216 numbers" in result(figure).inner_text()
    assert "22.4%" in result(figure).inner_text()
    type_over(figure.get_by_label("Work, %"), "96")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    figure.get_by_label("Cards").select_option("two towers")
    figure.get_by_label("conv1").focus()
    keys.press("Space")
    assert "3 maps cannot be shared out" in result(figure).inner_text()
    assert figure.get_by_label("conv1").is_checked(), "the last network that was possible"
    type_over(figure.get_by_label("Image, pixels"), "40")
    assert "larger than its map" in result(figure).inner_text()
    assert figure.get_by_label("Image, pixels").input_value() == "227"
    assert not figure.page.complaints


def test_weigh_three_small_kernels_against_a_large_one(show: Callable[..., Any]) -> None:
    figure = show("receptive_field", variant="vgg")
    keys = figure.page.keyboard
    assert "9 + 9 + 9 = 27 C²" in result(figure).inner_text()
    assert "One of 7 × 7 spans as much with 49 C², 81% more" in result(figure).inner_text()
    assert "1, 3, 6, 7, 6, 3, 1" in figure.get_by_role("img").get_attribute("aria-label")
    for _ in range(3):
        figure.get_by_role("button", name="Remove the last").press("Enter")
    type_over(figure.get_by_label("Padding"), "3")
    type_over(figure.get_by_label("Dilation"), "3")
    keys.press("Enter")
    assert "9 C², with one ReLU" in result(figure).inner_text()
    assert "skips 4 pixels" in result(figure).inner_text()
    assert not figure.page.complaints


def test_budget_an_inception_module(show: Callable[..., Any]) -> None:
    figure = show("inception_budget")
    keys = figure.page.keyboard
    strips = figure.locator("[data-part=strips]")
    figure.get_by_role("slider").focus()
    for _ in range(3):
        keys.press("ArrowRight")
    assert strips.inner_text().count("?") == 2, "the answer must not be shown before the prediction"
    guess = figure.get_by_label("Maps that leave module 4")
    type_over(guess, "416")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "64 + 128 + 32 = 224" in result(figure).inner_text()
    type_over(guess, "1088")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "3.34 G multiply-adds against 543.5 M" in result(figure).inner_text()
    assert "864 maps enter and 1088 leave" in strips.get_attribute("aria-label")
    type_over(figure.get_by_label("before 5 × 5"), "200")
    assert "200 maps, where 193 of 256 cost as much as none" in result(figure).inner_text()
    figure.get_by_label("Widths of module").select_option("5b")
    assert "1,024" in strips.inner_text(), "384 + 384 + 128 + 128"
    assert not figure.page.complaints


def test_predict_which_transfer_wins(show: Callable[..., Any]) -> None:
    figure = show("transfer_duel")
    keys = figure.page.keyboard
    draws = figure.locator("[data-part=draws]")
    assert draws.inner_text().count("?") == 12, "the answer must not be shown before the prediction"
    figure.get_by_role("button", name="The one", exact=True).press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "3 of A, frozen wins in all three draws" in result(figure).inner_text()
    other = figure.get_by_role("group", name="Another way")
    other.get_by_label("What to do").focus()
    keys.press("ArrowDown")
    assert "7 of A, trained on" in draws.inner_text() and "?" in draws.inner_text()
    figure.get_by_role("button", name="The other", exact=True).press("Enter")
    assert "No clear winner" in result(figure).inner_text() or "wins in all" in result(figure).inner_text()
    other.get_by_label("the first").select_option("6")
    assert "only for 1, 4 and 7 layers" in result(figure).inner_text()
    assert other.get_by_label("the first").input_value() == "7", "the last way that was recorded"
    other.get_by_label("Copy from").select_option("scratch")
    assert other.get_by_label("the first").is_disabled()
    assert not figure.page.complaints
