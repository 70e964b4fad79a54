"""Formulas are set when the book is built: every letter has its rule, and a wrong one is a warning."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import mathematics
import pytest
from docutils import nodes
from sphinx.ext import mathjax as sphinx_mathjax

TEXT = r"""
# Page

Inline $\alpha^2$ here.

$$
y = \sum_i w_i x_i
$$ (eq-sum)

See {eq}`eq-sum`.
"""


def math_block(tex: str, **settings: object) -> nodes.math_block:
    return nodes.math_block(tex, tex, nowrap=False, number=None, ids=[], **settings)


def test_a_page_brings_its_formulas_and_no_program(small_book) -> None:
    out, warnings = small_book(TEXT, "mathematics")
    html = (out / "index.html").read_text()
    assert not warnings
    assert html.count("<mjx-container") == len(re.findall(r"<math[ >]", html)) == 2
    assert "<mi>α</mi>" in html
    assert not re.search(r'<script[^>]*src="[^"]*mathjax', html, re.I)
    number = re.search(
        r'<div class="math notranslate nohighlight" id="equation-eq-sum">\n?<span class="eqno">\(1\)', html
    )
    assert number and 'href="#equation-eq-sum"' in html
    style = (out / "_static" / mathematics.STYLE).read_text()
    for letter in set(re.findall(r"mjx-c[0-9A-F]+", html)):
        assert f"mjx-c.{letter}" in style
    for font in re.findall(r"MathJax_[\w-]+\.woff", style):
        assert (out / "_static" / "mathematics" / font).stat().st_size > 1000


def test_a_formula_that_cannot_be_set_is_a_warning_with_its_place(small_book) -> None:
    out, warnings = small_book(
        "# Page\n\nRight $a$, wrong $\\notacommand{x}$ & $\\frac{1}$.\n", "mathematics"
    )
    html = (out / "index.html").read_text()
    assert warnings.count("this formula cannot be set") == 2
    assert "index.md:3" in warnings and r"\notacommand" in warnings
    assert html.count('<code class="math-error">') == 2 and html.count("<mjx-container") == 1


@pytest.mark.parametrize("tex", ["a", r"a \\ b", "a\n\nb", "a\n\n" r"b &= c \\ d" "\n\n" "e"])
def test_lines_are_divided_as_sphinx_divides_them(tex: str) -> None:
    class Writer:
        def __init__(self) -> None:
            self.body: list[str] = []
            config = type("Config", (), {"mathjax_display": ["", ""]})
            self.builder = type("Builder", (), {"config": config})

        def starttag(self, *arguments: object, **settings: object) -> str:
            return ""

        def encode(self, text: str) -> str:
            return text

    writer = Writer()
    with pytest.raises(nodes.SkipNode):
        sphinx_mathjax.html_visit_displaymath(writer, math_block(tex))
    theirs = "".join(writer.body).removesuffix("</div>\n").strip()
    theirs = theirs.removeprefix(r"\begin{align}").removesuffix(r"\end{align}")  # it would number the lines
    assert mathematics.block_tex(math_block(tex)) == theirs


def test_node_is_found_beside_python_without_any_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    program = mathematics.node_program()
    assert subprocess.run([program, "--version"], capture_output=True, text=True).stdout.startswith("v")


def test_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *arguments, **settings: None)
    with pytest.raises(
        Exception, match="Node, which sets the book's formulas, was not found: run `make env`"
    ):
        mathematics.node_program()
    monkeypatch.setattr(mathematics, "find_spec", lambda name: None)
    with pytest.raises(Exception, match="sphinx-mathjax-offline, which carries"):
        mathematics.mathjax_folder()


def test_only_the_first_request_starts_node_and_the_style_covers_the_whole_book(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env = type("Environment", (), {"formulas_by_page": {"a": [("x", False)], "b": [(r"\Omega", True)]}})()
    typesetter = mathematics.Typesetter(env, tmp_path, tmp_path / "formulas.json")
    runs = []
    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: runs.append(a) or run(*a, **k))
    assert "mjx-mi" in typesetter(("x", False))["html"]
    assert 'display="true"' in typesetter((r"\Omega", True))["html"]
    assert len(runs) == 1
    assert "html" in typesetter(("late", False))
    assert len(runs) == 2
    same = type("Environment", (), {"formulas_by_page": {"a": list(typesetter.known)}})()
    again = mathematics.Typesetter(same, tmp_path, tmp_path / "formulas.json")
    assert again(("x", False)) == typesetter(("x", False)) and len(runs) == 2, (
        "the next build has them already"
    )
    again(("new", False))
    assert len(runs) == 3
    style = (tmp_path / mathematics.STYLE).read_text()
    assert "mjx-c3A9" in style and "mjx-c1D459" in style
