"""What the tests of the account share: the checked facts of the source lectures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def facts(facts_folder: Path) -> dict[str, Any]:
    """Return the facts by their numbers."""
    content = json.loads((facts_folder / "seed_facts.json").read_text())
    return {fact["id"]: fact for fact in content["facts"]}


@pytest.fixture(scope="session")
def reference(facts_folder: Path) -> dict[str, Any]:
    """Return the values derived from the facts, by topic."""
    content = json.loads((facts_folder / "seed_facts.json").read_text())
    return {entry["topic"]: entry["values"] for entry in content["derived_reference_values"]}
