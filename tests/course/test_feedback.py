"""Feedback pages: marks and comments in, hidden tests and live HTML out."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from bs4 import BeautifulSoup
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from cs_cnn.command import main
from cs_cnn.course import calendar, engine
from cs_cnn.course.grading import grade
from cs_cnn.course.report import feedback, inert

from .conftest import Classroom

EVIL = """\
<script>steal()</script>
<img src="https://tracker.example/x.png" alt="a cat" onerror="steal()">
<a href="javascript:steal()">press</a>

A [link](https://example.org) and ![a dog](https://tracker.example/dog.png).

<style>body { display: none }</style><iframe src="https://example.org"></iframe>
# A heading
"""


@pytest.fixture
def written(classroom: Classroom) -> Classroom:
    """Return a class with a good, a wrong, a hostile and a broken submission, and their feedback."""
    classroom.copy("ada", "source")
    classroom.write("bob", "def double(x):\n    return 2 * x if x < 2 else 0", EVIL)
    html = "from IPython.display import HTML, display\ndisplay(HTML('<b>bold</b><script>steal()</script>'))\n"
    classroom.write("cyd", html + "def double(x):\n    open('/nonexistent/folder/file')")
    classroom.file("dan", b"hello")
    classroom.write("e e&<b>", "def double(x):\n    return 2 * x")
    assignment = calendar.load(classroom.folder).assignment("a1")
    grade.grade(classroom.folder, assignment, progress=False)
    with Gradebook(engine.database_url(classroom.folder)) as gradebook:
        mark = gradebook.find_grade("why", "double", "a1_double", "bob")
        mark.manual_score, mark.needs_manual_grade = 1.5, False
        gradebook.find_comment("why", "double", "a1_double", "bob").manual_comment = "Too **short**."
        gradebook.db.commit()
    outcome = feedback.write(classroom.folder, assignment, progress=False)
    assert len(outcome.pages) == 5 and not outcome.without
    return classroom


class _Requests(HTMLParser):
    """Collects everything that a browser would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "object", "embed", "form", "base", "svg"):
            self.found.append(tag)
        for name, value in attrs:
            if name.startswith("on"):
                self.found.append(name)
            if (name in ("src", "srcset", "data") or (tag == "link" and name == "href")) and not (
                value or ""
            ).startswith("data:"):
                self.found.append(f"{tag} {name}={value}")


def test_pages(written: Classroom) -> None:
    home = written.folder / "feedback"

    def page(student: str) -> str:
        return (home / student / "a1_double" / "double.html").read_text(encoding="utf-8")

    everything = {path: path.read_text(encoding="utf-8") for path in home.rglob("*.html")}
    assert len(everything) == 6
    for path, text in everything.items():
        seen = _Requests()
        seen.feed(text)
        assert seen.found == [], path
        assert "url(" not in text and "@import" not in text
        soup = BeautifulSoup(text, "html.parser")
        assert soup.html["lang"] == "en" and soup.title.get_text()
        levels = [int(heading.name[1]) for heading in soup.find_all(re.compile("^h[1-6]$"))]
        assert levels.count(1) == 1 and levels[0] == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
        for secret in (
            "secret number",
            "HIDDEN",
            "double(3)",
            "double(2.5)",
            str(Path.cwd()),
            "site-packages",
        ):
            assert secret not in text, (path, secret)

    assert "6 of 10 points so far" in page("ada") and "not marked yet" in page("ada")
    bob = page("bob")
    assert "1.5 of 10 points" in bob and "so far" not in bob
    assert "Too <strong>short</strong>." in bob
    assert "AssertionError was raised while this test ran." in bob
    assert (
        "&lt;script&gt;steal()&lt;/script&gt;" in bob
        and "[picture left out: a cat]" in bob
        and "[picture left out: a dog]" in bob
    )
    assert 'href="https://example.org"' in bob and "javascript:" not in bob
    cyd = page("cyd")
    assert "<b>bold</b>" in cyd and "/nonexistent/folder" not in cyd.split("Task double")[1]
    dan = page("dan")
    assert "double.ipynb is not a notebook" in dan and "What to do" in dan and "0 of 10 points" in dan


