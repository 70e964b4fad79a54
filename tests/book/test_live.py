"""Python in the page: every live cell runs in the browser's Python, and a reader can edit, stop, and be checked.

Nothing here may leave the machine: requests to other hosts are refused.
"""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from .conftest import CHAPTERS

RUNNER = """
import { readFileSync } from "node:fs";
const { folder, pages } = JSON.parse(readFileSync(0, "utf8"));
const { loadPyodide } = await import(`${folder}/pyodide/pyodide.mjs`);
const pyodide = await loadPyodide({ indexURL: `${folder}/pyodide/` });
await pyodide.loadPackage(["numpy"], { messageCallback() {} });
pyodide.unpackArchive(new Uint8Array(readFileSync(`${folder}/cs_cnn.zip`)), "zip");
pyodide.runPython(readFileSync(`${folder}/runner.py`, "utf8"));
const run = pyodide.globals.get("run");
const once = (code) => {
  let text = "";
  const error = run(code, (piece) => { text += piece; }).toJs()[0];
  return { text, error };
};
const results = {};
for (const [page, cells] of Object.entries(pages)) {
  pyodide.runPython('namespace.clear(); namespace["__name__"] = "__main__"');
  results[page] = cells.map(({ setup, code }) => {
    const before = once(setup);
    return before.error ? before : once(code);
  });
}
console.log(JSON.stringify(results));
"""
PAGE = "convolution/convolution"  # its last live cell is an exercise
STARTS = 180_000  # milliseconds that Python may take to start on a busy machine

# What readers fill in, and a usual slip; the check must tell the two apart.
SHIFTS = """def conv2d_shifts(x, w, b):
    hh, ww = w.shape[2:]
    h_out, w_out = x.shape[2] - hh + 1, x.shape[3] - ww + 1
    out = np.zeros((len(x), len(w), h_out, w_out)) + b[:, None, None]
    for k in range(hh):
        for m in range(ww):
            view = x[:, :, k : k + h_out, m : m + w_out]
            out += np.einsum("nchw,fc->nfhw", view, w[:, :, k, m])
    return out
"""


@pytest.fixture(scope="module")
def live(site: Path, lacking: Callable[[str], None]) -> Path:
    """Return the site's folder for live cells; a machine that could not fetch Pyodide skips, and says so."""
    folder = site / "live"
    if not (folder / "about.json").is_file():
        lacking("Pyodide (.venv/bin/python -m tools.pyodide, where there is a network)")
    return folder


