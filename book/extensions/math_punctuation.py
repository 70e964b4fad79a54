"""Keep a comma or a full stop on the line of the formula before it.

A browser may break a line after an inline formula, whatever follows. A formula and the punctuation after it become one
unbreakable piece.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

PUNCTUATION = re.compile(r"[.,;:!?)\]’”%]+")


class KeepPunctuation(SphinxPostTransform):
    """Wrap every inline formula that punctuation follows."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        """Change the document in place."""
        for formula in list(self.document.findall(nodes.math)):
            parent = formula.parent
            place = parent.index(formula)
            after = parent.children[place + 1] if place + 1 < len(parent.children) else None
            if not isinstance(after, nodes.Text):
                continue
            found = PUNCTUATION.match(str(after))
            if found is None:
                continue
            together = nodes.inline("", "", formula, nodes.Text(found.group()), classes=["keep-together"])
            parent.children[place : place + 2] = []
            parent.insert(place, nodes.Text(str(after)[found.end() :]))
            parent.insert(place, together)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_post_transform(KeepPunctuation)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
