"""The assignments in the browser: they open from their page, and the solutions pass every visible check there.

Requests to other hosts are refused.
"""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from cs_cnn import checks
from cs_cnn.course import source

from .conftest import ROOT

RUNNER = """
import { readFileSync } from "node:fs";
const { python, notebooks } = JSON.parse(readFileSync(0, "utf8"));
const { loadPyodide } = await import(`${python}/pyodide.mjs`);
const pyodide = await loadPyodide({ indexURL: `${python}/`, stdout() {}, stderr() {} });
await pyodide.loadPackagesFromImports("import cs_cnn, matplotlib");
pyodide.runPython(`
import os
os.environ["MPLBACKEND"] = "AGG"
from cs_cnn import checks
points = {}
def check(task, *functions, **settings):
    points[task] = checks.run(task, functions, **settings).points
    return points[task]
checks.check = check
`);
for (const { folder, cells } of notebooks) {
  pyodide.FS.mkdirTree(folder);
  pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root: folder }, folder);
  pyodide.FS.chdir(folder);
  const globals = pyodide.toPy({ __name__: "__main__" });
  for (const cell of cells) {
    await pyodide.loadPackagesFromImports(cell);
    pyodide.runPython(cell, { globals });
  }
}
console.log(pyodide.runPython("import json; json.dumps(points)"));
"""
HIDDEN = re.compile(r"^### BEGIN HIDDEN TESTS\n.*?^### END HIDDEN TESTS\n?", re.S | re.M)
SMALLEST = "a2_two_layer_net/two_layer_net.ipynb"
STARTS = 120_000  # milliseconds that JupyterLite and its Python may take on a busy machine


@pytest.fixture(scope="module")
def lite(site: Path, lacking: Callable[[str], None]) -> Path:
    """Return the site's JupyterLite; a machine that could not fetch Pyodide skips, and says so."""
    folder = site / "lite"
    if not (folder / "index.html").is_file():
        lacking("Pyodide (.venv/bin/python -m tools.lite, where there is a network)")
    return folder


def offered(lite: Path) -> list[str]:
    """Return the notebooks that open in the browser."""
    return sorted(path.relative_to(lite / "files").as_posix() for path in (lite / "files").glob("*/*.ipynb"))


def solution(notebook: str) -> list[source.Cell]:
    """Return the cells of an assignment's source without its hidden tests."""
    cells = source.read((ROOT / "solutions" / notebook).with_suffix(".py"))
    return [dataclasses.replace(cell, text=HIDDEN.sub("", cell.text)) for cell in cells]


def visible_checks(notebook: str) -> dict[str, float]:
    """Return the points of each check in an assignment."""
    short = notebook.split("_")[0]
    return {task.name: task.points for task in checks.tasks() if task.name.startswith(f"{short}.")}


def test_the_page_offers_what_runs_in_a_browser(site: Path, lite: Path) -> None:
    page = BeautifulSoup((site / "guide" / "assignments.html").read_text(encoding="utf-8"), "html.parser")
    links = {
        str(link["href"]): link.get_text()
        for link in page.find_all("a", href=re.compile(r"/lite/notebooks/"))
    }
    assert list(links.values()) == [f"Open a{n} in the browser" for n in (1, 2, 3, 4)]
    assert [href.split("?path=")[1] for href in links] == offered(lite)
    for href in links:
        assert (site / "guide" / href.split("?")[0]).is_file()
    words = page.get_text()
    assert [words.count(f"{short} needs PyTorch") for short in ("a4", "a5", "a6")] == [0, 1, 1]
    assert "Download" in words and "in the browser" in words


def test_notebooks_are_as_released_but_for_the_kernel(lite: Path) -> None:
    for notebook in offered(lite):
        here = json.loads((lite / "files" / notebook).read_text(encoding="utf-8"))
        released = json.loads((ROOT / "assignments" / notebook).read_text(encoding="utf-8"))
        assert here["metadata"].pop("kernelspec")["name"] == "python"
        del released["metadata"]["kernelspec"]
        assert here == released


def test_the_solutions_pass_every_visible_check_in_pyodide(lite: Path, node: str, tmp_path: Path) -> None:
    notebooks, expected = [], {}
    for notebook in offered(lite):
        folder = tmp_path / Path(notebook).parent
        shutil.copytree((lite / "files" / notebook).parent, folder)
        # Cells that only show something take most of the time, and no check needs them.
        cells = [cell.text for cell in solution(notebook) if cell.kind == "code" and cell.mark != "look"]
        notebooks.append({"folder": str(folder), "cells": cells})
        expected |= visible_checks(notebook)
    told = {"python": str(lite / "static" / "pyodide"), "notebooks": notebooks}
    command = [node, "--input-type=module", "--eval", RUNNER]
    ended = subprocess.run(command, input=json.dumps(told), capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert json.loads(ended.stdout.splitlines()[-1]) == expected


def fill_in(page: Any, notebook: str) -> None:
    """Put the solution's code into the open notebook by the keyboard, from the first cell to the last."""
    page.locator(".jp-Notebook .jp-Cell").first.click()
    page.keyboard.press("Escape")
    for cell in solution(notebook):
        if cell.mark == "answer":
            name = re.search(r"^def (\w+)", cell.text, re.M).group(1)
            page.locator(".jp-Notebook .jp-mod-active").get_by_text(f"def {name}(").wait_for()
            page.keyboard.press("Enter")
            page.keyboard.press("ControlOrMeta+a")
            page.keyboard.insert_text(cell.text)
            page.keyboard.press("Escape")
        page.keyboard.press("ArrowDown")


@pytest.mark.browser
def test_an_assignment_opens_from_its_page_and_passes_its_checks(
    browser: Any, address: str, lite: Path, tmp_path: Path
) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(STARTS)
    outside: list[str] = []

    def refuse(route: Any) -> None:
        outside.append(route.request.url)
        route.abort()

    context.route(lambda url: not url.startswith((address, "data:", "blob:")), refuse)
    page.goto(f"{address}guide/assignments.html")
    assert not [url for url in loaded(page) if "/lite/" in url]
    page.get_by_role("link", name="Open a2 in the browser").click()
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    fill_in(page, SMALLEST)
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
    assert page.locator(".jp-Dialog").count() == 0  # no question about the kernel
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=busy]")
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")
    with page.expect_download() as download:
        page.locator("jp-button").filter(has_text="Download").click()
    download.value.save_as(tmp_path / "handed_in.ipynb")
    context.close()
    assert outside == []
    handed_in = json.loads((tmp_path / "handed_in.ipynb").read_text(encoding="utf-8"))
    said = "".join(
        "".join(output.get("text", ""))
        for cell in handed_in["cells"]
        for output in cell.get("outputs", [])
        if output["output_type"] == "stream"
    )
    earned = re.findall(r"^Task \S+ .*: (\S+) of (\S+) points\.$", said, re.M)
    assert len(earned) == len(visible_checks(SMALLEST))
    assert all(points == most for points, most in earned), said


def loaded(page: Any) -> list[str]:
    """Return the addresses of everything that a page has loaded."""
    found: list[str] = page.evaluate("performance.getEntriesByType('resource').map((entry) => entry.name)")
    return found