@pytest.fixture(scope="module")
def pages(site: Path, live: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the live cells of every page, with their recorded outputs."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name in CHAPTERS:
        text = (site / f"{name}.html").read_text(encoding="utf-8")
        if 'class="live-data"' not in text:
            continue
        for script in BeautifulSoup(text, "html.parser").select("script.live-data"):
            cell = script.find_parent("div", class_="cell")
            recorded = "".join(pre.get_text() for pre in cell.select(".cell_output pre"))
            found.setdefault(name, []).append({**json.loads(script.string), "recorded": recorded})
    return found


def squeezed(text: str) -> list[str]:
    """Return the lines of an output without what does not show."""
    return [line.rstrip() for line in text.strip().splitlines()]


def same(live: str, recorded: str) -> bool:
    """Compare outputs: words exactly, numbers up to rounding, which differs between processors."""
    number = re.compile(r"(-?\d+\.?\d*(?:e[+-]?\d+)?)")
    ours, theirs = (number.split("\n".join(squeezed(text))) for text in (live, recorded))
    return ours[::2] == theirs[::2] and all(
        math.isclose(float(a), float(b), rel_tol=1e-6, abs_tol=1e-12)
        for a, b in zip(ours[1::2], theirs[1::2], strict=True)
    )


def test_live_cells_stand_in_many_chapters_and_exercises(pages: dict[str, list[dict[str, Any]]]) -> None:
    assert len(pages) >= 12
    assert all(1 <= len(cells) <= 5 for cells in pages.values())
    checked = [name for name, cells in pages.items() if any("check" in cell["code"] for cell in cells)]
    assert len(checked) >= 4


def test_every_live_cell_gives_its_recorded_output_in_the_browsers_python(
    pages: dict[str, list[dict[str, Any]]], live: Path, node: str
) -> None:
    given = {
        name: [{key: cell[key] for key in ("setup", "code")} for cell in cells]
        for name, cells in pages.items()
    }
    process = subprocess.run(
        [node, "--input-type=module", "-e", RUNNER],
        input=json.dumps({"folder": str(live), "pages": given}),
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert process.returncode == 0, process.stderr[:2000]
    results = json.loads(process.stdout.splitlines()[-1])
    wrong = [
        f"{name}, cell {cell['cell']}: {result['error'] or result['text']}\nrecorded: {cell['recorded']}"
        for name, cells in pages.items()
        for cell, result in zip(cells, results[name], strict=True)
        if result["error"] or not same(result["text"], cell["recorded"])
    ]
    assert not wrong, "\n\n".join(wrong)


class Reader:
    """A tab on a chapter with live cells, whose requests off the host are refused and recorded."""

    def __init__(self, browser: Any, address: str, name: str, **options: Any) -> None:
        self.context = browser.new_context(viewport={"width": 1000, "height": 900}, **options)
        self.complaints: list[str] = []
        self.context.route(lambda url: not url.startswith((address, "data:", "blob:")), self.refuse)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.on("console", lambda m: m.type == "error" and self.complaints.append(m.text))
        self.page.goto(f"{address}{name}.html")

    def refuse(self, route: Any) -> None:
        """Record and refuse a request to another host."""
        self.complaints.append(f"request off the host: {route.request.url}")
        route.abort()

    def cell(self, number: int) -> Any:
        """Return a live cell, counted from 0."""
        return self.page.locator(".live-cell").nth(number)

    def wait(self, cell: Any, beginning: str) -> None:
        """Wait until a cell's status begins with a word."""
        from playwright.sync_api import expect

        expect(cell.locator(".live-status")).to_have_text(re.compile(f"^{beginning}"), timeout=STARTS)

    def run(self, cell: Any, code: str | None = None, *, ends: str = "Done in") -> str:
        """Type a cell's code, run it, and return the output."""
        if code is not None:
            cell.get_by_role("textbox").fill(code)
        cell.get_by_role("button", name="Run").click()
        self.wait(cell, ends)
        return str(cell.locator(".live-output").inner_text())


@pytest.fixture(scope="module")
def reader(browser: Any, address: str, live: Path) -> Iterator[Reader]:
    """Return a tab in which Python has run a first time."""
    made = Reader(browser, address, PAGE)
    made.run(made.cell(0))
    yield made
    made.context.close()


# Python starts twice on the page, a few seconds each: the order of the tests keeps it running meanwhile.


@pytest.mark.browser
def test_a_cell_runs_with_the_network_closed_and_gives_what_was_recorded(reader: Reader) -> None:
    cell = reader.cell(0)
    recorded = cell.locator(".cell_output pre").evaluate("e => e.textContent")
    assert squeezed(cell.locator(".live-output").inner_text()) == squeezed(recorded)
    assert not cell.locator(".cell_output").is_visible(), "one output at a time"
    assert not reader.complaints


@pytest.mark.browser
def test_an_exercise_is_checked_on_the_page(reader: Reader) -> None:
    cell = reader.page.locator(".live-cell").last
    start = cell.get_by_role("textbox").input_value()
    assert "def conv2d_shifts" in start
    assert "returned None" in reader.run(cell)
    begin, rest = start.index("def conv2d_shifts"), start.index("draw = ")
    right = f"{start[:begin]}{SHIFTS}\n\n{start[rest:]}"
    found = reader.run(cell, right.replace(" + b[:, None, None]", ""))
    assert "Not yet: the result differs" in found
    assert reader.run(cell, right).startswith("Right: the same results in 2 cases.")
    assert not reader.complaints


@pytest.mark.browser
def test_errors_name_their_line_and_pictures_their_content(reader: Reader) -> None:
    cell = reader.cell(0)
    for code, words in [
        ("a = 1\na + missing", ["Line 2: a + missing", "NameError"]),
        ("for k in 3", ["Line 1", "SyntaxError"]),
        ("import torch", ["ModuleNotFoundError", "download this chapter's notebook"]),
        ("np.ones(3) @ np.ones(4)", ["Line 1", "ValueError"]),
    ]:
        found = reader.run(cell, code, ends="Stopped by the error")
        assert all(word in found for word in words), found
        assert "pyodide" not in found.lower() or "torch" in code
    reader.run(cell, "np.eye(9) - 0.5")
    drawn = cell.locator("canvas")
    assert drawn.get_attribute("aria-label") == "The array of shape (9, 9) as a picture, from -0.5 to 0.5"
    cell.get_by_role("button", name="Reset").click()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (320, "dark")])
