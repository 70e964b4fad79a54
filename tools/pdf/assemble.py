"""Join the pages of the built book into one: what is published is what is printed, and nothing runs again.

Every identifier is prefixed with its page's name, so that the pages cannot meet each other's, and every link between
pages becomes one inside the document. Headings move down: a part is level 1, a chapter level 2, its sections level 3.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from bs4 import BeautifulSoup, Tag

STYLE = Path(__file__).with_name("paper.css")
REFERRING = ("for", "aria-labelledby", "aria-describedby", "aria-controls", "headers")
HEADING = re.compile(r"^h[1-5]$")
SCREEN_ONLY = frozenset({"reference/api"})  # two hundred pages to search in, not to read in order
PLAIN = ", ".join(f".highlight span.{kind}" for kind in ("n", "p", "w", "nn", "nx")) + ", code > span.pre"
UNPRINTED = (
    "script, noscript, button, template, .headerlink, .moving-live, .chapter-end, .reading-progress, "
    ".chapter-card li:has(a)"
)


@dataclass(frozen=True)
class Part:
    """A part of the book: its name and its pages in reading order."""

    name: str
    pages: tuple[str, ...]


@dataclass
class Chapter:
    """One page on its way into the book."""

    page: str
    article: Tag
    number: str
    title: str

    @property
    def anchor(self) -> str:
        """The identifier of its first element."""
        return prefix(self.page)


def prefix(page: str) -> str:
    """Return what stands before every identifier of a page.

    Examples
    --------
    >>> prefix("convolution/computed_fast")
    'convolution-computed_fast'
    """
    return page.replace("/", "-")


def parts_of(toc: Path) -> tuple[str, list[Part]]:
    """Read the first page and the parts from `_toc.yml`, without the pages that are for a screen only."""
    entries = yaml.safe_load(toc.read_text(encoding="utf-8"))
    groups = entries.get("parts") or [{"caption": "", "chapters": entries.get("chapters", [])}]
    parts = [
        Part(
            group.get("caption", ""),
            tuple(each["file"] for each in group["chapters"] if each["file"] not in SCREEN_ONLY),
        )
        for group in groups
    ]
    return entries["root"], parts


def page_of(site: Path, page: str) -> tuple[str, BeautifulSoup]:
    """Read one page of the site: its head as text, its article parsed."""
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    head, _, body = text.partition("</head>")
    start, end = body.find("<article"), body.rfind("</article>")
    return head, BeautifulSoup(body[start : end + len("</article>")] if start >= 0 else "", "html.parser")


def elements(root: Tag, selector: str) -> Iterator[Tag]:
    """Yield what a CSS selector finds."""
    yield from root.select(selector)


def text_of(element: Tag | None) -> str:
    """Return an element's text on one line."""
    return " ".join(element.get_text().split()) if element is not None else ""


def with_own_names(article: Tag, page: str) -> None:
    """Prefix every identifier of a page, and whatever refers to one."""
    names = {str(each["id"]) for each in elements(article, "[id]")}

    def renamed(name: str) -> str:
        return f"{prefix(page)}--{name}" if name in names else name

    for each in article.find_all(True):
        if each.get("id"):
            each["id"] = renamed(str(each["id"]))
        for attribute in REFERRING:
            if each.get(attribute):
                each[attribute] = " ".join(renamed(name) for name in str(each[attribute]).split())
        for attribute, value in each.attrs.items():
            if isinstance(value, str) and "url(#" in value:
                each[attribute] = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{renamed(m[1])})", value)
        if each.name in ("use", "textPath", "linearGradient", "pattern"):
            for attribute in ("href", "xlink:href"):
                if str(each.get(attribute, "")).startswith("#"):
                    each[attribute] = f"#{renamed(str(each[attribute])[1:])}"


def with_inner_links(article: Tag, page: str, pages: set[str]) -> None:
    """Turn links between pages into links inside the document; a file beside the book is only named."""
    folder = posixpath.dirname(page)
    for link in list(elements(article, "a[href]")):
        url = urlsplit(str(link["href"]))
        if url.scheme or url.netloc:
            continue
        path = posixpath.normpath(posixpath.join(folder, unquote(url.path))) if url.path else f"{page}.html"
        target = path.removesuffix(".html")
        if target not in pages:
            link.unwrap()
        elif url.fragment:
            link["href"] = f"#{prefix(target)}--{unquote(url.fragment)}"
        else:
            link["href"] = f"#{prefix(target)}"
    for image in elements(article, "img[src]"):
        if not urlsplit(str(image["src"])).scheme:
            image["src"] = posixpath.normpath(posixpath.join(folder, str(image["src"])))


def drop_dead_links(articles: list[Tag], anchors: set[str]) -> None:
    """Leave only the words of links whose target was not printed."""
    there = anchors | {str(each["id"]) for article in articles for each in elements(article, "[id]")}
    for article in articles:
        for link in list(elements(article, 'a[href^="#"]')):
            if str(link["href"])[1:] not in there:
                link.unwrap()


