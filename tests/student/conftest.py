"""A student's folder: assignment 2 as handed out, where a test may write."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cs_cnn.command import main

ROOT = Path(__file__).parents[2]
NAME = "a2_two_layer_net"

Notebook = dict[str, Any]


@pytest.fixture()
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of assignment 2 as handed out, in which the test stands."""
    made = tmp_path / NAME
    shutil.copytree(ROOT / "assignments" / NAME, made)
    monkeypatch.chdir(made)
    return made


@pytest.fixture()
def change(folder: Path) -> Callable[[Callable[[Notebook], object]], Path]:
    """Return what changes the student's notebook: it takes a function that gets its dictionary."""

    def apply(how: Callable[[Notebook], object]) -> Path:
        path = folder / "two_layer_net.ipynb"
        notebook = json.loads(path.read_text(encoding="utf-8"))
        how(notebook)
        path.write_text(json.dumps(notebook), encoding="utf-8")
        return path

    return apply


@pytest.fixture()
def cs_cnn() -> Callable[..., Result]:
    """Return the command line; it must never show a traceback."""

    def run(*arguments: str | Path) -> Result:
        result = CliRunner().invoke(main, list(map(str, arguments)))
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output
        return result

    return run
