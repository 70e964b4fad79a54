"""What the tests of the checks share: the functions of the reference solution."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

SOURCE = Path(__file__).parents[2] / "solutions" / "a2_two_layer_net" / "two_layer_net.py"


@pytest.fixture(scope="session")
def solution() -> dict[str, Callable[..., Any]]:
    """Return the functions of the reference solution by name."""
    text = SOURCE.read_text(encoding="utf-8")
    cells = re.split(r"^# %%", text, flags=re.MULTILINE)
    code = "".join(cell.split("\n", 1)[1] for cell in cells if cell.startswith(' answer="'))
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec("import numpy as np\n" + code, names)
    return {name: value for name, value in names.items() if callable(value) and not name.startswith("_")}
