"""A page in Chromium for the tests that look: no request, no complaint of axe, no sideways scrolling."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PHONE, NARROW, DESK = 390, 320, 1280


@contextlib.contextmanager
def opened(path: Path, width: int = PHONE) -> Iterator[Any]:
    """Open a file in a new Chromium; whatever it requests besides is refused and fails the test."""
    from playwright.sync_api import sync_playwright

    requests: list[str] = []
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            page = chromium.new_page(viewport={"width": width, "height": 900})
            page.on("request", lambda request: requests.append(request.url))
            page.goto(path.as_uri())
            yield page
            other = [url for url in requests if not url.startswith(("data:", path.as_uri()))]
            assert other == []
        finally:
            chromium.close()


def complaints(page: Any) -> list[str]:
    """Run the axe rules and return what they find."""
    import axe_playwright_python

    script = sorted(Path(axe_playwright_python.__file__).parent.rglob("axe*.js"))[0]
    page.evaluate(script.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


def sideways(page: Any) -> list[str]:
    """Name what sticks out of the page, other than in a box that scrolls; empty when it fits."""
    if page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        return []
    found: list[str] = page.evaluate(
        "[...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
        ".slice(0, 5).map(e => e.outerHTML.slice(0, 120))"
    )
    return found or ["something"]


def smallest_text(page: Any) -> float:
    """Return the smallest size, in pixels, at which words of the page are shown."""
    size: float = page.evaluate(
        "Math.min(...[...document.querySelectorAll('main p, main td, main th, main li, main pre, main summary')]"
        ".map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    return size
