"""Print the whole book into one tagged PDF (`make pdf`).

The pages are those that `make book` built, so that nothing runs again. They are printed twice: the first time tells on
which page each chapter begins, the second writes that into the table of contents.
"""

from __future__ import annotations

import mimetypes
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import click
import yaml

from tools import book
from tools.pdf.assemble import Assembly
from tools.pdf.offer import offer
from tools.pdf.reader import Facts, read
from tools.progress import StepFailed, say

PDF = book.ROOT / "book" / "_build" / "pdf" / "convolutional-networks.pdf"
ADDRESS = "http://book.invalid/"  # a name that no network has: every request is answered from the built site
PATIENCE = 15 * 60 * 1000  # for hundreds of pages on a slow machine, in milliseconds
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")

# What is wider than the column is set smaller within limits; a printed table of a cell keeps its columns that way.
FIT = """() => {
  const outputs = [...document.querySelectorAll(".cell_output pre")];
  outputs.forEach((each) => (each.style.whiteSpace = "pre"));
  const room = outputs.map((each) => (each.clientWidth - 1) / each.scrollWidth);
  const size = outputs.map((each) => parseFloat(getComputedStyle(each).fontSize));
  outputs.forEach((each, place) => {
    if (room[place] > 0.99 && each.scrollWidth <= each.clientWidth) return;
    if (room[place] > 0.7) each.style.fontSize = `${size[place] * room[place] * 0.97}px`;
    else each.style.whiteSpace = "";
  });
  const right = document.querySelector("main").getBoundingClientRect().right;
  const wide = "mjx-container[display=true], .katex-display, .output_html, table, .moving-still svg";
  for (const each of document.querySelectorAll(wide)) {
    if (each.closest("table table, .moving-small")) continue;
    const seen = "*:not(mjx-assistive-mml, mjx-assistive-mml *, .katex-mathml, .katex-mathml *)";
    const inner = [...each.querySelectorAll(seen)].reduce((widest, one) =>
      one.getBoundingClientRect().right > widest.getBoundingClientRect().right ? one : widest, each);
    const { left, width } = each.getBoundingClientRect();
    const reach = inner.getBoundingClientRect().right;
    if (reach <= right + 1 || !width) continue;
    each.style.zoom = Math.max(0.6, (right - left) / (reach - left) * 0.985);
  }
}"""


def chromium() -> str:
    """Return the path of Chromium, or say in one sentence that there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    raise StepFailed("The PDF is printed by Chromium, which is not on this machine: apt-get install chromium")


@contextmanager
def opened_book(site: Path) -> Iterator[tuple[Any, Callable[[str], None]]]:
    """Open a page of Chromium that sees only the built site; also return how to show it a document."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as error:
        raise StepFailed("The PDF is printed through the package playwright: run `make env`.") from error
    shown = {"": ""}

    def answer(route: Any) -> None:
        path = unquote(urlsplit(route.request.url).path).lstrip("/")
        file = site / path
        if not route.request.url.startswith(ADDRESS) or not (path in shown or file.is_file()):
            route.abort()
        elif path in shown:
            route.fulfill(body=shown[path], content_type="text/html; charset=utf-8")
        else:
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            route.fulfill(body=file.read_bytes(), content_type=kind)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 650, "height": 940})  # the text column of the sheet
        page.set_default_timeout(PATIENCE)
        page.route("**/*", answer)
        page.emulate_media(media="print", color_scheme="light", reduced_motion="reduce")

        def show(document: str) -> None:
            shown[""] = document
            page.goto(ADDRESS, wait_until="load")
            page.evaluate("async () => { await document.fonts.ready; }")
            page.evaluate("() => window.dispatchEvent(new Event('beforeprint'))")
            page.evaluate(FIT)

        yield page, show
        browser.close()


def print_book(site: Path, toc: Path, target: Path, *, title: str, authors: str, note: str = "") -> Facts:
    """Print a built book into a PDF, which appears under its name only when it is whole.

    Parameters
    ----------
    site : pathlib.Path
        The folder of the built pages.
    toc : pathlib.Path
        The `_toc.yml` that names them.
    target : pathlib.Path
        The file to write.
    title, authors, note : str
        What stands on the cover.

    Returns
    -------
    Facts
        Read from the file that was written.

    Raises
    ------
    StepFailed
        When there is no Chromium, or what it printed is not a whole, tagged book.
    """
    chromium()
    assembly = Assembly(site, toc, title, authors)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    sheet = {"tagged": True, "outline": True, "prefer_css_page_size": True, "print_background": True}
    try:
        with opened_book(site) as (page, show):
            show(assembly.html(note=note))
            page.pdf(path=str(part), **sheet)
            first = read(part)
            page.set_content("")
            show(assembly.html(first.places, note))
            page.pdf(path=str(part), **sheet)
        facts = read(part)
        if not facts.tagged or not facts.outline or facts.pages != first.pages:
            raise StepFailed(
                f"Chromium's PDF has {facts.pages} pages (at first {first.pages}), tags: {facts.tagged}, "
                f"{len(facts.outline)} entries in its outline; it is not published."
            )
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return facts


@click.command()
def main() -> None:
    """Print the built book into book/_build/pdf."""
    try:
        chromium()
        site = book.build()
        config = yaml.safe_load((book.ROOT / "book" / "_config.yml").read_text(encoding="utf-8"))
        say("Printing the book into a PDF (a few minutes) ...")
        facts = print_book(
            site,
            book.ROOT / "book" / "_toc.yml",
            PDF,
            title=config["title"],
            authors=config["author"],
            note="Text: CC BY 4.0. Code: BSD 3-Clause. Every output was computed when the book was built. On a screen, "
            "figures move, quizzes answer and the library has its reference: this is the book on paper.",
        )
    except StepFailed as error:
        raise click.ClickException(str(error)) from error
    size = f"{facts.pages} pages, {PDF.stat().st_size / 2**20:.0f} MB"
    shutil.copyfile(PDF, site / PDF.name)
    offer(site, PDF.name, size)
    say(
        f"The PDF is {PDF.relative_to(book.ROOT)}: {size}, tagged, {len(facts.outline)} entries in its outline; "
        "the built book links to a copy."
    )


if __name__ == "__main__":
    main()
