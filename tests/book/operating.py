"""Ways to find a moving figure in the book and to operate it as a reader does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .conftest import BOOK, CHAPTERS

USE = re.compile(r"```{moving} (\w+)\n:name: ([\w-]+)\n(?::variant: (\w+)\n)?")


def uses() -> Iterator[tuple[str, re.Match[str]]]:
    """Yield every chapter with each figure that it shows: its name, its label and its variant."""
    for page in CHAPTERS:
        for use in USE.finditer((BOOK / f"{page}.md").read_text(encoding="utf-8")):
            yield page, use


def shown_figures() -> list[tuple[str, str | None]]:
    """Return the figures of the book with their variants."""
    return sorted(((use[1], use[3]) for _, use in uses()), key=str)


def place_of(name: str, variant: str | None = None) -> tuple[str, str]:
    """Return the chapter that shows a figure, or a variant of it, and the selector of its frame there."""
    page, use = next((page, use) for page, use in uses() if (use[1], use[3]) == (name, variant))
    return page, f"#{use[2]} .moving"


def result(figure: Any) -> Any:
    """Return the line in which a figure says what came out."""
    return figure.locator(".moving-result")


def type_over(field: Any, text: str) -> None:
    """Replace a number field's content from the keyboard."""
    field.focus()
    field.page.keyboard.press("Control+a")
    field.page.keyboard.type(text)
