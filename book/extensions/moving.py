r"""The directive ``{moving}``: a numbered figure that the reader operates, with a still that needs no script.

The argument names two files of ``book/figures``; the body is the caption, inline MyST::

    ```{moving} convolution_stepper
    :name: fig-conv-stepper
    Predict an entry of the map before you look at it.
    ```

``convolution_stepper.js`` is an ES module with anywidget's contract, ``export default { render({ model, el }) }``;
the site serves it from ``_static/figures``, and ``moving.js`` loads it. ``convolution_stepper.py`` holds ``TITLE``,
``STATE`` (what the model starts with) and ``still(state)``, which computes the same content as HTML when the book is
built: for paper, for readers without JavaScript, and for everybody else behind a button.
"""

from __future__ import annotations

import hashlib
import html
import importlib.util
import json
import shutil
from pathlib import Path
from types import ModuleType

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)


class moving_node(nodes.General, nodes.Element):
    """The part of the figure that moves, and its still."""


def load(path: Path) -> ModuleType:
    """Load the Python half of a figure: its title, its first state and its still."""
    spec = importlib.util.spec_from_file_location(f"figures_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Moving(SphinxDirective):
    """Put a moving figure on the page."""

    required_arguments = 1
    has_content = True
    option_spec = {"name": directives.unchanged_required}  # noqa: RUF012, the way of docutils

    def run(self) -> list[nodes.Node]:
        """Return the figure, or report what is missing."""
        name, folder = self.arguments[0], Path(self.env.srcdir) / "figures"
        script, python = folder / f"{name}.js", folder / f"{name}.py"
        for path in (script, python):
            if not path.is_file():
                return self.complain(f"there is no file figures/{path.name}")
            self.env.note_dependency(str(path))
        if not self.content:
            return self.complain("the body, its caption, is empty")
        module = load(python)
        part = moving_node(
            figure=name,
            title=module.TITLE,
            digest=hashlib.sha256(script.read_bytes()).hexdigest()[:8],
            state=json.dumps(module.STATE, separators=(",", ":")),
            still=module.still(module.STATE),
        )
        text, messages = self.state.inline_text(" ".join(self.content), self.lineno)
        figure = nodes.figure("", part, nodes.caption("", "", *text), classes=["moving-figure"])
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure, *messages]

    def complain(self, sentence: str) -> list[nodes.Node]:
        """Warn at the directive's line; in a strict build that is an error."""
        logger.warning(
            "moving %s: %s", self.arguments[0], sentence, location=self.get_location(), type="moving"
        )
        return []


def visit_html(self, node: moving_node) -> None:
    self.body.append(
        f'<div class="moving" data-figure="{node["figure"]}" data-module="{node["figure"]}.js?v={node["digest"]}"'
        f' data-state="{html.escape(node["state"])}">\n'
        f'<div class="moving-live" role="group" aria-label="{html.escape(node["title"])}"></div>\n'
        f'<div class="moving-still">\n{node["still"]}\n</div>\n</div>\n'
    )
    raise nodes.SkipNode


def skip(self, node: moving_node) -> None:
    """Leave the caption alone in formats that hold no HTML."""
    raise nodes.SkipNode


def copy_modules(app: Sphinx, exception: Exception | None) -> None:
    """Serve the modules as static files of the site."""
    if exception or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / "figures"
    target.mkdir(parents=True, exist_ok=True)
    for script in (Path(app.srcdir) / "figures").glob("*.js"):
        shutil.copyfile(script, target / script.name)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_directive("moving", Moving)
    others = {name: (skip, None) for name in ("latex", "text", "man", "texinfo")}
    app.add_node(moving_node, html=(visit_html, None), **others)
    app.connect("build-finished", copy_modules)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
