"""Repair what the theme and docutils leave unreadable to assistive technology.

Every rule names the axe rule it satisfies. ``tests/book`` holds that axe finds nothing afterwards, and that each rule
still has something to repair: one that has not is out of date and goes. What no program can repair, a picture without
an alternative text, is a warning.
"""

from __future__ import annotations

import re
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

RULES: dict[str, tuple[re.Pattern[str], str]] = {
    # summary-name: the sidebar's chevrons have no text of their own
    "chevrons": (
        re.compile(
            r'(<a class="[^"]*\breference internal[^"]*" href="[^"]*">)([^<]*)(</a><details[^>]*>)<summary>'
        ),
        r'\1\2\3<summary aria-label="Pages under \2">',
    ),
    # region: the logo's link lies outside every landmark
    "logo": (
        re.compile(r'(?<!<nav aria-label="Home">)(<a class="navbar-brand logo"[^>]*>.*?</a>)', re.S),
        r'<nav aria-label="Home">\1</nav>',
    ),
    # label-content-name-mismatch: the visible "Search Ctrl+K" is a good name already
    "search button": (
        re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="[^"]*"', re.S),
        r"\1",
    ),
    # label-content-name-mismatch: the icons' titles differ from the button's name
    "theme switch": (re.compile(r'(<i class="theme-switch[^>]*?) title="[^"]*"'), r"\1"),
    # duplicate-id: sphinx-exercise and sphinx-proof give every box the same id
    "box content": (
        re.compile(r'(<section(?: class="[^"]*")?) id="(?:exercise|solution|proof)-content">'),
        r"\1>",
    ),
    # aria-required-children, aria-deprecated-role: docutils' lists of citations
    "citation list": (re.compile(r'<div role="list" class="citation-list">'), '<div class="citation-list">'),
    "citation": (re.compile(r'(<div class="citation" id="[^"]*") role="doc-biblioentry">'), r"\1>"),
}


def repair_page(page: str) -> str:
    """Apply all rules to the text of one page; applying them twice changes nothing more."""
    for rule, replacement in RULES.values():
        page = rule.sub(replacement, page)
    return page


def require_alternatives(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Warn of every picture without an alternative text; in a strict build that is an error."""
    for image in doctree.findall(nodes.image):
        if not str(image.get("alt", "")).strip():
            advice = "for a cell's output give it in the cell's metadata, as mystnb: image: alt"
            logger.warning(
                "this picture has no alternative text; %s", advice, location=image, type="accessibility"
            )


def repair(app: Sphinx, exception: Exception | None) -> None:
    """Repair the pages of a finished build in place."""
    if exception or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        page = path.read_text(encoding="utf-8")
        repaired = repair_page(page)
        if repaired != page:
            path.write_text(repaired, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.connect("doctree-resolved", require_alternatives)
    app.connect("build-finished", repair)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
