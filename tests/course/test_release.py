"""Releasing: what students get, the same bytes every time, and nothing changed by a failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cs_cnn.command import main
from cs_cnn.course import calendar, release
from cs_cnn.errors import CsCnnError


def test_students_get_no_solution_and_no_hidden_test(repository: Path) -> None:
    assignment = calendar.load(repository).assignment("a1")
    files = release.files_of(repository, assignment)
    assert sorted(files) == ["double.ipynb", "numbers.txt"]
    text = files["double.ipynb"].decode()
    for secret in ("2 * x", "secret number", "HIDDEN", "SOLUTION", "twice.", "Someone"):
        assert secret not in text
    notebook = json.loads(text)
    assert sorted(notebook["metadata"]) == ["kernelspec", "language_info"]
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    stub = "    # Write your code here, then delete the next line.\n    raise NotImplementedError"
    assert sources[2] == f'def double(x):\n    """Return twice x."""\n{stub}'
    assert sources[3] == "assert double(1) == 2"
    assert sources[4] == "*Write your answer here.*"
    assert files == release.files_of(repository, assignment)


def test_command_writes_checks_and_names_what_differs(repository: Path) -> None:
    run, at = CliRunner(), ["--repository", str(repository)]
    missing = run.invoke(main, ["release", "a1", "--check", *at])
    assert missing.exit_code == 1
    assert "assignments/a1_double/double.ipynb is missing" in missing.output
    assert not (repository / "assignments").exists()
    assert run.invoke(main, ["release", "--all", *at]).exit_code == 0
    assert run.invoke(main, ["release", "--all", "--check", *at]).exit_code == 0
    released = repository / "assignments" / "a1_double"
    (released / "numbers.txt").write_text("edited")
    (released / "extra.py").write_text("x")
    edited = run.invoke(main, ["release", "a1", "--check", *at])
    assert edited.exit_code == 1
    assert "numbers.txt differs" in edited.output and "extra.py should not be there" in edited.output
    assert (released / "numbers.txt").read_text() == "edited"
    assert run.invoke(main, ["release", "a1", *at]).exit_code == 0
    assert sorted(path.name for path in released.iterdir()) == ["double.ipynb", "numbers.txt"]


def test_a_failure_leaves_the_old_release(repository: Path) -> None:
    assignment = calendar.load(repository).assignment("a1")
    folder = release.write(repository, assignment)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (repository / "data" / "numbers.txt").unlink()
    with pytest.raises(CsCnnError, match=r"needs numbers\.txt from data/numbers\.txt"):
        release.write(repository, assignment)
    path = release.source_path(repository, assignment)
    path.write_text(path.read_text().replace("### END SOLUTION", "", 1))
    with pytest.raises(CsCnnError, match=r"double\.py, line"):
        release.write(repository, assignment)
    path.unlink()
    with pytest.raises(CsCnnError, match="The source of a1_double is missing"):
        release.write(repository, assignment)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert [path.name for path in folder.parent.iterdir()] == ["a1_double"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["release"], "Name an assignment"),
        (["release", "a1", "--all"], "not both"),
        (["release", "a9"], "the known ones are: a1_double"),
    ],
)
def test_usage(repository: Path, arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(main, [*arguments, "--repository", str(repository)])
    assert result.exit_code == 2
    assert words in result.output
