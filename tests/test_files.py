"""Writing whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write, folder_in_the_making, replace_folder


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_a_file_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "marks.csv"
    with atomic_write(target) as file:
        file.write("a,1\n")
        assert not target.exists()
    assert target.read_bytes() == b"a,1\n"
    assert names(target.parent) == ["marks.csv"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError("boom")])
def test_an_interrupt_leaves_the_old_file(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "marks.csv"
    target.write_text("old")
    with pytest.raises((KeyboardInterrupt, ValueError)), atomic_write(target) as file:
        file.write("half")
        raise error
    assert target.read_text() == "old"
    assert names(tmp_path) == ["marks.csv"]


def test_a_full_disk_is_a_sentence_and_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "marks.csv"
    target.write_text("old")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    sentence = "No space left on device; the file is as it was before"
    with pytest.raises(CsCnnError, match=sentence), atomic_write(target) as file:
        file.write("new")
    assert target.read_text() == "old"
    assert names(tmp_path) == ["marks.csv"]


def test_an_error_of_something_else_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_write(tmp_path / "out"):
        (tmp_path / "not there").read_text()
    assert names(tmp_path) == []


def test_a_parent_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CsCnnError, match="Cannot write"), atomic_write(tmp_path / "file" / "x"):
        pass


def test_a_folder_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "release"
    target.mkdir()
    (target / "old").write_text("")
    with folder_in_the_making(target) as making:
        (making / "new").write_text("")
    assert names(target) == ["new"]
    assert names(tmp_path) == ["release"]


def test_half_a_folder_is_never_left(tmp_path: Path) -> None:
    target = tmp_path / "release"
    target.mkdir()
    (target / "old").write_text("")
    with pytest.raises(KeyboardInterrupt), folder_in_the_making(target) as making:
        (making / "new").write_text("")
        raise KeyboardInterrupt
    assert names(target) == ["old"]
    assert names(tmp_path) == ["release"]


def test_a_folder_that_cannot_be_moved_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "release"
    target.mkdir()
    (target / "old").write_text("")
    with pytest.raises(CsCnnError, match="nothing was changed"):
        replace_folder(tmp_path / "missing", target)
    assert names(target) == ["old"]


def test_a_file_is_never_replaced_by_a_folder(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("precious")
    with pytest.raises(CsCnnError, match="a file of that name is there"):
        replace_folder(tmp_path, tmp_path / "x")
    assert (tmp_path / "x").read_text() == "precious"
