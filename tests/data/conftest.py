"""A web server on this machine whose answers a test can spoil, and data sets small enough to send."""

from __future__ import annotations

import dataclasses
import gzip
import hashlib
import os
import signal
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from cs_cnn.data import catalogue
from cs_cnn.data.catalogue import Entry, File


@dataclass
class Site:
    """Files by path, how to send each, and every path that was asked for."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    manner: dict[str, str] = field(
        default_factory=dict
    )  # path: truncated, silent-truncated, altered, 404, interrupt
    asked: list[str] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            content, manner = site.files[self.path], site.manner.get(self.path, "")
            if manner == "404":
                self.send_error(404)
                return
            self.send_response(200)
            if manner != "silent-truncated":
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if manner == "altered":
                content = bytes([content[0] ^ 1]) + content[1:]
            if manner in ("truncated", "silent-truncated", "interrupt"):
                content = content[: len(content) // 2]
            self.wfile.write(content)
            self.wfile.flush()
            if manner == "interrupt":
                signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
                site.release.wait(10)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


@pytest.fixture
def site() -> Iterator[Site]:
    """A web server on 127.0.0.1."""
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_port}"
    yield site
    site.release.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the test's own, and no proxy between it and the server."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("CS_CNN_DATA", str(folder))
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    return folder


def _idx_bytes(array: np.ndarray) -> bytes:
    return struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


@pytest.fixture(scope="session")
def idx_bytes() -> Callable[[np.ndarray], bytes]:
    """A function that returns the idx file of an array of unsigned bytes."""
    return _idx_bytes


@pytest.fixture
def small_idx() -> dict[str, bytes]:
    """The four files of a data set of 20 + 10 images in MNIST's format."""
    random = np.random.default_rng(0)
    files = {}
    for part, n in (("train", 20), ("t10k", 10)):
        images = random.integers(0, 256, (n, 28, 28), dtype=np.uint8)
        labels = (np.arange(n) % 10).astype(np.uint8)
        files[f"{part}-images-idx3-ubyte.gz"] = gzip.compress(_idx_bytes(images), mtime=0)
        files[f"{part}-labels-idx1-ubyte.gz"] = gzip.compress(_idx_bytes(labels), mtime=0)
    return files


Publish = Callable[..., Entry]


@pytest.fixture
def publish(site: Site, monkeypatch: pytest.MonkeyPatch) -> Publish:
    """A function that puts files on the server and into the catalogue, under a name of the catalogue."""

    def publish(name: str, files: dict[str, bytes], *, mirrors: int = 1, system: Path | None = None) -> Entry:
        for mirror in range(mirrors):
            site.files |= {f"/{mirror}/{file}": content for file, content in files.items()}
        entry = dataclasses.replace(
            catalogue.ENTRIES[name],
            system_folder=None if system is None else str(system),
            files=tuple(
                File(
                    file,
                    hashlib.sha256(content).hexdigest(),
                    len(content),
                    tuple(f"{site.url}/{mirror}/{file}" for mirror in range(mirrors)),
                    hashlib.sha256(gzip.decompress(content)).hexdigest()
                    if file.endswith("ubyte.gz")
                    else None,
                )
                for file, content in files.items()
            ),
        )
        monkeypatch.setitem(catalogue.ENTRIES, name, entry)
        return entry

    return publish
