"""How much a feedback page tells: the policy, where the book is, and whose names must not appear."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote

from markupsafe import Markup

from cs_cnn.course.calendar import Assignment

Policy = Literal["hints", "scores", "full"]
POLICIES: tuple[Policy, ...] = ("hints", "scores", "full")
_SECTION = re.compile(r"(Read again:\s+)([a-z0-9_]+(?:/[a-z0-9_]+)+)(?:#([A-Za-z0-9_-]+))?")
_SOMEBODY = "(somebody)"


@dataclass(frozen=True)
class Book:
    """Where students read the book.

    Attributes
    ----------
    address : str
        Such as ``"https://example.org/cnn"``; empty when it is not known, and then chapters are named only.
    titles : mapping of str to str
        Titles of chapters by their files.
    """

    address: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)

    def title(self, page: str) -> str:
        """Return how to call a chapter."""
        return self.titles.get(page) or page.rpartition("/")[2].replace("_", " ").capitalize()

    def link(self, page: str, label: str = "") -> Markup:
        """Return a link to a section, or the chapter's name and the section's label.

        Parameters
        ----------
        page : str
            The chapter's file without its suffix.
        label : str
            The section's label.

        Returns
        -------
        markupsafe.Markup
        """
        title = html.escape(self.title(page))
        section = label.replace("-", " ")
        if not self.address:
            return Markup(f"{title}, {html.escape(section)}" if section else title)
        address = f"{self.address.rstrip('/')}/{quote(page)}.html{f'#{quote(label)}' if label else ''}"
        words = f"{title}: {html.escape(section)}" if section else title
        return Markup(f'<a href="{html.escape(address)}" rel="noopener">{words}</a>')


@dataclass(frozen=True)
class Manner:
    """How a page is written.

    Attributes
    ----------
    policy : {"hints", "scores", "full"}
        `hints`: the student's notebook with points, messages, hints and chapters; no hidden test, no traceback.
        `scores`: points and comments only. `full`: everything, hidden tests and tracebacks too.
    book : Book
    others : frozenset of str
        Names and addresses of the other students, which a page replaces where a program wrote them.
    """

    policy: Policy = "hints"
    book: Book = Book()
    others: frozenset[str] = frozenset()

    def discreet(self, text: str) -> str:
        """Return what a program wrote, without the other students' names."""
        for name in self.others:
            if name in text:
                text = text.replace(name, _SOMEBODY)
        return text

    def linked(self, text: str) -> Markup:
        """Return the text of a check as HTML, with links to the sections that it recommends."""
        parts, last = [], 0
        for found in _SECTION.finditer(text):
            parts += [html.escape(text[last : found.start()]), html.escape(found[1])]
            parts.append(str(self.book.link(found[2], found[3] or "")))
            last = found.end()
        return Markup("".join([*parts, html.escape(text[last:])]))

    def chapters_of(self, assignment: Assignment) -> list[Markup]:
        """Return links to the chapters of an assignment; none where the book's address is not known."""
        return [self.book.link(file) for file in assignment.chapters] if self.book.address else []


HINTS = Manner()
