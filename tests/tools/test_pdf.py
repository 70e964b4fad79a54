"""The pages of a small site become one document, in which every name is its own and every link arrives."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner

from tools.pdf import __main__ as command
from tools.pdf.assemble import Assembly
from tools.pdf.offer import offer
from tools.pdf.reader import read

HEAD = """<html><head><link rel="stylesheet" href="{up}_static/course.css?v=1">
<script src="{up}_static/quiz.js"></script>
<script>window.MathJax = {{}}</script><script defer src="{up}_static/mathjax/tex-chtml.js?v=2"></script></head><body>
<ul class="dropdown-menu"><li>
<button onclick="window.print()">.pdf</button></li></ul>
<article class="bd-article"><section id="{id}"><h1><span class="section-number">{number}</span>{title}</h1>
{body}</section></article>
<div class="extra_footer"><p>Text.</p></div></body></html>"""
TOC = """root: index
parts:
  - caption: First & last
    chapters: [{file: a/one}, {file: a/two}, {file: reference/api}]
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return the folder of four pages which share identifiers and link to each other."""
    (tmp_path / "_toc.yml").write_text(TOC)
    for name, number, title, body in (
        ("index", "", "The book", '<p class="lede">Lede.</p><p><a href="a/one.html">begin</a></p>'),
        (
            "a/one",
            "1. ",
            "One",
            '<section id="summary"><h2>Summary</h2><p id="id1" aria-labelledby="summary">'
            '<a href="two.html#summary">two</a> <a href="two.html">all</a> <a href="#summary">here</a> '
            '<a href="../_sources/a/one.ipynb">file</a> <a href="../reference/api.html#x">call</a> '
            '<a href="https://example.org/x#y">out</a></p><img alt="p" src="../_images/p.png"></section>'
            '<svg><defs><clipPath id="c"></clipPath></defs><path clip-path="url(#c)"></path></svg>'
            '<pre class="highlight"><span class="n">x</span> <span class="k">for</span></pre><button>Run</button>',
        ),
        (
            "a/two",
            "2. ",
            "Two",
            '<section id="summary"><h2>Summary</h2><a href="one.html#gone">x</a></section>',
        ),
        ("reference/api", "", "Library", ""),
    ):
        path = tmp_path / f"{name}.html"
        path.parent.mkdir(exist_ok=True)
        up = "../" * name.count("/")
        path.write_text(HEAD.format(up=up, id=path.stem, number=number, title=title, body=body))
    return tmp_path


@pytest.fixture
def document(site: Path) -> str:
    return Assembly(site, site / "_toc.yml", "T", "A").html({"a-two": 17}, "N")


def test_every_identifier_is_its_own_and_every_link_arrives(document: str) -> None:
    names = re.findall(r' id="([^"]+)"', document)
    assert len(names) == len(set(names))
    assert set(re.findall(r'href="#([^"]+)"', document)) <= set(names)
    assert '<a href="#a-two--summary">two</a> <a href="#a-two">all</a>' in document
    assert 'aria-labelledby="a-one--summary"' in document and "url(#a-one--c)" in document


def test_what_is_not_printed_leaves_its_words(document: str) -> None:
    assert "</a> file call <a" in document and "<button" not in document and "Library" not in document
    assert 'href="https://example.org/x#y"' in document and 'src="_images/p.png"' in document


def test_parts_chapters_and_sections_are_one_hierarchy(document: str) -> None:
    levels = re.findall(r"<h(\d)[^>]*>(.*?)</h\1>", document)
    plain = [(int(level), re.sub(r"<[^>]+>", "", text)) for level, text in levels]
    assert plain == [
        *[(1, "T"), (1, "Contents"), (2, "About this book")],
        *[(1, "First &amp; last"), (2, "1. One"), (3, "Summary"), (2, "2. Two"), (3, "Summary")],
    ]
    assert (
        '<span class="book-title">Two</span><span class="book-dots"></span><span class="book-page">17<'
        in document
    )


def test_it_brings_what_typesets_and_nothing_that_moves(document: str) -> None:
    assert document.count("course.css") == 1 and document.count("tex-chtml.js") == 1
    assert "window.MathJax" in document and "quiz.js" not in document
    assert '<span class="k">for</span>' in document and '<span class="n">' not in document


def test_the_pages_offer_the_pdf_once(site: Path) -> None:
    offer(site, "b.pdf", "7 pages, 1 MB")
    offer(site, "b.pdf", "8 pages, 1 MB")
    for name, up in (("index", ""), ("a/one", "../")):
        page = (site / f"{name}.html").read_text()
        assert page.count(f'href="{up}b.pdf"') == 2 and "(8 pages, 1 MB)" in page and "7 pages" not in page


def test_without_chromium_it_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    monkeypatch.setattr(command.book, "build", lambda: pytest.fail("it built the book first"))
    result = CliRunner().invoke(command.main)
    assert result.exit_code == 1
    assert result.output == (
        "Error: The PDF is printed by Chromium, which is not on this machine: apt-get install chromium\n"
    )


def test_a_file_of_another_writer_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.pdf"
    other.write_bytes(b"%PDF-1.7\n1 0 obj\n<</Type /ObjStm>>\nstream\n...\nendstream\nendobj\n")
    with pytest.raises(ValueError, match=r"^other\.pdf is no PDF as Chromium writes them\.$"):
        read(other)


@pytest.mark.browser
def test_a_book_is_printed_whole_with_its_page_numbers(site: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "book.pdf"
    for folder, name in (("_static", "course.css"), ("_static/mathjax", "tex-chtml.js")):
        (site / folder).mkdir(exist_ok=True)
        (site / folder / name).write_text("")
    facts = command.print_book(site, site / "_toc.yml", target, title="A title", authors="A", note="N")
    assert facts == read(target)
    assert (facts.pages, facts.tagged, facts.title) == (5, True, "A title")
    assert facts.outline == [
        "A title",
        "Contents",
        "About this book",
        "First & last",
        "1. One",
        "Summary",
        "2. Two",
        "Summary",
    ]
    assert (facts.places["a-one"], facts.places["a-two"]) == (4, 5)
    assert list(target.parent.iterdir()) == [target]
