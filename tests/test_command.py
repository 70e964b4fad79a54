"""The command line as a whole: what it lists, and how it says no."""

from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from cs_cnn import __version__
from cs_cnn.command import main

INSTRUCTORS = (
    "init",
    "release",
    "export-public",
    "roster",
    "collect",
    "grade",
    "regrade",
    "feedback",
    "export",
)
INSTRUCTORS += ("stats", "similar")
NAMES = (*INSTRUCTORS, "check", "doctor", "submit", "data", "account")


def test_help_lists_every_command_and_imports_nothing_heavy() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for name in NAMES:
        assert f"\n  {name} " in result.output
    code = (
        "import sys; from cs_cnn.command import main; main(['--help'], standalone_mode=False);"
        "assert not {'torch', 'nbgrader', 'numpy', 'yaml'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself_with_an_example(name: str) -> None:
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert f"cs-cnn {name}" in result.output.split("Usage:", 1)[1].split("\n", 1)[1]
    assert "\\b" not in result.output  # click's mark for lines to keep apart, when it is written wrongly


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["grade", "a9"], "a9"),
        (["release", "a9"], "a9"),
        (["feedback", "a2", "--course", "/nowhere"], "/nowhere"),
        (["export", "a2", "--course", "/nowhere"], "/nowhere"),
        (["init"], "Missing argument"),
        (["check", "a77"], "a77"),
        (["doctor", "nowhere.ipynb"], "nowhere.ipynb"),
        (["submit"], "Missing argument"),
        (["data", "fetch", "mnits"], "mnist"),
        (["mark", "a2"], "No such command 'mark'"),
    ],
)
def test_bad_input_is_one_sentence_and_status_two(arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert words in result.output
    assert result.output.strip().splitlines()[-1].startswith("Error: ")


def test_version() -> None:
    assert CliRunner().invoke(main, ["--version"]).output == f"cs-cnn, version {__version__}\n"


def _forget_the_course(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let `cs_cnn.course` be imported anew, and be what it was at the end of the test."""
    import cs_cnn.course

    monkeypatch.setattr(cs_cnn, "course", cs_cnn.course)
    for name in [name for name in sys.modules if name.startswith("cs_cnn.course")]:
        monkeypatch.delitem(sys.modules, name)


def test_an_edition_without_the_instructors_side_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    _forget_the_course(monkeypatch)
    monkeypatch.setitem(sys.modules, "cs_cnn.course", None)
    result = CliRunner().invoke(main, ["grade", "a2"])
    assert result.exit_code == 2
    assert "part of the instructors' edition" in result.output


def test_a_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    _forget_the_course(monkeypatch)
    monkeypatch.setitem(sys.modules, "yaml", None)
    result = CliRunner().invoke(main, ["release", "--all"])
    assert result.exit_code == 2
    assert "pip install 'cs-cnn[grade]'" in result.output
