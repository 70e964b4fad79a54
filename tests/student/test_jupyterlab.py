"""A4 in a real JupyterLab: a student reads a hint, fills one task, and presses nbgrader's Validate button."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.jupyter import FLAGS, PATIENCE, serving

ROOT = Path(__file__).parents[2]
SHOTS = ROOT / "build" / "screenshots"
WRONG = "def output_size(size, kernel, stride=1, pad=0):\n    return (size + 2 * pad - kernel) // stride"
RIGHT = WRONG + " + 1"
FILLED = 'check("a4.output_size", output_size)'
# JupyterLab without questions about news, and with every cell on the page.
SETTINGS: dict[str, dict[str, Any]] = {
    "apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
        "doNotDisturbMode": True,
    },
    "notebook-extension/tracker": {"windowingMode": "none"},
    "codemirror-extension/plugin": {"defaultConfig": {"autoClosingBrackets": False}},
}

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start JupyterLab with a student's folder, on this machine only, and return its address."""
    base = tmp_path_factory.mktemp("jupyter")
    shutil.copytree(ROOT / "assignments" / "a4_convolution", base / "work" / "a4_convolution")
    for name, values in SETTINGS.items():
        path = base / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    with serving(base, base / "work", ["validate_assignment"]) as address:
        yield address


@pytest.fixture(scope="module")
def page(lab: str) -> Iterator[Any]:
    """Return a4, open in JupyterLab, with a kernel that is ready."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        opened = chromium.new_page(viewport={"width": 1280, "height": 1000})
        opened.set_default_timeout(PATIENCE)
        opened.goto(f"{lab}lab/tree/a4_convolution/convolution.ipynb?reset")
        opened.locator(".jp-Notebook .jp-Cell").first.wait_for()
        opened.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for(state="attached")
        yield opened
        chromium.close()


def _cell(page: Any, words: str) -> Any:
    return page.locator(".jp-Notebook .jp-CodeCell").filter(has_text=words).first


def _write(page: Any, words: str, code: str) -> None:
    """Replace the text of the cell that holds some words, as a student at the keyboard would."""
    editor = _cell(page, words).locator(".cm-content")
    editor.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(code)


def _run(page: Any, words: str) -> str:
    """Run the cell that holds some words, and return what it prints."""
    cell = _cell(page, words)
    cell.locator(".jp-InputPrompt").click()
    page.keyboard.press("Control+Enter")
    cell.locator(".jp-InputPrompt", has_text=re.compile(r"\[\d+\]")).wait_for()
    said: str = cell.locator(".jp-OutputArea").inner_text()
    return said


def _shoot(page: Any, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def test_a_hint_shows_below_the_task_and_below_the_check(page: Any) -> None:
    hints = page.locator(".jp-MarkdownCell", has_text="Task 4.1: how many positions").locator("details")
    # Markdown is drawn after the notebook has opened, so everything is waited for.
    expect(hints).to_have_count(3)
    expect(hints.first.locator("p")).to_be_hidden()
    hints.first.locator("summary").click()
    expect(hints.first.locator("p")).to_be_visible()
    _run(page, "from cs_cnn.checks import check")
    _write(page, "def output_size", WRONG)
    _run(page, "def output_size")
    said = _run(page, FILLED)
    assert "Task 4.1 output_size: 0 of 4 points." in said
    assert "Hint for exact, rounded down: A window as large as the image has one position." in said
    assert said.rstrip().splitlines()[-1] == "0.0"
    hints.first.scroll_into_view_if_needed()
    expect(_cell(page, FILLED).locator(".jp-OutputArea")).to_be_in_viewport()
    _shoot(page, "a4_hint")


def test_validate_names_the_checks_that_are_not_right_yet(page: Any) -> None:
    _write(page, "def output_size", RIGHT)
    page.get_by_role(
        "button", name="Validate"
    ).click()  # saves first, and runs the notebook in a kernel of its own
    dialog = page.locator(".jp-Dialog")
    expect(dialog).to_contain_text("Validation Results")
    expect(dialog).to_contain_text("The following cell failed:")
    said = dialog.inner_text()
    _shoot(page, "a4_validate")
    released = json.loads((ROOT / "assignments" / "a4_convolution" / "convolution.ipynb").read_text("utf-8"))
    checks = [
        "".join(cell["source"]).strip()
        for cell in released["cells"]
        if cell["cell_type"] == "code" and cell["metadata"].get("nbgrader", {}).get("grade")
    ]
    assert len(checks) > 10
    assert [check for check in checks if check not in said] == [FILLED]
    dialog.get_by_role("button", name="Ok").click()
    expect(dialog).to_have_count(0)
