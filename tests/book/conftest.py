"""The built book, a server for it on this machine only, and one browser for all tests of this folder."""

from __future__ import annotations

import fcntl
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tools import book, npm
from tools.progress import StepFailed
from tools.serve import serving

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
# Small builds load the extensions by name, and the build's own record holds objects of theirs.
sys.path.append(str(BOOK / "extensions"))
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def toc_pages() -> list[str]:
    """Return the pages of the table of contents in reading order, the first page first."""
    toc = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [chapter for part in toc["parts"] for chapter in part["chapters"]]
    sections = [section["file"] for chapter in chapters for section in chapter.get("sections", [])]
    return [toc["root"], *(chapter["file"] for chapter in chapters), *sections]


def is_text_notebook(page: str) -> bool:
    """Tell whether a page has code cells."""
    return "{code-cell}" in (BOOK / f"{page}.md").read_text(encoding="utf-8")


PAGES = toc_pages()
CHAPTERS = [page for page in PAGES if page.split("/")[0] not in ("index", "guide", "reference")]


@pytest.fixture(scope="session")
def site() -> Path:
    """Build the book strictly, as `make book` does, and return its pages; nothing runs when nothing has changed."""
    lock = ROOT / "build" / "book.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as held:  # several pytest processes may ask for the book at once
        fcntl.flock(held, fcntl.LOCK_EX)
        try:
            return book.build()
        except StepFailed as error:
            pytest.fail(str(error), pytrace=False)


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Serve the site on this machine and return its address, with a slash at the end."""
    with serving(site) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """Return one Chromium for a file of tests: while it is there, its event loop keeps kernels from starting."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture()
def show(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Return a function that opens a figure's chapter in a tab of its own and returns the figure when it moves."""
    from .operating import place_of

    contexts = []

    def note(page: Any, said: Any) -> None:
        page.complaints.append(f"{said.text} ({said.location['url']})")

    def open_figure(
        name: str, *, variant: str | None = None, width: int = 1280, moving: bool = True, **options: Any
    ) -> Any:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        contexts.append(context)
        page = context.new_page()
        page.complaints = []
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.on("console", lambda said: said.type in ("error", "warning") and note(page, said))
        chapter, frame = place_of(name, variant)
        page.goto(f"{address}{chapter}.html")
        if moving:
            page.wait_for_selector(f"{frame}[data-ready=yes]")
        return page.locator(frame)

    yield open_figure
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def node() -> str:
    """Return Node, which the environment brings."""
    found = npm.program("node")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def axe_script() -> str:
    """Return the source of axe-core, which axe-playwright-python carries."""
    import axe_playwright_python

    found = sorted(Path(axe_playwright_python.__file__).parent.rglob("axe*.js"))
    return found[0].read_text(encoding="utf-8")


@pytest.fixture()
def small_book(tmp_path: Path):
    """Return a function that builds one page with given extensions and returns (pages folder, warnings)."""

    def make(
        text: str,
        *extensions: str,
        files: dict[str, str] | None = None,
        settings: dict[str, object] | None = None,
    ) -> tuple[Path, str]:
        from io import StringIO

        from sphinx.application import Sphinx
        from sphinx.util.docutils import docutils_namespace, patch_docutils

        source = tmp_path / "book"
        source.mkdir(exist_ok=True)
        (source / "index.md").write_text(text, encoding="utf-8")
        for name, content in (files or {}).items():
            (tmp_path / name).write_text(content, encoding="utf-8")
        warnings = StringIO()
        chosen = {
            "extensions": ["myst_nb", "sphinx_design", *extensions],
            "myst_enable_extensions": ["dollarmath", "colon_fence"],
            "nb_execution_mode": "off",
            "html_theme": "basic",
            **(settings or {}),
        }
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                source,
                None,
                tmp_path / "out",
                tmp_path / "trees",
                "html",
                chosen,
                StringIO(),
                warnings,
                freshenv=True,
            )
            app.build()
        return tmp_path / "out", warnings.getvalue()

    yield make
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
