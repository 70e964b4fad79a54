"""The packaged files: what they hold, and that the script in the tree makes exactly them."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from cs_cnn.data import load
from cs_cnn.data.catalogue import ENTRIES, Entry
from cs_cnn.data.formats.table import homework_table
from cs_cnn.data.lookalike import lookalike_table, lookalike_text
from cs_cnn.data.packaging import IMAGES, LOOKALIKE, cut_fashion_mnist, main, npz_bytes
from cs_cnn.data.places import packaged_path
from cs_cnn.errors import CsCnnError

FULL = ENTRIES["fashion-mnist-full"]
PACKAGED = [entry for entry in ENTRIES.values() if entry.kind == "packaged"]
ZLIB_OF_THE_PACKAGED_FILE = "1.2.13"  # another zlib may compress the same arrays to other bytes


@pytest.mark.parametrize("entry", PACKAGED, ids=lambda entry: entry.name)
def test_recorded_hash_and_size(entry: Entry) -> None:
    for file in entry.files:
        content = packaged_path(file.name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == file.sha256
        assert len(content) == file.size


def test_notice_tells_origin_and_licence() -> None:
    notice = packaged_path("NOTICE").read_text(encoding="utf-8")
    assert "The MIT License (MIT) Copyright (c) 2017 Zalando SE" in notice
    assert "WITHOUT WARRANTY OF ANY KIND" in notice
    for file in FULL.files:
        assert f"{file.name.removesuffix('.gz')} " in notice and str(file.content_sha256) in notice
    for entry in PACKAGED:
        assert all(file.name in notice for file in entry.files)


def test_every_packaged_file_is_in_the_catalogue() -> None:
    known = {file.name for entry in PACKAGED for file in entry.files} | {"NOTICE"}
    assert {path.name for path in packaged_path("").iterdir()} == known


def test_fashion_mnist() -> None:
    data = load("fashion-mnist")
    assert data.x_train.shape == (5000, 1, 28, 28) and data.x_test.shape == (1000, 1, 28, 28)
    assert data.x_train.dtype == np.float32 and data.y_train.dtype == np.int64
    assert data.x_train.min() == 0 and data.x_train.max() == 1
    np.testing.assert_array_equal(np.bincount(data.y_train), np.full(10, 500))
    np.testing.assert_array_equal(np.bincount(data.y_test), np.full(10, 100))
    assert len(data.classes) == 10 and data.classes[9] == "Ankle boot"
    stored = load("fashion-mnist", dtype=np.uint8)
    np.testing.assert_array_equal(data.x_test, stored.x_test.astype(np.float32) / np.float32(255))
    np.testing.assert_array_equal(load("fashion-mnist", dtype=np.float64).x_test, stored.x_test / 255)


def test_the_caller_may_change_what_was_loaded() -> None:
    data = load("fashion-mnist", dtype=np.uint8)
    before = int(data.x_train.sum())
    data.x_train[:] = 0
    assert int(load("fashion-mnist", dtype=np.uint8).x_train.sum()) == before


@pytest.mark.datasets
def test_cutting_again_gives_the_packaged_file() -> None:
    arrays = cut_fashion_mnist(Path(str(FULL.system_folder)))
    with np.load(packaged_path(IMAGES), allow_pickle=False) as stored:
        assert list(stored) == list(arrays)
        for name, array in arrays.items():
            assert stored[name].dtype == array.dtype == np.uint8
            np.testing.assert_array_equal(stored[name], array)
    if zlib.ZLIB_RUNTIME_VERSION == ZLIB_OF_THE_PACKAGED_FILE:
        assert npz_bytes(arrays) == packaged_path(IMAGES).read_bytes()


@pytest.mark.datasets
def test_script_writes_both_files(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["--to", str(tmp_path)])
    assert result.exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {IMAGES, LOOKALIKE}
    assert ENTRIES["two-layer-lookalike"].files[0].sha256 in result.output


def test_script_refuses_another_source(tmp_path: Path, small_idx: dict[str, bytes]) -> None:
    for name, content in small_idx.items():
        (tmp_path / name).write_bytes(content)
    with pytest.raises(CsCnnError, match="does not hold the published data"):
        cut_fashion_mnist(tmp_path)
    target = tmp_path / "new"
    result = CliRunner().invoke(main, ["--source", str(tmp_path / "absent"), "--to", str(target)])
    assert result.exit_code == 2 and "No such file" in result.output and not target.exists()


def test_npz_bytes_are_fixed() -> None:
    arrays = {"a": np.arange(6, dtype=np.uint8).reshape(2, 3)[:, ::-1], "b": np.zeros(3, np.uint8)}
    assert npz_bytes(arrays) == npz_bytes({name: array.copy() for name, array in arrays.items()})


def test_lookalike_byte_for_byte() -> None:
    content = lookalike_text().encode("ascii")
    assert content == packaged_path(LOOKALIKE).read_bytes()
    assert hashlib.sha256(content).hexdigest() == ENTRIES["two-layer-lookalike"].files[0].sha256
    assert hashlib.sha256(lookalike_text(seed=0).encode()).hexdigest().startswith("87db9b73c0dd6a51")


def test_lookalike_is_loaded() -> None:
    data = load("two-layer-lookalike")
    assert data.x_train.shape == (400, 8) and data.x_test.shape == (100, 8)
    assert data.x_train.dtype == np.float64 and data.y_train.dtype == np.int64
    assert data.classes == ("1", "2", "3", "4")
    x, y = lookalike_table()
    np.testing.assert_array_equal(np.concatenate([data.x_train, data.x_test]), x)
    np.testing.assert_array_equal(np.concatenate([data.y_train, data.y_test]), y - 1)
    assert set(data.y_test) == {0, 1, 2, 3}
    assert load("two-layer-lookalike", dtype=np.float32).x_train.dtype == np.float32


def test_another_seed_can_be_read_back(tmp_path: Path) -> None:
    path = tmp_path / "group_b.txt"
    path.write_text(lookalike_text(seed=11))
    x, y = homework_table(path)
    np.testing.assert_array_equal(x, lookalike_table(seed=11)[0])
    np.testing.assert_array_equal(y, lookalike_table(seed=11)[1] - 1)


@pytest.mark.parametrize("spoil", ["altered", "missing"])
def test_spoilt_installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoil: str) -> None:
    content = packaged_path(LOOKALIKE).read_text()
    monkeypatch.setattr("cs_cnn.data.places.packaged_path", lambda name: tmp_path / name)
    if spoil == "altered":
        (tmp_path / LOOKALIKE).write_text(content.replace("0.5508", "0.5509"))
    with pytest.raises(CsCnnError, match=r"missing or altered; install the package again.*\.$"):
        load("two-layer-lookalike")
