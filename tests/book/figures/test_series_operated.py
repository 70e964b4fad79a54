"""Operating the figures of the chapters on characters, sound, architecture search and scale, by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..operating import result, type_over

pytestmark = pytest.mark.browser


def test_remember_more_letters_of_a_word(show: Callable[..., Any]) -> None:
    figure = show("letter_surprise")
    assert "cheapest with 1" in result(figure).inner_text()
    type_over(figure.get_by_role("textbox"), "return")
    figure.get_by_role("slider").focus()
    figure.page.keyboard.press("End")
    assert "= 2.71" in result(figure).inner_text() and "recall" in result(figure).inner_text()
    figure.get_by_role("button", name="n, 0.7").press("Enter")
    assert figure.page.evaluate("document.activeElement.textContent").split() == ["0.7", "n"]
    assert "P(n | etur) = max(1 − 0.75, 0) / 1 + 0.75 ·" in figure.inner_text()
    type_over(figure.get_by_role("textbox"), "zest")
    figure.get_by_label("Discount").focus()
    figure.page.keyboard.press("Space")
    assert "infinite" in result(figure).inner_text()
    type_over(figure.get_by_role("textbox"), "3")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "still “zest”" in result(figure).inner_text()
    assert not figure.page.complaints


def test_spread_the_paths_of_a_causal_stack(show: Callable[..., Any]) -> None:
    figure = show("causal_paths")
    keys = figure.page.keyboard
    assert "32 paths, 2 at each of 5 layers, end in 6 samples, up to 10" in result(figure).inner_text()
    figure.get_by_role("combobox", name="Dilations").focus()
    keys.press("ArrowDown")
    assert "end in 32 samples, one each" in result(figure).inner_text()
    figure.get_by_label("Predict the layers").focus()
    keys.press("End")
    type_over(figure.get_by_role("spinbutton"), "8000")
    keys.press("Enter")
    assert "Fewer: 13 layers span 8,192. With all dilations 1 it takes 7,999." in figure.inner_text()
    figure.get_by_role("slider").focus()
    keys.press("Home")
    assert "2 paths, 2 at each of 1 layer, end in 2 samples" in result(figure).inner_text()
    figure.get_by_label("Causal").focus()
    keys.press("Space")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "1 of them in the future" in result(figure).inner_text()
    assert not figure.page.complaints


def test_reward_with_and_without_a_baseline(show: Callable[..., Any]) -> None:
    figure = show("reward_baseline")
    keys = figure.page.keyboard
    figure.get_by_role("button", name="Draw", exact=True).press("Enter")
    assert "2 · (0.68 − 0.00) = +1.36: from 19% to 55%. The worst choice became likelier" in (
        result(figure).inner_text()
    )
    guess = figure.get_by_label("Predict")
    guess.press("Enter")
    assert "from 0 to 20" in result(figure).inner_text()
    type_over(guess, "20")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "8 of 20 end with B" in result(figure).inner_text()
    figure.get_by_role("slider").focus()
    for _ in range(14):
        keys.press("ArrowRight")
    type_over(guess, "20")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "0.010 on average, whatever b is, and scatters by 0.012" in result(figure).inner_text()
    assert "0.70, 2\t0.012\t20 of 20" in figure.locator(".reward-tried").inner_text()
    figure.get_by_role("button", name="Start again").press("Enter")
    assert "Before the first proposal" in figure.inner_text()
    assert not figure.page.complaints


def test_send_gradients_round_a_ring(show: Callable[..., Any]) -> None:
    figure = show("ring_rounds")
    keys = figure.page.keyboard
    for _ in range(3):
        figure.get_by_role("button", name="Next round").press("Enter")
    assert figure.locator("tbody .ring-whole").count() == 4
    assert "Each has sent 3/4 of a gradient. Each process has one complete" in result(figure).inner_text()
    type_over(figure.get_by_label("Predict"), "4")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "2 · (4 − 1) = 6 rounds" in result(figure).inner_text()
    assert figure.locator("tbody .ring-whole").count() == 16
    figure.get_by_role("slider").focus()
    keys.press("Home")
    assert figure.locator(".ring-table tbody tr").count() == 2
    assert "Two machines are slower than one here: 0.53×" in figure.inner_text()
    type_over(figure.get_by_role("spinbutton", name="Gbit/s"), "400")
    assert "All of 64 do the work of 48" in figure.inner_text()
    type_over(figure.get_by_role("spinbutton", name="Images each"), "0")
    assert "from 1 to 4096; shown is still 64" in figure.inner_text()
    assert not figure.page.complaints
