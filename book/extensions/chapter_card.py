"""The directive ``{chapter-card}``: how long a chapter takes to read and to run, and its notebook.

The directive leaves a placeholder, because neither time is known while the page is being read. It is filled when the
page is written, from the finished page and from MyST-NB's record of the execution (see ``measured``).
"""

from __future__ import annotations

from docutils import nodes
from measured import WORDS_PER_MINUTE, in_words, reading_minutes, run_seconds, words
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective


class chapter_card_node(nodes.General, nodes.Element):
    """Placeholder of a chapter's card."""


class ChapterCard(SphinxDirective):
    """Put the placeholder; the directive takes no argument and no body."""

    def run(self) -> list[nodes.Node]:
        """Return the placeholder."""
        return [chapter_card_node()]


def count_words(app: Sphinx, doctree: nodes.document) -> None:
    """Keep each page's number of words in the environment's metadata (it is pickled with it)."""
    app.env.metadata[app.env.docname]["words"] = words(doctree)


def notebook_uri(env: BuildEnvironment, docname: str) -> str:
    """Return the relative address of a page's notebook, as `notebook_downloads` writes it."""
    return "../" * docname.count("/") + f"_sources/{docname}.ipynb"


def item(icon: str, *children: nodes.Node) -> nodes.list_item:
    """Make one entry of the card: a decorative icon and its text."""
    classes = f"chapter-card-icon fa-solid fa-{icon}"
    picture = nodes.raw("", f'<span class="{classes}" aria-hidden="true"></span>', format="html")
    return nodes.list_item("", nodes.paragraph("", "", picture, *children))


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Replace the placeholders of one page."""
    for node in list(doctree.findall(chapter_card_node)):
        env = app.env
        minutes = reading_minutes(int(env.metadata[docname].get("words", 0)))
        seconds = run_seconds(env, docname)
        reading = nodes.inline("", f"{minutes} min to read")
        reading["classes"].append("chapter-card-reading")
        running = nodes.inline("", f"{in_words(seconds)} to run" if seconds is not None else "nothing to run")
        running["classes"].append("chapter-card-running")
        entries = [item("book-open", reading), item("stopwatch", running)]
        if seconds is not None:
            link = nodes.reference("", "Notebook (.ipynb)", refuri=notebook_uri(env, docname))
            entries.append(item("download", link))
        card = nodes.container("", nodes.bullet_list("", *entries), classes=["chapter-card"])
        card.append(
            nodes.paragraph(
                "",
                f"Reading at {WORDS_PER_MINUTE} words a minute, code and formulas not counted; "
                "running as measured on one core when the book was built.",
                classes=["chapter-card-rule"],
            )
        )
        node.replace_self(card)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_node(chapter_card_node)
    app.add_directive("chapter-card", ChapterCard)
    app.connect("doctree-read", count_words)
    app.connect("doctree-resolved", fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
