"""The complete Fashion-MNIST from a system package's folder, else from the cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cs_cnn.data import load

NAME = "fashion-mnist-full"


@pytest.fixture
def installed(tmp_path: Path, small_idx: dict[str, bytes], publish: Any) -> Path:
    folder = tmp_path / "share"
    folder.mkdir()
    for name, content in small_idx.items():
        (folder / name).write_bytes(content)
    publish(NAME, small_idx, system=folder)
    return folder


def test_folder_serves_without_network(site: Any, cache: Path, installed: Path) -> None:
    assert load(NAME).x_train.shape == (20, 1, 28, 28)
    assert site.asked == [] and not cache.exists()


def test_compression_does_not_matter(site: Any, cache: Path, installed: Path) -> None:
    import gzip

    path = installed / "train-images-idx3-ubyte.gz"
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), compresslevel=1, mtime=99))
    assert load(NAME).x_train.shape == (20, 1, 28, 28)
    assert site.asked == []


@pytest.mark.parametrize("content", [b"", b"\x1f\x8b broken", b"\0\0\x08\x01 other"])
def test_altered_folder_is_passed_over(site: Any, cache: Path, installed: Path, content: bytes) -> None:
    (installed / "t10k-labels-idx1-ubyte.gz").write_bytes(content)
    with pytest.warns(UserWarning, match="does not hold the published data"):
        assert load(NAME).x_test.shape == (10, 1, 28, 28)
    assert len(site.asked) == 4


def test_incomplete_folder_is_passed_over(site: Any, cache: Path, installed: Path) -> None:
    (installed / "t10k-labels-idx1-ubyte.gz").unlink()
    assert load(NAME).x_test.shape == (10, 1, 28, 28)
    assert len(site.asked) == 4


@pytest.mark.datasets
def test_debian_package(cache: Path) -> None:
    data = load(NAME, dtype=np.uint8)
    assert data.x_train.shape == (60000, 1, 28, 28) and data.x_test.shape == (10000, 1, 28, 28)
    assert set(np.bincount(data.y_train)) == {6000} and set(np.bincount(data.y_test)) == {1000}
    assert not cache.exists()
