"""Neighbouring code cells tagged ``tab-numpy`` and ``tab-torch`` become one synchronised set of tabs.

MyST-NB executes top-level code cells only, so a cell cannot be written inside a ``tab-item`` directive. Here the
cells stay at the top level, both run in the chapter's one kernel, and each run of neighbours is wrapped
afterwards. All sets share one choice, which the browser remembers from page to page.
"""

from __future__ import annotations

from itertools import groupby

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

TITLES = {"tab-numpy": "NumPy", "tab-torch": "PyTorch"}
SYNC_GROUP = "library"


def tab_of(node: nodes.Node) -> str | None:
    """Return the tab's tag of a code cell, or None for any other node."""
    if isinstance(node, nodes.container) and node.get("nb_element") == "cell_code":
        tags = node.get("cell_metadata", {}).get("tags", [])
        return next((tag for tag in tags if tag in TITLES), None)
    return None


def component(name: str, like: nodes.Element, *children: nodes.Node, **attributes: object) -> nodes.container:
    """Make a container as sphinx-design makes it, at the source position of another node."""
    made = nodes.container(
        "", *children, is_div=True, design_component=name, classes=[f"sd-{name}"], **attributes
    )
    made.source, made.line = like.source, like.line
    return made


def tab_set(cells: list[nodes.container]) -> nodes.container:
    """Wrap cells into one tab set, the first one selected."""
    items = []
    for position, cell in enumerate(cells):
        tag = tab_of(cell) or ""
        label = nodes.rubric(TITLES[tag], TITLES[tag], classes=["sd-tab-label"])
        label["sync_id"], label["sync_group"] = tag.removeprefix("tab-"), SYNC_GROUP
        label.source, label.line = cell.source, cell.line
        content = component("tab-content", cell, cell)
        items.append(component("tab-item", cell, label, content, selected=position == 0))
    made = component("tab-set", cells[0], *items)
    made["classes"].append("code-tabs")
    return made


class CodeTabs(SphinxTransform):
    """Wrap each run of neighbouring tab cells of a document."""

    default_priority = 150

    def apply(self, **kwargs: object) -> None:
        """Replace the runs in place."""
        parents = {
            id(cell.parent): cell.parent for cell in self.document.findall(nodes.container) if tab_of(cell)
        }
        for parent in parents.values():
            children: list[nodes.Node] = []
            for tagged, run in groupby(list(parent.children), key=lambda node: tab_of(node) is not None):
                neighbours = list(run)
                children.extend([tab_set(neighbours)] if tagged else neighbours)
            parent.children = []
            parent.extend(children)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_transform(CodeTabs)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
