"""The commands themselves: quick to import, with help, and a sentence where a package is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from cs_cnn.command import main

COMMANDS = {
    "init": "init",
    "release": "release",
    "collect": "collect",
    "export-public": "public",
    "grade": "grade",
    "regrade": "regrade",
    "feedback": "feedback",
    "export": "export",
    "roster": "roster",
    "stats": "stats",
    "similar": "similar",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_help_shows_an_example(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert "Example:\n" in result.output
    assert f"cs-cnn {name} " in result.output.split("Example:")[1]


def test_importing_the_commands_is_light() -> None:
    code = (
        f"import sys; from cs_cnn.course.commands import {', '.join(COMMANDS.values())}; "
        "print([name for name in ('nbgrader', 'nbformat', 'jupytext', 'numpy', 'yaml') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("package", "arguments"), [("yaml", ["grade", "a1"]), ("jsonschema", ["release", "--all", "--check"])]
)
def test_a_missing_package_is_a_sentence(package: str, arguments: list[str]) -> None:
    code = (
        f"import sys; sys.modules[{package!r}] = None; from cs_cnn.command import main; main({arguments!r})"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 2
    assert f"The package {package} is missing" in result.stderr and "cs-cnn[grade]" in result.stderr