def test_a_run_cell_is_accessible_and_fits(reader: Reader, axe_script: str, width: int, scheme: str) -> None:
    page, cell = reader.page, reader.cell(0)
    page.set_viewport_size({"width": width, "height": 800})
    page.evaluate("scheme => document.documentElement.dataset.theme = scheme", scheme)
    reader.run(cell, "print('wide ' * 60)\n1 / 0", ends="Stopped by the error")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (
        cell.locator(".live-text").first.get_attribute("tabindex") == "0"
    )  # so that the keyboard can scroll it
    # The theme lets the keyboard reach what scrolls a moment after the page has another width.
    page.wait_for_function(
        "[...document.querySelectorAll('.live-cell pre')]"
        ".every(each => each.scrollWidth <= each.clientWidth || each.tabIndex === 0 || !each.offsetParent)"
    )
    page.evaluate(axe_script)
    found = page.evaluate("axe.run('.live-cell', {resultTypes: ['violations']})")["violations"]
    assert not found, [(each["id"], each["nodes"][0]["html"][:200]) for each in found]
    page.set_viewport_size({"width": 1000, "height": 900})
    cell.get_by_role("button", name="Reset").click()


@pytest.mark.browser
def test_stop_ends_a_loop_without_end_and_python_starts_again(reader: Reader) -> None:
    cell = reader.cell(0)
    cell.get_by_role("textbox").fill("print('before')\nwhile True:\n    pass")
    cell.get_by_role("textbox").press("Shift+Enter")
    reader.wait(cell, "Running")
    reader.cell(1).get_by_role("button", name="Run").click()
    reader.wait(reader.cell(1), "Another cell is running")
    cell.get_by_role("button", name="Stop").click()
    reader.wait(cell, "Stopped. Python and its variables are gone")
    assert reader.page.evaluate("document.activeElement.textContent") == "Run"
    assert reader.run(cell, "print(6 * 7)") == "42\n"
    cell.get_by_role("button", name="Reset").click()


@pytest.mark.browser
def test_an_edit_changes_the_output_and_survives_a_reload_until_reset(reader: Reader) -> None:
    cell = reader.cell(0)
    code = cell.get_by_role("textbox").input_value()
    assert "4" in reader.run(cell, "eight = 8\nprint('half of it is', eight // 2)\neight")
    assert cell.locator(".live-output").inner_text().split("\n")[1] == "8"  # the last expression's repr
    assert reader.run(reader.cell(1), "print(eight + 1)") == "9\n"  # one namespace
    reader.page.reload()
    assert cell.get_by_role("textbox").input_value().startswith("eight")
    cell.get_by_role("button", name="Reset").click()
    assert cell.get_by_role("textbox").input_value() == code
    assert cell.locator(".cell_output").is_visible()
    reader.page.reload()
    assert cell.get_by_role("textbox").input_value() == code
    assert cell.get_by_role("button", name="Reset").is_disabled()
    reader.cell(1).get_by_role("button", name="Reset").click()


@pytest.mark.browser
def test_the_keyboard_comes_in_and_out_and_indents(reader: Reader) -> None:
    page, area = reader.page, reader.cell(0).get_by_role("textbox")
    area.focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Run"
    area.focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("\nfor k in range(2):\nprint(k)")
    assert area.input_value().endswith("\nfor k in range(2):\n    print(k)")
    page.keyboard.press("Control+Z")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == "Run"
    reader.cell(0).get_by_role("button", name="Reset").click()


@pytest.mark.browser
def test_without_javascript_and_on_paper_cells_are_as_recorded(
    browser: Any, address: str, reader: Reader
) -> None:
    plain = Reader(browser, address, PAGE, java_script_enabled=False)
    assert plain.page.locator(".live-area, .live-button").count() == 0
    cell = plain.page.locator("div.cell.tag_live").first
    assert cell.locator(".cell_input").is_visible() and cell.locator(".cell_output").is_visible()
    plain.context.close()
    reader.page.emulate_media(media="print")
    try:
        cell = reader.cell(0)
        assert cell.locator(".cell_input").is_visible() and cell.locator(".cell_output").is_visible()
        assert not cell.locator(".live-input").is_visible()
    finally:
        reader.page.emulate_media(media="screen")


@pytest.mark.browser
def test_python_is_not_fetched_before_the_first_run(browser: Any, address: str, live: Path) -> None:
    reader = Reader(browser, address, PAGE)
    loaded = reader.page.evaluate("performance.getEntriesByType('resource').map(each => each.name)")
    assert not [name for name in loaded if "/live/" in name]
    reader.context.close()
