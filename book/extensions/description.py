"""What a page is about, in one sentence or two, for search engines and for what people share.

Every page gets ``<meta name="description">``, made of its opening paragraph; where that asks a question, the question
is in it. Open Graph tags and their card need whole addresses: relative ones mean nothing to the site that shows the
card. So they are written only when ``course.yml`` names the site's address (or ``html: baseurl`` does).
"""

from __future__ import annotations

import html
import re
from typing import Any

import share_card
from docutils import nodes
from launch import addresses
from sphinx.application import Sphinx
from sphinx.config import Config

LONGEST = 200
"""Characters of a description; search pages show about so many."""

SENTENCE = re.compile(r"\S.*?[.?!][\"”’)]*(?=\s+[A-Z“\"'(0-9]|\s*$)", re.S)
SIGNS = {
    r"\times": "×",
    r"\cdot": "·",
    r"\approx": "≈",
    r"\le": "≤",
    r"\ge": "≥",
    r"\max": "max",
    r"\log": "log",
    r"\ ": " ",
    r"\,": " ",
}
RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
CITED = re.compile(r"\s*\[[^\]]*\d{4}[a-z]?\]")


def plain_math(source: str) -> str:
    r"""Write a short formula in plain signs.

    Examples
    --------
    >>> plain_math(r"10^6 \times 10^{12} x_1")
    '10⁶ × 10¹² x₁'
    """
    for tex, sign in SIGNS.items():
        source = re.sub(re.escape(tex) + r"(?![a-zA-Z])", sign, source)
    source = re.sub(r"\^\{?(-?\d+)\}?", lambda power: power[1].translate(RAISED), source)
    source = re.sub(r"_\{?(\d+)\}?", lambda index: index[1].translate(LOWERED), source)
    return re.sub(r"[{}\\]", "", source)


def plain(node: nodes.Node) -> str:
    """Return the text of a paragraph as it is read, formulas included."""
    if isinstance(node, nodes.math):
        return plain_math(node.astext())
    if isinstance(node, nodes.Text):
        return str(node)
    return "".join(plain(child) for child in node.children)


def describe(text: str) -> str:
    """Choose the sentences that fit: the first ones, or the first one and the question it leads to.

    Examples
    --------
    >>> describe("A cat sits. " + "It waits there for a very long time indeed. " * 5 + "Why does it wait? Who knows.")
    'A cat sits. … Why does it wait?'
    """
    sentences = [" ".join(each.split()) for each in SENTENCE.findall(text)] or [" ".join(text.split())]
    chosen = ""
    for sentence in sentences:
        if len(longer := f"{chosen} {sentence}".strip()) > LONGEST:
            break
        chosen = longer
    question = next((each for each in sentences if "?" in each), "")
    if question and "?" not in chosen:
        for candidate in (f"{sentences[0]} … {question}", question):
            if len(candidate) <= LONGEST:
                return candidate
    if chosen:
        return chosen
    return sentences[0][: LONGEST - 1].rpartition(" ")[0].rstrip(",;:") + "…"


def opening(doctree: nodes.document) -> str:
    """Return the page's first paragraph that says something, without its citations."""
    texts = (CITED.sub("", plain(each)) for each in doctree.findall(nodes.paragraph))
    return next((text for text in texts if len(text.split()) > 6), "")


def settle(app: Sphinx, config: Config) -> None:
    """Bring in Open Graph where the site has an address."""
    if config.html_baseurl:
        app.setup_extension("sphinxext.opengraph")
        config.ogp_site_url = config.html_baseurl
        config.ogp_site_name = config.html_title or config.project
        config.ogp_social_cards = {"enable": False}  # ours shows the course's own look
        config.ogp_custom_meta_tags = ('<meta name="twitter:card" content="summary_large_image" />',)


def add_tags(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Describe a page; ``sphinxext.opengraph`` writes what it finds in the page's metadata."""
    if doctree is None or not (text := describe(opening(doctree))):
        return
    context["metatags"] += f'\n<meta name="description" content="{html.escape(text)}" />'
    if site := addresses(app).site:
        title, book = app.env.titles[pagename].astext(), app.config.ogp_site_name
        card = share_card.draw(app.outdir, title, text, book, site.partition("://")[2])
        context["meta"] = {
            **(context.get("meta") or {}),
            "og:title": html.escape(title, quote=False),
            "og:description": html.escape(text, quote=False),
            "og:image": f"{site}/{card}",
            "og:image:alt": html.escape(f"{title}. {text}", quote=False),
            "og:image:width": str(share_card.WIDTH),
            "og:image:height": str(share_card.HEIGHT),
        }


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.connect("config-inited", settle, priority=700)
    app.connect("html-page-context", add_tags, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
