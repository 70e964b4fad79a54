"""Every link inside the site leads to a file, and every anchor to an element."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

import pytest


class Page(HTMLParser):
    """The ids and the links of one page."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.ids: set[str] = set()
        self.repeated: list[str] = []
        self.links: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Keep ids, names and links."""
        values = dict(attributes)
        name = values.get("id")
        if name:
            if name in self.ids:
                self.repeated.append(name)
            self.ids.add(name)
        for key in ("href", "src"):
            if values.get(key):
                self.links.append(str(values[key]))


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Return all pages of the site."""
    return {path.resolve(): Page(path) for path in site.rglob("*.html") if "_static" not in path.parts}


def test_links_and_anchors_resolve(site: Path, pages: dict[Path, Page]) -> None:
    dead = []
    for path, page in pages.items():
        for link in page.links:
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            target, anchor = urldefrag(link)
            file = (path.parent / unquote(target.split("?")[0])).resolve() if target else path
            if file.is_dir():
                file = file / "index.html"
            if not file.exists():
                dead.append(f"{path.relative_to(site)}: {link}")
            elif anchor and file in pages and unquote(anchor) not in pages[file].ids:
                dead.append(f"{path.relative_to(site)}: {link} (no such anchor)")
    assert not dead, "\n".join(dead[:20])


def test_ids_are_used_once(site: Path, pages: dict[Path, Page]) -> None:
    repeated = {str(path.relative_to(site)): page.repeated for path, page in pages.items() if page.repeated}
    assert not repeated
