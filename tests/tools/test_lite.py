"""The assignments for the browser: what goes in, what stays out, and when nothing can be built."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

import cs_cnn
from tools import lite


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a project with a small Pyodide, in which JupyterLite's build is played."""
    monkeypatch.setattr(lite, "LITE", tmp_path / "build" / "lite")
    python = tmp_path / "pyodide"
    python.mkdir()
    lock: dict[str, dict[str, object]] = {
        name: {"file_name": f"{name}.whl", "sha256": "", "depends": []} for name in (*lite.KERNEL, *lite.USED)
    }
    lock["unused"] = {"file_name": "unused.whl", "sha256": "", "depends": []}
    for name in (*lite.pyodide.CORE, *(f"{name}.whl" for name in lock)):
        (python / name).write_text(name)
    (python / lite.pyodide.LOCK).write_text(json.dumps({"info": {}, "packages": lock}))
    monkeypatch.setattr(lite.pyodide, "distribution", lambda packages: python)
    builds: list[str] = []
    monkeypatch.setattr(lite, "say", builds.append)

    def run(title: str, command: Sequence[str], log: Path, **_: object) -> None:
        folder = Path(command[command.index("--lite-dir") + 1])
        out = folder / "out"
        (out / "notebooks").mkdir(parents=True)
        for name in ("notebooks/favicon.ico", "fa-solid-900.svg", "fa-solid-900.woff2"):
            (out / name).write_text(name)
        (out / "jupyter-lite.json").write_text('{"jupyter-config-data": {}}')
        (folder / "contents").rename(out / "files")
        builds.append(title)

    monkeypatch.setattr(lite, "run", run)
    return tmp_path


def test_the_library_of_the_browser_checks_and_holds_nothing_else(tmp_path: Path) -> None:
    name, content = lite.wheel("cs_cnn", cs_cnn.__version__, lite.library())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
        names = archive.namelist()
    assert name == f"cs_cnn-{cs_cnn.__version__}-py3-none-any.whl"
    assert not [
        each for each in names if each.startswith(("cs_cnn/course/", "cs_cnn/layers/", "cs_cnn/nets/"))
    ]
    assert not [each for each in names if "__pycache__" in each]
    code = (
        "from cs_cnn import checks, data; print(len(data.load('fashion-mnist').x_train), len(checks.tasks()))\n"
        "try: import cs_cnn.layers\n"
        "except ImportError as error: print(error)"
    )
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{code}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert said[0].startswith("5000 ")
    assert said[1].startswith("cs_cnn.layers is not part of the library in the browser")


def test_a_wheel_is_made_the_same_every_time_and_records_its_files() -> None:
    files = {"comm/__init__.py": b"x = 1\n"}
    name, content = lite.wheel("comm", "1.0", files)
    assert (name, content) == lite.wheel("comm", "1.0", files)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        record = archive.read("comm-1.0.dist-info/RECORD").decode()
    digest = base64.urlsafe_b64encode(hashlib.sha256(b"x = 1\n").digest()).decode().rstrip("=")
    assert record.startswith(f"comm/__init__.py,sha256={digest},6\n")
    assert record.endswith("comm-1.0.dist-info/RECORD,,\n")


def test_what_needs_pytorch_stays_out() -> None:
    assert [path.parent.name.split("_")[0] for path in lite.notebooks()] == ["a1", "a2", "a3", "a4"]


def test_the_lock_file_names_what_is_there_and_our_own_packages(project: Path) -> None:
    site = lite.build()
    assert site is not None
    python = site / "static" / "pyodide"
    packages = json.loads((python / "pyodide-lock.json").read_text())["packages"]
    assert {"cs-cnn", "comm", *lite.KERNEL, *lite.USED} == set(packages)
    for package in packages.values():
        assert (python / package["file_name"]).is_file()
    own = packages["cs-cnn"]
    assert own["imports"] == ["cs_cnn"]
    assert own["sha256"] == hashlib.sha256((python / own["file_name"]).read_bytes()).hexdigest()
    plugin = json.loads((site / "jupyter-lite.json").read_text())["jupyter-config-data"]["litePluginSettings"]
    settings = plugin["@jupyterlite/pyodide-kernel-extension:kernel"]
    assert settings["pyodideUrl"] == "./static/pyodide/pyodide.js" and settings["disablePyPIFallback"]
    assert not (site / "fa-solid-900.svg").exists() and (site / "fa-solid-900.woff2").exists()


def test_nothing_is_built_twice(project: Path) -> None:
    site = lite.build()
    assert site is not None
    (site / "mark").touch()
    assert lite.build() == site and (site / "mark").exists()
    assert lite.build(again=True) == site and not (site / "mark").exists()


def test_without_pyodide_there_is_one_sentence_and_no_site(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said: list[str] = []
    lite.build()
    monkeypatch.setattr(lite.pyodide, "distribution", lambda packages: None)
    monkeypatch.setattr(lite, "say", said.append)
    assert lite.build(again=True) is None
    assert len(said) == 1 and "do not open in the browser" in said[0]
    assert not lite.LITE.exists()
