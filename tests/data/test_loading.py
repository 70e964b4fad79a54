"""`load`, `names` and `Dataset`: names, types, the digits, and what importing costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cs_cnn.data import Dataset, load, names
from cs_cnn.data.catalogue import ENTRIES
from cs_cnn.data.places import cache_folder
from cs_cnn.errors import CsCnnError


def test_names() -> None:
    assert names() == [
        "fashion-mnist",
        "fashion-mnist-full",
        "mnist",
        "cifar10",
        "digits",
        "two-layer-homework",
        "two-layer-lookalike",
    ]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("fashion_mnist", "did you mean fashion-mnist or"),
        ("CIFAR-10", "did you mean cifar10?"),
        ("imagenet-of-the-year", "there are fashion-mnist, fashion-mnist-full, mnist"),
        (7, "no data set '7'"),
    ],
)
def test_unknown_names(name: str, says: str) -> None:
    with pytest.raises(CsCnnError) as caught:
        load(name)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("name", "dtype", "says"),
    [
        ("fashion-mnist", np.int64, "must be a float type or uint8, got int64"),
        ("fashion-mnist", bool, "got bool"),
        ("two-layer-lookalike", np.uint8, "must be a float type, got uint8"),
    ],
)
def test_wrong_types(name: str, dtype: type, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        load(name, dtype=dtype)


def test_digits() -> None:
    data = load("digits")
    assert data.x_train.shape == (1438, 1, 8, 8) and data.x_test.shape == (359, 1, 8, 8)
    assert data.x_train.dtype == np.float32 and data.x_train.min() == 0 and data.x_train.max() == 1
    stored = load("digits", dtype=np.uint8)
    assert stored.x_train.max() == 16
    np.testing.assert_array_equal(data.x_test, stored.x_test / np.float32(16))
    whole = np.bincount(np.concatenate([data.y_train, data.y_test]))
    np.testing.assert_array_equal(np.bincount(data.y_test), np.round(0.2 * whole))
    # The division is part of every published number: these are its first test labels.
    assert data.y_test[:12].tolist() == [3, 7, 3, 9, 0, 8, 7, 0, 8, 0, 3, 3]
    np.testing.assert_array_equal(load("digits").x_test, data.x_test)


def test_repr_is_readable() -> None:
    text = repr(load("digits"))
    assert text == (
        "<Dataset digits: 1,438 train + 359 test, each 1x8x8 float32; 10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9>"
    )


def test_dataset_is_frozen_and_consistent() -> None:
    data = load("two-layer-lookalike")
    with pytest.raises(AttributeError):
        data.name = "other"  # type: ignore[misc]
    with pytest.raises(
        ValueError, match=r"y_test must have shape \(100,\), one label for each of x_test, got \(99,\)"
    ):
        Dataset("a", data.x_train, data.y_train, data.x_test, data.y_test[1:], ("1",), "here", "none")


def test_every_entry_is_complete() -> None:
    for entry in ENTRIES.values():
        assert entry.licence and entry.source and len(entry.classes) in (4, 10)
        for file in entry.files:
            assert len(file.sha256) == 64 and file.size > 0
            assert bool(file.urls) == (entry.kind == "download")
            assert all(url.startswith(("https://", "http://fashion-mnist.")) for url in file.urls)


@pytest.mark.parametrize(
    "statement",
    [
        "import cs_cnn.data",
        "from cs_cnn.data import load; load('fashion-mnist'); load('two-layer-lookalike')",
    ],
)
def test_import_is_light(statement: str) -> None:
    heavy = ("torch", "sklearn", "pooch", "requests", "matplotlib", "click")
    code = f"{statement}; import sys; print([name for name in {heavy!r} if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_digits_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(CsCnnError, match="pip install scikit-learn"):
        load("digits")


def test_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CS_CNN_DATA", "~/class data")
    assert cache_folder() == tmp_path / "class data"
    for unset in ("", None):
        if unset is None:
            monkeypatch.delenv("CS_CNN_DATA")
        else:
            monkeypatch.setenv("CS_CNN_DATA", unset)
        assert cache_folder().name == "cs-cnn" and cache_folder().is_absolute()
    assert not cache_folder().exists() or cache_folder().is_dir()
