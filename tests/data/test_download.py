"""Downloads against a server on this machine: the whole file arrives, or one sentence and nothing."""

from __future__ import annotations

import errno
import gzip
import socket
import stat
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cs_cnn.data import load
from cs_cnn.data.lookalike import lookalike_text
from cs_cnn.errors import CsCnnError

HOMEWORK = "two-layer-homework"
FILE = "/0/dataset.txt"


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def assert_one_sentence(message: str) -> None:
    assert message.endswith(".") and "\n" not in message
    assert ". " not in message and "Traceback" not in message


@pytest.fixture
def homework(publish: Any) -> bytes:
    content = lookalike_text(seed=8).encode()
    publish(HOMEWORK, {"dataset.txt": content})
    return content


def failure(cache: Path, name: str = HOMEWORK) -> str:
    """Load, and return the sentence; nothing may be left in the cache."""
    with pytest.raises(CsCnnError) as caught:
        load(name)
    assert files_in(cache) == []
    assert_one_sentence(str(caught.value))
    return str(caught.value)


def test_good_download_is_read_and_kept(site: Any, cache: Path, homework: bytes) -> None:
    data = load(HOMEWORK)
    assert data.x_train.shape == (400, 8) and data.x_test.shape == (100, 8)
    (path,) = files_in(cache)
    assert path == cache / HOMEWORK / "dataset.txt" and path.read_bytes() == homework
    assert stat.S_IMODE(path.stat().st_mode) == 0o644  # a class can share the cache


def test_second_load_does_not_touch_the_network(site: Any, cache: Path, homework: bytes) -> None:
    first = load(HOMEWORK)
    site.manner[FILE] = "404"
    np.testing.assert_array_equal(load(HOMEWORK).x_train, first.x_train)
    assert site.asked == [FILE]


def test_four_files_of_a_data_set(site: Any, cache: Path, publish: Any, small_idx: dict[str, bytes]) -> None:
    publish("mnist", small_idx)
    data = load("mnist")
    assert data.x_train.shape == (20, 1, 28, 28) and data.x_test.shape == (10, 1, 28, 28)
    assert data.x_train.dtype == np.float32 and data.y_train.dtype == np.int64
    stored = load("mnist", dtype=np.uint8)
    images = gzip.decompress(small_idx["train-images-idx3-ubyte.gz"])[16:]
    assert stored.x_train.tobytes() == images
    np.testing.assert_array_equal(data.x_train, stored.x_train.astype(np.float32) / np.float32(255))
    assert len(site.asked) == 4


def test_progress_is_shown(cache: Path, homework: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    load(HOMEWORK)
    output = capsys.readouterr()
    assert "dataset.txt: 100%" in output.err and "29.5k" in output.err and output.out == ""


@pytest.mark.parametrize(
    ("manner", "says"),
    [
        ("truncated", "broke off before the end"),
        ("silent-truncated", "SHA-256 differs"),
        ("altered", "SHA-256 differs"),
        ("404", "answered 404 Not Found"),
    ],
)
def test_bad_answers(site: Any, cache: Path, homework: bytes, manner: str, says: str) -> None:
    site.manner[FILE] = manner
    message = failure(cache)
    assert says in message and "127.0.0.1" in message and "cs-cnn data fetch two-layer-homework" in message
    assert not (cache / HOMEWORK).exists()
    del site.manner[FILE]
    assert len(load(HOMEWORK).x_test) == 100  # and nothing stands in the way of the next attempt


def test_no_connection(site: Any, cache: Path, publish: Any) -> None:
    with socket.socket() as unused:  # bound, but nobody listens
        unused.bind(("127.0.0.1", 0))
        site.url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        publish(HOMEWORK, {"dataset.txt": b"1"})
        assert "cannot be reached" in failure(cache)


@pytest.mark.parametrize(
    ("first", "reason"), [("404", "404"), ("altered", "SHA-256"), ("truncated", "broke off")]
)
def test_mirrors_are_tried_in_turn(site: Any, cache: Path, publish: Any, first: str, reason: str) -> None:
    publish(HOMEWORK, {"dataset.txt": lookalike_text().encode()}, mirrors=3)
    site.manner["/0/dataset.txt"] = first
    assert len(load(HOMEWORK).x_train) == 400
    assert site.asked == ["/0/dataset.txt", "/1/dataset.txt"]


def test_all_mirrors_are_named(site: Any, cache: Path, publish: Any) -> None:
    publish(HOMEWORK, {"dataset.txt": b"content"}, mirrors=2)
    site.manner |= {"/0/dataset.txt": "404", "/1/dataset.txt": "altered"}
    message = failure(cache)
    assert "404" in message and "SHA-256" in message


def test_interrupt_leaves_nothing(site: Any, cache: Path, homework: bytes) -> None:
    site.manner[FILE] = "interrupt"
    with pytest.raises(KeyboardInterrupt):
        load(HOMEWORK)
    assert files_in(cache) == []


class _FullDisk:
    """A file that takes a thousand bytes."""

    def __init__(self, file: Any) -> None:
        self.file, self.room = file, 1000

    def write(self, piece: bytes) -> int:
        written = self.file.write(piece[: self.room])
        self.room -= written
        if written < len(piece):
            self.file.flush()
            raise OSError(errno.ENOSPC, "No space left on device")
        return int(written)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.file, name)


def test_full_disk(site: Any, cache: Path, publish: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import pooch.downloaders

    publish(HOMEWORK, {"dataset.txt": lookalike_text().encode()}, mirrors=2)
    opened = lambda *args, **kwargs: _FullDisk(open(*args, **kwargs))  # noqa: E731, SIM115
    monkeypatch.setattr(pooch.downloaders, "open", opened, raising=False)
    message = failure(cache)
    assert "No space left on device" in message and "CS_CNN_DATA" in message
    assert site.asked == [FILE]  # another address would not make room


def test_cache_below_a_file(tmp_path: Path, homework: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    monkeypatch.setenv("CS_CNN_DATA", str(tmp_path / "notes.txt"))
    message = failure(tmp_path / "nowhere")
    assert "Cannot write" in message and "CS_CNN_DATA" in message
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_cache_without_permission(cache: Path, homework: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(
        "tempfile.NamedTemporaryFile", refuse
    )  # root may write anywhere, so chmod shows nothing
    message = failure(cache)
    assert "Permission denied" in message and "CS_CNN_DATA" in message


def test_damaged_cache_is_replaced(site: Any, cache: Path, homework: bytes) -> None:
    load(HOMEWORK)
    path = cache / HOMEWORK / "dataset.txt"
    path.write_bytes(homework[:1000])
    assert len(load(HOMEWORK).x_train) == 400
    assert path.read_bytes() == homework and len(site.asked) == 2


def test_damaged_cache_offline(site: Any, cache: Path, homework: bytes) -> None:
    load(HOMEWORK)
    path = cache / HOMEWORK / "dataset.txt"
    path.write_bytes(homework[:1000])
    site.manner[FILE] = "404"
    with pytest.raises(CsCnnError, match="damaged copy in the cache"):
        load(HOMEWORK)
    assert files_in(cache) == [path]
