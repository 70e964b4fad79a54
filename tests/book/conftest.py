"""The built book, a server for it on this machine only, and one browser for all tests of this folder."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
CHROMIUM = "/usr/bin/chromium"
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
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def is_text_notebook(page: str) -> bool:
    """Tell whether a page has code cells."""
    return "{code-cell}" in (BOOK / f"{page}.md").read_text(encoding="utf-8")


PAGES = toc_pages()
CHAPTERS = [page for page in PAGES if page.split("/")[0] not in ("index", "guide", "reference")]


def build_command() -> list[str]:
    """Return the command that builds the book strictly, from the environment that runs the tests."""
    return [str(Path(sys.executable).with_name("jupyter-book")), "build", "book", "-W", "--keep-going", "-n"]


def build_environment() -> dict[str, str]:
    """Return an environment in which the running Python's programs come first."""
    return {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"}


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> subprocess.CompletedProcess[str]:
    """Build the book into book/_build as everybody does; what is cached stays cached."""
    import fcntl

    lock = ROOT / "book" / "_build" / ".lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as held:  # several pytest processes may ask for the book at once
        fcntl.flock(held, fcntl.LOCK_EX)
        return subprocess.run(
            build_command(), cwd=ROOT, env=build_environment(), text=True, capture_output=True, check=False
        )


@pytest.fixture(scope="session")
def site(build: subprocess.CompletedProcess[str]) -> Path:
    """Return the folder of the built site, or fail with the build's own words."""
    if build.returncode:
        words = [line for line in build.stderr.splitlines() if "WARNING" in line or "rror" in line]
        pytest.fail("the book does not build:\n" + "\n".join(words[:20]), pytrace=False)
    return BOOK / "_build" / "html"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """A file server that does not log."""

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def address(site: Path) -> Iterator[str]:
    """Serve the site on this machine and return its address, with a slash at the end."""
    handler = functools.partial(QuietHandler, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Return one Chromium for the whole session."""
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM} is missing; install it with: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def axe_script() -> str:
    """Return the source of axe-core, which axe-playwright-python carries."""
    import axe_playwright_python

    found = sorted(Path(axe_playwright_python.__file__).parent.rglob("axe*.js"))
    return found[0].read_text(encoding="utf-8")


@pytest.fixture()
def small_book(tmp_path: Path):
    """Return a function that builds one page with given extensions and returns (pages folder, warnings)."""

    def make(text: str, *extensions: str, files: dict[str, str] | None = None) -> tuple[Path, str]:
        from io import StringIO

        from sphinx.application import Sphinx
        from sphinx.util.docutils import docutils_namespace, patch_docutils

        source = tmp_path / "book"
        source.mkdir(exist_ok=True)
        (source / "index.md").write_text(text, encoding="utf-8")
        for name, content in (files or {}).items():
            (tmp_path / name).write_text(content, encoding="utf-8")
        if str(BOOK / "extensions") not in sys.path:
            sys.path.append(str(BOOK / "extensions"))
        warnings = StringIO()
        settings = {
            "extensions": ["myst_nb", "sphinx_design", *extensions],
            "myst_enable_extensions": ["dollarmath", "colon_fence"],
            "nb_execution_mode": "off",
            "html_theme": "basic",
        }
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                source,
                None,
                tmp_path / "out",
                tmp_path / "trees",
                "html",
                settings,
                StringIO(),
                warnings,
                freshenv=True,
            )
            app.build()
        return tmp_path / "out", warnings.getvalue()

    yield make
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
