"""The reader's shell in a browser: ticks that stay and go, citation, reports, and the ways through a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from .conftest import CHAPTERS, PAGES

pytestmark = pytest.mark.browser

FIRST, SECOND = CHAPTERS[:2]
KEY = "cs-cnn:read"
REFUSE = """
for (const name of ["localStorage", "sessionStorage"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("no localStorage here", "SecurityError"); } });
}
"""
SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => list.getEntries().forEach((each) => (window.shifted += each.value)))
  .observe({ type: "layout-shift", buffered: true });
"""
FORM = "https://host.example/issues/new?title=T&body=Page%3A%20p%0ASection%3A%20%0A%0AWhat"


@pytest.fixture()
def reader(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a page in the one context of this test, and fails the test on a page's error."""
    contexts: list[Any] = []
    errors: list[str] = []

    def open_page(name: str, *, ticks: object = None, script: str = "", **options: Any) -> Any:
        if not contexts:
            contexts.append(browser.new_context(viewport={"width": 1280, "height": 900}, **options))
            if ticks is not None:
                stored = ticks if isinstance(ticks, str) else json.dumps(ticks)
                contexts[0].add_init_script(f"localStorage.setItem({KEY!r}, {json.dumps(stored)})")
            if script:
                contexts[0].add_init_script(script)
        page = contexts[0].new_page()
        page.on("pageerror", lambda error: errors.append(f"{error}\n{error.stack}"))
        page.goto(f"{address}{name}.html", wait_until="domcontentloaded")
        return page

    yield open_page
    for context in contexts:
        context.close()
    # Without storage the theme's scripts fail; ours must not.
    assert not [error for error in errors if "localStorage" not in error or "progress.js" in error]


def ticked(page: Any, area: str = ".bd-links") -> list[str]:
    """Return the chapters with a tick in one area of a page."""
    links = page.locator(f"{area} a.is-read")
    return [link.get_attribute("href") for link in links.all()]


def test_a_tick_stays_and_is_shown_everywhere(reader: Callable[..., Any]) -> None:
    page = reader(FIRST)
    button = page.get_by_role("button", name="Mark as read")
    assert button.get_attribute("aria-pressed") == "false" and ticked(page) == []
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator(".read-said").inner_text() == "Ticked: 1 chapter so far"
    page.reload()
    assert page.get_by_role("button", name="Mark as read").get_attribute("aria-pressed") == "true"
    assert len(ticked(page)) == 1
    assert "(read)" in page.locator(".bd-links a.is-read").inner_text()
    index = reader("index")
    assert index.locator(".reading-count").inner_text() == f"1 of {len(CHAPTERS)} chapters read"
    follow = index.locator(".reading-next a")
    assert index.locator(".reading-next").inner_text().startswith("Next: ")
    assert (follow.get_attribute("href") or "").endswith(f"/{SECOND}.html")
    assert [link.endswith(f"{FIRST}.html") for link in ticked(index)] == [True]
    syllabus = reader("guide/syllabus")
    assert [link.endswith(f"{FIRST}.html") for link in ticked(syllabus, "td")] == [True]


def test_a_tick_goes_again_and_with_the_keyboard(reader: Callable[..., Any]) -> None:
    page = reader(FIRST)
    page.locator(".read-mark").focus()
    page.keyboard.press("Space")
    assert page.locator(".read-mark").get_attribute("aria-pressed") == "true"
    page.keyboard.press("Enter")
    assert page.locator(".read-mark").get_attribute("aria-pressed") == "false"
    assert page.evaluate(f"localStorage.getItem({KEY!r})") is None, "nothing is left behind"
    assert ticked(page) == []


def test_all_ticks_can_be_cleared_and_that_taken_back(reader: Callable[..., Any]) -> None:
    page = reader("index")
    clear = page.locator(".reading-clear")
    assert page.locator(".reading-count").inner_text().startswith("0 of")
    assert page.locator(".reading-next").inner_text().startswith("Begin with: ")
    assert not clear.is_visible(), "there is nothing to clear"
    stored = json.dumps({FIRST: "2026-11-20", SECOND: "2026-11-21", "gone/chapter": "2026-11-21"})
    page.evaluate(f"localStorage.setItem({KEY!r}, {json.dumps(stored)})")
    page.reload()
    assert page.locator(".reading-count").inner_text().startswith("2 of"), (
        "a chapter that is gone counts no more"
    )
    clear.click()
    assert page.locator(".reading-count").inner_text().startswith("0 of") and ticked(page) == []
    assert page.evaluate(f"localStorage.getItem({KEY!r})") is None
    page.get_by_role("button", name="Take that back").click()
    assert page.locator(".reading-count").inner_text().startswith("2 of") and len(ticked(page)) == 2
    assert clear.inner_text() == "Clear my ticks"


def test_the_end_of_the_book_is_said(reader: Callable[..., Any]) -> None:
    page = reader("index", ticks=dict.fromkeys(CHAPTERS, "2026-11-20"))
    assert page.locator(".reading-next").inner_text() == "You have read them all."
    assert page.locator(".reading-bar").evaluate("e => e.value / e.max") == 1


def test_two_windows_agree(reader: Callable[..., Any]) -> None:
    index, page = reader("index"), reader(FIRST)
    page.locator(".read-mark").click()
    index.wait_for_function("document.querySelector('.reading-count').textContent.startsWith('1 of')")


def test_what_is_stored_may_be_broken(reader: Callable[..., Any]) -> None:
    page = reader(FIRST)
    for stored in ("{", "[1]", "null", '"text"'):
        page.evaluate(f"localStorage.setItem({KEY!r}, {json.dumps(stored)})")
        page.reload(wait_until="domcontentloaded")
        page.locator(".read-mark").click()
        assert page.locator(".read-mark").get_attribute("aria-pressed") == "true"


def test_where_nothing_can_be_kept_nothing_is_offered(reader: Callable[..., Any]) -> None:
    page = reader(FIRST, script=REFUSE)
    assert not page.locator(".read-mark").is_visible() and not page.locator(".read-note").is_visible()
    assert page.locator(".cite summary").is_visible()
    assert not reader("index").locator(".reading-progress").is_visible()


def test_without_javascript_the_end_is_quiet(reader: Callable[..., Any]) -> None:
    page = reader(FIRST, java_script_enabled=False)
    page.wait_for_load_state()  # without scripts nothing else waits for the style sheets
    assert not page.locator(".read-mark").is_visible()
    page.locator(".cite summary").click()
    assert page.get_by_text("@incollection{").is_visible()


@pytest.mark.parametrize("name", ["index", "guide/syllabus", FIRST])
def test_ticks_move_nothing_and_are_not_printed(reader: Callable[..., Any], name: str) -> None:
    page = reader(name, ticks=dict.fromkeys(CHAPTERS[:9], "2026-11-20"), script=SHIFTS)
    page.wait_for_timeout(500)
    assert page.evaluate("window.shifted") < 0.02
    parts = page.locator(".reading-progress, .chapter-end")
    assert parts.count() == 1 and parts.is_visible()
    page.emulate_media(media="print")
    assert not parts.is_visible()


def test_a_citation_can_be_copied(reader: Callable[..., Any]) -> None:
    page = reader(SECOND, permissions=["clipboard-read", "clipboard-write"])
    page.locator(".cite summary").click()
    boxes = page.locator(".cite pre")
    assert boxes.nth(0).inner_text().startswith("The course team (")
    page.locator(".cite .copybtn").nth(1).click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("@incollection{cs-cnn-linear-classifiers,")
    assert "title = {{Linear classifiers}}" in copied and "chapter = {2}" in copied
    assert copied.strip() == boxes.nth(1).inner_text().strip()


def test_a_report_names_the_section_and_the_words(reader: Callable[..., Any]) -> None:
    # The book has no address yet, so the test brings the link; it is there before the page's scripts look for it.
    add = f"""document.addEventListener("DOMContentLoaded", () => {{
      const link = document.createElement("a");
      Object.assign(link, {{ href: {FORM!r}, id: "report", textContent: "Report an error" }});
      document.querySelector(".bd-article").append(link);
    }});"""
    page = reader(FIRST, script=add)
    page.evaluate("document.querySelector('.bd-article section section:nth-of-type(3) h2').scrollIntoView()")
    heading = page.locator(".bd-article section section:nth-of-type(3) h2")
    wanted = heading.evaluate("e => [e.firstChild.textContent.trim(), e.closest('section').id]")
    page.evaluate(
        "getSelection().selectAllChildren(document.querySelector('.bd-article section section:nth-of-type(3) p'))"
    )
    page.evaluate("document.querySelector('#report').dispatchEvent(new Event('pointerdown'))")
    fields = parse_qs(urlsplit(page.locator("#report").get_attribute("href")).query)
    assert fields["title"] == ["T"]
    assert f"Section: {wanted[0]} (#{wanted[1]})\n\n> " in fields["body"][0]
    assert fields["body"][0].endswith("\n\nWhat")


def test_the_keyboard_gets_past_the_sidebar(reader: Callable[..., Any]) -> None:
    page = reader(FIRST)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent.trim()") == "Skip to main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("!!document.activeElement.closest('#main-content')")


def test_pages_follow_each_other(reader: Callable[..., Any]) -> None:
    page = reader(FIRST)
    page.locator("a.right-next").click()
    assert page.url.endswith(f"/{PAGES[PAGES.index(FIRST) + 1]}.html")
    page.locator("a.left-prev").click()
    assert page.url.endswith(f"/{FIRST}.html")
