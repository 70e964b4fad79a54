"""The book builds strictly, every cell ran, and nothing is in it that readers must not see."""

from __future__ import annotations

import html
import pickle
import re
from pathlib import Path

import nbformat
import pytest
import yaml

from tools import book

from .conftest import BOOK, CHAPTERS, PAGES, ROOT, is_text_notebook

HEADER = {"extension", "format_name"}


def test_every_page_of_the_contents_is_built_and_no_other(site: Path) -> None:
    built = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}
    made_by_sphinx = {"genindex", "search", "py-modindex", "prf-prf"}
    others = {page for page in built - made_by_sphinx if not page.startswith(("_", "lite/"))}
    assert others == set(PAGES)


def test_no_page_is_forgotten_in_the_contents() -> None:
    written = {
        path.relative_to(BOOK).with_suffix("").as_posix()
        for path in BOOK.glob("**/*.md")
        if "_build" not in path.parts
    }
    assert written == set(PAGES)


def test_contents_and_calendar_have_the_same_chapters() -> None:
    course = yaml.safe_load((ROOT / "course.yml").read_text(encoding="utf-8"))
    assert [chapter["file"] for chapter in course["chapters"]] == CHAPTERS


@pytest.mark.parametrize("page", [page for page in PAGES if is_text_notebook(page)])
def test_text_notebooks_have_the_full_header(page: str) -> None:
    # With a shorter one MyST-NB shows the cells and does not run them.
    text = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    assert text.startswith("---\n"), f"{page} has no header"
    head = yaml.safe_load(text.split("---\n")[1])
    assert set(head["jupytext"]["text_representation"]) >= HEADER
    assert head["jupytext"]["text_representation"]["format_name"] == "myst"
    assert head["kernelspec"]["name"] == "python3"


@pytest.mark.parametrize("page", CHAPTERS)
def test_every_cell_ran_without_error(page: str, site: Path) -> None:
    with (book.WORKSHOP / "_build" / ".doctrees" / "environment.pickle").open("rb") as file:
        record = pickle.load(file).nb_metadata[page]["exec_data"]
    assert record["succeeded"] and record["error"] is None
    assert record["method"] == "cache" and record["runtime"] > 0
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    shown = len(re.findall(r'<div class="cell(?: [\w-]+)* docutils container">', text))
    source = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    removed = len(re.findall(r"remove-cell", source))
    assert shown == source.count("```{code-cell}") - removed
    assert 'class="cell_output docutils container"' in text
    assert "Traceback (most recent call last)" not in text


@pytest.mark.parametrize("page", CHAPTERS)
def test_chapters_can_be_taken_away_as_notebooks(page: str, site: Path) -> None:
    path = site / "_sources" / f"{page}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    source = (BOOK / f"{page}.md").read_text(encoding="utf-8")
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.id != "install"]
    assert len(code) == source.count("```{code-cell}")
    assert not any(cell.outputs for cell in code)
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    text = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.S)
    assert not re.search(r"^(:{3,}|`{3,})\{", text, re.M), "a MyST fence is left"
    assert f"_sources/{page}.ipynb" in (site / f"{page}.html").read_text(encoding="utf-8")


def test_the_site_names_no_other_host_to_load_from(site: Path) -> None:
    loads = re.compile(
        r"""<(?:script|img|iframe|source|link)\b[^>]*\b(?:src|href)=["'](?:https?:)?//[^"']+"""
    )
    for path in site.rglob("*.html"):
        assert not loads.findall(path.read_text(encoding="utf-8")), path


def test_the_assignments_page_names_the_parts_of_each(site: Path) -> None:
    page = (site / "guide" / "assignments.html").read_text(encoding="utf-8")
    course = yaml.safe_load((ROOT / "course.yml").read_text(encoding="utf-8"))
    sections = page.split("<strong>Points:</strong>")[1:]
    assert len(sections) == len(course["assignments"]) == 6
    for assignment, section in zip(course["assignments"], sections, strict=True):
        parts = re.findall(r"\((\d+) points\):", section)
        assert sum(map(int, parts)) == assignment["points"], assignment["name"]


def test_no_machine_path_is_in_the_pages(site: Path) -> None:
    paths = re.compile(re.escape(str(ROOT)) + r"|/tmp/\w|/home/\w|site-packages")
    for path in [*site.rglob("*.html"), *site.rglob("*.ipynb"), site / "searchindex.js"]:
        if "_modules" in path.parts:
            continue
        assert not (found := paths.findall(path.read_text(encoding="utf-8"))), f"{path}: {found[:3]}"


def solution_passages() -> list[str]:
    """Return each three lines of code that follow each other in a solution or a hidden test, without spaces."""
    passages: set[str] = set()
    for path in (ROOT / "solutions").rglob("*.py"):
        run: list[str] = []
        inside = False
        for line in path.read_text(encoding="utf-8").splitlines():
            code = "".join(line.partition("#")[0].split())
            if "### BEGIN" in line or "### END" in line or not code:
                run = [] if "###" in line else run
                inside = "### BEGIN" in line if "###" in line else inside
                continue
            run = [*run[-2:], code] if inside else []
            if len(run) == 3 and sum(map(len, run)) > 60:
                passages.add("".join(run))
    return sorted(passages)


def test_no_solution_of_an_assignment_is_in_the_site(site: Path) -> None:
    marks = ["###BEGINSOLUTION", "###BEGINHIDDENTESTS", "hidden=True,seed="]
    passages = solution_passages()
    assert passages or not any((ROOT / "solutions").rglob("*.py"))
    for path in [p for p in site.rglob("*") if p.suffix in (".html", ".ipynb", ".md", ".txt", ".js")]:
        if path.suffix == ".js" and path.is_relative_to(site / "lite"):  # JupyterLite's own 12 MB
            continue
        text = path.read_text(encoding="utf-8", errors="ignore")
        if path.suffix == ".html":
            text = html.unescape(re.sub(r"<[^>]+>", "", text))
        elif path.suffix == ".ipynb":
            text = "\n".join(cell["source"] for cell in nbformat.reads(text, as_version=4).cells)
        text = "".join(text.split())
        leaked = [passage for passage in [*marks, *passages] if passage in text]
        assert not leaked, f"{path.relative_to(site)}: {leaked[:3]}"
