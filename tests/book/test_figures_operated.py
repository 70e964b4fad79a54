"""The moving figures in Chromium: by keyboard, spoken, quiet, narrow, dark, printed, and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from .operating import place_of, result, shown_figures, type_over

pytestmark = pytest.mark.browser
SHOWN = shown_figures()
WIDTHS = (1280, 390, 320)
MOVE_BY_THEMSELVES = """e => [...e.querySelectorAll('*')].filter(each => {
  const style = getComputedStyle(each);
  const fades = style.transitionProperty !== 'none' && parseFloat(style.transitionDuration) > 0;
  return fades || style.animationName !== 'none';
}).length"""
HEIGHT = """e => {
  const reserved = parseFloat(getComputedStyle(e).minHeight);
  e.style.minHeight = 0;
  const needed = e.getBoundingClientRect().height;
  e.style.minHeight = '';
  return [reserved, needed];
}"""
STICK_OUT = """e => [...e.querySelectorAll('*')]
  .filter(each => !each.closest('.moving-wide')
    && each.getBoundingClientRect().right > e.getBoundingClientRect().right + 1)
  .map(each => `${each.tagName}.${each.className}`)"""


def test_step_through_a_convolution_with_the_keyboard(show: Callable[..., Any]) -> None:
    figure = show("convolution_stepper")
    keys = figure.page.keyboard
    guess = figure.locator("[data-part=guess]")
    type_over(guess, "16")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "without the bias" in result(figure).inner_text()
    type_over(guess, "17")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "(−2) · 1 + 0 · 2 + 2 · 5" in result(figure).inner_text()
    figure.get_by_role("button", name="Row 0, column 0: 17").focus()
    keys.press("ArrowDown")
    keys.press("ArrowRight")
    focused = figure.page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert focused == "Row 1, column 1: ?"
    assert "row 1, column 1" in figure.inner_text()
    figure.get_by_label("Flip the kernel").focus()
    keys.press("Space")
    type_over(guess, "-15")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    type_over(figure.get_by_label("Kernel, row 0, column 0"), "3")
    assert figure.locator("[data-set=preset]").input_value() == "my own"
    assert not figure.page.complaints


def test_strict_says_why_a_window_does_not_fit(show: Callable[..., Any]) -> None:
    figure = show("size_calculator")
    type_over(figure.get_by_role("spinbutton", name="Stride"), "3")
    assert "(7 - 3) / 3 + 1 = 2.33 is not a whole number" in result(figure).inner_text()
    figure.get_by_label("Strict").focus()
    figure.page.keyboard.press("Space")
    assert "6 × 2 × 2" in result(figure).inner_text()
    assert figure.locator(".strip-unseen").count() == 1
    type_over(figure.get_by_role("spinbutton", name="Padding"), "1")
    assert "6 × 3 × 3" in result(figure).inner_text()
    type_over(figure.get_by_role("spinbutton", name="Kernel"), "99")
    figure.page.keyboard.press("Tab")
    assert figure.get_by_role("spinbutton", name="Kernel").input_value() == "9", (
        "the last number that was possible"
    )
    assert not figure.page.complaints


def test_build_a_receptive_field(show: Callable[..., Any]) -> None:
    figure = show("receptive_field")
    assert "sees 18 pixels" in result(figure).inner_text()
    type_over(figure.get_by_label("Dilation"), "2")
    figure.page.keyboard.press("Enter")
    assert figure.locator(".moving-live tbody tr").count() == 6
    before = result(figure).inner_text()
    figure.get_by_role("slider").focus()
    figure.page.keyboard.press("ArrowRight")
    assert result(figure).inner_text() != before
    for _ in range(6):
        figure.get_by_role("button", name="Remove the last").press("Enter")
    assert "each pixel sees itself" in result(figure).inner_text()
    figure.get_by_role("button", name="Start again").press("Enter")
    assert "sees 18 pixels" in result(figure).inner_text()
    assert not figure.page.complaints


def test_predict_what_a_shift_leaves(show: Callable[..., Any]) -> None:
    figure = show("pooling_shift")
    shifted = figure.locator("[data-part=moved]")
    assert set(shifted.inner_text().split()) == {"?"}, "the answer must not be shown before the prediction"
    figure.get_by_label("Shift").focus()
    figure.page.keyboard.press("ArrowLeft")
    type_over(figure.locator("[data-part=guess]"), "16")
    figure.page.keyboard.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right", "no shift changes nothing"
    assert figure.locator("[data-part=moved] .moving-framed").count() == 16
    figure.get_by_role("button", name="100 scenes").press("Enter")
    assert "1600 of 1600" in result(figure).inner_text()
    assert not figure.page.complaints


def test_delete_a_residual_block(show: Callable[..., Any]) -> None:
    figure = show("residual_paths")
    figure.get_by_label("Delete branch 2").focus()
    figure.page.keyboard.press("Space")
    assert figure.locator(".moving-gone").count() == 0
    type_over(figure.locator("[data-part=guess]"), "4")
    figure.page.keyboard.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "(1 + 0.5) · 1 · (1 + 0.8) = 2.7" in result(figure).inner_text()
    assert figure.locator(".moving-gone").count() == 4
    assert not figure.page.complaints


def test_choose_how_channels_are_joined(show: Callable[..., Any]) -> None:
    figure = show("channels")
    keys = figure.page.keyboard
    assert "all 4 inputs" in result(figure).inner_text()
    figure.get_by_role("combobox", name="Layer").focus()
    keys.type("depthwise s")
    assert "4 · 1 · 3 · 3 + 6 · 4 · 1 · 1 = 60" in result(figure).inner_text()
    assert figure.locator(".joined-matrix").count() == 2
    figure.get_by_role("combobox", name="Layer").select_option("groups")
    figure.get_by_role("slider").focus()
    keys.press("End")
    assert "inputs 2 and 3" in result(figure).inner_text()
    figure.locator('[data-output="0"]').click()
    assert "inputs 0 and 1" in result(figure).inner_text()
    type_over(figure.get_by_role("spinbutton", name="g, groups"), "4")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "groups must divide C = 4 and F = 6, got 4" in result(figure).inner_text()
    figure.get_by_role("combobox", name="Layer").select_option("separable")
    type_over(figure.get_by_role("spinbutton", name="F, filters"), "512")
    assert "1 / F + 1 / K²" in result(figure).inner_text()
    assert "drawn up to 8 channels" in figure.inner_text()
    assert not figure.page.complaints


def test_gather_windows_and_scatter_them_back(show: Callable[..., Any]) -> None:
    figure = show("im2col_scatter")
    keys = figure.page.keyboard
    columns = figure.locator("[data-part=columns]")
    assert columns.inner_text().count("·") == 27, "columns must not be shown before their windows"
    figure.get_by_role("slider").focus()
    keys.press("ArrowRight")
    assert columns.inner_text().count("·") == 18
    assert "columns 0 and 1, rows 4 and 3" in result(figure).inner_text()
    type_over(figure.locator("[data-part=guess]"), "4")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    figure.get_by_role("combobox", name="Direction").focus()
    keys.press("ArrowDown")
    for _ in range(3):
        figure.get_by_role("button", name="Next window").press("Enter")
    assert "1 · 2 + 2 · (−1) + 0 · 1 + 1 · 3 = 3" in result(figure).inner_text()
    figure.get_by_role("button", name="Pixel 1, 1").focus()
    keys.press("ArrowUp")
    keys.press("ArrowLeft")
    assert figure.page.evaluate("document.activeElement.getAttribute('aria-label')") == "Pixel 0, 0: 2"
    assert "pixel 0, 0 so far: 1 · 2 = 2" in result(figure).inner_text()
    assert not figure.page.complaints


def test_turn_a_convolution_round(show: Callable[..., Any]) -> None:
    figure = show("padding_stride")
    keys = figure.page.keyboard
    assert "(7 + 2 · 1 − 3) / 2 + 1 = 4" in result(figure).inner_text()
    type_over(figure.get_by_role("spinbutton", name="Pixels"), "8")
    assert "4.50, rounded down 4" in result(figure).inner_text()
    assert "Only padding is lost" in result(figure).inner_text()
    figure.get_by_role("combobox", name="Direction").focus()
    keys.press("ArrowDown")
    assert "(4 − 1) · 2 + 3 − 2 · 1 + 1 = 8" in result(figure).inner_text(), "the same picture, the other way"
    type_over(figure.get_by_role("spinbutton", name="Output pad"), "0")
    assert "8 pixels" not in result(figure).inner_text().partition("Cell")[0]
    figure.get_by_role("slider").focus()
    keys.press("Home")
    assert (
        "Cell 0 stamps 2 times the kernel onto pixels 0 and 1; 1 of the 3 products"
        in result(figure).inner_text()
    )
    type_over(figure.get_by_role("spinbutton", name="Output pad"), "2")
    assert "output_pad must be smaller than stride 2, got 2" in result(figure).inner_text()
    assert not figure.page.complaints


# Opening a page is what costs: everything that one page can show about a figure is asked of that page.


@pytest.mark.parametrize(("name", "variant"), SHOWN)
def test_a_figure_is_quiet_fits_and_can_be_read(
    show: Callable[..., Any], axe_script: str, name: str, variant: str | None
) -> None:
    figure = show(name, variant=variant, reduced_motion="reduce")
    assert not figure.locator(".moving-still").is_visible()
    assert result(figure).get_attribute("aria-live") == "polite"
    assert figure.locator(".moving-live").get_attribute("aria-label")
    assert figure.evaluate(MOVE_BY_THEMSELVES) == 0
    for width in WIDTHS:
        figure.page.set_viewport_size({"width": width, "height": 900})
        reserved, needed = figure.locator(".moving-live").evaluate(HEIGHT)
        assert 0.9 < needed / reserved < 1.06, f"at {width} px it needs {needed / 16:.1f}rem: see HEIGHTS"
    for button in ("Check", "Show it", "Show all", "100 scenes", "Show it as a still"):
        for each in figure.get_by_role("button", name=button, exact=True).all():
            each.click()
    assert figure.locator(".moving-still").is_visible()
    for width in WIDTHS:
        figure.page.set_viewport_size({"width": width, "height": 900})
        assert not figure.evaluate(STICK_OUT), f"at {width} px"
        assert figure.page.evaluate("document.documentElement.scrollWidth") <= width
    assert not figure.page.complaints  # before axe, which asks for style sheets by wrong addresses
    figure.page.evaluate(axe_script)
    for scheme in ("light", "dark"):
        figure.page.evaluate("scheme => document.documentElement.dataset.theme = scheme", scheme)
        found = figure.evaluate("e => axe.run(e, {resultTypes: ['violations']})")["violations"]
        assert not [(scheme, each["id"], each["nodes"][0]["html"][:150]) for each in found]
    figure.page.emulate_media(media="print")
    assert figure.locator(".moving-still").is_visible()
    assert not figure.locator(".moving-live").is_visible()


def test_readers_without_javascript_get_the_still(show: Callable[..., Any]) -> None:
    still = show(SHOWN[0][0], moving=False, java_script_enabled=False).locator(".moving-still")
    still.page.wait_for_load_state()  # without scripts nothing else waits for the style sheets
    assert still.is_visible()
    assert len(re.findall(r"\d", still.inner_text())) > 30


@pytest.mark.parametrize(("name", "variant"), SHOWN)
def test_the_page_itself_holds_the_still(site: Path, name: str, variant: str | None) -> None:
    chapter, frame = place_of(name, variant)
    page = BeautifulSoup((site / f"{chapter}.html").read_text(encoding="utf-8"), "html.parser")
    (still,) = page.select(f"{frame} .moving-still")
    assert len(re.findall(r"\d", still.get_text())) > 30


def test_a_module_that_cannot_be_loaded_leaves_the_still(browser: Any, address: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.route("**/_static/figures/**", lambda route: route.abort())
    chapter, frame = place_of(*SHOWN[0])
    page.goto(f"{address}{chapter}.html")
    page.wait_for_selector(f"{frame}[data-ready=yes]")
    figure = page.locator(frame)
    assert figure.locator(".moving-still").is_visible()
    assert "could not start here" in figure.inner_text()
    context.close()
