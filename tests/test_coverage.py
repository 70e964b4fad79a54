"""The table of the source lectures' systems names what is there: pages that say it, code that imports, tests."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import coverage
from tests.coverage import Row

ROWS = coverage.rows()
TAUGHT = [row for row in ROWS if coverage.page_of(row).is_file()]


def test_the_table_has_every_system_once_and_in_order() -> None:
    assert tuple(row.name for row in ROWS) == coverage.NAMES


@pytest.mark.parametrize("row", TAUGHT, ids=lambda row: row.name)
def test_what_the_table_names_is_there(row: Row) -> None:
    assert coverage.wrong(row) == []


def test_every_page_of_the_table_is_in_the_book(root: Path) -> None:
    absent = sorted({row.page for row in ROWS} - {row.page for row in TAUGHT})
    contents = (root / "book" / "_toc.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"file: (\S+)", contents))
    assert not [page for page in absent if page in listed]
    assert len(TAUGHT) >= 80


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"page": "foundations/nothing"}, "no page foundations/nothing"),
        ({"says": "a word that no page has"}, "does not say"),
        ({"code": ("cs_cnn.layers.nothing_forward",)}, "no cs_cnn.layers.nothing_forward"),
        ({"code": ("cs_cnn.nowhere.thing",)}, "no cs_cnn.nowhere.thing"),
        ({"tests": ("tests/test_nothing.py",)}, "no tests/test_nothing.py"),
    ],
)
def test_what_is_missing_is_named(change: dict[str, object], says: str) -> None:
    row = TAUGHT[0]
    (found,) = coverage.wrong(Row(**(vars(row) | change)))
    assert says in found


@pytest.mark.facts
def test_the_systems_are_those_of_the_lectures(facts_folder: Path) -> None:
    listed = re.findall(
        r"^\| (S\d+) \|", (facts_folder / "systems.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert tuple(listed) == coverage.NAMES


def test_the_command_counts(root: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "tests.coverage"], cwd=root, capture_output=True, text=True)
    complete = [row for row in ROWS if not coverage.wrong(row)]
    assert done.stdout.startswith(f"{len(complete)} of 102\n")
    assert done.returncode == (0 if len(complete) == len(ROWS) else 1)
    assert done.stdout.count("\n") == 1 + len(ROWS) - len(complete)
