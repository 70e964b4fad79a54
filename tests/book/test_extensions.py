"""The extensions of the book, each in a small build of its own."""

from __future__ import annotations

import doctest
import importlib
import re
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest

from .conftest import BOOK

RIGHT = """\
# Page

```{quiz} sizes
- question: How wide is $5 \\times 5$ on `32`: what do you say?
  answers:
    - text: $28$
      right: true
      feedback: Yes: $32 - 5 + 1$, which is
        twenty-eight.
    - text: [no]
      feedback: No: "that" needs padding.
```
"""


@pytest.mark.parametrize("name", ["measured", "notebook_downloads", "docstrings"])
def test_examples_in_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_quiz_takes_plain_texts_as_they_stand(small_book) -> None:
    out, warnings = small_book(RIGHT, "quiz")
    html = (out / "index.html").read_text()
    assert not warnings
    assert html.count('type="radio"') == 2
    assert html.count("<fieldset") == html.count("<legend") == 1
    assert "what do you say?" in html
    assert "which is twenty-eight." in html
    assert r"\(5 \times 5\)" in html
    assert "[no]" in html
    labels = re.findall(r'<label class="quiz-label" for="([^"]+)"', html)
    assert labels == re.findall(r'<input type="radio" id="([^"]+)"', html)


WRONG = {
    "exactly one answer": ("right: true", "right: false", 4),
    "must be true or false": ("right: true", "right: maybe", 4),
    "has no feedback": ('feedback: No: "that" needs padding.', 'feedback: ""', 4),
    "may have text, right and feedback only": (
        'feedback: No: "that" needs padding.',
        "feedback: No\n      hint: more",
        4,
    ),
    "must have the keys": ("answers:", "choices:", 4),
    "not YAML": ("- question: How", "- [question: How", 4),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_a_quiz_that_cannot_be_answered_is_a_warning_with_its_line(small_book, sentence: str) -> None:
    old, new, line = WRONG[sentence]
    _, warnings = small_book(RIGHT.replace(old, new), "quiz")
    assert sentence in warnings
    assert "quiz sizes" in warnings
    reported = re.search(r"index(?:\.md)?:(\d+): WARNING", re.sub(r"\x1b\[[\d;]*m", "", warnings))
    assert reported, warnings
    assert line <= int(reported[1]) <= line + 9


def test_a_quiz_needs_two_answers_and_a_list(small_book) -> None:
    _, warnings = small_book(
        "# P\n\n```{quiz} a\n- question: Q\n  answers:\n    - text: a\n      feedback: b\n```\n", "quiz"
    )
    assert "at least two answers" in warnings
    _, warnings = small_book("# P\n\n```{quiz} a\nquestion: Q\n```\n", "quiz")
    assert "must be a list of questions" in warnings


CELLS = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3, language: python}
---

# Page

```{code-cell} ipython3
:tags: [tab-numpy]
1
```

```{code-cell} ipython3
:tags: [tab-torch]
2
```

Text between.

```{code-cell} ipython3
:tags: [tab-numpy]
3
```
"""


def test_neighbouring_tab_cells_become_one_set(small_book) -> None:
    out, warnings = small_book(CELLS, "code_tabs")
    html = (out / "index.html").read_text()
    assert not warnings
    assert html.count("sd-tab-set") >= 2
    assert re.findall(r'data-sync-id="(\w+)"', html) == ["numpy", "torch", "numpy"]
    assert set(re.findall(r'data-sync-group="(\w+)"', html)) == {"library"}
    assert html.index("Text between.") > html.index('data-sync-id="torch"')


COURSE = (BOOK.parent / "course.yml").read_text(encoding="utf-8")


def test_a_wrong_calendar_is_a_warning(small_book) -> None:
    page = "# Page\n\n```{ai-policies}\n```\n"
    out, warnings = small_book(page, "course_calendar", files={"course.yml": COURSE})
    assert not warnings
    assert "AI assistant" in (out / "index.html").read_text()
    _, warnings = small_book(
        page, "course_calendar", files={"course.yml": COURSE.replace("week: 1\n", "week: one\n", 1)}
    )
    assert "WARNING" in warnings
    assert "course.yml" in warnings


def test_assignments_open_in_the_browser_only_where_it_was_built(small_book, tmp_path: Path) -> None:
    page = "# P\n\n```{in-the-browser}\n```\n"
    for name in ("a4_convolution", "a5_architectures"):
        page += f"\n```{{assignment}} {name}\n```\n"
        (tmp_path / "assignments" / name).mkdir(parents=True)
        (tmp_path / "assignments" / name / "notes.txt").touch()
    out, _ = small_book(page, "course_calendar", files={"course.yml": COURSE})
    assert "browser" not in (out / "index.html").read_text()
    files = tmp_path / "build" / "lite" / "files" / "a4_convolution"
    files.mkdir(parents=True)
    (files / "convolution.ipynb").touch()
    out, _ = small_book(page, "course_calendar", files={"course.yml": COURSE})
    text = (out / "index.html").read_text()
    assert 'href="./lite/notebooks/index.html?path=a4_convolution/convolution.ipynb"' in text
    assert "a5 needs PyTorch" in text and "Open a5" not in text and "File → Download" in text


def test_an_unknown_assignment_is_a_warning(small_book) -> None:
    _, warnings = small_book(
        "# P\n\n```{assignment} a9\n```\n", "course_calendar", files={"course.yml": COURSE}
    )
    assert "a9" in warnings


CHAPTER = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3, language: python}
---

(label)=
# Title

:::{chapter-card}
:::

See {numref}`fig-a` and {term}`stride` {cite:p}`lecun1998`.

:::{note}
Mind `this`.
:::

```{code-cell} ipython3
:tags: [tab-numpy]
1 + 1
```

```{quiz} q
- question: How many?
  answers:
    - text: a
      right: true
      feedback: b
```
"""


