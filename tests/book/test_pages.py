"""Every page in a browser, wide and narrow, light and dark: quiet, light, self-contained, accessible, still."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup

from .conftest import PAGES

pytestmark = pytest.mark.browser

VIEWS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
EXTRA = ["genindex", "search"]
FIRST_LOAD = 1_000_000  # bytes without compression; a server that compresses sends a third
SHIFT = 0.05
# The largest session of layout shifts: less than a second between two, at most five seconds in all (web.dev/cls).
WATCH_SHIFTS = """
window.largestShift = 0;
let first = -Infinity, last = -Infinity, sum = 0;
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) {
    if (shift.hadRecentInput) continue;
    const follows = shift.startTime - last < 1000 && shift.startTime - first < 5000;
    if (!follows) first = shift.startTime;
    sum = (follows ? sum : 0) + shift.value;
    last = shift.startTime;
    window.largestShift = Math.max(window.largestShift, sum);
  }
}).observe({ type: "layout-shift", buffered: true });
"""
LOADED = """
[...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .map((each) => [each.encodedBodySize, each.name]).sort((a, b) => b[0] - a[0])
"""
UNSET = """
[...document.querySelectorAll(".math")]
  .filter((each) => !each.querySelector("mjx-assistive-mml > math *") || each.querySelector("mjx-merror"))
  .map((each) => each.textContent)
"""
BLANK = """
[...document.querySelectorAll("mjx-c")].filter((each) => getComputedStyle(each, "::before").content === "none")
  .map((each) => each.className)
"""


class View:
    """A tab of one width and colour scheme, which records what pages ask for and complain about."""

    def __init__(self, browser: Any, address: str, width: int, scheme: str) -> None:
        self.address = address
        self.context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.context.route(lambda url: not url.startswith((address, "data:", "blob:")), self.refuse)
        self.context.add_init_script(WATCH_SHIFTS)
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self.console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))
        self.page.on("response", self.response)

    def refuse(self, route: Any) -> None:
        """Record and refuse a request to another host."""
        self.complaints.append(f"request off the host: {route.request.url}")
        route.abort()

    def console(self, message: Any) -> None:
        """Record errors and warnings of the console."""
        if message.type in ("error", "warning"):
            self.complaints.append(f"console {message.type}: {message.text}")

    def response(self, response: Any) -> None:
        """Record answers that are errors."""
        if response.status >= 400:
            self.complaints.append(f"{response.status}: {response.url}")

    def open(self, name: str) -> Any:
        """Open a page and wait until its colours have changed to the scheme's."""
        self.complaints.clear()
        self.page.goto(f"{self.address}{name}.html", wait_until="load")
        self.page.evaluate(
            "Promise.race([Promise.allSettled(document.getAnimations().map(each => each.finished)),"
            " new Promise(resolve => setTimeout(resolve, 5000))]).then(() => null)"
        )
        return self.page


@pytest.fixture(scope="module")
def views(browser: Any, address: str) -> Iterator[dict[tuple[int, str], View]]:
    """Return one open tab for each view."""
    made = {view: View(browser, address, *view) for view in VIEWS}
    yield made
    for view in made.values():
        view.context.close()


def violations(page: Any, *, narrow: bool) -> list[str]:
    """Run axe's default rules and return what they find.

    The contrast of the text is the same at both widths and takes most of the time, so a narrow page is asked for it
    only around the text, where other buttons are shown.
    """
    runs = ["axe.run(document, {resultTypes: ['violations']})"]
    if narrow:
        runs = [
            "axe.run(document, {resultTypes: ['violations'], rules: {'color-contrast': {enabled: false}}})",
            "axe.run({exclude: ['.bd-article']}, {resultTypes: ['violations'], runOnly: ['color-contrast']})",
        ]
    found = [violation for run in runs for violation in page.evaluate(run)["violations"]]
    return [f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:160]}" for each in found]


@pytest.mark.parametrize("name", [*PAGES, *EXTRA])
@pytest.mark.parametrize("view", VIEWS, ids=lambda view: f"{view[0]}-{view[1]}")
def test_page(name: str, view: tuple[int, str], views: dict[tuple[int, str], View], axe_script: str) -> None:
    """Check one page in one view."""
    tab = views[view]
    page = tab.open(name)
    complaints = list(tab.complaints)  # before axe, which loads the page's style sheets once more
    loaded = page.evaluate(LOADED)
    weight = sum(size for size, _ in loaded)
    page.evaluate(axe_script)
    report = violations(page, narrow=view[0] < 1000)
    assert not report, "\n".join(report)
    assert page.evaluate("document.documentElement.scrollWidth") <= view[0], wide_elements(page)
    assert page.evaluate("document.documentElement.dataset.theme") == view[1]
    assert not page.evaluate("[...document.images].filter(i => !i.hasAttribute('alt')).map(i => i.src)")
    assert not page.evaluate("[...document.images].filter(i => !i.getAttribute('width')).map(i => i.src)")
    assert not page.evaluate(UNSET)
    assert view != VIEWS[0] or not page.evaluate(BLANK), "the style sheet lacks letters of the formulas"
    assert page.evaluate("window.largestShift") < SHIFT
    assert 0 < weight < FIRST_LOAD, f"{weight} bytes: {loaded[:5]}"
    assert not complaints, "\n".join(complaints)
    if view == (390, "light"):
        narrowest(page)


def narrowest(page: Any) -> None:
    """Check that the narrowest phone does not scroll sideways."""
    page.set_viewport_size({"width": 320, "height": 700})
    try:
        assert page.evaluate("document.documentElement.scrollWidth") <= 320, wide_elements(page)
    finally:
        page.set_viewport_size({"width": 390, "height": 900})


@pytest.mark.parametrize("name", PAGES)
def test_pictures_say_what_they_show(name: str, site: Path) -> None:
    soup = BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
    silent = [
        f"{picture['src']} alt={picture.get('alt', '')}"
        for picture in soup.select(".bd-article img")
        if len(picture.get("alt", "").strip()) < 15 or re.match(r"\.\.|_images|https?:", picture["alt"])
    ]
    assert not silent


def wide_elements(page: Any) -> list[str]:
    """Name the elements that stick out, for the report."""
    return page.evaluate(
        "[...document.querySelectorAll('.bd-article *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".slice(0, 5).map(e => e.tagName + '.' + e.className)"
    )


def test_search_works_without_a_server_of_its_own(views: dict[tuple[int, str], View]) -> None:
    tab = views[1280, "light"]
    tab.complaints.clear()
    tab.page.goto(f"{tab.address}search.html?q=convolution")
    tab.page.wait_for_selector("#search-results li a")
    assert not tab.complaints
