"""The figures in which something learns, in Chromium, by keyboard: what runs by itself can be stopped, and is quiet."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from .operating import result, type_over
from .training_cases import half

pytestmark = pytest.mark.browser
COUNT = """e => {
  e.changes = { result: 0, now: 0 };
  for (const [name, place] of [["result", ".moving-result"], ["now", "[data-part=now]"]])
    new MutationObserver(() => (e.changes[name] += 1)).observe(e.querySelector(place), { childList: true });
}"""

LEVELS = """e => {
  const style = getComputedStyle(e);
  const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const names = ["minus-3", "minus-2", "minus-1", "zero", "plus-1", "plus-2", "plus-3"];
  const known = Object.fromEntries(names.map((name, n) => {
    brush.fillStyle = style.getPropertyValue(`--moving-${name}`);
    brush.fillRect(0, 0, 1, 1);
    return [brush.getImageData(0, 0, 1, 1).data.join(), n - 3];
  }));
  const { data } = e.getContext("2d").getImageData(0, 0, e.width, e.height);
  const pixel = (column, row) => data.slice(4 * (row * e.width + column), 4 * (row * e.width + column + 1)).join();
  return Array.from({ length: 144 }, (_, n) => known[pixel(10 * (n % 12) + 5, 10 * Math.floor(n / 12) + 5)] ?? null);
}"""


def step_of(figure: Any) -> int:
    """Return the step at which the training stands."""
    return int(re.search(r"step (\d+)", figure.locator("[data-part=now]").inner_text())[1])


def wait_for_step(figure: Any, step: int) -> None:
    figure.page.wait_for_function(
        f"Number(document.querySelector('[data-part=now]').textContent.match(/step ([0-9]+)/)[1]) >= {step}"
    )


def test_train_a_network_and_pause_it(show: Callable[..., Any]) -> None:
    figure = show("decision_boundary")
    assert step_of(figure) == 0
    figure.page.wait_for_timeout(300)
    assert step_of(figure) == 0, "nothing runs before it is asked to"
    first = figure.locator("[data-part=now]").inner_text()
    figure.get_by_role("button", name="Step", exact=True).press("Enter")
    assert step_of(figure) == 1
    figure.evaluate(COUNT)
    figure.get_by_role("button", name="Start", exact=True).press("Enter")
    wait_for_step(figure, 60)
    figure.get_by_role("button", name="Pause").press("Enter")
    stopped = step_of(figure)
    changes = figure.evaluate("e => e.changes")
    assert changes["now"] > 8 and changes["result"] <= changes["now"] / 3, "announced now and then only"
    figure.page.wait_for_timeout(300)
    assert step_of(figure) == stopped
    assert f"Step {stopped}: " in result(figure).inner_text()
    state = half("decision_boundary").STATE["points"]["quadrants"]
    dots, triangles = map(
        int,
        re.search(
            r"(\d+) of 60 dots and (\d+) of 60", figure.locator("canvas").get_attribute("aria-label")
        ).groups(),
    )
    share = (dots + triangles) / len(state["y"])
    assert f"{100 * share:.0f}% right" in figure.locator("[data-part=now]").inner_text()

    figure.get_by_role("button", name="Back to step 0").press("Enter")
    assert figure.locator("[data-part=now]").inner_text() == first
    figure.get_by_role("button", name="New start").press("Enter")
    assert figure.locator("[data-part=now]").inner_text() != first
    assert not figure.page.complaints


def test_the_painted_plane_is_what_the_library_believes(show: Callable[..., Any]) -> None:
    python = half("decision_boundary")
    figure = show("decision_boundary", reduced_motion="reduce", color_scheme="dark")
    slider = figure.get_by_label("Hidden units")
    slider.focus()
    for _ in range(4):
        slider.press("ArrowLeft")
    assert "0: linear" in figure.inner_text() and not figure.locator("[data-part=folds] line").count()
    slider.press("End")
    figure.get_by_role("combobox", name="Case").select_option("annulus")
    figure.get_by_role("button", name="Start", exact=True).press("Enter")
    wait_for_step(figure, 200)
    figure.get_by_role("button", name="Pause").press("Enter")
    steps = step_of(figure)
    assert steps % 100 == 0, "with reduced motion in large jumps"
    points = python.STATE["points"]["annulus"]
    net = python.start(16, "relu", python.STATE["seed"])
    python.train(net, np.array(points["x"]), np.array(points["y"]), lr=python.STATE["lr"], steps=steps)
    levels = figure.locator("canvas").evaluate(LEVELS)
    middles = ((2 * np.arange(5, 120, 10) + 1) / 120 - 1) * points["edge"]
    places = np.stack(np.meshgrid(middles, -middles), axis=-1).reshape(-1, 2)
    belief = python.belief(net, places)
    assert levels == (np.sign(belief) * np.ceil(3 * np.abs(belief))).astype(int).tolist()
    assert len(set(levels)) > 3
    assert not figure.page.complaints


def test_throw_a_rule_out_of_the_bowl(show: Callable[..., Any]) -> None:
    figure = show("optimizers_surface", reduced_motion="reduce")
    figure.get_by_label("One rate for all").select_option("0.05")
    assert "Thrown out of every bound: Nesterov." in result(figure).inner_text()
    assert figure.locator("[data-loss=Nesterov]").inner_text() == "diverged"
    figure.get_by_role("button", name="Best rate for each").press("Enter")
    python = half("optimizers_surface")
    for rule in python.RULES:
        best = python.best_rate(rule, "bowl", [-2, 0.7], 40)
        assert figure.get_by_label(f"Learning rate of {rule}").input_value() == f"{best:g}"
    steps = figure.get_by_role("slider", name="Steps")
    steps.press("Home")
    assert "After 0 steps" in figure.inner_text()
    figure.get_by_role("button", name="Play").press("Enter")
    figure.get_by_role("button", name="Pause").press("Enter")
    assert figure.locator("[data-part=steps]").inner_text() == "20"
    figure.get_by_role("checkbox", name="Adam").press("Space")
    assert figure.locator(".walk-path").count() == 4
    assert not figure.page.complaints


def test_nobody_leaves_the_ridge_of_the_saddle(show: Callable[..., Any]) -> None:
    figure = show("optimizers_surface")
    figure.get_by_role("combobox", name="Surface").select_option("saddle")
    start = figure.locator('[data-axis="1"]')
    start.press("ArrowLeft")
    assert figure.locator("[data-part=start1]").inner_text() == "0"
    figure.get_by_role("slider", name="Steps").press("End")
    losses = figure.locator("[data-loss]").all_inner_texts()
    assert all(float(loss) >= 0.25 for loss in losses)
    start.press("ArrowRight")
    assert any(float(loss) < 0.25 for loss in figure.locator("[data-loss]").all_inner_texts())
    figure.locator(".walk-plot svg").click(position={"x": 30, "y": 30})
    assert float(figure.locator("[data-part=start1]").inner_text()) > 1
    assert not figure.page.complaints


def test_only_training_writes_into_the_diary(show: Callable[..., Any]) -> None:
    figure = show("batch_norm_modes")
    python = half("batch_norm_modes")
    running = figure.locator("[data-part=statistics] tr").nth(2)
    answers = figure.locator("[data-part=answers] td")
    figure.get_by_role("button", name="10 batches").press("Enter")
    mean, variance = python.diary(list(range(1, 12)), 4, 0.1)[-1]
    numbers = [float(each) for each in running.locator("td").all_inner_texts()]
    assert numbers == pytest.approx([mean, variance], abs=0.006)
    figure.get_by_role("radio", name="Training mode").focus()
    figure.page.keyboard.press("ArrowRight")
    assert figure.get_by_role("radio", name="Test mode").is_checked()
    before = running.inner_text()
    figure.get_by_role("button", name="Next batch").press("Enter")
    assert running.inner_text() == before
    assert "nothing written" in result(figure).inner_text()
    wanted = python.forward(np.array([5.0]), (mean, variance), train=False)[0][0]
    assert answers.all_inner_texts()[0] == "0"
    assert float(answers.all_inner_texts()[2]) == pytest.approx(wanted, abs=0.006)
    type_over(figure.get_by_label("β"), "2")
    assert answers.all_inner_texts()[0] == "2", "alone in training mode, any image gets beta"
    type_over(figure.get_by_label("β"), "-")
    figure.page.keyboard.press("Tab")
    assert figure.get_by_label("β").input_value() == "2"
    figure.get_by_role("button", name="Empty the diary").press("Enter")
    assert "mean 0, variance 1" in result(figure).inner_text()
    assert not figure.page.complaints
