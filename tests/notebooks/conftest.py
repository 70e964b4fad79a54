"""A released notebook, and the same notebook filled in completely."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from cs_cnn.notebooks.percent import from_text

ROOT = Path(__file__).parents[2]
_EDGE = re.compile(r"^\s*### (BEGIN|END) SOLUTION\n?", re.MULTILINE)
NAME = "a2_two_layer_net/two_layer_net"


def name_of(cell: dict[str, Any]) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


@pytest.fixture(scope="session")
def release() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / "assignments" / f"{NAME}.ipynb").read_text(encoding="utf-8"))
    return found


@pytest.fixture(scope="session")
def _filled(release: dict[str, Any]) -> dict[str, Any]:
    source = from_text((ROOT / "solutions" / f"{NAME}.py").read_text(encoding="utf-8"))
    texts = {name_of(cell): _EDGE.sub("", "".join(cell["source"])).rstrip("\n") for cell in source["cells"]}
    filled = copy.deepcopy(release)
    for cell in filled["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = texts[name_of(cell)].splitlines(keepends=True)
    return filled


@pytest.fixture()
def complete(_filled: dict[str, Any]) -> dict[str, Any]:
    """Return a copy of a notebook in which every answer is written."""
    return copy.deepcopy(_filled)
