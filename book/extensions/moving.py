r"""The directive ``{moving}``: a numbered figure that the reader operates, with a still that needs no script.

The argument names a folder of ``book/figures``; the body is the caption, inline MyST::

    ```{moving} receptive_field
    :name: fig-vgg-field
    :variant: vgg
    Three small windows see as far as a large one.
    ```

Its ``figure.js`` is an ES module with anywidget's contract, ``export default { render({ model, el }) }``; the site
serves it as ``_static/figures/receptive_field.js``, and ``moving.js`` loads it. ``still.py`` holds ``TITLE``, ``STATE``
(what the model starts with), ``HEIGHTS`` (rem to reserve in a wide, middle, phone and small frame, so that nothing on
the page moves when the figure starts) and ``still(state)``, which computes the same content as HTML when the book is
built: for paper, for readers without JavaScript, and for everybody else behind a button. ``VARIANTS`` there names other
beginnings: a title, a state that overrides parts of ``STATE``, heights. ``figure.css``, where there is one, is
loaded by the pages that show the figure.
"""

from __future__ import annotations

import hashlib
import html
import importlib.util
import json
import shutil
from pathlib import Path
from types import ModuleType
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

logger = logging.getLogger(__name__)
WIDTHS = ("wide", "middle", "phone", "small")  # of the figure's frame; course.css says from where to where


class moving_node(nodes.General, nodes.Element):
    """The part of the figure that moves, and its still."""


def load(folder: Path) -> ModuleType:
    """Load the Python half of a figure: its title, its first state and its still."""
    spec = importlib.util.spec_from_file_location(f"figures_{folder.name}", folder / "still.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def beginning(module: ModuleType, variant: str | None) -> tuple[str, dict[str, Any], tuple[float, ...]]:
    """Return the title, the first state and the heights of a figure, or of a variant of it."""
    if variant is None:
        return module.TITLE, module.STATE, module.HEIGHTS
    known: dict[str, dict[str, Any]] = getattr(module, "VARIANTS", {})
    if variant not in known:
        raise ValueError(f"there is no variant {variant}; there are: {', '.join(known) or 'none'}")
    own = known[variant]
    return own.get("title", module.TITLE), module.STATE | own["state"], own.get("heights", module.HEIGHTS)


class Moving(SphinxDirective):
    """Put a moving figure on the page."""

    required_arguments = 1
    has_content = True
    option_spec = {  # noqa: RUF012, the way of docutils
        "name": directives.unchanged_required,
        "variant": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the figure, or report what is missing."""
        name, folder = self.arguments[0], Path(self.env.srcdir) / "figures" / self.arguments[0]
        script = folder / "figure.js"
        for path in (script, folder / "still.py"):
            if not path.is_file():
                return self.complain(f"there is no file figures/{name}/{path.name}")
        for path in sorted(folder.glob("*.*")):
            self.env.note_dependency(str(path))
        if not self.content:
            return self.complain("the body, its caption, is empty")
        module = load(folder)
        try:
            title, state, heights = beginning(module, self.options.get("variant"))
        except ValueError as error:
            return self.complain(str(error))
        part = moving_node(
            figure=name,
            title=title,
            digest=hashlib.sha256(script.read_bytes()).hexdigest()[:8],
            state=json.dumps(state, separators=(",", ":")),
            heights=";".join(f"--{width}:{rem}rem" for width, rem in zip(WIDTHS, heights, strict=True)),
            still=module.still(state),
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
        f' data-state="{html.escape(node["state"])}" style="{node["heights"]}">\n'
        f'<div class="moving-live" role="group" aria-label="{html.escape(node["title"])}"></div>\n'
        f'<div class="moving-still">\n{node["still"]}\n</div>\n</div>\n'
    )
    raise nodes.SkipNode


def skip(self, node: moving_node) -> None:
    """Leave the caption alone in formats that hold no HTML."""
    raise nodes.SkipNode


def copy_modules(app: Sphinx) -> None:
    """Serve the modules and their styles as static files of the site."""
    if app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / "figures"
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for part in (Path(app.srcdir) / "figures").glob("*/figure.*"):
        shutil.copyfile(part, target / f"{part.parent.name}{part.suffix}")


def load_styles(app: Sphinx, page: str, template: str, context: Any, doctree: nodes.document | None) -> None:
    """Let a page load the styles of the figures that stand in it."""
    shown = {part["figure"] for part in doctree.findall(moving_node)} if doctree else set()
    for name in sorted(shown):
        if (Path(app.srcdir) / "figures" / name / "figure.css").is_file():
            app.add_css_file(f"figures/{name}.css")


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_directive("moving", Moving)
    others = {name: (skip, None) for name in ("latex", "text", "man", "texinfo")}
    app.add_node(moving_node, html=(visit_html, None), **others)
    app.connect("builder-inited", copy_modules)  # before the pages: they name each file with its checksum
    app.connect("html-page-context", load_styles)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
