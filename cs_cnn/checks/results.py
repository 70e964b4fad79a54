"""What a check found, as data and as a short text that a student can read."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, field

WIDTH = 96
_GREEN, _RED, _BOLD, _PLAIN = "\033[32m", "\033[31m", "\033[1m", "\033[0m"


def number(value: float) -> str:
    """Return points without a trailing ``.0``.

    >>> number(3.0), number(2.5)
    ('3', '2.5')
    """
    return f"{value:g}"


@dataclass(frozen=True)
class Part:
    """The verdict on one part of a task, for example one gradient.

    Attributes
    ----------
    name : str
        Short name, such as ``"dW1"``.
    points, of : float
        Points earned and points possible.
    ok : bool
        Whether the part earned all its points.
    message : str
        What was tested when it is right; what was found when it is not.
    hint : str
        A question or a fact that leads on, never the answer; empty when the part is right.
    mistake : str
        Name of the known mistake whose output this part shows; empty when there is none.
    section : str
        Where the book explains it, such as ``"foundations/two_layer_networks#two-layer-backward"``.
    """

    name: str
    points: float
    of: float
    ok: bool
    message: str
    hint: str = ""
    mistake: str = ""
    section: str = ""


@dataclass(frozen=True)
class Report:
    """The result of one check of one task.

    Attributes
    ----------
    task : str
        Name of the task, such as ``"a2.forward"``.
    title : str
        The first words of the text, such as ``"Task 2.3 forward"``.
    parts : tuple of Part
    advice : tuple of str
        Remarks that cost no points.
    broken : str
        Why the check itself could not be trusted; empty when it could. A broken check gives no points.
    """

    task: str
    title: str
    parts: tuple[Part, ...]
    advice: tuple[str, ...] = field(default=())
    broken: str = ""

    @property
    def points(self) -> float:
        """Points earned."""
        return 0.0 if self.broken else float(sum(part.points for part in self.parts))

    @property
    def of(self) -> float:
        """Points possible."""
        return float(sum(part.of for part in self.parts))

    @property
    def ok(self) -> bool:
        """Whether every part earned all its points."""
        return not self.broken and all(part.ok for part in self.parts)

    @property
    def messages(self) -> tuple[str, ...]:
        """What was found wrong, one sentence for each lost part, without repetitions."""
        return tuple(dict.fromkeys(part.message for part in self.parts if not part.ok))

    @property
    def hints(self) -> tuple[str, ...]:
        """The hints of the lost parts, without repetitions."""
        return tuple(dict.fromkeys(part.hint for part in self.parts if part.hint))

    @property
    def mistakes(self) -> tuple[str, ...]:
        """Names of the known mistakes that were recognised, without repetitions."""
        return tuple(dict.fromkeys(part.mistake for part in self.parts if part.mistake))

    def __str__(self) -> str:
        return self.text()

    def text(self, *, colour: bool = False) -> str:
        """Write the report for reading.

        Parameters
        ----------
        colour : bool
            Colour the verdicts with ANSI codes. The words say the same, so nothing is lost without.

        Returns
        -------
        str
            A headline, one line for each part with its verdict in words, hints below the parts that need them.
        """
        paint = (lambda text, code: f"{code}{text}{_PLAIN}") if colour else (lambda text, code: text)
        lines = [paint(f"{self.title}: {number(self.points)} of {number(self.of)} points.", _BOLD)]
        if self.broken:
            return "\n".join([*lines, *_wrap(self.broken, "  ")])
        shared = len(self.parts) > 1 and len(self.messages) == 1 and not any(part.ok for part in self.parts)
        if shared:
            lines += _wrap(f"not yet: {self.messages[0]}", "  ")
        else:
            width = max(len(part.name) for part in self.parts)
            for part in self.parts:
                word = paint("right  ", _GREEN) if part.ok else paint("not yet", _RED)
                score = f"{number(part.points)} of {number(part.of)}"
                lines += _wrap(f"{part.name:<{width}}  {score}: {part.message}", f"  {word}  ", " " * 11)
        shown: set[str] = set()
        for part in self.parts:
            if part.hint and part.hint not in shown:
                shown.add(part.hint)
                names = ", ".join(other.name for other in self.parts if other.hint == part.hint)
                about = "" if len(self.parts) == 1 or shared else f" for {names}"
                lines += _wrap(f"Hint{about}: {part.hint}", "  ", "    ")
                if part.section:
                    lines += _wrap(f"Read again: {part.section}", "    ")
        for remark in self.advice:
            lines += _wrap(f"Advice, no points lost: {remark}", "  ", "    ")
        return "\n".join(lines)


def _wrap(text: str, first: str, later: str | None = None) -> list[str]:
    """Break a paragraph into lines; the indentation counts as its printed width."""
    indent = first if later is None else later
    plain = len(indent)
    body = textwrap.wrap(text, WIDTH - plain, break_long_words=False, break_on_hyphens=False) or [""]
    return [first + body[0], *(indent + line for line in body[1:])]
