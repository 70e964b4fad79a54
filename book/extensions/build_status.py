"""The directive ``{build-status} PART``: when and with what the book was built, and how long each chapter took.

The page that holds it is written anew at every build, since its facts are the build's.
"""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

from docutils import nodes
from measured import in_words, reading_minutes, run_date, run_seconds
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

LIBRARIES = (
    "cs-cnn",
    "numpy",
    "torch",
    "scikit-learn",
    "matplotlib",
    "nbgrader",
    "jupyter-book",
    "Sphinx",
    "myst-nb",
)


class build_status_node(nodes.General, nodes.Element):
    """Placeholder of the tables."""


class BuildStatus(SphinxDirective):
    """Put the placeholder of one part, ``day``, ``times`` or ``versions``, and remember the page."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the placeholder."""
        if self.arguments[0] not in PARTS:
            raise self.error(f"build-status has the parts {', '.join(PARTS)}, not {self.arguments[0]!r}")
        self.env.metadata[self.env.docname]["build_status"] = True
        return [build_status_node(part=self.arguments[0])]


def pages_to_update(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages that hold the directive."""
    return [docname for docname in env.found_docs if env.metadata.get(docname, {}).get("build_status")]


def table(head: list[str], rows: list[list[nodes.Node]]) -> nodes.table:
    """Make a table with a head row."""

    def row(cells: list[nodes.Node]) -> nodes.row:
        return nodes.row("", *[nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells])

    group = nodes.tgroup("", *[nodes.colspec(colwidth=1) for _ in head], cols=len(head))
    group += nodes.thead("", row([nodes.Text(text) for text in head]))
    group += nodes.tbody("", *[row(cells) for cells in rows])
    return nodes.table("", group, classes=["colwidths-auto", "build-status"])


def installed(name: str) -> str:
    """Return a library's version, or a dash."""
    try:
        return version(name)
    except PackageNotFoundError:
        return "–"


def build_day() -> str:
    """Return the day of the build (UTC); SOURCE_DATE_EPOCH, where set, makes it reproducible."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.fromtimestamp(int(epoch), UTC) if epoch else datetime.now(UTC)
    return f"{moment.day} {moment:%B %Y}"


def in_reading_order(env: BuildEnvironment) -> list[str]:
    """Return the pages in the order of the table of contents."""
    order, waiting = [], [env.config.root_doc]
    while waiting:
        docname = waiting.pop(0)
        order.append(docname)
        waiting = [*env.toctree_includes.get(docname, []), *waiting]
    return order


def day(app: Sphinx, docname: str) -> list[nodes.Node]:
    """Say when, with what and on what kind of machine the book was built."""
    where = f"Python {platform.python_version()} on {platform.system()} ({platform.machine()})"
    return [nodes.paragraph("", f"Built on {build_day()} with {where}.")]


def times(app: Sphinx, docname: str) -> list[nodes.Node]:
    """List the executed pages with both times, and the time of all together."""
    env, rows, total = app.env, [], 0.0
    for chapter in in_reading_order(env):
        seconds = run_seconds(env, chapter)
        if seconds is None:
            continue
        total += seconds
        uri = app.builder.get_relative_uri(docname, chapter)
        link = nodes.reference("", env.titles[chapter].astext(), refuri=uri, internal=True)
        minutes = reading_minutes(int(env.metadata[chapter].get("words", 0)))
        rows.append([link, *map(nodes.Text, (f"{minutes} min", f"{seconds:.1f} s", run_date(env, chapter)))])
    together = nodes.paragraph("", f"All {len(rows)} executed pages together ran for {in_words(total)}.")
    return [table(["Page", "To read", "To run", "Last run"], rows), together]


def versions(app: Sphinx, docname: str) -> list[nodes.Node]:
    """List the versions of the libraries."""
    rows = [[nodes.literal("", name), nodes.Text(installed(name))] for name in LIBRARIES]
    return [table(["Library", "Version"], rows)]


PARTS = {"day": day, "times": times, "versions": versions}


def fill(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Replace the placeholders of one page."""
    for node in list(doctree.findall(build_status_node)):
        node.replace_self(PARTS[node["part"]](app, docname))


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_node(build_status_node)
    app.add_directive("build-status", BuildStatus)
    app.connect("env-updated", pages_to_update)
    app.connect("doctree-resolved", fill)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
