"""The directive ``{objectives}``: from each objective to the exercises that practise it and the tasks it leads to.

Everything comes from `objectives.yml`, which `tests/book/test_objectives.py` holds to the chapters and to the checks.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


def entry(objective: dict[str, Any]) -> str:
    """Write one objective in MyST."""
    practice = [f"{{ref}}`{label}`" for label in objective.get("exercises", [])]
    if count := len(objective.get("quiz", [])):
        practice.append("the quiz" if count == 1 else f"the quiz ({count} questions)")
    onward = [f"`{task}`" for task in objective.get("tasks", [])]
    if "reading" in objective:
        onward.append(f"{{ref}}`{objective['reading']}`")
    kind = "Task" if "tasks" in objective else "Reading"
    return f"- {objective['does']} *Practised in* {', '.join(practice)}. *{kind}:* {', '.join(onward)}."


class Objectives(SphinxDirective):
    """One dropdown for each part of the book, with its chapters and their objectives."""

    def run(self) -> list[nodes.Node]:
        """Return the parsed text."""
        source = Path(self.env.srcdir)
        for name in ("objectives.yml", "_toc.yml"):
            self.env.note_dependency(str(source / name))
        table = yaml.safe_load((source / "objectives.yml").read_text(encoding="utf-8"))
        toc = yaml.safe_load((source / "_toc.yml").read_text(encoding="utf-8"))
        lines: list[str] = []
        for part in toc["parts"]:
            files = [chapter["file"] for chapter in part["chapters"] if chapter["file"] in table]
            if files:
                lines += [f":::{{dropdown}} {part['caption']}"]
                for file in files:
                    lines += ["", f"{{doc}}`/{file}`", "", *map(entry, table[file])]
                lines += [":::", ""]
        holder = nodes.container()
        holder.document = self.state.document
        self.state.nested_parse(StringList(lines, source=self.env.docname), self.content_offset, holder)
        return holder.children


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_directive("objectives", Objectives)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
