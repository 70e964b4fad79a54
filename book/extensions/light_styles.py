"""Keep of the theme's style sheets what some page of the book can use.

The theme brings all of Bootstrap, and a rule for each of Font Awesome's two thousand icons: 500 KB for every first
visit. A rule stays unless each of its selectors asks for a class that occurs in no page and in no script of the site.
Rules without classes stay, and so does what differs only inside ``:not(...)``, ``:is(...)`` and ``:where(...)``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from itertools import chain

COMMENT = re.compile(r"/\*.*?\*/", re.S)
NEXT = re.compile(r"""[{};]|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\((?:[^()"']|"[^"]*"|'[^']*')*\)""", re.S)
CLASS = re.compile(r"\.((?:[\w-]|\\.)+)")
NESTED = re.compile(r":(?:not|is|where|has)\((?:[^()]|\([^()]*\))*\)")
COMMA = re.compile(r",(?![^(\[]*[)\]])")
GROUPS = ("@media", "@supports", "@container", "@layer")


def classes_of(page: str) -> set[str]:
    """Return the classes that the elements of a page have."""
    return set(chain.from_iterable(found.split() for found in re.findall(r'\bclass="([^"]*)"', page)))


def words_of(script: str) -> set[str]:
    """Return every word of a script: each may be a class that it sets."""
    return set(re.findall(r"[A-Za-z_][\w-]*", script))


def rules(style: str) -> Iterator[tuple[str, str | None]]:
    """Yield each rule's head and body, and each statement that has no body."""
    start = depth = opened = 0
    for found in NEXT.finditer(style):
        sign = found[0]
        if sign == "{":
            depth += 1
            if depth == 1:
                opened = found.start()
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield style[start:opened].strip(), style[opened + 1 : found.start()]
                start = found.end()
        elif sign == ";" and depth == 0:
            yield style[start : found.start()].strip(), None
            start = found.end()


def usable(selector: str, known: Set[str]) -> bool:
    """Tell whether a selector can match an element whose classes are known."""
    asked = CLASS.findall(NESTED.sub("", re.sub(r"\[[^\]]*\]", "", selector)))
    return all(name.replace("\\", "") in known for name in asked)


def trim(style: str, known: Set[str]) -> str:
    """Return a style sheet without the rules that no element can meet."""
    kept = []
    for head, body in rules(COMMENT.sub("", style)):
        if body is None:
            kept.append(f"{head};")
        elif head.startswith(GROUPS):
            if inner := trim(body, known):
                kept.append(f"{head}{{{inner}}}")
        elif head.startswith("@"):
            kept.append(f"{head}{{{body}}}")
        elif selectors := [each for each in COMMA.split(head) if usable(each, known)]:
            kept.append(f"{','.join(selectors)}{{{body}}}")
    return "\n".join(kept)
