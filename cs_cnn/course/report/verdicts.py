"""The text of a check as HTML that fits a narrow screen: the lines it was broken into are put together again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from markupsafe import Markup, escape

from cs_cnn.course.report.manner import Manner

_HEADLINE = re.compile(r"Task \S+ .*: [\d.]+ of [\d.]+ points\.")
_PART = re.compile(r"(right|not yet) {2,}(.+?) {2,}([\d.]+ of [\d.]+: .*)")
_TOLD = re.compile(r"(not yet): (.*)")
# How far what belongs to the line before is moved in at least; "Read again" is moved in as far, and stands alone.
_CONTINUED = "    "


@dataclass
class Verdict:
    """The text of one check: its first line, and one entry for each part, hint or remark."""

    headline: str
    entries: list[str] = field(default_factory=list)


def split(text: str) -> list[str | Verdict]:
    r"""Find the texts of checks in what a cell printed.

    Parameters
    ----------
    text : str
        What the cell printed.

    Returns
    -------
    list of str or Verdict
        In order; what is no check's text stays as it is.

    Examples
    --------
    >>> split("hello\nTask 1.1 f: 0 of 2 points.\n  not yet: it is\n    wrong.\n    Read again: a/b#c\n")
    ['hello', Verdict(headline='Task 1.1 f: 0 of 2 points.', entries=['not yet: it is wrong.', 'Read again: a/b#c'])]
    """
    found: list[str | Verdict] = []
    for line in text.splitlines():
        last = found[-1] if found else None
        words = line.strip()
        if _HEADLINE.fullmatch(line):
            found.append(Verdict(line))
        elif isinstance(last, Verdict) and line.startswith("  "):
            alone = not line.startswith(_CONTINUED) or words.startswith("Read again:")
            if alone or not last.entries:
                last.entries.append(words)
            else:
                last.entries[-1] += f" {words}"
        elif isinstance(last, str):
            found[-1] = f"{last}\n{line}"
        elif words:
            found.append(line)
    return found


def html(verdict: Verdict, manner: Manner) -> Markup:
    """Write the text of a check as a list, with links to the sections that it recommends."""
    entries = []
    for entry in verdict.entries:
        part, told = _PART.fullmatch(entry), _TOLD.fullmatch(entry)
        if part:
            words = Markup("<strong>{}</strong> {}, {}").format(*part.groups())
        elif told:
            words = Markup("<strong>{}</strong>: {}").format(*told.groups())
        else:
            words = manner.linked(entry)
        entries.append(Markup("<li>{}</li>").format(words))
    listed = Markup("<ul>{}</ul>").format(Markup("").join(entries)) if entries else Markup("")
    return Markup('<div class="verdict"><p>{}</p>{}</div>').format(escape(verdict.headline), listed)