def chapter_of(page: str, document: BeautifulSoup, pages: set[str]) -> Chapter:
    """Make the article of one page ready for the book."""
    article = document.find("article")
    assert isinstance(article, Tag), f"{page}.html has no article"
    for each in list(elements(article, UNPRINTED)):
        each.decompose()
    for each in list(elements(article, PLAIN)):  # uncoloured: without them the PDF has half as many tags
        each.unwrap()
    article.smooth()
    heading = article.find("h1")
    number, title = "", page
    if isinstance(heading, Tag):
        counted = heading.find(class_="section-number")
        number = text_of(counted if isinstance(counted, Tag) else None)
        title = text_of(heading).removeprefix(number).strip()
    with_own_names(article, page)
    with_inner_links(article, page, pages)
    for each in list(article.find_all(HEADING)):
        each.name = f"h{int(each.name[1]) + 1}"
    return Chapter(page, article, number.rstrip("."), title)


def head_of(heads: list[str]) -> str:
    """Collect the style sheets of all pages once, and what typesets mathematics where the pages need it."""
    found: dict[str, str] = {}
    for head in heads:
        for tag in BeautifulSoup(head, "html.parser").find_all(["link", "script"]):
            address = re.sub(r"^(\.\./)+", "", str(tag.get("href") or tag.get("src") or ""))
            file = address.partition("?")[0]
            if tag.name == "link" and "stylesheet" in str(tag.get("rel")):
                found[file] = f'<link rel="stylesheet" href="{escape(address)}">'
            elif tag.name == "script" and re.search(r"(^|/)(mathjax/.*|print\.js)$", file):
                found[file] = f'<script defer src="{escape(address)}"></script>'
            elif "window.MathJax" in str(tag.string):
                found["MathJax"] = str(tag)
    return "\n".join(found.values())


def css_text(text: str) -> str:
    """Quote a text for CSS."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def contents(parts: list[tuple[str, list[Chapter]]], numbers: dict[str, int]) -> str:
    """Write the table of contents, with the page numbers that are known."""
    lines = ['<nav class="book-contents" aria-labelledby="contents"><h1 id="contents">Contents</h1>']
    for name, chapters in parts:
        lines.append(f'<p class="book-contents-part">{escape(name)}</p>' if name else "")
        lines.append("<ul>")
        for each in chapters:
            page = numbers.get(each.anchor, "")
            lines.append(
                f'<li><a href="#{each.anchor}"><span class="book-number">{escape(each.number)}</span>'
                f'<span class="book-title">{escape(each.title)}</span>'
                f'<span class="book-dots"></span><span class="book-page">{page}</span></a></li>'
            )
        lines.append("</ul>")
    return "\n".join([*lines, "</nav>"])


class Assembly:
    """The book as one document; the page numbers of its contents may come later.

    Parameters
    ----------
    site : pathlib.Path
        The folder of the built pages.
    toc : pathlib.Path
        The book's `_toc.yml`.
    title, authors : str
        What the title page says.
    """

    def __init__(self, site: Path, toc: Path, title: str, authors: str) -> None:
        root, parts = parts_of(toc)
        pages = {root, *(page for part in parts for page in part.pages)}
        documents = {page: page_of(site, page) for page in sorted(pages)}
        self.title, self.authors = title, authors
        self.head = head_of([head for head, _ in documents.values()])
        made = {page: chapter_of(page, article, pages) for page, (_, article) in documents.items()}
        drop_dead_links([each.article for each in made.values()], {each.anchor for each in made.values()})
        self.preface = made[root]
        self.parts = [(part.name, [made[page] for page in part.pages]) for part in parts]
        self.opening = self._open()

    def _open(self) -> str:
        """Turn the first page into a preface; its first paragraph is for the cover."""
        lede = self.preface.article.find(class_="lede")
        heading = self.preface.article.find("h2")
        if isinstance(heading, Tag):
            heading.string = "About this book"
        return str(lede.extract()) if isinstance(lede, Tag) else ""

    def chapters(self) -> list[Chapter]:
        """Return all chapters in reading order, without the first page."""
        return [chapter for _, chapters in self.parts for chapter in chapters]

    def html(self, numbers: dict[str, int] | None = None, note: str = "") -> str:
        """Write the document.

        Parameters
        ----------
        numbers : dict, optional
            Page of each anchor, for the table of contents.
        note : str
            A sentence for the title page.

        Returns
        -------
        str
        """
        running = [
            f"@page c{place} {{ @top-right {{ content: {css_text(chapter.title)}; }} }}"
            for place, chapter in enumerate(self.chapters())
        ]
        place, body = 0, []
        for name, chapters in self.parts:
            for position, chapter in enumerate(chapters):
                part = f'<h1 class="book-part">{escape(name)}</h1>' if position == 0 and name else ""
                body.append(
                    f'<div class="book-chapter" id="{chapter.anchor}" style="page: c{place}">'
                    f"{part}{chapter.article}</div>"
                )
                place += 1
        return f"""<!DOCTYPE html>
<html lang="en" data-theme="light" data-mode="light" class="has-script">
<head><meta charset="utf-8"><title>{escape(self.title)}</title>
{self.head}
<style>{STYLE.read_text(encoding="utf-8")}
{chr(10).join(running)}
</style></head>
<body><main class="book">
<div class="book-cover"><h1>{escape(self.title)}</h1>{self.opening}
<p class="book-authors">{escape(self.authors)}</p><p class="book-note">{escape(note)}</p></div>
{contents(self.parts, numbers or {})}
<div class="book-chapter book-preface" id="{self.preface.anchor}">{self.preface.article}</div>
{"".join(body)}
</main></body></html>
"""
