"""Write each executed chapter as a notebook (.ipynb, no outputs) that opens in any Jupyter, and offer it.

The notebook lies beside the page's source under ``_sources``, which is where the theme's download menu looks. Text
cells keep their mathematics; MyST directives that plain Jupyter would show as raw fences become plain Markdown.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from sphinx.application import Sphinx

ADMONITIONS = {"note", "tip", "important", "warning", "caution", "seealso", "admonition", "exercise", "hint"}
FENCE = re.compile(
    r"^(?P<mark>:{3,}|`{3,})\{(?P<name>[\w:-]+)\}[ ]*(?P<title>.*)\n(?P<body>[\s\S]*?)^(?P=mark)[ ]*$", re.M
)
OPTIONS = re.compile(r"\A(?:---\n[\s\S]*?\n---\n|(?::[\w-]+:.*\n)+)\n*")
ROLE = re.compile(r"\{(?P<name>[\w:]+)\}`(?P<text>[^`]+)`")
TARGET = re.compile(r"^\([\w:.-]+\)=[ ]*\n", re.M)


def plain_fence(match: re.Match[str]) -> str:
    """Put one directive into Markdown that any Jupyter shows."""
    name, title, body = (
        match["name"].rpartition(":")[2],
        match["title"].strip(),
        OPTIONS.sub("", match["body"]).strip(),
    )
    if name == "math":
        return f"$$\n{body}\n$$"
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
    heading = title if title and not re.fullmatch(r"[\w:-]+", title) else name.capitalize()
    if name in ADMONITIONS or match["name"].startswith("prf:"):
        return "\n".join(f"> {line}".rstrip() for line in f"**{heading}.**\n\n{body}".splitlines())
    return body


def plain_role(match: re.Match[str]) -> str:
    """Put one role into plain text: its shown title, or its target in words."""
    name, text = match["name"], match["text"]
    if name == "math":
        return f"${text}$"
    if name.startswith("glue"):
        return f"`{text.partition(':')[0]}`"
    shown = re.sub(r"\s*<[^>]*>$", "", text)
    if name.startswith("cite"):
        return f"({shown})"
    return shown.replace("-", " ") if name in ("ref", "numref", "eq") else shown


def plain_markdown(text: str) -> str:
    """Put a MyST text cell into Markdown that any Jupyter shows.

    Examples
    --------
    >>> plain_markdown("See {term}`stride`.")
    'See stride.'
    """
    for _ in range(3):  # fences inside fences
        text = FENCE.sub(plain_fence, text)
    return ROLE.sub(plain_role, TARGET.sub("", text)).strip()


def chapter_notebook(source: str, docname: str) -> nbformat.NotebookNode:
    """Make the notebook of one text notebook: plain Markdown, no outputs, no build-only metadata."""
    notebook = jupytext.reads(source, fmt="md:myst")
    cells = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            cell.source = plain_markdown(cell.source)
            if not cell.source:
                continue
        else:
            cell.outputs, cell.execution_count = [], None
        tags = [tag for tag in cell.metadata.get("tags", []) if tag.startswith("tab-")]
        cell.metadata = {"tags": tags} if tags else {}
        cell.id = f"cell-{number}"
        cells.append(cell)
    first = nbformat.v4.new_markdown_cell(
        f"*Notebook of the chapter `{docname}`. It needs the course's package `cs_cnn`: "
        "see the page “How to run the notebooks”.*",
        id="about",
    )
    notebook.cells = [first, *cells]
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
    for docname in sorted(app.env.found_docs):
        if is_chapter(app, docname):
            source = Path(app.env.doc2path(docname)).read_text(encoding="utf-8")
            target = Path(app.outdir) / "_sources" / f"{docname}.ipynb"
            target.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(chapter_notebook(source, docname), target)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.connect("html-page-context", offer)
    app.connect("build-finished", write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
