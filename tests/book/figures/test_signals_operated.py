"""Units, gradients and signals operated by keyboard: activation, backpropagation, cells, first weights, validation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..operating import result, type_over

pytestmark = pytest.mark.browser


def test_bring_a_unit_back(show: Callable[..., Any]) -> None:
    figure = show("activation_rescue")
    keys = figure.page.keyboard
    assert figure.locator("[data-steps]").all_inner_texts() == ["?"] * 5, (
        "the answer waits for the prediction"
    )
    figure.get_by_label("First back").focus()
    keys.type("tanh")
    figure.get_by_role("button", name="Check").press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert figure.locator("[data-steps=ReLU]").inner_text() == "never"
    figure.get_by_label("Sum x").focus()
    keys.press("Home")
    assert "leaky ReLU is back first, after 500 steps" in result(figure).inner_text()
    figure.get_by_role("radio", name="tanh").focus()
    keys.press("ArrowDown")
    assert "ReLU at x = −5: slope 0" in result(figure).inner_text()
    figure.get_by_label("Sum x").focus()
    keys.press("End")
    assert "no way to go back" in result(figure).inner_text()
    assert not figure.page.complaints


def test_send_gradients_back(show: Callable[..., Any]) -> None:
    figure = show("graph_gradients")
    keys = figure.page.keyboard
    guess = figure.get_by_role("spinbutton", name="Gradient")
    assert figure.locator(".graph-gradient").all_text_contents().count("?") == 8
    for wrong, sentence in (("4", "its own factor"), ("7", "Not this number")):
        type_over(guess, wrong)
        keys.press("Enter")
        assert sentence in result(figure).inner_text()
    for each in ("10", "4", "10", "10", "4"):
        type_over(guess, each)
        keys.press("Enter")
        assert result(figure).get_attribute("data-verdict") == "right"
    type_over(guess, "10")
    keys.press("Enter")
    assert "over the other is missing" in result(figure).inner_text(), "the sum over both ways"
    figure.get_by_role("button", name="Show all").press("Enter")
    assert "moves f by 0.14" in result(figure).inner_text() and "You missed 3" in result(figure).inner_text()
    type_over(figure.get_by_role("spinbutton", name="d", exact=True), "12")
    assert "f = 48" in result(figure).inner_text()
    assert not figure.page.complaints


def test_push_and_turn_what_the_cells_see(show: Callable[..., Any]) -> None:
    figure = show("cell_responses")
    keys = figure.page.keyboard
    both = result(figure).locator("p:first-child strong")
    simple, pooled = (float(each) for each in both.all_inner_texts())
    assert simple == pooled > 0.3, "in the middle one cell does all the work"
    figure.get_by_role("slider", name="Push").focus()
    for _ in range(6):
        keys.press("ArrowRight")
    simple, pooled = (float(each) for each in both.all_inner_texts())
    assert simple == 0 and pooled > 0.15, "3 pixels left"
    figure.get_by_role("combobox", name="Show").focus()
    keys.type("a g")
    before = both.nth(1).inner_text()
    figure.get_by_role("slider", name="Push").focus()
    keys.press("Home")
    assert both.nth(1).inner_text() == before == "1.00", "the phase drops out"
    assert "does not notice" in result(figure).inner_text()
    figure.get_by_role("slider", name="Slant").focus()
    keys.press("Home")
    assert "neither answers" in result(figure).inner_text()
    assert not figure.page.complaints


def test_choose_the_size_of_the_first_weights(show: Callable[..., Any]) -> None:
    figure = show("signal_depth")
    keys = figure.page.keyboard
    assert "The signal vanishes" in result(figure).inner_text()
    figure.get_by_role("button", name="√(2/D)").press("Enter")
    assert "√(100/2) · 0.14 = 1." in result(figure).inner_text()
    assert result(figure).get_attribute("data-verdict") == "right"
    figure.get_by_label("Width D").focus()
    keys.type("50")
    figure.get_by_role("button", name="as printed").press("Enter")
    assert "explodes" in result(figure).inner_text() and "equally shaken" in result(figure).inner_text()
    figure.get_by_role("slider").focus()
    keys.press("End")
    figure.get_by_label("Units").focus()
    keys.type("tanh")
    assert "yet the gradient grows" in result(figure).inner_text(), "though most units are saturated"
    assert not figure.page.complaints


def test_choose_the_best_of_many(show: Callable[..., Any]) -> None:
    figure = show("best_of_many")
    keys = figure.page.keyboard
    assert figure.locator("[data-size]").all_inner_texts() == ["?"] * 4
    figure.get_by_role("button", name="Check").press("Enter")
    assert "Type a percentage first" in result(figure).inner_text()
    type_over(figure.get_by_role("spinbutton"), "80")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "All of the lead is luck" in result(figure).inner_text()
    before = result(figure).inner_text()
    figure.get_by_role("button", name="Search again").press("Enter")
    assert result(figure).inner_text() != before
    figure.get_by_label("True accuracy").focus()
    keys.type("70")
    assert figure.locator("[data-size='100']").inner_text() == "86.2%"
    figure.get_by_role("slider").focus()
    keys.press("Home")
    assert "judged fairly" in result(figure).inner_text()
    assert figure.locator("[data-size='50']").inner_text() == "80.0%"
    assert not figure.page.complaints
