"""The README says what is true."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cs_cnn.course import calendar
from tools.readme import with_tables


@pytest.fixture(scope="module")
def readme(root: Path) -> str:
    return (root / "README.md").read_text()


def test_the_tables_are_those_of_the_calendar(readme: str, root: Path) -> None:
    course = calendar.load(root / "course.yml")
    assert with_tables(readme, course) == readme, "run: .venv/bin/python -m tools.readme"


def test_its_python_runs(readme: str) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    result = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert result.stdout.count("is right") == 3


def test_its_make_targets_and_links_exist(readme: str, root: Path) -> None:
    makefile = (root / "Makefile").read_text()
    for target in set(re.findall(r"(?m)(?:^|`)make (\w+)", readme + (root / "CONTRIBUTING.md").read_text())):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", readme):
        assert (root / link).exists(), link


def test_every_dependency_has_its_reason(root: Path) -> None:
    reasons = (root / "CONTRIBUTING.md").read_text().split("## Why each dependency")[1]
    pyproject = (root / "pyproject.toml").read_text()
    names = re.findall(r'^  "([A-Za-z][A-Za-z0-9-]+)', pyproject.split("[project.scripts]")[0], re.MULTILINE)
    named = re.findall(r'"([a-z][A-Za-z0-9-]+)[>=<]', pyproject.split("[project.scripts]")[0])
    for name in {*names, *named} - {"cs-cnn"}:
        if not name.startswith(("types-", "Development", "Intended", "Programming", "Topic", "Typing")):
            assert name in reasons, f"{name}: say in CONTRIBUTING.md why it is there"
