"""How a chapter is cited: BibTeX and a plain sentence, from ``CITATION.cff`` and the chapter's own title."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from pathlib import Path

import yaml

SPECIAL = re.compile(r"([&%$#_])")


@dataclass(frozen=True)
class Course:
    """What ``CITATION.cff`` says of the whole course."""

    title: str
    authors: tuple[str, ...]
    year: str
    version: str


@dataclass(frozen=True)
class Chapter:
    """What a citation says of one chapter; `number` and `url` are empty where there is none."""

    key: str
    title: str
    number: str = ""
    url: str = ""


def load(path: Path) -> Course:
    """Read a citation file; authors are people (family and given names) or groups (a name)."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    authors = tuple(
        str(each["name"]) if "name" in each else f"{each['family-names']}, {each['given-names']}"
        for each in data["authors"]
    )
    return Course(str(data["title"]), authors, str(data["date-released"])[:4], str(data.get("version", "")))


def escape(text: str) -> str:
    r"""Escape what TeX would read as its own.

    Examples
    --------
    >>> escape("Cats & dogs")
    'Cats \\& dogs'
    """
    return SPECIAL.sub(r"\\\1", text)


def bibtex(course: Course, chapter: Chapter) -> str:
    """Write an entry; double braces keep the capitals of names such as AlexNet, and the names of groups."""
    people = " and ".join(escape(name) if "," in name else f"{{{escape(name)}}}" for name in course.authors)
    fields = {
        "author": people,
        "title": f"{{{escape(chapter.title)}}}",
        "booktitle": f"{{{escape(course.title)}}}",
        "chapter": chapter.number,
        "year": course.year,
        "note": f"Version {course.version}" if course.version else "",
        "url": chapter.url,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@incollection{{{chapter.key},", *lines, "}"])


def sentence(course: Course, chapter: Chapter) -> str:
    """Write the same as one line of a list of references.

    Examples
    --------
    >>> course = Course("All of it", ("The team",), "2026", "1.0")
    >>> sentence(course, Chapter("k", "Which part?", "7"))
    'The team (2026). Which part? In: All of it, version 1.0, chapter 7.'
    """
    title = chapter.title if chapter.title.endswith(("?", "!", ".")) else f"{chapter.title}."
    where = [
        course.title,
        f"version {course.version}" if course.version else "",
        f"chapter {chapter.number}" if chapter.number else "",
    ]
    text = f"{'; '.join(course.authors)} ({course.year}). {title} In: {', '.join(filter(None, where))}."
    return f"{text} {chapter.url}".strip()


def block(course: Course, chapter: Chapter) -> str:
    """Write the part of a page that offers both; the book's copy buttons find the two boxes by their classes."""
    boxes = "".join(
        f'<p class="cite-form">{name}</p>\n'
        f'<div class="highlight-none notranslate"><div class="highlight"><pre>{html.escape(text)}</pre></div></div>\n'
        for name, text in (("Text", sentence(course, chapter)), ("BibTeX", bibtex(course, chapter)))
    )
    return f'<details class="cite">\n<summary>Cite this chapter</summary>\n{boxes}</details>\n'
