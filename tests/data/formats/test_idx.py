"""Reading idx files, and what is refused."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from cs_cnn.data import load
from cs_cnn.data.formats.idx import read_idx
from cs_cnn.errors import CsCnnError


@given(array=arrays(np.uint8, array_shapes(max_dims=4, min_side=0)), compressed=st.booleans())
def test_round_trip(
    tmp_path_factory: pytest.TempPathFactory, idx_bytes: Any, array: Any, compressed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / "round_trip.idx"
    content = idx_bytes(array)
    path.write_bytes(gzip.compress(content) if compressed else content)
    back = read_idx(path)
    assert back.dtype == np.uint8 and back.flags.writeable
    np.testing.assert_array_equal(back, array)


def _damaged() -> dict[str, tuple[bytes, str]]:
    whole = struct.pack(">BBBB2I", 0, 0, 8, 2, 3, 4) + bytes(12)
    return {
        "empty": (b"", "not an idx file"),
        "text": (b"label,pixel\n", "not an idx file"),
        "floats": (whole[:2] + b"\x0d" + whole[3:], "idx type 0x0d"),
        "no dimension": (b"\0\0\x08\0", "0 dimensions, expected at least 1"),
        "half a header": (whole[:9], "ends inside its header"),
        "short": (whole[:-1], "holds 11 values, but its header promises 3 x 4 = 12"),
        "long": (whole + b"\0", "holds 13 values"),
        "huge header": (b"\0\0\x08\x03" + b"\xff" * 12, "promises 4294967295 x"),
        "half a gzip": (gzip.compress(whole)[:-9], "not a complete gzip"),
        "broken gzip": (gzip.compress(whole)[:10] + b"\xff\xff\xff\xff" + bytes(20), "not a complete gzip"),
        "gzip header only": (b"\x1f\x8b", "not a complete gzip"),
    }


@pytest.mark.parametrize("case", _damaged())
def test_damaged_files(tmp_path: Path, case: str) -> None:
    content, says = _damaged()[case]
    path = tmp_path / "images.idx"
    path.write_bytes(content)
    with pytest.raises(CsCnnError) as caught:
        read_idx(path)
    assert says in str(caught.value) and str(path) in str(caught.value) and str(caught.value).endswith(".")


def test_dimensions_can_be_demanded(tmp_path: Path, idx_bytes: Any) -> None:
    path = tmp_path / "labels.idx"
    path.write_bytes(idx_bytes(np.zeros(5, np.uint8)))
    with pytest.raises(CsCnnError, match="array of 1 dimensions, expected 3"):
        read_idx(path, ndim=3)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(CsCnnError, match=r"Cannot read .*No such file"):
        read_idx(tmp_path / "absent")
    with pytest.raises(CsCnnError, match=r"Cannot read .*directory"):
        read_idx(tmp_path)


def test_images_without_their_labels(
    site: Any, cache: Path, publish: Any, small_idx: dict[str, bytes], idx_bytes: Any
) -> None:
    labels = gzip.compress(idx_bytes(np.zeros(19, np.uint8)))
    publish("mnist", small_idx | {"train-labels-idx1-ubyte.gz": labels})
    with pytest.raises(CsCnnError, match=r"holds 20 images, but .* holds 19 labels"):
        load("mnist")
