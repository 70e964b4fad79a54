"""The report: which texts share passages, with the passages beside each other."""

from __future__ import annotations

from dataclasses import dataclass

from cs_cnn.course.calendar import Assignment
from cs_cnn.course.report import layout
from cs_cnn.course.similar.comparing import Compared, Pair, Spans

SHOWN = 30
"""How many pairs are shown with their passages."""
_AROUND = 1


@dataclass(frozen=True)
class Line:
    """A line of code, and whether it belongs to a common passage; without a number it stands for lines left out."""

    number: int
    text: str
    common: bool


def lines(code: str, spans: Spans) -> list[Line]:
    r"""Return the lines of common passages, with one line around each.

    Parameters
    ----------
    code : str
        The whole text.
    spans : list of (int, int)
        Where the passages are.

    Returns
    -------
    list of Line

    Examples
    --------
    >>> [(line.number, line.common) for line in lines("a\nb\nc\nd\ne\n", [(4, 5)])]
    [(0, False), (2, False), (3, True), (4, False), (0, False)]
    """
    text = code.split("\n")
    starts = [0]
    for line in text:
        starts.append(starts[-1] + len(line) + 1)
    common = {
        number
        for number, line in enumerate(text)
        if line.strip()
        and any(start < starts[number + 1] - 1 and end > starts[number] for start, end in spans)
    }
    shown = {number + step for number in common for step in range(-_AROUND, _AROUND + 1)}
    found: list[Line] = []
    last = -1
    for number in sorted(shown & set(range(len(text)))):
        if number > last + 1:
            found.append(Line(0, "", False))
        found.append(Line(number + 1, text[number], number in common))
        last = number
    if found and last < len(text) - 1:
        found.append(Line(0, "", False))
    return found


def render(
    assignment: Assignment,
    compared: Compared,
    *,
    unread: dict[str, str],
    names: dict[str, str],
    at_least: float,
    others: dict[str, int],
) -> str:
    """Write the page.

    Parameters
    ----------
    assignment : Assignment
        Which one.
    compared : Compared
    unread : dict of str to str
        Students whose work could not be read, and why.
    names : dict of str to str
        Students' names by id.
    at_least : float
        The share from which pairs are listed.
    others : dict of str to int
        What else was compared with, in words, and how many texts.

    Returns
    -------
    str
        A complete HTML page that makes no request.
    """

    def called(pair: Pair) -> tuple[str, str]:
        one, other = (
            f"{names.get(text.name, '')} ({text.name})"
            if text.kind == "student" and names.get(text.name, text.name) != text.name
            else text.name
            for text in (pair.one, pair.other)
        )
        return one, other

    entries = [
        {
            "number": number,
            "pair": pair,
            "called": called(pair),
            "sides": (lines(pair.one.code, pair.spans), lines(pair.other.code, pair.other_spans))
            if number <= SHOWN
            else None,
        }
        for number, pair in enumerate(compared.pairs, 1)
    ]
    page: str = (
        layout.environment()
        .get_template("similar.html.j2")
        .render(
            assignment=assignment,
            compared=compared,
            entries=entries,
            unread=unread,
            at_least=at_least,
            others=others,
            shown=SHOWN,
        )
    )
    return page
