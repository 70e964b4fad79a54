"""Releasing: what students get, the same bytes every time, and nothing changed by a failure."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cs_cnn.command import main
from cs_cnn.course import calendar, release
from cs_cnn.course.release import stamp
from cs_cnn.errors import CsCnnError


def notebook_of(files: dict[str, bytes]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files["double.ipynb"])
    return found


def test_students_get_no_solution_and_no_hidden_test(repository: Path) -> None:
    assignment = calendar.load(repository).assignment("a1")
    files = release.files_of(repository, assignment)
    assert sorted(files) == ["double.ipynb", "numbers.txt"]
    text = files["double.ipynb"].decode()
    for secret in ("2 * x", "secret number", "HIDDEN", "SOLUTION", "twice.", "Someone"):
        assert secret not in text
    notebook = json.loads(text)
    assert sorted(notebook["metadata"]) == ["cs_cnn", "kernelspec", "language_info"]
    sources = ["".join(cell["source"]) for cell in notebook["cells"]]
    stub = "    # Write your code here, then delete the next line.\n    raise NotImplementedError"
    assert sources[2] == f'def double(x):\n    """Return twice x."""\n{stub}'
    assert sources[3] == "assert double(1) == 2"
    assert sources[4] == "*Write your answer here.*"
    assert files == release.files_of(repository, assignment)


def test_the_stamp_is_a_hash_of_what_students_see_and_of_nothing_else(repository: Path) -> None:
    assignment = calendar.load(repository).assignment("a1")
    source = release.source_path(repository, assignment)

    def stamped() -> dict[str, str]:
        files = release.files_of(repository, assignment)
        notebook = notebook_of(files)
        found = stamp.read(notebook)
        assert found is not None
        del files["double.ipynb"]
        # The hash can be computed again from the file that carries it.
        assert stamp.of(notebook, files, found["version"]) == found
        return found

    first = stamped()
    assert first["version"] == "0.1.0" and len(first["content"]) == 16
    source.write_text(source.read_text().replace("the secret number is 6", "another sentence"))
    assert stamped() == first  # hidden tests are no part of what students have
    (repository / "course.yml").write_text(
        (repository / "course.yml").read_text().replace("version: 0.1.0", "version: 0.2.0")
    )
    assert stamped() == {**first, "version": "0.2.0"}
    (repository / "data" / "numbers.txt").write_text("1 2 4\n")
    second = stamped()["content"]
    source.write_text(source.read_text().replace("Write a function.", "Write one function."))
    third = stamped()["content"]
    assert len({first["content"], second, third}) == 3


@pytest.mark.parametrize(
    "metadata",
    [{}, {"cs_cnn": "0.1.0"}, {"cs_cnn": {"version": "0.1.0"}}, {"cs_cnn": {"version": 1, "content": 2}}],
)
def test_a_stamp_that_a_student_broke_is_no_stamp(metadata: dict[str, Any]) -> None:
    assert stamp.read({"metadata": metadata}) is None


def test_the_zip_is_the_release_with_the_same_bytes_every_time(repository: Path, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        arguments = ["release", "a1", "--zip", str(tmp_path / folder), "--repository", str(repository)]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.output
    packed = (tmp_path / "one" / "a1_double.zip").read_bytes()
    assert packed == (tmp_path / "two" / "a1_double.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        content = {name: archive.read(name) for name in archive.namelist()}
    folder = repository / "assignments" / "a1_double"
    assert content == {f"a1_double/{path.name}": path.read_bytes() for path in folder.iterdir()}


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
    assert sorted(path.name for path in folder.parent.iterdir()) == ["CHANGELOG.md", "a1_double"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["release"], "Name an assignment"),
        (["release", "a1", "--all"], "not both"),
        (["release", "a9"], "the known ones are: a1_double"),
        (["release", "a1", "--packages"], "--packages belongs to --scan"),
        (["release", "a1", "--check", "--note", "x"], "--check writes nothing"),
        (["release", "a1", "--check", "--zip", "x"], "--check writes nothing"),
    ],
)
def test_usage(repository: Path, arguments: list[str], words: str) -> None:
    result = CliRunner().invoke(main, [*arguments, "--repository", str(repository)])
    assert result.exit_code == 2
    assert words in result.output
