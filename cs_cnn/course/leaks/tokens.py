"""Code as a stream of words that layout, quotes and comments do not change.

Brackets that only group, commas, semicolons, quotes and line ends are dropped, numbers are written in one way: what
is left of a line is the same before and after a formatter went over it. It also works on prose, on pages and on
minified scripts, which a Python parser would refuse.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(r"(?<![\w.])\.?\d[\d_.]*(?:[eE][+-]?\d+)?|[^\W\d]\w*|[^\w\s]|\d+")
_DROPPED = frozenset("(),;\\'\"`#")
_FIXED = frozenset(keyword.kwlist) | frozenset(dir(builtins))


@dataclass(frozen=True)
class Stream:
    """Words, the line each stands in, and where lines begin (indices into `words`)."""

    words: list[str]
    lines: list[int]
    starts: list[int]


def _number(text: str) -> str:
    try:
        return f"{float(text):.12g}"
    except ValueError:
        return text


def stream(numbered: Iterable[tuple[int, str]], *, comments: bool) -> Stream:
    """Split numbered lines into words.

    Parameters
    ----------
    numbered : iterable of (int, str)
        Number and text of each line.
    comments : bool
        Whether the words behind a `#` count: they do where code may have been commented out, and they do not where
        a comment may have been put between two lines of code.

    Returns
    -------
    Stream
    """
    words: list[str] = []
    lines: list[int] = []
    starts: list[int] = []
    for number, text in numbered:
        if not comments:
            text = text.partition("#")[0]
        here = [word for word in _TOKEN.findall(text) if word not in _DROPPED]
        if here:
            starts.append(len(words))
            lines += [number] * len(here)
            words += [_number(word) if word[-1].isdigit() or word[-1] == "." else word for word in here]
    return Stream(words, lines, starts)


def grams(words: Sequence[str], length: int) -> Iterable[tuple[str, ...]]:
    """Yield every run of `length` words; none when there are fewer."""
    return zip(*(words[shift:] for shift in range(length)), strict=False)


def skeleton(words: Sequence[str]) -> list[str]:
    """Return the words with every name that a person may choose replaced by a `$`.

    What follows a dot, Python's own words and its built-in functions stay.
    """
    before = ["", *words]
    return [
        "$" if word not in _FIXED and previous != "." and word.isidentifier() else word
        for previous, word in zip(before, words, strict=False)
    ]


def renamed(words: Sequence[str], bones: Sequence[str]) -> tuple[str, ...]:
    """Return the words with every name that a person may choose replaced by a number in order of appearance.

    The result is the same after somebody renamed the variables, and another program's result is not.

    Parameters
    ----------
    words, bones : sequence of str
        Words, and their `skeleton`.

    Returns
    -------
    tuple of str
    """
    seen: dict[str, str] = {}
    return tuple(
        seen.setdefault(word, f"${len(seen)}") if bone == "$" else bone
        for word, bone in zip(words, bones, strict=True)
    )
