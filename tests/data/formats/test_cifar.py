"""CIFAR-10's archive through an unpickler that can build arrays and nothing else."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cs_cnn.data import load
from cs_cnn.data.formats.cifar import read_archive, read_batch
from cs_cnn.errors import CsCnnError

BATCHES = [
    f"cifar-10-batches-py/{name}" for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
]


class _Python2Pickler(pickle._Pickler):  # type: ignore[name-defined, misc]
    """Writes byte strings and the name of NumPy's function as Python 2 did in the published files."""

    dispatch = pickle._Pickler.dispatch.copy()  # type: ignore[attr-defined]

    def save_bytes(self, value: bytes) -> None:
        self.write(pickle.BINSTRING + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    def save_global(self, obj: Any, name: str | None = None) -> None:
        module, name = ("numpy" if isinstance(obj, type) else "numpy.core.multiarray"), obj.__name__
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode())
        self.memoize(obj)

    dispatch[bytes] = save_bytes
    dispatch[type] = save_global
    dispatch[type(len)] = save_global


def python2_pickle(content: Any) -> bytes:
    file = io.BytesIO()
    _Python2Pickler(file, protocol=2).dump(content)
    return file.getvalue()


def batch(n: int, seed: int, **changes: Any) -> dict[bytes, Any]:
    random = np.random.default_rng(seed)
    content = {
        b"batch_label": b"testing batch",
        b"labels": random.integers(0, 10, n).tolist(),
        b"data": random.integers(0, 256, (n, 3072), dtype=np.uint8),
        b"filenames": [b"a.png"] * n,
    }
    return content | {name.encode(): value for name, value in changes.items()}


def archive(members: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def members() -> dict[str, bytes]:
    return {name: python2_pickle(batch(4, seed)) for seed, name in enumerate(BATCHES)}


def test_batch_of_python_2() -> None:
    content = batch(3, 0)
    written = python2_pickle(content)
    assert b"numpy.core.multiarray\n_reconstruct" in written and b"_codecs" not in written
    x, y = read_batch(written, "a batch")
    assert x.shape == (3, 3, 32, 32) and x.dtype == np.uint8 and y.dtype == np.int64
    assert x[1, 2, 3, 4] == content[b"data"][1, 2 * 1024 + 3 * 32 + 4]  # channel, row, column
    np.testing.assert_array_equal(y, content[b"labels"])


@pytest.mark.parametrize("protocol", [3, 4])
def test_batch_of_python_3(protocol: int) -> None:
    content = batch(3, 0)
    x, _ = read_batch(pickle.dumps(content, protocol=protocol), "a batch")
    np.testing.assert_array_equal(x.reshape(3, -1), content[b"data"])


def test_archive_in_the_right_order(site: Any, cache: Path, publish: Any, members: dict[str, bytes]) -> None:
    backwards = dict(reversed(members.items())) | {"cifar-10-batches-py/readme.html": b"<p>"}
    publish("cifar10", {"cifar-10-python.tar.gz": archive(backwards)})
    data = load("cifar10")
    assert data.x_train.shape == (20, 3, 32, 32) and data.x_test.shape == (4, 3, 32, 32)
    assert data.x_train.dtype == np.float32 and data.x_train.min() >= 0 and data.x_train.max() <= 1
    np.testing.assert_array_equal(
        data.y_train, np.concatenate([batch(4, seed)[b"labels"] for seed in range(5)])
    )
    np.testing.assert_array_equal(load("cifar10", dtype=np.uint8).x_test.reshape(4, -1), batch(4, 5)[b"data"])
    assert data.classes[3] == "cat"


class _Harmful:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return exec, (f"open({str(self.path)!r}, 'w').close()",)


@pytest.mark.parametrize("protocol", range(5))
def test_harmful_pickle_is_refused(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "trace"
    content = pickle.dumps({b"data": _Harmful(trace)}, protocol=protocol)
    with pytest.raises(
        CsCnnError, match="was refused: a batch of CIFAR-10 holds only arrays, but it asks for"
    ):
        read_batch(content, "data_batch_1")
    assert not trace.exists()
    pickle.loads(content)  # the ordinary way would have run it
    assert trace.exists()


@pytest.mark.parametrize("name", ["os system", "builtins eval", "numpy load", "numpy.testing runstring"])
def test_no_other_name_is_found(name: str) -> None:
    module, function = name.split()
    content = b"\x80\x02c" + f"{module}\n{function}\n".encode() + b"."
    with pytest.raises(CsCnnError, match=f"asks for {module}.{function}"):
        read_batch(content, "data_batch_1")


def test_references_outside_the_file_are_refused() -> None:
    with pytest.raises(CsCnnError, match="outside the file"):
        read_batch(b"Pelsewhere\n.", "data_batch_1")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a readable pickle"),
        (b"no pickle", "refused|not a readable pickle"),
        (python2_pickle(batch(3, 0))[:500], "refused|not a readable pickle"),
        (pickle.dumps([1, 2], protocol=2), "must hold b'data'"),
        (pickle.dumps(batch(2, 0, data=np.zeros((2, 10), np.uint8)), protocol=3), "must hold b'data'"),
        (pickle.dumps(batch(2, 0, data=np.zeros((2, 3072))), protocol=3), "must hold b'data'"),
        (pickle.dumps(batch(2, 0, data=[1, 2]), protocol=3), "must hold b'data'"),
        (pickle.dumps(batch(2, 0, labels=[1]), protocol=3), "must hold b'labels', a list of 2"),
        (pickle.dumps(batch(2, 0, labels=[1, 10]), protocol=3), "must hold b'labels'"),
        (pickle.dumps(batch(2, 0, labels=["cat", "dog"]), protocol=3), "must hold b'labels'"),
    ],
)
def test_wrong_batches(content: bytes, says: str) -> None:
    with pytest.raises(CsCnnError, match=says):
        read_batch(content, "data_batch_1")


def test_damaged_archives(tmp_path: Path, members: dict[str, bytes]) -> None:
    path = tmp_path / "cifar-10-python.tar.gz"
    whole = archive(members)
    for content in (b"", b"text", whole[: len(whole) // 2], whole[:1000]):
        path.write_bytes(content)
        with pytest.raises(CsCnnError, match=r"not a complete tar\.gz"):
            read_archive(path)
    path.write_bytes(archive({name: members[name] for name in BATCHES[:4]}))
    with pytest.raises(
        CsCnnError, match="lacks cifar-10-batches-py/data_batch_5, cifar-10-batches-py/test_batch"
    ):
        read_archive(path)
    with pytest.raises(CsCnnError, match=r"Cannot read .*No such file"):
        read_archive(tmp_path / "absent")
