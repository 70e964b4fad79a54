"""Making the environment: whole or not at all, and a sentence about what is missing."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tools import environment
from tools.progress import StepFailed, run


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty project whose packages are never really installed."""
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text(name)
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(environment, "STAMP", tmp_path / ".venv" / "environment.sha256")
    return tmp_path


def fake_run(calls: list[str], failing: str = "") -> Any:
    def run(title: str, command: Sequence[str], log: Path, **_: object) -> None:
        calls.append(title)
        environment.VENV.mkdir(exist_ok=True)
        if failing and failing in title:
            raise StepFailed(f"{title}: failed")

    return run


def test_it_is_made_once_and_again_when_the_packages_change(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(environment, "run", fake_run(calls))
    environment.make()
    environment.make()
    assert len(calls) == 2  # the folder, the packages
    (project / "constraints.txt").write_text("newer")
    environment.make()
    assert len(calls) > 2


def test_a_failed_beginning_leaves_nothing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "run", fake_run([], failing="Installing"))
    with pytest.raises(StepFailed):
        environment.make()
    assert not (project / ".venv").exists()


def test_a_failed_update_is_not_trusted(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "run", fake_run([]))
    environment.make()
    (project / "constraints.txt").write_text("newer")
    monkeypatch.setattr(environment, "run", fake_run([], failing="Installing"))
    with pytest.raises(StepFailed):
        environment.make()
    assert (project / ".venv").exists() and not environment.STAMP.exists()


@pytest.mark.parametrize("lacking", ["ensurepip", "venv"])
def test_a_python_without_venv_is_a_sentence(
    project: Path, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == lacking else found(name))
    with pytest.raises(StepFailed, match="apt-get install python3-venv"):
        environment.make()


def test_an_old_python_is_a_sentence(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "OLDEST", (99, 0))
    with pytest.raises(StepFailed, match=r"Python 99\.0 or later is needed"):
        environment.make()


def test_missing_system_packages_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(environment.shutil, "which", lambda program: None)
    environment.mention_system_packages()
    assert capsys.readouterr().out.count("\n") == 1
    environment.mention_system_packages()
    assert "apt-get install chromium" in capsys.readouterr().out


def test_a_failing_step_shows_the_end_of_its_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = "import sys; print('the reason'); sys.exit(3)"
    with pytest.raises(StepFailed, match=r"Trying: failed after \d+ s; the whole output is in"):
        run("Trying", [sys.executable, "-c", code], tmp_path / "log")
    assert "the reason" in capsys.readouterr().out
    assert (tmp_path / "log").read_text() == "the reason\n"
