"""`cs-cnn data list`, `fetch` and `where`, as a user sees them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cs_cnn.command import main
from cs_cnn.data import names
from cs_cnn.data.lookalike import lookalike_text


def cs_cnn(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["data", *arguments])


@pytest.fixture
def homework(cache: Path, publish: Any) -> Path:
    publish("two-layer-homework", {"dataset.txt": lookalike_text(seed=9).encode()})
    return cache / "two-layer-homework" / "dataset.txt"


def test_list_is_an_aligned_table(homework: Path) -> None:
    result = cs_cnn("list")
    lines = result.output.splitlines()
    assert result.exit_code == 0 and [line.split()[0] for line in lines[1:]] == names()
    for heading in ("SIZE", "WHERE", "LICENCE", "WHAT"):
        column = lines[0].index(heading)
        assert all(line[column - 2 : column] == "  " and line[column] != " " for line in lines)
    assert re.search(r"^fashion-mnist +2\.6 MB +packaged +MIT", result.output, re.MULTILINE)
    assert re.search(r"^two-layer-homework +30 kB +not here +none stated", result.output, re.MULTILINE)
    cs_cnn("fetch", "two-layer-homework")
    assert re.search(r"^two-layer-homework +30 kB +cache ", cs_cnn("list").output, re.MULTILINE)


def test_fetch_and_where(site: Any, homework: Path) -> None:
    result = cs_cnn("where", "two-layer-homework")
    assert result.exit_code == 2
    assert result.output == (
        "Error: two-layer-homework is not on this computer yet; get it with `cs-cnn data fetch two-layer-homework`.\n"
    )
    result = cs_cnn("fetch", "two-layer-homework")
    assert result.exit_code == 0 and result.stdout == f"two-layer-homework is now in {homework.parent}.\n"
    assert "dataset.txt: 100%" in result.stderr
    assert cs_cnn("where", "two-layer-homework").output == f"{homework}\n"
    assert cs_cnn("fetch", "two-layer-homework").output == "two-layer-homework is in the cache already.\n"
    assert len(site.asked) == 1


def test_fetch_mends_a_damaged_file(site: Any, homework: Path) -> None:
    cs_cnn("fetch", "two-layer-homework")
    content = homework.read_bytes()
    homework.write_bytes(content[:10])
    assert cs_cnn("fetch", "two-layer-homework").exit_code == 0
    assert homework.read_bytes() == content


def test_nothing_to_fetch(cache: Path) -> None:
    result = cs_cnn("fetch", "fashion-mnist", "digits", "two-layer-lookalike")
    assert result.exit_code == 0
    assert result.output == (
        "fashion-mnist is part of this package and needs no download.\n"
        "digits comes with scikit-learn and needs no download.\n"
        "two-layer-lookalike is part of this package and needs no download.\n"
    )
    assert not cache.exists()


def test_system_package(cache: Path, tmp_path: Path, publish: Any, small_idx: dict[str, bytes]) -> None:
    folder = tmp_path / "share"
    folder.mkdir()
    for name, content in small_idx.items():
        (folder / name).write_bytes(content)
    publish("fashion-mnist-full", small_idx, system=folder)
    assert "installed as a system package" in cs_cnn("fetch", "fashion-mnist-full").output
    assert set(map(Path, cs_cnn("where", "fashion-mnist-full").output.split())) == set(folder.iterdir())


@pytest.mark.parametrize("command", ["fetch", "where"])
def test_unknown_name(site: Any, homework: Path, command: str) -> None:
    arguments = ["two-layer-homework", "two-layers"] if command == "fetch" else ["two-layers"]
    result = cs_cnn(command, *arguments)
    assert result.exit_code == 2
    assert result.output.startswith("Error: There is no data set 'two-layers'; did you mean two-layer-")
    assert result.output.count("\n") == 1
    assert site.asked == []  # the wrong name is found before the first download


def test_failed_download_is_one_line(site: Any, homework: Path) -> None:
    site.manner["/0/dataset.txt"] = "404"
    result = cs_cnn("fetch", "two-layer-homework")
    assert result.exit_code == 2 and result.stdout == ""
    assert result.stderr.splitlines()[-1].startswith(
        "Error: Cannot download dataset.txt of two-layer-homework:"
    )
    assert "Traceback" not in result.output and not homework.exists()


def test_interrupt(site: Any, homework: Path, cache: Path) -> None:
    site.manner["/0/dataset.txt"] = "interrupt"
    result = cs_cnn("fetch", "two-layer-homework")
    assert result.exit_code == 130
    assert "Stopped: two-layer-homework is not complete" in result.stderr
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_where_without_a_name(cache: Path) -> None:
    assert cs_cnn("where").output == f"{cache}\n"


@pytest.mark.parametrize("name", ["fashion-mnist", "two-layer-lookalike", "digits"])
def test_where_of_what_needs_no_download(name: str) -> None:
    paths = cs_cnn("where", name).output.splitlines()
    assert len(paths) == 1 and Path(paths[0]).is_file()


def test_help() -> None:
    result = cs_cnn("--help")
    assert result.exit_code == 0 and all(command in result.output for command in ("list", "fetch", "where"))
    assert cs_cnn("fetch").exit_code == 2