def test_index(written: Classroom) -> None:
    soup = BeautifulSoup(
        (written.folder / "feedback" / "index.html").read_text(encoding="utf-8"), "html.parser"
    )
    rows = [[cell.get_text() for cell in row.find_all("td")] for row in soup.find_all("tr")[1:]]
    by_id = {row[1]: row for row in rows}
    assert sorted(by_id) == ["ada", "bob", "cyd", "dan", "e e&<b>", "zoe"]
    assert by_id["ada"][0] == "Ada Lovelace, Countess"
    assert by_id["zoe"][2:5] == ["0", "10", "nothing was handed in"]
    for link in soup.find_all("a"):
        assert (written.folder / "feedback" / unquote(link["href"])).is_file()
    assert len(soup.find_all("a")) == 5


def test_a_resubmission_is_named_until_it_is_graded(written: Classroom) -> None:
    written.write("ada", "def double(x):\n    return 0")
    result = CliRunner().invoke(main, ["feedback", "a1", "--course", str(written.folder), "--student", "ada"])
    assert result.exit_code == 0, result.output
    index = (written.folder / "feedback" / "index.html").read_text()
    assert "handed in again since it was graded" in index


def test_policies_through_the_command(written: Classroom) -> None:
    page = written.folder / "feedback" / "bob" / "a1_double" / "double.html"

    def run(*more: str) -> tuple[int, str, str]:
        arguments = ["feedback", "a1", "--course", str(written.folder), "--student", "bob", *more]
        result = CliRunner().invoke(main, arguments)
        return result.exit_code, result.output, page.read_text(encoding="utf-8")

    before = page.read_text(encoding="utf-8")
    code, said, text = run("--policy", "scores", "--dry-run")
    assert code == 0 and f"Would write {page}" in said and "Nothing was written" in said and text == before
    code, _, text = run("--policy", "scores")
    assert code == 0 and "1.5 of 10 points" in text and "Too <strong>short</strong>." in text
    assert "def" not in text and "AssertionError" not in text
    code, _, text = run("--policy", "full")
    assert (
        code == 0 and "secret number" in text and "site-packages" not in text and str(Path.cwd()) not in text
    )
    code, _, text = run("--book", "https://example.org/cnn")
    assert (
        code == 0 and 'href="https://example.org/cnn/one/first.html"' in text and "secret number" not in text
    )
    calendar = written.folder / "course.yml"
    known = calendar.read_text(encoding="utf-8")
    calendar.write_text(
        known.replace("  title:", "  book: https://example.org/ours\n  title:", 1), encoding="utf-8"
    )
    assert 'href="https://example.org/ours/one/first.html"' in run()[2]
    assert 'href="https://example.org/cnn/one/first.html"' in run("--book", "https://example.org/cnn")[2]
    assert "one/first.html" not in run("--book", "")[2]
    calendar.write_text(known, encoding="utf-8")
    assert run("--book", "example.org")[0] == 2 and run("--policy", "all")[0] == 2
    log = (written.folder / "grading" / "log.txt").read_text(encoding="utf-8")
    assert "feedback: wrote 1 pages of a1_double, policy full" in log


def test_before_grading(classroom: Classroom) -> None:
    result = CliRunner().invoke(main, ["feedback", "a1", "--course", str(classroom.folder)])
    assert result.exit_code == 2
    assert "run `cs-cnn grade a1` first" in result.output


@given(st.text(alphabet=st.sampled_from("<>/=\"' aimgscriptonerrorhref:javascriptdata,&;!-"), max_size=60))
def test_nothing_live_survives(text: str) -> None:
    seen = _Requests()
    seen.feed(inert.html(text))
    assert seen.found == []


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ('File "/home/ada/course/x.py", line 3', 'File "x.py", line 3'),
        ("dx/dw is 3, a/b/c too", "dx/dw is 3, a/b/c too"),
        ("see https://example.org/a/b", "see https://example.org/a/b"),
        ("read foundations/two_layer_networks#backward", "read foundations/two_layer_networks#backward"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("file:///home/ada/x.py:3", "x.py:3"),
        ("PATH=/usr/bin:/home/ada/bin", "PATH=bin:bin"),
        ("12 // 5 and x//y", "12 // 5 and x//y"),
    ],
)
def test_paths_and_colours_are_stripped(text: str, kept: str) -> None:
    assert inert.plain(text) == kept
