"""Code cells tagged ``live`` can be edited and run on the page, by a Python in the reader's browser.

The page gets each cell's source with what it needs from the cells above it (`live_slices`); ``_static/live.js`` puts
an editor in the place of the code, and at the first click starts ``live/worker.js``: Pyodide with NumPy and an archive
of the library (`live_archive`). Without a complete ``build/pyodide`` (see ``tools/pyodide.py``), and in every format
but separate HTML pages, live cells are ordinary ones.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

from docutils import nodes
from live_archive import archive, has
from live_slices import slice_of
from myst_nb.core.read import create_nb_reader
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

import cs_cnn

logger = logging.getLogger(__name__)

TAG = "live"
BUILDERS = ("html", "dirhtml")
PACKAGE = Path(cs_cnn.__file__).parent
PACKAGES = (
    "numpy",
    "matplotlib",
)  # the second is optional: a cell that imports it then draws, after 10 MB more
CORE = (
    "pyodide.js",
    "pyodide.mjs",
    "pyodide.asm.js",
    "pyodide.asm.wasm",
    "python_stdlib.zip",
    "pyodide-lock.json",
)


class live_node(nodes.General, nodes.Element):
    """A live cell's source and what it needs, for the script."""


class LiveCells(SphinxTransform):
    """Give every live cell its source and its slice of the chapter."""

    default_priority = 140

    def apply(self, **kwargs: object) -> None:
        """Add a node to each live cell, or warn of what the browser could not run."""
        found = [
            cell
            for cell in self.document.findall(nodes.container)
            if cell.get("nb_element") == "cell_code" and TAG in cell.get("cell_metadata", {}).get("tags", [])
        ]
        if not found:
            return
        sources = self.sources()
        live = [cell["cell_index"] for cell in found]
        for cell in found:
            index = cell["cell_index"]
            needed = slice_of(index, sources, live)
            lacking = [f"{name!r} is defined nowhere above it" for name in needed.missing]
            lacking += [
                f"the browser's Python has no {name}" for name in needed.modules if not has(name, PACKAGE)
            ]
            if lacking:
                logger.warning("a live cell cannot run: %s", "; ".join(lacking), location=cell, type="live")
            cell += live_node(
                data={
                    "cell": index,
                    "code": sources[index].rstrip("\n"),
                    "setup": needed.setup,
                    "needs": needed.needs,
                }
            )

    def sources(self) -> list[str]:
        """Return the code of the page's cells; an empty text for a cell of text."""
        path = self.env.doc2path(self.env.docname)
        text = Path(path).read_text(encoding="utf-8")
        reader = create_nb_reader(path, self.env.myst_config, self.env.mystnb_config, text)
        assert reader is not None  # the page has code cells
        return [cell.source if cell.cell_type == "code" else "" for cell in reader.read(text).cells]


def visit_html(self, node: live_node) -> None:
    if self.config.live_python and self.builder.name in BUILDERS:
        data = json.dumps(node["data"]).replace("<", "\\u003c")
        self.body.append(f'<script type="application/json" class="live-data">{data}</script>\n')
    raise nodes.SkipNode


def skip(self, node: live_node) -> None:
    """Leave the cell as it is in formats without scripts."""
    raise nodes.SkipNode


def pyodide_folder(app: Sphinx) -> Path:
    """Return the folder which ``tools/pyodide.py`` prepares."""
    return Path(app.srcdir).parent / "build" / "pyodide"


def wheels(folder: Path) -> dict[str, str]:
    """Return the packages that go into the site with their files; of the optional ones those that are here whole."""
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]

    def whole(name: str) -> dict[str, str]:
        """Return the files of a package and of what it needs."""
        found = {name: lock[name]["file_name"]}
        for needed in lock[name]["depends"]:
            found |= whole(needed)
        return found

    found = {}
    for files in map(whole, PACKAGES):
        if all((folder / file).is_file() for file in files.values()):
            found |= files
    return found


def look_for_pyodide(app: Sphinx, config: Config) -> None:
    """Note whether Pyodide is here: when that changes, all pages are written again."""
    folder = pyodide_folder(app)
    complete = all((folder / name).is_file() for name in CORE) and "numpy" in wheels(folder)
    config.live_python = "yes" if complete else ""
    if not complete:
        logger.info("live cells show their recorded output only: build/pyodide is not complete")


def copy(app: Sphinx, exception: Exception | None) -> None:
    """Put Pyodide, the library and the scripts into the site; what is there already stays."""
    if exception or app.builder.name not in BUILDERS or not app.config.live_python:
        return
    target = Path(app.outdir) / "live"
    (target / "pyodide").mkdir(parents=True, exist_ok=True)
    folder = pyodide_folder(app)
    packages = wheels(folder)
    present = [*CORE, *packages.values()]
    for name in present:
        renew(target / "pyodide" / name, folder / name)
    for path in (target / "pyodide").iterdir():
        if path.name not in present:
            path.unlink()
    digest = hashlib.sha256()
    for name in ("worker.js", "runner.py"):
        content = (Path(app.srcdir) / "live" / name).read_bytes()
        digest.update(content)
        (target / name).write_bytes(content)
    library = archive(PACKAGE)
    digest.update(library)
    (target / "cs_cnn.zip").write_bytes(library)
    about = {"digest": digest.hexdigest()[:12], "packages": sorted(packages)}
    (target / "about.json").write_text(json.dumps(about), encoding="utf-8")


def renew(target: Path, source: Path) -> None:
    """Copy a large file unless the copy is as new; a link where the file system allows one."""
    if target.is_file():
        old, new = target.stat(), source.stat()
        if old.st_size == new.st_size and old.st_mtime >= new.st_mtime:
            return
    target.unlink(missing_ok=True)
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_config_value("live_python", "", "html")
    app.add_transform(LiveCells)
    others = {name: (skip, None) for name in ("latex", "text", "man", "texinfo")}
    app.add_node(live_node, html=(visit_html, None), **others)
    app.connect("config-inited", look_for_pyodide)
    app.connect("build-finished", copy)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
