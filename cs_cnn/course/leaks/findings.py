"""What the scan reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Finding:
    """A leak: where it is, and what it is.

    `where` is a file, then the members of archives and the cells of notebooks on the way to it, each after a `!`;
    `line` counts from 1 within the last of them, and is 0 where lines have no meaning.
    """

    where: str
    line: int
    kind: str
    what: str

    def __str__(self) -> str:
        place = f"{self.where}, line {self.line}" if self.line else self.where
        return f"{place}: {self.kind}: {self.what}"
