"""Every checked fact of the source lectures: stated as computed, or not stated, and never as it was wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import BOOK, ROOT
from .facts_stated import NOT_STATED, STATED, WRONG, Stated

ATTRIBUTED = re.compile(r"lecture|slide|source|printed|mistake|wrong", re.IGNORECASE)
ERRATUM = re.compile(r"^:{3,}\{admonition\} Errat.*?^:{3,}$", re.DOTALL | re.MULTILINE)
THOUSANDS = re.compile(r"(?<=\d)(?:\{,\}|,|_)(?=\d{3})")
WORDS = {"six": 6, "eight": 8, "nine": 9, "three": 3}


def numbers_in(thing: Any) -> set[float]:
    """Return every number of a fact, or of a text, without signs."""
    if isinstance(thing, bool) or thing is None:
        return set()
    if isinstance(thing, (int, float)):
        return {abs(float(thing))}
    if isinstance(thing, str):
        found = re.findall(r"\d+(?:\.\d+)?(?:e-?\d+)?", THOUSANDS.sub("", thing))
        said = {float(WORDS[word]) for word in re.findall(r"[a-z]+", thing) if word in WORDS}
        return {float(each) for each in found} | said
    items = [*thing, *thing.values()] if isinstance(thing, dict) else list(thing)
    return {number for item in items for number in numbers_in(item)}


def has(numbers: set[float], wanted: float) -> bool:
    """Tell whether a number is among others, as exactly as it is written."""
    return any(number == pytest.approx(wanted, rel=1e-9) for number in numbers)


@pytest.fixture(scope="module")
def facts(facts_folder: Path) -> dict[str, dict[str, Any]]:
    """Return the checked facts by their names."""
    content = json.loads((facts_folder / "seed_facts.json").read_text(encoding="utf-8"))["facts"]
    return {fact["id"]: fact for fact in content}


def prose() -> Iterator[tuple[str, str]]:
    """Yield every paragraph of the book and of the homework, errata left out, with the name of its file."""
    for path in sorted([*BOOK.glob("*/*.md"), *(ROOT / "solutions").rglob("*.py")]):
        if path.stem != "errata" and "_build" not in path.parts:
            text = ERRATUM.sub("", path.read_text(encoding="utf-8"))
            for paragraph in re.split(r"\n\s*(?:#\s*)?\n", text):
                yield path.name, paragraph


@pytest.mark.parametrize("row", STATED, ids=lambda row: f"{row.fact}-{row.numbers[0]:g}")
def test_it_stands_there_as_it_is_computed(row: Stated) -> None:
    text = (BOOK / f"{row.page}.md").read_text(encoding="utf-8")
    assert row.says in " ".join(text.split()), f"{row.page} no longer says: {row.says}"
    if row.computed is None:
        stated = numbers_in(row.says)
        assert all(has(stated, number) for number in row.numbers), stated
    else:
        assert row.computed() == pytest.approx(row.numbers)


@pytest.mark.facts
@pytest.mark.parametrize("row", STATED, ids=lambda row: f"{row.fact}-{row.numbers[0]:g}")
def test_its_numbers_are_those_of_the_fact(row: Stated, facts: dict[str, dict[str, Any]]) -> None:
    known = numbers_in([facts[row.fact][key] for key in ("statement", "values", "correct", "note")])
    missing = [number for number in row.numbers if not has(known, number)]
    assert not missing


@pytest.mark.facts
def test_every_fact_with_a_number_is_stated_or_has_its_reason(facts: dict[str, dict[str, Any]]) -> None:
    stated = {row.fact for row in STATED}
    numbered = {name for name, fact in facts.items() if numbers_in(fact["values"])}
    assert not stated & set(NOT_STATED)
    assert numbered - stated - set(NOT_STATED) == set()
    assert stated | set(NOT_STATED) <= set(facts)
    assert len(stated) >= 60 and all(NOT_STATED.values())


@pytest.mark.facts
def test_every_wrong_fact_has_its_pattern(facts: dict[str, dict[str, Any]]) -> None:
    assert set(WRONG) == {name for name, fact in facts.items() if fact["seed_is_wrong"]}


@pytest.mark.parametrize("fact", sorted(WRONG))
def test_a_wrong_value_stands_nowhere_but_in_what_is_said_of_the_lectures(fact: str) -> None:
    errata = yaml.safe_load((BOOK / "reference" / "errata.yml").read_text(encoding="utf-8"))["wrong"]
    (mistake,) = [entry["says"] for entry in errata if entry["fact"] == fact]
    pattern = re.compile(WRONG[fact])
    said = [
        (name, paragraph)
        for name, paragraph in prose()
        if pattern.search(" ".join(paragraph.split())) and not ATTRIBUTED.search(paragraph)
    ]
    assert pattern.search(mistake), "the pattern misses the mistake itself"
    assert not said
