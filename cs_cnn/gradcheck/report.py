"""What a gradient check answers."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

TOLERANCE = 1e-7
"""Largest relative error of a right gradient: central differences in float64 leave about 1e-9."""


class GradientError(AssertionError):
    """A gradient differs from the numerical one; the message is the report of the check."""


@dataclass(frozen=True)
class Line:
    """The verdict on one gradient.

    Attributes
    ----------
    name : str
        The argument whose gradient it is.
    ok : bool
    error : float
        Relative error, see `relative_error`; infinite when the shapes differ.
    message : str
        One sentence: what agrees, or where it differs and what that looks like.
    cause : str
        Short name of the likely cause, such as ``"ratio"`` or ``"border"``; empty when there is none. A right
        line has ``"kink"`` when some entries could not be judged.
    """

    name: str
    ok: bool
    error: float
    message: str
    cause: str = ""


@dataclass(frozen=True)
class Report:
    """The verdicts on all gradients of a layer.

    Attributes
    ----------
    lines : tuple of Line
        One for every gradient checked, and one for every argument that was changed in place.
    """

    lines: tuple[Line, ...]

    @property
    def ok(self) -> bool:
        """Whether every gradient is right."""
        return all(line.ok for line in self.lines)

    def __str__(self) -> str:
        return "\n".join(textwrap.fill(line.message, 96, subsequent_indent="    ") for line in self.lines)

    def raise_if_wrong(self) -> None:
        """Raise when a gradient is wrong.

        Raises
        ------
        GradientError
            With the whole report as its message.
        """
        if not self.ok:
            raise GradientError(str(self))
