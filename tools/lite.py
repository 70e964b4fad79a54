"""Build the JupyterLite in which assignments open from their page of the book (`python -m tools.lite`).

It holds the assignments that need no PyTorch as students receive them, Python for the browser, and of the course's
library what the assignments import. The library lies among Pyodide's own packages, in its lock file, so that
``import cs_cnn`` loads it and nothing has to be installed; packages that are not here are not in the lock file either,
so that importing one says so instead of asking another host.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import io
import json
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cs_cnn
from cs_cnn.course.sandbox import edition
from cs_cnn.files import folder_in_the_making
from tools import pyodide
from tools.progress import StepFailed, run, say

ROOT = Path(__file__).resolve().parents[1]
LITE = ROOT / "build" / "lite"
LOG = ROOT / "build" / "lite.log"
STAMP = "inputs.sha256"

KERNEL = ("ipython", "jedi", "micropip", "sqlite3", "ssl")
"""What JupyterLite's kernel asks for when it starts."""
USED = ("matplotlib", "numpy", "scikit-learn")
"""What the assignments import; scikit-learn brings one photograph of a4, and is fetched when that cell runs."""
PARTS = ("checks", "gradcheck")
"""What the assignments use of the library, besides what is in every edition."""

_APPS = ("notebooks", "tree", "edit")
_PYTHON = Path("static") / "pyodide"
_EXTENSION = Path("share/jupyter/labextensions/@jupyterlite/pyodide-kernel-extension")
_PLUGIN = "@jupyterlite/pyodide-kernel-extension:kernel"
_KERNELSPEC = {"display_name": "Python (Pyodide)", "language": "python", "name": "python"}
_OLD_FONTS = re.compile(r"fa-\w+-\d+\.(eot|svg|ttf|woff)$")
_TORCH = re.compile(r"^\s*(import|from) torch\b", re.M)
_SETTINGS = {
    "@jupyterlab/docmanager-extension:plugin": {"autosaveInterval": 15},
    "@jupyterlab/apputils-extension:themes": {"adaptive-theme": True},
    "@jupyterlab/notebook-extension:panel": {
        "toolbar": [{"name": "download", "command": "docmanager:download", "label": "Download", "rank": 9}]
    },
    "@jupyterlab/mainmenu-extension:plugin": {
        "menus": [
            {"id": "jp-mainmenu-file", "items": [{"command": "docmanager:download", "rank": 5}]},
        ]
    },
}
"""What differs from JupyterLite's defaults: saving soon, dark where the reader's system is, a download that is seen."""
_MISSING = """\
raise ImportError(
    "cs_cnn.{name} is not part of the library in the browser: it has what the assignments need. "
    "Run the notebook on your machine to use the rest."
)
"""


