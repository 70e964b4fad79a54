"""Build the book strictly, and publish it only when the build is whole (`make book`)."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from cs_cnn.files import folder_in_the_making
from tools import lite, pyodide
from tools.progress import StepFailed, run, say

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "book" / "_build" / "html"
STAMP = ROOT / "book" / "_build" / "inputs.sha256"
WORKSHOP = ROOT / "build" / "book"
LOG = ROOT / "build" / "book.log"
# The program `jupyter-book`, less a module on which jsonschema spends 1.5 s, for addresses that no schema here has,
# and with fewer looks for garbage among the many nodes of the pages.
JUPYTER_BOOK = (
    "import gc, sys; gc.set_threshold(500_000, 50, 50); sys.modules['rfc3987_syntax'] = None; "
    "from jupyter_book.cli.main import main; main()"
)


def inputs() -> Iterator[Path]:
    """Find every file that a page may depend on."""
    for name in ("course.yml", "CITATION.cff", "constraints.txt", "tools/book.py"):
        yield ROOT / name
    for folder in ("book", "cs_cnn", "assignments", "benchmarks/results"):
        for path in sorted((ROOT / folder).rglob("*")):
            hidden = {"_build", "__pycache__", ".ipynb_checkpoints"} & set(path.parts)
            if path.is_file() and not hidden:
                yield path
    if (pyodide.FOLDER / pyodide.LOCK).is_file():  # live cells run once Pyodide is there
        yield pyodide.FOLDER / pyodide.LOCK
    if (lite.LITE / lite.STAMP).is_file():  # and assignments open in the browser
        yield lite.LITE / lite.STAMP


def fingerprint() -> str:
    """Return a hash of all inputs of the book."""
    digest = hashlib.sha256()
    for path in inputs():
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def link(source: str, target: str) -> None:
    """Give a file a second name, which takes no time and no room; copy it where that cannot be done."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def build(*, cold: bool = False, again: bool = False) -> Path:
    """Build the book, unless it is up to date.

    Warnings are errors, every reference must resolve, and every code cell runs (or its result comes from the
    cache, when its code has not changed). The pages are built in a workshop and copied to `book/_build/html`
    only when all is well, so that a failed build leaves the last good book.

    Parameters
    ----------
    cold : bool
        Forget everything built and executed before.
    again : bool
        Build even when no input has changed.

    Returns
    -------
    pathlib.Path
        The folder with `index.html`.

    Raises
    ------
    StepFailed
        When the build fails; the end of its log has been printed then.
    """
    built = (SITE / "index.html").is_file() and STAMP.is_file()
    if cold:
        for folder in (WORKSHOP, ROOT / ".jupyter_cache"):
            shutil.rmtree(folder, ignore_errors=True)
    elif not again and built and STAMP.read_text(encoding="utf-8") == fingerprint():
        say("Building the book: nothing has changed")
        return SITE
    pyodide.distribution()
    browser = lite.build()
    wanted = fingerprint()
    run(
        "Building the book" + (" (every cell runs: a few minutes)" if cold or not WORKSHOP.exists() else ""),
        [
            *(sys.executable, "-P", "-c", JUPYTER_BOOK, "build", "book"),
            *("-W", "--keep-going", "-n", "--path-output", str(WORKSHOP)),
        ],
        LOG,
        environment={"OMP_NUM_THREADS": "1"},
    )
    with folder_in_the_making(SITE) as making:
        shutil.copytree(WORKSHOP / "_build" / "html", making, dirs_exist_ok=True)
        if browser is not None:
            shutil.copytree(browser, making / "lite", copy_function=link)
    STAMP.write_text(wanted, encoding="utf-8")
    return SITE


@click.command()
@click.option("--cold", is_flag=True, help="Forget everything built and executed before.")
@click.option("--again", is_flag=True, help="Build even when nothing has changed.")
def main(cold: bool, again: bool) -> None:
    """Build the book into book/_build/html."""
    try:
        site = build(cold=cold, again=again)
    except StepFailed as error:
        raise click.ClickException(str(error)) from error
    say(f"The book is {site.relative_to(ROOT)}/index.html; open it with: make serve")


if __name__ == "__main__":
    main()
