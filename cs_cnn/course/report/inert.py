"""Making what students wrote safe to show: no scripts, no requests, headings that fit into the page."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from bs4 import BeautifulSoup

_TEXT_TAGS = (
    "a",
    "abbr",
    "b",
    "br",
    "code",
    "del",
    "em",
    "i",
    "kbd",
    "s",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
)
_BLOCK_TAGS = (
    "blockquote",
    "dd",
    "details",
    "div",
    "dl",
    "dt",
    "hr",
    "img",
    "li",
    "ol",
    "p",
    "pre",
    "summary",
    "ul",
)
_TABLE_TAGS = ("caption", "table", "tbody", "td", "tfoot", "th", "thead", "tr")
_HEADING_TAGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_TAGS = frozenset((*_TEXT_TAGS, *_BLOCK_TAGS, *_TABLE_TAGS, *_HEADING_TAGS, "u", "var"))
_LINK = re.compile(r"^(https?://|mailto:)", re.IGNORECASE)
_PICTURE = re.compile(r"^data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]+$")
# An address of the web is kept; of a file's path only the last part is.
_PATH = re.compile(
    r"(https?://[^\s\"'<>()]*)|(?:file://|(?<![\w.~/]))(?:/[^\s/:\"'<>()]+)+/(?=[^\s/:\"'<>()]+)",
    re.IGNORECASE,
)
_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def _keeps(tag: str, name: str, value: str) -> bool:
    """Whether an attribute may stay: links that a reader clicks, pictures that are in the page already."""
    if tag == "a":
        return name == "href" and bool(_LINK.match(value))
    if tag == "img":
        return name == "alt" or (name == "src" and bool(_PICTURE.match(value)))
    return tag in ("td", "th") and name in ("colspan", "rowspan") and value.isdigit()


@lru_cache(maxsize=1)
def _cleaner() -> Any:
    from bleach.sanitizer import Cleaner  # type: ignore[import-untyped]

    # "data" only passes for pictures: `_keeps` has looked at every value first.
    protocols = frozenset({"http", "https", "mailto", "data"})
    return Cleaner(tags=_TAGS, attributes=_keeps, protocols=protocols, strip=False, strip_comments=True)


class Headings:
    """Moves the headings of consecutive texts below the page's own, without gaps between levels.

    Parameters
    ----------
    below : int
        The level of the heading they belong under.
    """

    def __init__(self, below: int) -> None:
        self._below = self._last = below

    def level(self, wanted: int) -> int:
        """Return the level for a heading that its author gave `wanted` number signs."""
        self._last = min(self._below + wanted, self._last + 1, 6)
        return self._last


def html(text: str, headings: Headings | None = None) -> str:
    """Make HTML inert.

    Parameters
    ----------
    text : str
        HTML of unknown origin.
    headings : Headings, optional
        Where the page stands; without it headings become bold paragraphs.

    Returns
    -------
    str
        HTML from an allow-list: scripts, styles, forms, frames and event handlers are shown as text or gone, and
        pictures that would have to be fetched are replaced by their description.
    """
    soup = BeautifulSoup(_cleaner().clean(text), "html.parser")
    for picture in soup.find_all("img"):
        if not picture.get("src"):
            picture.replace_with(f"[picture left out: {picture.get('alt') or 'no description'}]")
        elif not picture.get("alt"):
            picture["alt"] = "A picture without a description"
    for link in soup.find_all("a"):
        if link.get_text() == "¶":
            link.decompose()  # the anchor that the Markdown renderer hangs on every heading
        elif link.get("href"):
            link["rel"] = "noopener noreferrer"
        else:
            link.unwrap()
    for heading in soup.find_all(re.compile(r"^h[1-6]$")):
        level = int(heading.name[1])
        heading.name = f"h{headings.level(level)}" if headings else "p"
        if not heading.get_text(strip=True):
            heading.decompose()
    for corner in soup.find_all("th"):
        if not corner.get_text(strip=True):
            corner.name = "td"  # an empty cell heads nothing
    for table in soup.find_all("table"):
        # A wide table scrolls in its own box; the keyboard must be able to reach that box.
        box = {"class": "wide", "tabindex": "0", "role": "group", "aria-label": "Table"}
        table.wrap(soup.new_tag("div", attrs=box))
    return str(soup)


def markdown(text: str, headings: Headings | None = None) -> str:
    """Render Markdown and make the result inert; formulas stay as they were typed."""
    from nbconvert.filters import markdown2html

    return html(str(markdown2html(text)), headings)


def folded(text: str, headings: Headings) -> str:
    """Render Markdown as `markdown` does, with everything after a first heading behind a line to open.

    Parameters
    ----------
    text : str
        The instructors' own text, which the reader has seen before.
    headings : Headings
        Where the page stands.

    Returns
    -------
    str
        Inert HTML.
    """
    soup = BeautifulSoup(markdown(text, headings), "html.parser")
    for rule in soup.find_all("hr"):
        rule.decompose()
    first = next((child for child in soup.contents if str(child).strip()), None)
    heading = ""
    if first is not None and re.match(r"<h[1-6]>", str(first)):
        heading = str(first.extract())
    rest = str(soup).strip()
    return f"{heading}<details><summary>The text of this part</summary>{rest}</details>" if rest else heading


def plain(text: str) -> str:
    """Strip terminal colours and the folders of this machine from a text."""
    return _PATH.sub(lambda found: found[1] or "", _ANSI.sub("", text))


def without_paths(text: str) -> str:
    """Strip the folders of this machine from the words of inert HTML; its tags and links stay.

    >>> without_paths('<a href="https://example.org/a/b">see</a> /home/you/x.py')
    '<a href="https://example.org/a/b">see</a> x.py'
    """
    soup = BeautifulSoup(text, "html.parser")
    for words in soup.find_all(string=True):
        words.replace_with(plain(str(words)))
    for tag in soup.find_all(alt=True):
        tag["alt"] = plain(str(tag["alt"]))
    return str(soup)