def notebooks() -> list[Path]:
    """Return the released notebooks that a browser can run: those that do not import PyTorch."""
    found = []
    for path in sorted((ROOT / "assignments").glob("*/*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
        if not _TORCH.search("\n".join(code)):
            found.append(path)
    return found


def library() -> dict[str, bytes]:
    """Return the files of the library's edition for browsers by their names: no answers, no instructors' side."""
    home = Path(cs_cnn.__file__).parent
    present = edition.included(PARTS) | {"checks"}
    files = {}
    for part in edition.parts():
        if part not in present:
            name = part.removesuffix(".py")
            files[f"cs_cnn/{name}.py"] = _MISSING.format(name=name).encode()
            continue
        for path in [home / part, *sorted((home / part).rglob("*"))]:
            if path.is_file() and "__pycache__" not in path.parts:
                files[f"cs_cnn/{path.relative_to(home).as_posix()}"] = path.read_bytes()
    return files


def installed(name: str) -> dict[str, bytes]:
    """Return the files of an installed pure Python package, which its wheel had too."""
    files = importlib.metadata.distribution(name).files or []
    code = [each for each in files if each.parts[0] == name and each.suffix in (".py", ".typed")]
    licences = [each for each in files if "licens" in each.as_posix().lower()]
    return {each.as_posix(): each.read_binary() for each in (*code, *licences)}


def wheel(name: str, version: str, files: Mapping[str, bytes]) -> tuple[str, bytes]:
    """Pack a pure Python wheel; the same files give the same bytes.

    Parameters
    ----------
    name : str
    version : str
    files : mapping of str to bytes
        What it installs, by path.

    Returns
    -------
    tuple of str and bytes
        The wheel's file name, and its content.
    """
    about = f"{name}-{version}.dist-info"
    inside = {
        **files,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tools.lite\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    lines = []
    for path, content in inside.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.append(f"{path},sha256={digest},{len(content)}\n")
    inside[f"{about}/RECORD"] = "".join([*lines, f"{about}/RECORD,,\n"]).encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in inside.items():
            archive.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)
    return f"{name}-{version}-py3-none-any.whl", packed.getvalue()


def own_wheels() -> Iterator[tuple[str, str, list[str], bytes]]:
    """Yield name, file name, dependencies and content of the packages that Pyodide does not have."""
    for name, version, files, depends in (
        ("cs_cnn", cs_cnn.__version__, library(), ["numpy"]),
        ("comm", importlib.metadata.version("comm"), installed("comm"), ["traitlets"]),
    ):
        file, content = wheel(name, version, files)
        yield name, file, depends, content


def fingerprint() -> str:
    """Return a hash of everything that the result depends on."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    digest.update(f"{pyodide.VERSION} {pyodide.ARCHIVE_SHA256}".encode())
    for package in ("jupyterlite-core", "jupyterlite-pyodide-kernel"):
        digest.update(importlib.metadata.version(package).encode())
    for _, file, _, content in own_wheels():
        digest.update(file.encode() + hashlib.sha256(content).digest())
    for notebook in notebooks():
        for path in sorted(notebook.parent.iterdir()):
            digest.update(f"{path.relative_to(ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def build(*, again: bool = False) -> Path | None:
    """Build the site, unless it is up to date.

    Parameters
    ----------
    again : bool
        Build even when no input has changed.

    Returns
    -------
    pathlib.Path or None
        The folder; None, after a printed sentence, when Python for the browser cannot be had here. A site that was
        built before is removed then: it would show assignments that have changed.

    Raises
    ------
    StepFailed
        When JupyterLite's own build fails; the end of its log has been printed then.
    """
    wanted = fingerprint()
    if not again and (LITE / STAMP).is_file() and (LITE / STAMP).read_text(encoding="utf-8") == wanted:
        return LITE
    python = pyodide.distribution((*KERNEL, *USED))
    if python is None:
        say("The assignments do not open in the browser in this book; their pages show the downloads only.")
        shutil.rmtree(LITE, ignore_errors=True)
        return None
    with tempfile.TemporaryDirectory() as temporary, folder_in_the_making(LITE) as making:
        made = _jupyterlite(Path(temporary))
        shutil.copytree(made, making, dirs_exist_ok=True, ignore=_not_needed)
        _add_python(python, making / _PYTHON)
        _configure(making / "jupyter-lite.json")
        _add_icons(making)
        (making / STAMP).write_text(wanted, encoding="utf-8")
    return LITE


def _not_needed(folder: str, names: list[str]) -> set[str]:
    """Name what no browser of today asks for: the icons' fonts in the formats before WOFF2."""
    return {name for name in names if _OLD_FONTS.match(name)}


def _jupyterlite(folder: Path) -> Path:
    """Run JupyterLite's build in a folder with the notebooks, and return what it made."""
    for notebook in notebooks():
        target = folder / "contents" / notebook.parent.name
        shutil.copytree(notebook.parent, target)
        text = json.loads(notebook.read_text(encoding="utf-8"))
        text["metadata"]["kernelspec"] = _KERNELSPEC  # with the usual one it would ask which kernel to use
        copy = target / notebook.name
        copy.write_text(json.dumps(text, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    (folder / "overrides.json").write_text(json.dumps(_SETTINGS), encoding="utf-8")
    command = [
        *(str(Path(sys.executable).with_name("jupyter-lite")), "build"),
        *(
            "--lite-dir",
            str(folder),
            "--contents",
            str(folder / "contents"),
            "--output-dir",
            str(folder / "out"),
        ),
        *(each for app in _APPS for each in ("--apps", app)),
        *("--settings-overrides", str(folder / "overrides.json")),
        *("--no-sourcemaps", "--no-unused-shared-packages", "--ignore-sys-prefix"),
        f"--LiteBuildConfig.federated_extensions={Path(sys.prefix) / _EXTENSION}",
    ]
    run("Building JupyterLite with the assignments", command, LOG, environment={"JUPYTER_NO_CONFIG": "1"})
    return folder / "out"


def _add_python(distribution: Path, folder: Path) -> None:
    """Add Pyodide, its packages that are needed, and our own, with a lock file that names no others."""
    needed = pyodide.wheels((*KERNEL, *USED), distribution)
    lock: dict[str, Any] = json.loads((distribution / pyodide.LOCK).read_text(encoding="utf-8"))
    lock["packages"] = {n: each for n, each in lock["packages"].items() if each["file_name"] in needed}
    folder.mkdir(parents=True)
    for name in {*pyodide.CORE, *needed} - {pyodide.LOCK}:
        shutil.copyfile(distribution / name, folder / name)
    for name, file, depends, content in own_wheels():
        (folder / file).write_bytes(content)
        lock["packages"][name.replace("_", "-")] = {
            "name": name.replace("_", "-"),
            "version": file.split("-")[1],
            "file_name": file,
            "sha256": hashlib.sha256(content).hexdigest(),
            "depends": depends,
            "imports": [name],
            "install_dir": "site",
            "package_type": "package",
            "unvendored_tests": False,
        }
    (folder / pyodide.LOCK).write_text(json.dumps(lock), encoding="utf-8")


def _configure(path: Path) -> None:
    """Point JupyterLite to the Python beside it, and to no package index."""
    text = json.loads(path.read_text(encoding="utf-8"))
    settings = text["jupyter-config-data"]
    settings["appName"] = "Assignments in the browser"
    settings["appUrl"] = "./tree"
    plugin = settings.setdefault("litePluginSettings", {}).setdefault(_PLUGIN, {})
    plugin["pyodideUrl"] = f"./{(_PYTHON / 'pyodide.js').as_posix()}"
    plugin["disablePyPIFallback"] = True
    # All at once with Python itself; otherwise the kernel would fetch them one after the other.
    plugin["loadPyodideOptions"] = {"packages": [*KERNEL, "comm"]}
    path.write_text(json.dumps(text, indent=1) + "\n", encoding="utf-8")


def _add_icons(site: Path) -> None:
    """Add the tab's icons under the names that the notebook asks for, and that JupyterLite forgets."""
    folder = site / "static" / "favicons"
    folder.mkdir()
    for state in ("notebook", "busy-1", "file", "terminal", "console"):
        shutil.copyfile(site / "notebooks" / "favicon.ico", folder / f"favicon-{state}.ico")


def main() -> None:
    """Build the site anew when something has changed, and say how large it is."""
    try:
        site = build()
    except StepFailed as error:
        raise SystemExit(str(error)) from error
    if site is None:
        raise SystemExit(1)
    sizes = {path: path.stat().st_size for path in site.rglob("*") if path.is_file()}
    python = sum(size for path, size in sizes.items() if (site / _PYTHON) in path.parents)
    say(f"{sum(sizes.values()) / 1e6:.0f} MB in {site.relative_to(ROOT)}, {python / 1e6:.0f} of them Python.")


if __name__ == "__main__":
    main()
