"""Ask no other host for anything: no Thebe.

Jupyter Book always loads sphinx-thebe, whose scripts name a host and, on a rebuilt page, are written twice (an error in
the browser's console); its listeners are taken off before they act.
"""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.config import Config


def remove_thebe(app: Sphinx, config: Config) -> None:
    """Take sphinx-thebe's listeners and style sheet off."""
    for listeners in app.events.listeners.values():
        listeners[:] = [
            entry
            for entry in listeners
            if not getattr(entry.handler, "__module__", "").startswith("sphinx_thebe")
        ]
    app.registry.css_files[:] = [
        entry for entry in app.registry.css_files if not entry[0].startswith("sphinx-thebe")
    ]


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.connect("config-inited", remove_thebe, priority=100)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