def test_notebooks_for_download_are_plain_markdown() -> None:
    import notebook_downloads

    notebook = notebook_downloads.chapter_notebook(CHAPTER, "a/b")
    nbformat.validate(notebook)
    words = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    assert "{" not in words and ":::" not in words and "(label)=" not in words
    assert "> **Note.**" in words and "1. How many?" in words and "stride" in words
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.source for cell in code] == ["1 + 1"]
    assert code[0].metadata == {"tags": ["tab-numpy"]}


def test_the_cache_follows_the_library_and_not_its_comments(tmp_path: Path) -> None:
    from execution import library_digest

    (tmp_path / "layer.py").write_text("x = 1\n")
    (tmp_path / "course").mkdir()
    before = library_digest(tmp_path)
    (tmp_path / "layer.py").write_text("# why\nx  =  1\n")
    (tmp_path / "course" / "tool.py").write_text("y = 1\n")
    assert library_digest(tmp_path) == before
    (tmp_path / "layer.py").write_text("x = 2\n")
    assert library_digest(tmp_path) != before


def test_what_the_cache_remembers_of_the_library_is_never_old(tmp_path: Path) -> None:
    from execution import library_digest

    package, memory = tmp_path / "package", tmp_path / "cache" / "library.json"
    package.mkdir()
    for text in ("x = 1\n", "x = 2\n", "x = 33\n"):
        (package / "layer.py").write_text(text)
        assert library_digest(package, memory) == library_digest(package, memory) == library_digest(package)


def test_nothing_is_run_ahead_where_cells_do_not_run() -> None:
    from execution import run_ahead

    off = SimpleNamespace(mystnb_config=SimpleNamespace(execution_mode="off"))
    run_ahead(None, off, ["a page that nobody may look for"])


def test_the_reference_shows_code_without_docstring_and_annotations() -> None:
    import layers_reference
    import measured

    shown = layers_reference.code(measured.reading_minutes)
    assert shown == "def reading_minutes(count):\n    return max(1, math.ceil(count / WORDS_PER_MINUTE))"


def test_the_reference_lists_every_layer(site: Path) -> None:
    from cs_cnn.layers.registry import layers

    html = (site / "reference" / "api_layers.html").read_text(encoding="utf-8")
    for layer in layers().values():
        assert f'id="cs_cnn.layers.{layer.forward.__name__}"' in html
        assert layer.twin.__name__ in html


def test_repairs_are_needed_and_do_nothing_twice(site: Path) -> None:
    import accessibility

    page = (site / "index.html").read_text(encoding="utf-8")
    assert accessibility.repair_page(page) == page
    broken = {
        "chevrons": '<a class="reference internal" href="a.html">A</a><details><summary>',
        "logo": '<a class="navbar-brand logo" href="#">x</a>',
        "search button": '<button class="btn search-button-field" aria-label="Search">',
        "theme switch": '<i class="theme-switch fa" title="Light">',
        "box content": '<section class="theorem-content" id="proof-content">',
        "citation list": '<div role="list" class="citation-list">',
        "citation": '<div class="citation" id="c" role="doc-biblioentry">',
    }
    assert set(broken) == set(accessibility.RULES)
    for html in broken.values():
        once = accessibility.repair_page(html)
        assert once != html
        assert accessibility.repair_page(once) == once


def test_a_picture_without_alternative_text_is_a_warning(small_book) -> None:
    picture = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
    _, warnings = small_book("# P\n\n![](../a.svg)\n", "accessibility", files={"a.svg": picture})
    assert "no alternative text" in warnings
    _, warnings = small_book("# P\n\n![A point](../a.svg)\n", "accessibility", files={"a.svg": picture})
    assert not warnings


def test_the_chapter_card_states_measured_times(site: Path) -> None:
    from .conftest import CHAPTERS

    for chapter in CHAPTERS:
        html = (site / f"{chapter}.html").read_text(encoding="utf-8")
        assert len(re.findall(r'class="(?:[\w-]+ )*chapter-card(?: [\w-]+)*"', html)) == 1, chapter
        assert re.search(r"\d+ min to read", html), chapter
        assert re.search(r"\d+ seconds? to run|\d+ min \d+ s to run", html), chapter


def test_punctuation_stays_with_its_formula(small_book) -> None:
    text = "# Page\n\nFrom $a$, through $b$ to $c$. Then ($d$), and the end.\n"
    out, warnings = small_book(text, "math_punctuation")
    html = (out / "index.html").read_text()
    assert not warnings
    pieces = re.findall(r'<span class="keep-together">.*?</span>([^<]*)</span>', html)
    assert pieces == [",", ".", "),"]
    assert re.sub("<.*?>", "", html).count("through") == 1
