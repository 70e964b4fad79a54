"""Offer the PDF in the built pages: only where it lies, so that no page ever names one that is not there."""

from __future__ import annotations

import re
from pathlib import Path

from cs_cnn.files import atomic_write

OFFERED = re.compile(r'<(p|li) class="book-pdf">.*?</\1>\n?', re.DOTALL)
FOOTER = '<div class="extra_footer">'
MENU = re.compile(r'<li>\s*<button onclick="window\.print\(\)"')


def offered(page: str, address: str, size: str) -> str:
    """Return a page with links to the PDF in its download menu and its footer; older ones are replaced.

    Parameters
    ----------
    page : str
        The page's HTML.
    address : str
        The PDF, relative to the page.
    size : str
        Pages and megabytes, for the reader who wonders.

    Returns
    -------
    str
    """
    page = OFFERED.sub("", page)
    entry = (
        f'<li class="book-pdf"><a href="{address}" class="btn btn-sm dropdown-item">'
        '<span class="btn__icon-container"><i class="fas fa-book"></i></span>'
        '<span class="btn__text-container">Whole book (.pdf)</span></a></li>\n'
    )
    footer = f'<p class="book-pdf"><a href="{address}">The whole book as a PDF</a> ({size})</p>\n'
    if found := MENU.search(page):
        page = page[: found.start()] + entry + page[found.start() :]
    return page.replace(FOOTER, f"{FOOTER}\n{footer}", 1)


def offer(site: Path, name: str, size: str) -> None:
    """Link a file at the top of the site from every page of the site."""
    for path in site.rglob("*.html"):
        if "_static" in path.relative_to(site).parts:
            continue
        page = path.read_text(encoding="utf-8")
        up = "../" * (len(path.relative_to(site).parts) - 1)
        new = offered(page, up + name, size)
        if new != page:
            with atomic_write(path) as file:
                file.write(new)
