"""The figures of deconvnet, saliency, style, cortex and retrieval, operated by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..operating import result

pytestmark = pytest.mark.browser


def test_cover_what_is_said_twice(show: Callable[..., Any]) -> None:
    figure = show("occlusion_patch")
    keys = figure.page.keyboard
    assert "a drop of 7; the slopes promised a drop of 7" in result(figure).inner_text()
    assert "They agree" in result(figure).inner_text()
    figure.get_by_role("slider", name="Across").focus()
    keys.press("End")
    assert "columns 6 to 8" in result(figure).inner_text()
    assert "Nothing under the patch counts" in result(figure).inner_text()
    figure.get_by_role("combobox", name="Picture").select_option("two crosses")
    figure.get_by_role("slider", name="Size").focus()
    keys.press("ArrowLeft")
    assert "costs at most 2 of 34" in result(figure).inner_text()
    keys.press("End")
    figure.get_by_role("button", name="Go to the largest drop").press("Enter")
    assert "from 34 to 1, a drop of 33" in result(figure).inner_text()
    figure.locator('[data-part=slopes] [data-at="8,8"]').click()
    assert "Rows 2 to 8, columns 2 to 8" in result(figure).inner_text()
    assert not figure.page.complaints


def test_send_a_signal_back_by_the_notes(show: Callable[..., Any]) -> None:
    figure = show("pooling_switches")
    keys = figure.page.keyboard
    assert "10, 20 and 30 go on" in result(figure).inner_text()
    assert "One comes through a unit that was off" in result(figure).inner_text()
    corner = figure.get_by_label("z, row 0, column 0")
    corner.focus()
    keys.press("Control+a")
    keys.type("9")
    assert figure.locator("[data-part=notes] span").first.get_attribute("aria-label") == "upper left"
    assert figure.locator("[data-part=unpooled] td").first.inner_text() == "10"
    assert corner.evaluate("e => e === document.activeElement"), "the focus stays while the figure is redrawn"
    keys.press("Control+a")
    keys.type("100")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert figure.locator("[data-part=pooled] td").first.inner_text() == "10"
    keys.press("Tab")
    assert corner.input_value() == "10", "the last number that was possible"
    figure.get_by_role("combobox", name="Rule at the ReLU").select_option("gradient")
    assert "10, −20 and 30 go on" in result(figure).inner_text()
    figure.get_by_role("combobox", name="Notes").select_option("other")
    assert "1 of 4 notes the same" in result(figure).inner_text()
    assert not figure.page.complaints


def test_shuffle_places_and_keep_the_style(show: Callable[..., Any]) -> None:
    figure = show("gram_shuffle")
    matrix = figure.locator("[data-part=after-gram]")
    assert set(matrix.inner_text().split()) == {"?"}, "the answer must not be shown before the guess"
    figure.get_by_role("button", name="Check").press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "style term 0;" in result(figure).inner_text()
    assert matrix.inner_text().split() == figure.locator("[data-part=before-gram]").inner_text().split()
    before = figure.locator("[data-part=after-0]").inner_text()
    figure.get_by_role("button", name="Other shuffle").press("Enter")
    assert figure.locator("[data-part=after-0]").inner_text() != before
    assert set(matrix.inner_text().split()) == {"?"}
    figure.get_by_role("combobox", name="Now").select_option("double")
    figure.get_by_role("button", name="Check").press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "four times as large" in result(figure).inner_text()
    assert matrix.inner_text().split() == ["8", "6", "6", "7"]
    assert figure.get_by_role("button", name="Other shuffle").is_disabled()
    assert not figure.page.complaints


def test_record_a_neuron_more_often(show: Callable[..., Any]) -> None:
    figure = show("noise_ceiling")
    keys = figure.page.keyboard
    long_run = "In the long run: "
    figure.get_by_role("slider", name="Presentations").focus()
    keys.press("ArrowRight")
    often = result(figure).inner_text().partition(long_run)[2]
    keys.press("ArrowLeft")
    once = result(figure).inner_text()
    figure.get_by_role("slider", name="Spikes").focus()
    keys.press("ArrowRight")
    assert result(figure).inner_text().partition(long_run)[2][:4] == often[:4], (
        "twice the spikes, or twice the looks"
    )
    keys.press("ArrowLeft")
    assert result(figure).inner_text() == once, "the same seed, the same recording"
    figure.get_by_role("radio", name="Fairly good model").focus()
    keys.press("Space")
    assert "fairly good model" in figure.locator(".noise-dots").get_attribute("aria-label")
    figure.get_by_role("button", name="Record again").press("Enter")
    assert result(figure).inner_text() != once
    assert not figure.page.complaints


def test_move_an_answer_behind_the_first_page(show: Callable[..., Any]) -> None:
    figure = show("ranking_moves")
    keys = figure.page.keyboard
    assert "The first page cannot tell them apart" in result(figure).inner_text()
    figure.get_by_label("Ranking B, place 5: right").focus()
    keys.press("ArrowRight")
    assert "Both measures prefer A" in result(figure).inner_text()
    focused = "document.activeElement.getAttribute('aria-label')"
    assert figure.page.evaluate(focused) == "Ranking B, place 6: right"
    figure.get_by_role("button", name="B at its worst").press("Enter")
    assert "0.6 for A, 0.6 for B" in result(figure).inner_text()
    assert "between 0.458 and 0.917" in result(figure).inner_text()
    figure.get_by_label("Ranking B, place 10: right").press("Enter")
    figure.get_by_label("Ranking B, place 1: wrong").press("Enter")
    assert figure.page.evaluate(focused) == "Ranking B, place 1: right"
    assert "contradict" in result(figure).inner_text() or "Both measures" in result(figure).inner_text()
    assert not figure.page.complaints
