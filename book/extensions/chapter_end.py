"""The end of each chapter (a tick, a report, a citation), and ``{reading-progress}``, which counts the ticks.

A chapter is a page with a ``{chapter-card}``. The ticks live in the reader's browser alone: ``progress.js`` keeps
them, and shows nothing where the browser keeps nothing. All elements stand in the page from the start, so that
nothing moves when the script fills them.
"""

from __future__ import annotations

import html
import json
from pathlib import Path
from typing import Any

import cite
from chapter_card import chapter_card_node
from docutils import nodes
from launch import REPORT, addresses, report_link
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

STORAGE_NOTE = ("guide/learner", "learner-storage")
"""The page and the section that say what is kept in the browser."""


class progress_node(nodes.General, nodes.Element):
    """Placeholder of the count; the list of chapters is complete only when pages are written."""


class ReadingProgress(SphinxDirective):
    """Put the placeholder; the directive takes no argument and no body."""

    def run(self) -> list[nodes.Node]:
        """Return the placeholder."""
        return [progress_node()]


def citation(app: Sphinx) -> Path:
    """Return where the project says how it is cited."""
    return Path(app.srcdir).parent / "CITATION.cff"


def note_chapter(app: Sphinx, doctree: nodes.document) -> None:
    """Remember whether the page that was just read is a chapter."""
    if any(doctree.findall(chapter_card_node)):
        app.env.metadata[app.env.docname]["chapter"] = True
        if citation(app).is_file():
            app.env.note_dependency(str(citation(app)))


def chapters(env: BuildEnvironment) -> list[str]:
    """Return the chapters in reading order."""
    order = [env.config.root_doc]
    for docname in order:
        order += [each for each in env.toctree_includes.get(docname, []) if each not in order]
    return [docname for docname in order if env.metadata[docname].get("chapter")]


def number(env: BuildEnvironment, docname: str) -> str:
    """Return the chapter's number as the contents show it, or ""."""
    return ".".join(map(str, env.toc_secnumbers.get(docname, {}).get("", ())))


def overview(env: BuildEnvironment) -> str:
    """Write the count of the ticks; ``progress.js`` fills it in."""
    pages = [[docname, env.titles[docname].astext()] for docname in chapters(env)]
    return (
        f"<div class=\"reading-progress\" data-chapters='{html.escape(json.dumps(pages), quote=True)}'>\n"
        '<p class="reading-count" role="status"></p>\n'
        f'<progress class="reading-bar" max="{len(pages)}" value="0" aria-label="Chapters read"></progress>\n'
        '<p class="reading-next"></p>\n'
        '<button type="button" class="reading-clear">Clear my ticks</button>\n</div>\n'
    )


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Replace the placeholders of one page."""
    for node in list(doctree.findall(progress_node)):
        node.replace_self(nodes.raw("", overview(app.env), format="html"))


def end_of(app: Sphinx, docname: str) -> str:
    """Write what stands below a chapter."""
    env, known = app.env, addresses(app)
    title = env.titles[docname].astext()
    note = ""
    if STORAGE_NOTE[0] in env.found_docs:
        uri = app.builder.get_relative_uri(docname, STORAGE_NOTE[0]) + f"#{STORAGE_NOTE[1]}"
        note = f'<a class="read-note" href="{uri}">kept in this browser only</a>'
    parts = [
        f'<button type="button" class="read-mark" aria-pressed="false" data-page="{html.escape(docname)}">'
        '<span class="read-box" aria-hidden="true"></span>Mark as read</button>\n',
        f'<p class="read-said" role="status"></p>{note}\n',
    ]
    if report := report_link(known, docname, title):
        parts.append(f'<a class="report-error" href="{html.escape(report)}">{REPORT}</a>\n')
    cited = ""
    if (source := citation(app)).is_file():
        key = "cs-cnn-" + docname.rpartition("/")[2].replace("_", "-")
        cited = cite.block(
            cite.load(source), cite.Chapter(key, title, number(env, docname), known.page(docname))
        )
    return (
        f'<div class="chapter-end">\n<div class="chapter-end-row">\n{"".join(parts)}</div>\n{cited}</div>\n'
    )


def add_end(app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Put the end below a chapter's text."""
    if doctree is not None and app.env.metadata.get(pagename, {}).get("chapter"):
        context["body"] += end_of(app, pagename)


def skip(self: Any, node: progress_node) -> None:
    """Leave the count out of what is no page."""
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_node(progress_node)
    app.add_directive("reading-progress", ReadingProgress)
    app.connect("doctree-read", note_chapter)
    app.connect("doctree-resolved", fill)
    app.connect("html-page-context", add_end)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
