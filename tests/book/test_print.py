"""The book on paper: a printed page hides nothing, shows nothing for a screen alone, and stays in its margins."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tools.pdf.assemble import Assembly
from tools.pdf.reader import read

from .conftest import BOOK

CHAPTER = "convolution/convolution"  # tabs, a figure to move, a quiz, solutions with code
SHEET = {"width": 672, "height": 970}  # A4 without the margins of print.css, in CSS pixels
SEEN = (
    "e => e.checkVisibility({ contentVisibilityAuto: true, visibilityProperty: true, opacityProperty: true })"
)


@pytest.fixture(scope="module")
def printed(browser: Any, address: str) -> Iterator[Any]:
    """Return a chapter as Chromium prints it for a reader who likes it dark."""
    context = browser.new_context(viewport=SHEET, color_scheme="dark")
    page = context.new_page()
    page.add_init_script("localStorage.setItem('mode', 'dark'); localStorage.setItem('theme', 'dark')")
    page.goto(f"{address}{CHAPTER}.html")
    page.evaluate("async () => { await document.fonts.ready; }")
    page.wait_for_selector(".moving[data-ready]", state="attached")
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    yield page
    context.close()


def seen(page: Any, selector: str) -> list[bool]:
    """Tell for each element whether it is seen on paper."""
    return page.locator(selector).evaluate_all(f"all => all.map({SEEN})")


@pytest.mark.browser
def test_everything_to_read_is_shown(printed: Any) -> None:
    for selector in (".code-tabs .sd-tab-content", ".code-tabs label", ".moving-still", ".solution section"):
        shown = seen(printed, f"article {selector}")
        assert shown and all(shown), selector


@pytest.mark.browser
def test_tabs_follow_each_other_under_their_names(printed: Any) -> None:
    parts = printed.locator(".code-tabs").first.locator("> label, > .sd-tab-content")
    order = parts.evaluate_all("all => all.map(e => e.getBoundingClientRect().top)")
    assert len(order) == 4 and order == sorted(order) and len(set(order)) == 4


@pytest.mark.browser
def test_nothing_is_shown_that_only_a_screen_can_use(printed: Any) -> None:
    for selector in (
        "button",
        "input",
        ".moving-live",
        ".bd-sidebar",
        ".bd-header-article",
        ".quiz-details",
        "summary",
    ):
        assert not any(seen(printed, selector)), selector


@pytest.mark.browser
def test_the_right_answers_stand_below_the_quiz(printed: Any) -> None:
    questions = printed.locator(".quiz-question").count()
    key = printed.locator(".quiz-key li")
    assert questions and key.count() == questions and all(seen(printed, ".quiz-key"))
    right = printed.locator('.quiz-answer[data-verdict="right"] .quiz-letter').all_text_contents()
    assert [text[0] for text in key.all_text_contents()] == right


@pytest.mark.browser
def test_paper_is_light_and_the_screen_as_before(printed: Any) -> None:
    assert printed.evaluate("document.documentElement.dataset.theme") == "light"
    printed.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert printed.evaluate("document.documentElement.dataset.theme") == "dark"
    assert printed.locator(".quiz-key").count() == 0
    printed.evaluate("window.dispatchEvent(new Event('beforeprint'))")


@pytest.mark.browser
def test_nothing_is_cut_off_at_the_right(printed: Any) -> None:
    over = printed.evaluate(
        """() => [...document.querySelectorAll("article *")]
          .filter((e) => !e.closest("mjx-assistive-mml, .katex-mathml"))
          .filter((e) => e.checkVisibility() && e.getBoundingClientRect().right > innerWidth + 6)
          .map((e) => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`)"""
    )
    assert over == []
    clipped = printed.locator("article :is(pre, .cell_output, .sd-tab-content)").evaluate_all(
        """all => all.filter((e) => e.checkVisibility() && e.scrollWidth > e.clientWidth + 1)
          .map((e) => e.textContent.slice(0, 60))"""
    )
    assert clipped == []


@pytest.mark.browser
def test_a_page_is_printed_with_tags_and_outline(printed: Any, tmp_path: Path) -> None:
    path = tmp_path / "page.pdf"
    printed.pdf(path=str(path), tagged=True, outline=True, prefer_css_page_size=True, format="A4")
    facts = read(path)
    assert 8 <= facts.pages <= 40 and facts.tagged
    headings = re.findall(r"^## (.+)$", (BOOK / f"{CHAPTER}.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert [each for each in headings if each in facts.outline] == headings


def test_all_links_of_two_chapters_arrive_in_one_document(site: Path, tmp_path: Path) -> None:
    toc = tmp_path / "_toc.yml"
    toc.write_text("root: index\nchapters: [{file: convolution/convolution}, {file: convolution/pooling}]\n")
    document = Assembly(site, toc, "T", "A").html()
    names = re.findall(r'\sid="([^"]+)"', document)
    assert len(names) == len(set(names)) > 100
    aims = re.findall(r'href="#([^"]+)"', document)
    assert len(aims) > 10 and set(aims) <= set(names)
    assert "convolution-pooling" in aims and 'src="_images/' in document
