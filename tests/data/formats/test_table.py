"""Reading the homework's table: every error names the line."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from cs_cnn.data import catalogue, homework_table, load
from cs_cnn.data.lookalike import lookalike_text
from cs_cnn.errors import CsCnnError


@pytest.fixture
def lines() -> list[str]:
    return lookalike_text().splitlines()


def write(tmp_path: Path, lines: list[str], end: str = "\n") -> Path:
    path = tmp_path / "dataset.txt"
    path.write_bytes(end.join(lines).encode())
    return path


def test_types_and_labels(tmp_path: Path, lines: list[str]) -> None:
    x, y = homework_table(write(tmp_path, lines))
    assert x.shape == (500, 8) and x.dtype == np.float64 and y.shape == (500,) and y.dtype == np.int64
    assert x[0, 0] == 0.5508 and y[0] == 1 and set(y) == {0, 1, 2, 3}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_spaces_and_line_ends_do_not_matter(tmp_path: Path, lines: list[str], end: str) -> None:
    x, y = homework_table(
        write(tmp_path, [*(f"  {line.replace(' ', chr(9))}" for line in lines), "", " ", ""], end)
    )
    np.testing.assert_array_equal(x, homework_table(write(tmp_path, lines))[0])
    assert len(y) == 500


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8", "got 8 fields"),
        ("0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9 1", "got 10 fields"),
        ("", "got 0 fields"),
        ("0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,1", "got 1 fields"),
        ("0.1 0.2 abc 0.4 0.5 0.6 0.7 0.8 1", "feature 3 must be a finite number, got 'abc'"),
        ("0.1 0.2 0.3 nan 0.5 0.6 0.7 0.8 1", "feature 4 must be a finite number, got 'nan'"),
        ("0.1 0.2 0.3 0.4 inf 0.6 0.7 0.8 1", "feature 5"),
        ("0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0", "the label must be 1, 2, 3 or 4, got '0'"),
        ("0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 5", "got '5'"),
        ("0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 1.0", "got '1.0'"),
    ],
)
def test_wrong_lines(tmp_path: Path, lines: list[str], line: str, says: str) -> None:
    path = write(tmp_path, [*lines[:41], line, *lines[42:]])
    with pytest.raises(CsCnnError) as caught:
        homework_table(path)
    assert f"{path}, line 42: " in str(caught.value) and says in str(caught.value)


def test_wrong_number_of_lines(tmp_path: Path, lines: list[str]) -> None:
    path = write(tmp_path, lines[:300])
    with pytest.raises(CsCnnError, match="has 300 lines, expected 500"):
        homework_table(path)
    assert homework_table(path, rows=None)[0].shape == (300, 8)
    assert homework_table(path, rows=300)[1].shape == (300,)
    with pytest.raises(CsCnnError, match="has 0 lines, expected at least one"):
        homework_table(write(tmp_path, []), rows=None)


def test_unreadable_files(tmp_path: Path) -> None:
    with pytest.raises(CsCnnError, match=r"Cannot read the data file .*No such file"):
        homework_table(tmp_path / "absent.txt")
    with pytest.raises(CsCnnError, match=r"Cannot read the data file .*directory"):
        homework_table(tmp_path)
    (tmp_path / "dataset.txt").write_bytes(b"0.1 \xff\xfe")
    with pytest.raises(CsCnnError, match=r"not a text file .byte 4"):
        homework_table(tmp_path / "dataset.txt")


@pytest.mark.facts
def test_the_lectures_own_file(tmp_path: Path, facts_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = facts_folder / "data" / "two_layer_homework.txt"
    content = original.read_bytes()
    (file,) = catalogue.ENTRIES["two-layer-homework"].files
    assert hashlib.sha256(content).hexdigest() == file.sha256 and len(content) == file.size
    x, y = homework_table(original)
    written = "".join(f"{' '.join(f'{v:.4f}' for v in row)} {k + 1} \n" for row, k in zip(x, y, strict=True))
    assert written.encode() == content
    monkeypatch.setenv("CS_CNN_DATA", str(tmp_path))
    (tmp_path / "two-layer-homework").mkdir()
    (tmp_path / "two-layer-homework" / file.name).write_bytes(content)
    data = load("two-layer-homework")
    assert np.bincount(data.y_train).tolist() == [109, 109, 87, 95]
    assert np.bincount(data.y_test).tolist() == [32, 21, 28, 19]
