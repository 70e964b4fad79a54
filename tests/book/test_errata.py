"""The errata of the source lectures: each wrong fact has its entry, its proof, and a place where it is taught."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import BOOK

PAGE = BOOK / "reference" / "errata.md"
PROVED_BY_DATES = {"F059", "F114"}
"""What no computation proves: who was first. The page cites the papers."""


@pytest.fixture(scope="module")
def errata() -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = yaml.safe_load(
        PAGE.with_suffix(".yml").read_text(encoding="utf-8")
    )
    return found


@pytest.fixture(scope="module")
def sections() -> dict[str, str]:
    """Return the text of each entry of the page, by the number of its fact."""
    text = PAGE.read_text(encoding="utf-8").split("\n## What is imprecise")[0]
    parts = re.split(r"^\(erratum-(f\d+)\)=\n", text, flags=re.MULTILINE)[1:]
    return {name.upper(): body for name, body in zip(parts[::2], parts[1::2], strict=True)}


def labels() -> set[str]:
    """Return every label of the book."""
    return {
        label
        for path in BOOK.glob("*/*.md")
        for label in re.findall(r"^\(([\w-]+)\)=$", path.read_text(encoding="utf-8"), re.MULTILINE)
    }


def taught(entry: dict[str, Any]) -> str:
    """Return how the page links to where an entry is taught."""
    return ", ".join(f"{{ref}}`{label}`" for label in entry["taught"])


def test_every_wrong_entry_is_shown_as_it_is_written(
    errata: dict[str, list[dict[str, Any]]], sections: dict[str, str]
) -> None:
    assert list(sections) == [entry["fact"] for entry in errata["wrong"]]
    for entry in errata["wrong"]:
        expected = (
            f"### {entry['title']}\n\n**It says.** {entry['says']}\n\n**Right.** {entry['right']}\n\n"
            f"**Taught in** {taught(entry)}.\n"
        )
        assert sections[entry["fact"]].startswith(expected), (
            f"errata.md should begin {entry['fact']} with:\n{expected}"
        )
        assert entry["taught"]


def test_every_wrong_entry_has_its_proof(sections: dict[str, str]) -> None:
    for fact, text in sections.items():
        if fact in PROVED_BY_DATES:
            assert text.count("{cite") >= 3, fact
        else:
            assert re.search(r"^```\{code-cell\}.*?^ *print\(", text, re.MULTILINE | re.DOTALL), fact


def test_the_table_of_what_is_imprecise_is_that_of_the_file(errata: dict[str, list[dict[str, Any]]]) -> None:
    text = PAGE.read_text(encoding="utf-8").split("\n## What is imprecise")[1]
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| :")][1:]
    assert rows == [
        f"| {entry['says']} | {entry['right']} | {taught(entry) or 'here'} |" for entry in errata["loose"]
    ]


def test_links_lead_to_labels(errata: dict[str, list[dict[str, Any]]]) -> None:
    known = labels()
    for entry in [*errata["wrong"], *errata["loose"]]:
        assert set(entry["taught"]) <= known, entry["fact"]


@pytest.mark.facts
def test_every_fact_that_is_wrong_has_its_entry(
    errata: dict[str, list[dict[str, Any]]], facts_folder: Path
) -> None:
    facts = json.loads((facts_folder / "seed_facts.json").read_text(encoding="utf-8"))["facts"]
    wrong = {fact["id"] for fact in facts if fact["seed_is_wrong"] or fact["verdict"] == "seed_is_wrong"}
    fine = {"ok", "ok_rounded"}
    loose = {fact["id"] for fact in facts if fact["verdict"] not in fine} - wrong
    assert {entry["fact"] for entry in errata["wrong"]} == wrong
    assert {entry["fact"] for entry in errata["loose"]} == loose
