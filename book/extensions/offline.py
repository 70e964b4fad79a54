"""Serve everything from the site itself: mathematics from an installed package, and no Thebe.

``sphinx-mathjax-offline`` carries MathJax 3.2.2. Its own Sphinx hook copies all 24 MB at every build; a page
needs the parts listed here. Jupyter Book always loads sphinx-thebe, whose scripts name a host and, on a rebuilt
page, are written twice (an error in the browser's console); its listeners are taken off before they act.
"""

from __future__ import annotations

import shutil
from importlib.util import find_spec
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError

PARTS = (
    "tex-chtml.js",
    "a11y",
    "input/tex/extensions",
    "output/chtml",
    "sre/mathmaps/base.json",
    "sre/mathmaps/en.json",
)


def mathjax_folder() -> Path:
    """Return the folder of MathJax in the installed package, or raise ExtensionError."""
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise ExtensionError(
            "The package sphinx-mathjax-offline, which carries the book's mathematics, is not installed: "
            "run `make env`."
        )
    return Path(spec.origin).parent / "static" / "mathjax"


def configure(app: Sphinx, config: Config) -> None:
    """Point Sphinx at the copied MathJax, and take sphinx-thebe's listeners and style sheet off."""
    config.mathjax_path = "mathjax/tex-chtml.js"
    for listeners in app.events.listeners.values():
        listeners[:] = [
            entry
            for entry in listeners
            if not getattr(entry.handler, "__module__", "").startswith("sphinx_thebe")
        ]
    app.registry.css_files[:] = [
        entry for entry in app.registry.css_files if not entry[0].startswith("sphinx-thebe")
    ]


def copy_mathjax(app: Sphinx, exception: Exception | None) -> None:
    """Copy the parts of MathJax that pages load; a copy that is there already stays."""
    if exception or app.builder.format != "html":
        return
    source, target = mathjax_folder(), Path(app.outdir) / "_static" / "mathjax"
    for part in PARTS:
        if (source / part).is_dir():
            if not (target / part).exists():
                shutil.copytree(source / part, target / part)
        elif (source / part).exists():
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / part, target / part)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    mathjax_folder()
    app.connect("config-inited", configure, priority=100)
    app.connect("build-finished", copy_mathjax)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
