"""Publishing the book: the last good one stays until the next one is whole."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tools import book
from tools.progress import StepFailed


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project whose book is built by writing one file."""
    for name in (
        "course.yml",
        "CITATION.cff",
        "constraints.txt",
        "tools/book.py",
        "book/index.md",
        "cs_cnn/a.py",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(book, "ROOT", tmp_path)
    monkeypatch.setattr(book, "SITE", tmp_path / "book" / "_build" / "html")
    monkeypatch.setattr(book, "STAMP", tmp_path / "book" / "_build" / "inputs.sha256")
    monkeypatch.setattr(book, "WORKSHOP", tmp_path / "build" / "book")
    monkeypatch.setattr(book.pyodide, "FOLDER", tmp_path / "build" / "pyodide")
    monkeypatch.setattr(book.pyodide, "distribution", lambda: None)
    monkeypatch.setattr(book.lite, "LITE", tmp_path / "build" / "lite")
    monkeypatch.setattr(book.lite, "build", lambda: book.lite.LITE if book.lite.LITE.is_dir() else None)
    builds: list[str] = []

    def run(title: str, command: Sequence[str], log: Path, **_: object) -> None:
        builds.append(title)
        site = book.WORKSHOP / "_build" / "html"
        site.mkdir(parents=True, exist_ok=True)
        (site / "index.html").write_text(f"build {len(builds)}")
        if (tmp_path / "book" / "broken.md").exists():
            raise StepFailed("a cell failed")

    monkeypatch.setattr(book, "run", run)
    return tmp_path


def test_nothing_is_built_when_nothing_has_changed(project: Path) -> None:
    assert (book.build() / "index.html").read_text() == "build 1"
    assert (book.build() / "index.html").read_text() == "build 1"
    (project / "cs_cnn" / "a.py").write_text("changed")
    assert (book.build() / "index.html").read_text() == "build 2"
    assert (book.build(again=True) / "index.html").read_text() == "build 3"


def test_a_failed_build_leaves_the_last_good_book(project: Path) -> None:
    site = book.build()
    (project / "book" / "broken.md").write_text("")
    with pytest.raises(StepFailed):
        book.build()
    assert (site / "index.html").read_text() == "build 1"
    with pytest.raises(StepFailed):  # and is tried again, not taken for up to date
        book.build()


def test_a_first_build_that_fails_leaves_no_book(project: Path) -> None:
    (project / "book" / "broken.md").write_text("")
    with pytest.raises(StepFailed):
        book.build()
    assert not (project / "book" / "_build").exists()


def test_the_book_is_built_again_once_python_for_its_pages_is_here(project: Path) -> None:
    assert (book.build() / "index.html").read_text() == "build 1"

    book.pyodide.FOLDER.mkdir(parents=True)
    (book.pyodide.FOLDER / book.pyodide.LOCK).write_text("{}")
    assert (book.build() / "index.html").read_text() == "build 2"
    assert (book.build() / "index.html").read_text() == "build 2"


def test_the_assignments_for_the_browser_come_into_the_site(project: Path) -> None:
    assert not (book.build() / "lite").exists()
    lite = project / "build" / "lite" / "files"
    lite.mkdir(parents=True)
    (lite / "a.ipynb").write_text("{}")
    (lite.parent / book.lite.STAMP).write_text("one")
    site = book.build()  # anew, since what it would show has changed
    assert (site / "index.html").read_text() == "build 2"
    assert (site / "lite" / "files" / "a.ipynb").read_text() == "{}"
    assert (book.build() / "index.html").read_text() == "build 2"


def test_a_file_that_cannot_be_linked_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError("another file system")

    (tmp_path / "one").write_text("text")
    monkeypatch.setattr(book.os, "link", refuse)
    book.link(str(tmp_path / "one"), str(tmp_path / "two"))
    assert (tmp_path / "two").read_text() == "text"
