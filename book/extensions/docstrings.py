"""Make numpydoc docstrings fit a page that holds many of them.

Numbered references (``[1]_`` and the list under *References*) would collide between docstrings, and MyST keeps
footnotes of its own; they become plain numbers. A description that starts with a table gets a line before it,
because napoleon writes the first line behind the argument's name.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx

CITED = re.compile(r"\[(\d+)\]_")
LISTED = re.compile(r"^(\s*)\.\. \[(\d+)\] ")


def plain_references(lines: list[str]) -> list[str]:
    """Turn numbered references into plain text.

    Examples
    --------
    >>> plain_references(["As shown [1]_.", ".. [1] A paper,", "   1998."])
    ['As shown [1].', '', '[1] A paper,', '1998.']
    """
    made: list[str] = []
    indent = None
    for line in lines:
        match = LISTED.match(line)
        if match:
            indent = len(match[1])
            made += ["", f"{match[1]}[{match[2]}] {line[match.end() :]}"]
        elif indent is not None and line.strip() and len(line) - len(line.lstrip()) > indent:
            made.append(" " * indent + line.strip())
        else:
            indent = None
            made.append(CITED.sub(r"[\1]", line))
    return made


def tables_on_their_own_lines(lines: list[str]) -> list[str]:
    """Put a line before a table that starts a description.

    Examples
    --------
    >>> tables_on_their_own_lines(["name : str", "    ==== ====", "    a    b"])
    ['name : str', '    One of:', '', '    ==== ====', '    a    b']
    """
    made: list[str] = []
    for before, line in zip(["", *lines], lines, strict=False):
        indent = len(line) - len(line.lstrip())
        starts = (
            line.lstrip().startswith("===") and before.strip() and len(before) - len(before.lstrip()) < indent
        )
        made += [" " * indent + "One of:", "", line] if starts else [line]
    return made


def process(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Change a docstring's lines in place, before napoleon reads them."""
    lines[:] = tables_on_their_own_lines(plain_references(lines))


def one_document(app: Sphinx, doctree: nodes.document) -> None:
    """Give every node the page's own document.

    Those of an ``{eval-rst}`` block keep the block's, and with it the whole environment: six megabytes for each page of
    the reference, which Sphinx reads again at every build.
    """
    for node in doctree.findall():
        if node.document is not doctree:
            node.document = doctree


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.connect("autodoc-process-docstring", process, priority=400)
    app.connect("doctree-read", one_document)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
