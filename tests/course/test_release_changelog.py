"""The changelog of the assignments: what changed for students, in one entry a version, the same on every machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cs_cnn.command import main
from cs_cnn.course import calendar, release
from cs_cnn.course.release import changelog
from cs_cnn.course.release.changelog import Changes


def entry(repository: Path) -> list[str]:
    """Return the lines of the newest version."""
    text = (repository / "assignments" / "CHANGELOG.md").read_text()
    return [line for line in text.split("\n## ")[1].splitlines() if line]


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_change_is_recorded_and_the_same_release_again_is_not(repository: Path) -> None:
    assignment = calendar.load(repository).assignment("a1")
    source = release.source_path(repository, assignment)
    release.write(repository, assignment)
    first = ["0.1.0", "### a1_double", "- First release."]
    assert entry(repository) == first
    before = (repository / "assignments" / "CHANGELOG.md").read_bytes()
    release.write(repository, assignment)
    assert (repository / "assignments" / "CHANGELOG.md").read_bytes() == before

    edit(repository / "course.yml", "version: 0.1.0", "version: 0.2.0")
    release.write(repository, assignment)
    assert entry(repository) == first  # only the stamp's version is new: nothing that a student would see
    edit(source, "assert double(1) == 2", "assert double(2) == 4")
    edit(source, "points=6", "points=5")
    edit(source, "points=4", "points=5")
    edit(repository / "data" / "numbers.txt", "1 2 3", "1 2 3 4")
    release.write(repository, assignment)
    expected = [
        "0.2.0",
        "### a1_double",
        "- Cells changed: `test_double`.",
        "- Files changed: `numbers.txt`.",
        "- Points of `test_double`: 6 → 5.",
        "- Points of `why`: 4 → 5.",
    ]
    assert entry(repository) == expected
    assert (repository / "assignments" / "CHANGELOG.md").read_text().count("## 0.1.0") == 1

    edit(source, '# %% locked="setup"', '# %% locked="more"\nx = 1\n\n# %% locked="setup"')
    edit(source, "points=5", "points=6")
    edit(source, "Write a function.", "Write one function.")
    edit(repository / "course.yml", "points: 10", "points: 11")
    at = ["--repository", str(repository)]
    assert CliRunner().invoke(main, ["release", "a1", "--note", "It was too easy.", *at]).exit_code == 0
    assert entry(repository) == [
        *expected[:2],
        "- Cells added: `more`.",
        *expected[2:4],
        "- Points of `why`: 4 → 5.",
        "- Points: 10 → 11.",
        "- Cells without a name changed.",
        "- It was too easy.",
    ]


def test_a_missing_entry_is_a_difference(repository: Path) -> None:
    assignment = calendar.load(repository).assignment("a1")
    release.write(repository, assignment)
    (repository / "assignments" / "CHANGELOG.md").unlink()
    assert release.differences(repository, assignment) == [
        "assignments/CHANGELOG.md has no entry for a1_double"
    ]
    release.write(repository, assignment)
    assert release.differences(repository, assignment) == []


@pytest.mark.parametrize(
    ("first", "then", "expected"),
    [
        ({"Cells added": ["a"]}, {"Cells changed": ["a"]}, ["- Cells added: `a`."]),
        ({"Cells added": ["a"]}, {"Cells removed": ["a"]}, []),
        ({"Cells removed": ["a"]}, {"Cells added": ["a"]}, ["- Cells changed: `a`."]),
        ({"Cells changed": ["a"]}, {"Cells removed": ["a"]}, ["- Cells removed: `a`."]),
        ({"Files changed": ["a"]}, {"Files changed": ["b", "a"]}, ["- Files changed: `a`, `b`."]),
    ],
)
def test_changes_of_one_version_are_gathered(
    first: dict[str, list[str]], then: dict[str, list[str]], expected: list[str]
) -> None:
    changes = Changes(named={**first})
    changes.add(Changes(named=then))
    assert changes.lines() == expected


def test_reading_and_writing_again_changes_nothing() -> None:
    text = changelog.add("", "0.1.0", "a1_x", Changes(sentences=["First release."]))
    text = changelog.add(
        text, "0.2.0", "a2_y", Changes(points={"Points": ("9", "10")}, sentences=["Why not."])
    )
    text = changelog.add(text, "0.2.0", "a1_x", Changes(named={"Cells changed": ["one", "two"]}))
    assert text.index("## 0.2.0") < text.index("### a1_x") < text.index("### a2_y") < text.index("## 0.1.0")
    assert changelog.add(text, "0.2.0", "a1_x", Changes()) == text
    assert changelog.add(text, "0.3.0", "a1_x", Changes()) == text
    assert changelog.has_entry(text, "a2_y") and not changelog.has_entry(text, "a3_z")
