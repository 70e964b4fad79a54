"""Ways to find a moving figure in the book and to operate it as a reader does."""

from __future__ import annotations

import re
from typing import Any

from .conftest import BOOK, CHAPTERS


def chapter_of(name: str, variant: str | None = None) -> str:
    """Return the chapter that shows a figure, or a variant of it."""
    wanted = f":variant: {variant}\n" if variant else "(?!:variant:)"
    return next(
        page
        for page in CHAPTERS
        if re.search(
            rf"```{{moving}} {name}\n:name: [\w-]+\n{wanted}",
            (BOOK / f"{page}.md").read_text(encoding="utf-8"),
        )
    )


def type_over(field: Any, text: str) -> None:
    """Replace a number field's content from the keyboard."""
    field.focus()
    field.page.keyboard.press("Control+a")
    field.page.keyboard.type(text)


def result(figure: Any) -> Any:
    return figure.locator(".moving-result")
