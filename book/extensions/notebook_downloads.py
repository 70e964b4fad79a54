"""Write each executed chapter as a notebook (.ipynb, no outputs) that opens in any Jupyter, and offer it.

The notebook lies beside the page's source under ``_sources``, which is where the theme's download menu looks. Text
cells keep their mathematics; MyST that plain Jupyter would show as raw fences and roles becomes plain Markdown (see
``notebook_words``). The first cell says how to install the package; where the project has a public repository, a
second one does it, for Colab and for hubs that have not heard of the course.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from addresses import Addresses
from notebook_words import Words, of_book, results
from sphinx.application import Sphinx

from cs_cnn.files import atomic_write

ADMONITIONS = {"note", "tip", "important", "warning", "caution", "seealso", "admonition", "exercise", "hint"}
FENCE = re.compile(
    r"^(?P<mark>:{3,}|`{3,})\{(?P<name>[\w:-]+)\}[ ]*(?P<title>.*)\n(?P<body>[\s\S]*?)^(?P=mark)[ ]*$", re.M
)
OPTIONS = re.compile(r"\A(?:---\n[\s\S]*?\n---\n|(?::[\w-]+:.*\n)+)\n*")
EQUATION = re.compile(r"^\$\$[ ]*\((?P<label>[\w:.-]+)\)[ ]*$", re.M)
LINK = re.compile(r"\[(?P<shown>[^\]]*)\]\((?P<file>[\w./-]+)\.md(?P<anchor>#[\w-]+)?\)")
GLUE = re.compile(r"^from myst_nb import glue.*$", re.M)
NO_GLUE = "glue = lambda *args, **kwargs: None  # the book puts this number into its text"
TARGET = re.compile(r"^\([\w:.-]+\)=[ ]*\n", re.M)


def plain_fence(match: re.Match[str]) -> str:
    """Put one directive into Markdown that any Jupyter shows."""
    name, title, body = (
        match["name"].rpartition(":")[2],
        match["title"].strip(),
        OPTIONS.sub("", match["body"]).strip(),
    )
    if name == "math":
        label = re.search(r"^:label:[ ]*(\S+)", match["body"], re.M)
        return f"$$\n{body}\n$$" + (f" ({label[1]})" if label else "")
    if name in ("chapter-card", "solution-end", "bibliography"):
        return ""
    if name == "solution-start":
        return "**Solution**"
    if name == "quiz":
        questions = re.findall(r"^- question:[ ]*(.+(?:\n(?!\s*(?:answers:|- )).+)*)", body, re.M)
        lines = "\n".join(f"{n}. {' '.join(q.split())}" for n, q in enumerate(questions, 1))
        return f"{lines}\n\n(The answers, with feedback to each, are in the chapter's page.)"
    if name in ("figure", "image"):
        return f"*Figure: {' '.join(body.split()) or 'see the chapter'}*"
    if name == "moving":
        return f"*A figure to move, on the chapter's page:* {' '.join(body.split())}"
    heading = title if title and not re.fullmatch(r"[\w:-]+", title) else name.capitalize()
    if name in ADMONITIONS or match["name"].startswith("prf:"):
        return "\n".join(f"> {line}".rstrip() for line in f"**{heading}.**\n\n{body}".splitlines())
    return body


def plain_equation(words: Words, match: re.Match[str]) -> str:
    """Close a displayed formula with its number in place of its label."""
    number = words.equations.get(match["label"], "")
    return f"\\tag{{{number}}}\n$$" if number else "$$"


def plain_link(docname: str, words: Words, known: Addresses, match: re.Match[str]) -> str:
    """Lead a link between chapters to the site; where that has no address, leave the words."""
    page = posixpath.normpath(posixpath.join(posixpath.dirname(docname), match["file"]))
    shown = match["shown"] or words.titles.get(f"/{page}", page)
    return f"[{shown}]({known.page(page)}{match['anchor'] or ''})" if known.site else shown


def plain_markdown(
    text: str, docname: str = "", words: Words | None = None, known: Addresses | None = None
) -> str:
    """Put a MyST text cell into Markdown that any Jupyter shows.

    Examples
    --------
    >>> plain_markdown("See {term}`stride`.")
    'See stride.'
    """
    words, known = words or Words(), known or Addresses()
    for _ in range(3):  # fences inside fences
        text = FENCE.sub(plain_fence, text)
    text = EQUATION.sub(partial(plain_equation, words), TARGET.sub("", text))
    text = LINK.sub(partial(plain_link, docname, words, known), text)
    return re.sub(r"\n{3,}", "\n\n", words.plain(text)).strip()


def first_cells(docname: str, title: str, known: Addresses) -> list[nbformat.NotebookNode]:
    """Say where the notebook comes from and what it needs, and fetch that where it has an address."""
    name = f"[{title}]({known.page(docname)})" if known.site else f"“{title}”"
    about = f"*This is the chapter {name} as a notebook.* It needs the course's package, `cs_cnn`"
    if not known.repository:
        install = '%pip install "PATH/TO/THE/PROJECT[pretrained]"'
        about += (
            ". Install it once from your copy of the project: run this in a cell, with the path to the folder that "
            f"holds `pyproject.toml`, and restart the kernel.\n\n```\n{install}\n```"
        )
        return [nbformat.v4.new_markdown_cell(about, id="about")]
    fetch = (
        "import importlib.util\n\n"
        'if importlib.util.find_spec("cs_cnn") is None:\n'
        f'    %pip install --quiet "{known.requirement()}"'
    )
    return [
        nbformat.v4.new_markdown_cell(f"{about}; the next cell fetches it where it is missing.", id="about"),
        nbformat.v4.new_code_cell(fetch, id="install"),
    ]


def chapter_notebook(
    source: str, docname: str, words: Words | None = None, known: Addresses | None = None
) -> nbformat.NotebookNode:
    """Make the notebook of one text notebook: plain Markdown, no outputs, no build-only metadata."""
    notebook = jupytext.reads(source, fmt="md:myst")
    title = re.search(r"^# (.+)$", source, re.M)
    cells = first_cells(docname, title[1].strip() if title else docname, known or Addresses())
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            cell.source = plain_markdown(cell.source, docname, words, known)
            if not cell.source:
                continue
        else:
            cell.source = GLUE.sub(NO_GLUE, cell.source)
            cell.outputs, cell.execution_count = [], None
        tags = [tag for tag in cell.metadata.get("tags", []) if tag.startswith("tab-")]
        cell.metadata = {"tags": tags} if tags else {}
        cell.id = f"cell-{number}"
        cells.append(cell)
    notebook.cells = cells
    notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return notebook


def is_chapter(app: Sphinx, docname: str) -> bool:
    """Tell whether a page is a text notebook."""
    return "kernelspec" in app.env.metadata.get(docname, {})


def offer(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Put the notebook into the theme's download menu."""
    if is_chapter(app, pagename):
        context["ipynb_source"] = f"{pagename}.ipynb"


def write(app: Sphinx, exception: Exception | None) -> None:
    """Write the notebooks of all chapters into the site."""
    if exception or app.builder.format != "html":
        return
    words = of_book(app.env)
    pages = {f"/{docname}": title.astext() for docname, title in app.env.titles.items()}
    known = Addresses(**getattr(app.config, "course_addresses", {}))
    record = Path(app.doctreedir) / "notebooks.json"
    before = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    made = {}
    for docname in sorted(app.env.found_docs):
        if is_chapter(app, docname):
            here = replace(words, titles=words.titles | pages, glued=results(app.env, docname))
            source = Path(app.env.doc2path(docname)).read_text(encoding="utf-8")
            target = Path(app.outdir) / "_sources" / f"{docname}.ipynb"
            made[docname] = digest(source, here, known, getattr(app.config, "extensions_digest", ""))
            if made[docname] == before.get(docname) and target.is_file():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(chapter_notebook(source, docname, here, known), target)
    with atomic_write(record) as file:
        json.dump(made, file)


def digest(*parts: object) -> str:
    """Hash everything that decides what a notebook is: most edits change one, and each takes a while to make."""
    return hashlib.sha256("\0".join(map(repr, parts)).encode()).hexdigest()


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.connect("html-page-context", offer)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
