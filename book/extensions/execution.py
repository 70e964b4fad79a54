"""Run the chapters the same way on every machine, and again when the library under them changes.

jupyter-cache recognises a notebook by its code cells alone, so after an edit in ``cs_cnn`` it would go on
showing outputs of the old code. Here the cache folder's name ends in a digest of everything an output can
depend on: the library's code (comments and layout apart), its packaged data, the recorded benchmarks, and the
versions of Python and of the numerical libraries. Sphinx re-reads all pages when that name changes. The newest few
folders are kept.

A cold book is run ahead: MyST-NB executes one page after another, so before it starts, the pages that the cache does
not know are executed side by side, one for each core, and it finds them in the cache.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution
from myst_nb.core.read import NbReader, create_nb_reader
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from cs_cnn.files import atomic_write

LOGGER = logging.getLogger(__name__)
LIBRARIES = ("numpy", "scikit-learn", "torch", "matplotlib")
UNSEEN_BY_CHAPTERS = {"checks", "command.py", "course", "notebooks", "student"}
KEPT = 4
WORKERS = min(os.cpu_count() or 1, 4)


def library_version(name: str) -> str:
    """Return the installed version of a library, or an empty string where it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def library_digest(package: Path, memory: Path | None = None) -> str:
    """Hash what a chapter's outputs depend on besides the chapter's own cells.

    Parameters
    ----------
    package : pathlib.Path
        The folder of ``cs_cnn``.
    memory : pathlib.Path, optional
        Where the hash of each file is kept with its size and time, since parsing them all takes half a second.

    Returns
    -------
    str
        Twelve hexadecimal digits. Comments and formatting of the code do not change them.
    """
    digest = hashlib.sha256(
        repr((sys.version_info[:2], [library_version(name) for name in LIBRARIES])).encode()
    )
    before = json.loads(memory.read_text(encoding="utf-8")) if memory and memory.is_file() else {}
    now = {}
    for path in sorted(package.rglob("*")):
        relative = path.relative_to(package)
        if relative.parts[0] in UNSEEN_BY_CHAPTERS or "__pycache__" in relative.parts or not path.is_file():
            continue
        name, state = relative.as_posix(), [path.stat().st_size, path.stat().st_mtime_ns]
        if before.get(name, [None])[0] == state:
            now[name] = before[name]
        else:
            content = path.read_bytes()
            if path.suffix == ".py":
                with suppress(SyntaxError):  # the chapter that imports it will say so
                    content = ast.dump(ast.parse(content)).encode()
            now[name] = [state, hashlib.sha256(content).hexdigest()]
        digest.update(name.encode() + b"\0" + bytes.fromhex(now[name][1]))
    if memory is not None:
        memory.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(memory) as file:
            json.dump(now, file)
    for path in sorted((package.parent / "benchmarks" / "results").glob("*.json")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def extensions_digest() -> str:
    """Hash the book's own extensions; Sphinx reads all pages again when it changes."""
    sources = sorted(path for path in Path(__file__).parent.iterdir() if path.suffix in (".js", ".py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()[:12]


def prepare(app: Sphinx, config: Config) -> None:
    """Name the cache after the library, and give kernels one thread and quiet warnings."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = "1"  # the same sums in the same order, and times that can be compared
    os.environ["PYTHONHASHSEED"] = "0"
    # Jupyter Book reads the setting relative to the current folder; the project's root is meant.
    root = Path(app.srcdir).parent / (config.nb_execution_cache_path or ".jupyter_cache")
    import cs_cnn

    current = root / library_digest(Path(cs_cnn.__file__).parent, root / "library.json")
    current.mkdir(parents=True, exist_ok=True)
    os.utime(current)
    old = sorted((p for p in root.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime, reverse=True)
    for folder in old[KEPT:]:
        shutil.rmtree(folder, ignore_errors=True)
    config.nb_execution_cache_path = str(current)
    config.extensions_digest = extensions_digest()


def unknown(env: BuildEnvironment, docnames: list[str]) -> Iterator[tuple[Path, NbReader, NotebookNode]]:
    """Find the notebooks among the pages which the cache does not hold."""
    cache = get_cache(env.mystnb_config.execution_cache_path)
    for name in docnames:
        path = Path(env.doc2path(name))
        text = path.read_text(encoding="utf-8")
        reader = create_nb_reader(str(path), env.myst_config, env.mystnb_config, text)
        if reader is None:
            continue
        notebook = reader.read(text)
        if not any(cell.cell_type == "code" for cell in notebook.cells):
            continue
        try:
            cache.match_cache_notebook(notebook)
        except KeyError:
            yield path, reader, notebook


def execute(notebook: NotebookNode, folder: str, timeout: int) -> tuple[NotebookNode, float] | None:
    """Run a notebook in a process of its own; None when a cell fails, which MyST-NB then meets and reports."""
    result = single_nb_execution(
        notebook, cwd=folder, allow_errors=False, timeout=timeout, meta_override=True
    )
    return None if result.err is not None else (notebook, result.time)


def run_ahead(_app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Execute what is not in the cache, side by side."""
    if env.mystnb_config.execution_mode != "cache":
        return
    todo = list(unknown(env, docnames))
    if len(todo) < 2 or WORKERS < 2:
        return
    cache = get_cache(env.mystnb_config.execution_cache_path)
    timeout = env.mystnb_config.execution_timeout
    # Fresh processes: a fork of one that has threads, as Sphinx's may have, can wait for ever.
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(execute, notebook, str(path.parent), timeout) for path, _, notebook in todo]
        for (path, reader, _), future in zip(todo, running, strict=True):
            done = future.result()
            if done is None:
                continue
            notebook, seconds = done
            record = cache.add_nb_to_project(str(path), read_data=reader.read_fmt)
            cache.cache_notebook_bundle(
                CacheBundleIn(notebook, record.uri, data={"execution_seconds": seconds}),
                check_validity=False,
                overwrite=True,
            )
            LOGGER.info("executed %s in %.1f s", path.name, seconds)


def setup(app: Sphinx) -> dict[str, object]:
    """Register the extension."""
    app.add_config_value("extensions_digest", "", "env")
    app.connect("config-inited", prepare)
    app.connect("env-before-read-docs", run_ahead)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
