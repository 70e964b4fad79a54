"""The figures on paths, density, separable convolutions, budgets and lesions, operated by keyboard."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ..operating import result, type_over

pytestmark = pytest.mark.browser


def test_keep_the_short_paths(show: Callable[..., Any]) -> None:
    figure = show("path_lengths")
    keys = figure.page.keyboard
    assert figure.locator(".lengths-weight").count() == 0, (
        "the gradient must not be shown before the prediction"
    )
    type_over(figure.locator("[data-part=guess]"), "30")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "0.45% of all, carry 99% of the gradient" in result(figure).inner_text()
    figure.get_by_role("slider", name="Keep lengths up to").focus()
    keys.press("Home")
    assert "carry less than 0.01%" in result(figure).inner_text()
    figure.get_by_role("slider", name="Each branch counts").focus()
    keys.press("End")
    assert "half of the gradient up to 27" in result(figure).inner_text()
    figure.get_by_role("button", name="Hide it").press("Enter")
    assert figure.locator(".lengths-weight").count() == 0
    assert not figure.page.complaints


def test_a_dense_net_and_its_twin(show: Callable[..., Any]) -> None:
    figure = show("dense_growth")
    keys = figure.page.keyboard
    table = figure.locator(".moving-live table")
    assert table.inner_text().count("?") == 6, "the twin's costs must not be shown before the prediction"
    type_over(figure.locator("[data-part=guess]"), "30")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "33 times" in result(figure).inner_text()
    assert "33.5 M" in table.inner_text()
    figure.get_by_role("slider", name="Growth rate").focus()
    keys.press("ArrowRight")
    assert "makes 16" in result(figure).inner_text()
    assert "33 times" in result(figure).inner_text(), "the growth rate hardly matters"
    figure.get_by_role("slider", name="Layers in a block").focus()
    keys.press("End")
    assert "times as many" in result(figure).inner_text()
    assert "DenseNet-76" in table.inner_text()
    assert not figure.page.complaints


def test_wide_kernels_in_mobilenet(show: Callable[..., Any]) -> None:
    figure = show("wide_kernels")
    keys = figure.page.keyboard
    assert figure.locator(".kernels-more").count() == 0, "no wide kernels before the prediction"
    type_over(figure.locator("[data-part=guess]"), "5.4")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "wrong"
    assert "1.14 times: 569 M multiply-adds become 646 M" in result(figure).inner_text()
    assert figure.locator(".kernels-more").count() == 13
    figure.get_by_role("slider", name="Resolution").focus()
    keys.press("Home")
    assert "1.13 times: 105 M" in result(figure).inner_text(), "the resolution hardly changes the ratio"
    figure.get_by_role("slider", name="Width").focus()
    keys.press("Home")
    assert "most of all in a wide network" in result(figure).inner_text()
    assert "4.41 M" not in figure.locator(".moving-live table").inner_text()
    assert not figure.page.complaints


def test_budgets_and_their_winners(show: Callable[..., Any]) -> None:
    figure = show("network_budget")
    keys = figure.page.keyboard
    best = figure.locator(".budget-best")
    assert "DenseNet-121" in best.inner_text()
    figure.get_by_role("slider", name="Memory").focus()
    for _ in range(3):
        keys.press("ArrowLeft")
    assert "ResNet-50 wins with 6.71%" in result(figure).inner_text()
    assert "DenseNet-121 would be better, and is over in memory" in result(figure).inner_text()
    keys.press("Home")
    assert "Nothing fits" in result(figure).inner_text() and best.count() == 0
    type_over(figure.locator("[data-part=guess]"), "10")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "VGG-16 and plain-34 cannot" in result(figure).inner_text()
    assert figure.get_by_label("can never win").count() == 2
    assert not figure.page.complaints


def test_cut_blocks_out_of_two_networks(show: Callable[..., Any]) -> None:
    figure = show("lesion_plane")
    keys = figure.page.keyboard
    assert figure.get_by_label("Delete block 4").is_checked()
    assert figure.locator(".plane-missed").count() == 0, "whole networks before the prediction"
    type_over(figure.get_by_label("Residual", exact=True), "110")
    type_over(figure.get_by_label("Plain", exact=True), "60")
    keys.press("Enter")
    assert result(figure).get_attribute("data-verdict") == "right"
    assert "residual 114, plain 60 of 120, no better than guessing" in result(figure).inner_text()
    assert figure.locator(".plane-missed").count() == 6 + 60
    figure.get_by_label("Delete block 4").focus()
    keys.press("Space")
    assert "Nothing is cut yet: residual 120, plain 120" in result(figure).inner_text()
    figure.get_by_role("combobox", name="Exchange").focus()
    keys.press("ArrowDown")
    assert "256 of 256 paths and 1 pair in the wrong order" in result(figure).inner_text()
    assert not figure.page.complaints
