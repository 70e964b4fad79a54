"""Fetching the browser's Python: from the first place that has it, never altered, never half."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import json
import shutil
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tools import npm, pyodide

WHEELS = {"numpy.whl": b"arrays", "plots.whl": b"plots", "base.whl": b"base"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def lock() -> str:
    """Return a lock file of three packages, of which one needs the others."""
    needs = {"numpy": [], "plots": ["numpy", "base"], "base": []}
    packages = {
        name: {
            "file_name": f"{name}.whl",
            "sha256": sha256(WHEELS[f"{name}.whl"]),
            "depends": depends,
        }
        for name, depends in needs.items()
    }
    return json.dumps({"info": {"version": pyodide.VERSION}, "packages": packages})


def archive(**replaced: bytes) -> bytes:
    """Return what npm packs."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as packed:
        for name in (*pyodide.CORE, "README.md"):
            content = lock().encode() if name == pyodide.LOCK else replaced.get(name, name.encode())
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
    return target.getvalue()


class World:
    """What npm, the CDN and PyPI have; and who was asked."""

    def __init__(self, folder: Path) -> None:
        self.npm: bytes | None = archive()
        self.cdn, self.pypi = folder / "cdn", dict(WHEELS)
        self.cdn.mkdir()
        (self.cdn / pyodide.LOCK).write_text(lock())
        self.asked: list[str] = []

    def packed(self, package: str, version: str) -> bytes | None:
        """Do what npm does."""
        self.asked.append("npm")
        return self.npm

    def succeeds(self, command: Sequence[str]) -> bool:
        """Do what pip does."""
        self.asked.append("pypi")
        folder = Path(command[command.index("--dest") + 1])
        with zipfile.ZipFile(folder / "a.whl", "w") as wheel:
            for name, content in self.pypi.items():
                wheel.writestr(f"assets/{name}", content)
        return bool(self.pypi)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Return three places on this machine, an empty cache and no folder yet."""
    world = World(tmp_path)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            world.asked.append("cdn")

    handler = functools.partial(Handler, directory=str(world.cdn))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
    monkeypatch.setenv("CS_CNN_DATA", str(tmp_path / "cache"))
    monkeypatch.setattr(pyodide, "CDN", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setattr(pyodide, "FOLDER", tmp_path / "build" / "pyodide")
    monkeypatch.setattr(pyodide, "ARCHIVE_SHA256", sha256(archive()))
    monkeypatch.setattr(npm, "packed", world.packed)
    monkeypatch.setattr(pyodide, "_succeeds", world.succeeds)
    yield world
    server.shutdown()


def names(folder: Path | None) -> set[str]:
    assert folder is not None
    return {path.name for path in folder.iterdir()}


def test_the_cdn_is_asked_before_pypi_and_the_cache_before_both(world: World) -> None:
    (world.cdn / "numpy.whl").write_bytes(WHEELS["numpy.whl"])
    folder = pyodide.distribution()
    assert names(folder) == {*pyodide.CORE, "numpy.whl"}
    assert set(world.asked) == {"npm", "cdn"}

    world.asked.clear()
    assert pyodide.distribution() == folder and world.asked == []  # complete already
    shutil.rmtree(pyodide.FOLDER)
    assert names(pyodide.distribution()) == {*pyodide.CORE, "numpy.whl"}
    assert world.asked == []  # all from the cache


def test_pypi_helps_where_the_cdn_has_nothing(world: World) -> None:
    assert (pyodide.distribution() or Path()).joinpath("numpy.whl").read_bytes() == b"arrays"
    assert world.asked[0] == "npm" and world.asked[-1] == "pypi"


def test_dependencies_come_too_and_what_was_there_stays(world: World) -> None:
    assert names(pyodide.distribution(["base"])) == {*pyodide.CORE, "base.whl"}
    assert names(pyodide.distribution(["numpy"])) == {*pyodide.CORE, "base.whl", "numpy.whl"}
    assert names(pyodide.distribution(["plots"])) == {*pyodide.CORE, *WHEELS}


def test_a_new_version_starts_from_an_empty_folder(world: World) -> None:
    pyodide.distribution(["plots"])
    old = json.loads(lock()) | {"info": {"version": "0.1.0"}}
    (pyodide.FOLDER / pyodide.LOCK).write_text(json.dumps(old))
    assert names(pyodide.distribution()) == {*pyodide.CORE, "numpy.whl"}


def _altered_everywhere(world: World) -> None:
    world.pypi["numpy.whl"] = b"something else"
    (world.cdn / "numpy.whl").write_bytes(b"something else")


def _altered_core(world: World) -> None:
    world.npm = archive(**{"pyodide.js": b"something else"})


def _no_npm(world: World) -> None:
    world.npm = None


def _no_wheel(world: World) -> None:
    world.pypi.clear()


@pytest.mark.parametrize(
    ("damage", "file", "why"),
    [
        (_altered_everywhere, "numpy.whl", "SHA-256 differs"),
        (_altered_core, pyodide.ARCHIVE, "SHA-256 differs"),
        (_no_npm, pyodide.ARCHIVE, "no network"),
        (_no_wheel, "numpy.whl", "no network"),
    ],
)
def test_what_cannot_be_had_gives_one_sentence_and_no_folder(
    world: World, capsys: pytest.CaptureFixture[str], damage: Callable[[World], None], file: str, why: str
) -> None:
    damage(world)
    assert pyodide.distribution() is None
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and file in said and why in said
    assert not pyodide.FOLDER.exists() and not list(pyodide.FOLDER.parent.glob(".*"))
    assert not (pyodide._cache() / file).exists()


def test_an_altered_file_is_passed_over_for_an_intact_one(world: World) -> None:
    (world.cdn / "numpy.whl").write_bytes(b"something else")
    pyodide._keep("numpy.whl", b"damaged in the cache")
    assert (pyodide.distribution() or Path()).joinpath("numpy.whl").read_bytes() == b"arrays"
    assert pyodide._intact(pyodide._cache() / "numpy.whl", sha256(b"arrays"))  # and the cache is mended


def test_a_failure_leaves_the_folder_of_before(world: World) -> None:
    pyodide.distribution()
    world.pypi.clear()
    assert pyodide.distribution(["plots"]) is None
    assert names(pyodide.FOLDER) == {*pyodide.CORE, "numpy.whl"}


def test_an_unknown_package_is_named(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    assert pyodide.distribution(["torch"]) is None
    assert "has no package 'torch'" in capsys.readouterr().out


def test_a_silent_cdn_costs_little(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pyodide, "_CONNECT", 0.2)

    def silent(*arguments: object, **options: object) -> None:
        time.sleep(1)
        raise TimeoutError

    monkeypatch.setattr(pyodide.urllib.request, "urlopen", silent)
    started = time.monotonic()
    assert list(pyodide._from_cdn(["numpy.whl"])) == []
    assert time.monotonic() - started < 2
