"""The students' tree: from an allow-list, scanned before it appears, and whole or not there at all."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cs_cnn.command import main
from cs_cnn.course import calendar, release
from cs_cnn.course.leaks import Scanner
from cs_cnn.course.release import public, received

from .conftest import SOURCE

ANSWER = """\
    total = sum(entry * weight for entry, weight in zip(x, range(len(x))))
    spread = max(x) - min(x) if len(x) > 1 else total
    return 2 * total if total > 0 else -spread / 3
"""


@pytest.fixture
def complete(repository: Path) -> Path:
    """Return a repository with everything that students get, and much that they do not."""
    source = repository / "solutions" / "a1_double" / "double.py"
    source.write_text(SOURCE.replace("    return 2 * x\n", ANSWER))
    for name, text in {
        "LICENSE": "BSD",
        "LICENSE-CONTENT": "CC BY",
        "README.md": "For instructors.",
        "CONTRIBUTING.md": "How we work.",
        "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "x"\nversion = "1"\n[tool.hatch.build.targets.wheel]\npackages = ["cs_cnn"]\n',
        "constraints.txt": "",
        "cs_cnn/__init__.py": "",
        "cs_cnn/layers/conv.py": "x = 1\n",
        "cs_cnn/data/packaged/NOTICE": "Data of others.",
        "cs_cnn/data/packaged/numbers.npz": "",
        "cs_cnn/notes.db": "",
        "cs_cnn/layers/__pycache__/conv.cpython-311.pyc": "",
        "cs_cnn/.secret.py": "",
        "cs_cnn/course/__init__.py": "",
        "cs_cnn/course/calendar.py": "",
        "cs_cnn/course/commands/grade.py": "",
        "cs_cnn/course/release/public.py": "",
        "book/index.md": "# Book",
        "book/_toc.yml": "root: index",
        "book/_build/html/index.html": "<h1>Book</h1>",
        "book/draft.docx": "",
        "tests/checks/test_a1.py": ANSWER,
        "tools/course.py": "",
        "demonstration/gradebook.db": "",
    }.items():
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).write_text(text)
    release.write(repository, calendar.load(repository).assignment("a1"))
    return repository


def export(repository: Path, target: Path) -> Result:
    return CliRunner().invoke(main, ["export-public", str(target), "--repository", str(repository)])


def tree(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_only_what_is_allowed_is_exported(complete: Path, tmp_path: Path) -> None:
    (complete / "book" / "elsewhere.md").symlink_to(complete / "CONTRIBUTING.md")
    target = tmp_path / "public"
    result = export(complete, target)
    assert result.exit_code == 0, result.output
    assert tree(target) == [
        "LICENSE",
        "LICENSE-CONTENT",
        "README.md",
        "assignments/CHANGELOG.md",
        "assignments/a1_double/double.ipynb",
        "assignments/a1_double/numbers.txt",
        "book/_toc.yml",
        "book/index.md",
        "constraints.txt",
        "course.yml",
        "cs_cnn/__init__.py",
        "cs_cnn/course/__init__.py",
        "cs_cnn/course/calendar.py",
        "cs_cnn/data/packaged/NOTICE",
        "cs_cnn/data/packaged/numbers.npz",
        "cs_cnn/layers/conv.py",
        "pyproject.toml",
    ]
    readme = (target / "README.md").read_text()
    assert "A tiny course" in readme and "| a1 | Doubling |" in readme and "For instructors" not in readme
    assert target.stat().st_mode & 0o777 == 0o777 & ~_umask()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def _umask() -> int:
    import os

    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_what_git_ignores_is_not_exported(complete: Path, tmp_path: Path) -> None:
    subprocess.run(["git", "-C", str(complete), "init", "--quiet"], check=True)
    (complete / ".gitignore").write_text("scratch.md\n")
    (complete / "book" / "scratch.md").write_text("A draft.")
    assert export(complete, tmp_path / "public").exit_code == 0
    assert "book/scratch.md" not in tree(tmp_path / "public")
    assert not (tmp_path / "public" / ".git").exists()


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_a_target_that_holds_something_is_refused(complete: Path, tmp_path: Path, kind: str) -> None:
    target = tmp_path / "public"
    if kind == "folder":
        target.mkdir()
        (target / "mine.txt").write_text("kept")
    elif kind == "file":
        target.write_text("kept")
    else:
        (tmp_path / "other").mkdir()
        target.symlink_to(tmp_path / "other")
    result = export(complete, target)
    assert result.exit_code == 2 and ("is a file" if kind == "file" else "not empty") in result.output
    assert (target / "mine.txt" if kind == "folder" else tmp_path).exists()
    assert not list((tmp_path / "other").iterdir()) if kind == "link" else True


def test_an_empty_target_is_filled(complete: Path, tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    assert export(complete, tmp_path / "public").exit_code == 0
    assert (tmp_path / "public" / "course.yml").is_file()


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        # In a chapter: longer than what counts as shown by the book itself.
        ("book/index.md", ANSWER, "book/index.md, line 1: solution"),
        ("cs_cnn/layers/conv.py", "# made in /home/ada/cnn\n", "cs_cnn/layers/conv.py, line 1: machine path"),
        ("cs_cnn/data/packaged/numbers.npz", "PK\x03\x04", "closed file"),
    ],
)
def test_a_leak_stops_the_export_and_leaves_nothing(
    complete: Path, tmp_path: Path, file: str, text: str, words: str
) -> None:
    (complete / file).write_text(text)
    result = export(complete, tmp_path / "public")
    assert result.exit_code == 2
    assert "Nothing was exported" in result.output and words in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["repository"]


def test_homework_that_is_not_current_is_not_exported(complete: Path, tmp_path: Path) -> None:
    (complete / "assignments" / "a1_double" / "numbers.txt").write_text("old")
    result = export(complete, tmp_path / "public")
    assert result.exit_code == 2 and "numbers.txt differs: the homework is not current" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["repository"]


def test_a_repository_without_a_licence_is_refused(complete: Path, tmp_path: Path) -> None:
    (complete / "LICENSE").unlink()
    result = export(complete, tmp_path / "public")
    assert result.exit_code == 2 and "LICENSE is missing" in result.output


def scan(repository: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["release", "--scan", *more, "--repository", str(repository)])


def test_the_command_scans_everything_that_is_there(complete: Path) -> None:
    result = scan(complete)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == "git archive: not there."
    assert result.output.count("no leak") == 4  # homework, zips, book, students' tree


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("assignments/a1_double/numbers.txt", "assignments/a1_double/numbers.txt, line 1: solution"),
        ("data/numbers.txt", "a1_double.zip!a1_double/numbers.txt, line 1: solution"),
        ("book/_build/html/searchindex.js", "book/_build/html/searchindex.js, line 1: solution"),
        ("dist/cs_cnn.py", "dist/cs_cnn.py, line 1: solution"),
        ("cs_cnn/layers/conv.py", "public/cs_cnn/layers/conv.py, line 1: solution"),
        ("cs_cnn/course/extra.py", "git-archive.tar!cs_cnn/course/extra.py, line 1: solution"),
    ],
)
def test_the_command_finds_a_leak_in_every_place(complete: Path, file: str, said: str) -> None:
    (complete / ".gitattributes").write_text("/solutions export-ignore\n/tests export-ignore\n")
    (complete / file).parent.mkdir(exist_ok=True)
    (complete / file).write_text(ANSWER)
    (complete / "demonstration" / "gradebook.db").unlink()
    for name in ("cs_cnn/notes.db", "cs_cnn/layers/__pycache__/conv.cpython-311.pyc"):
        (complete / name).unlink()
    git = [
        "git",
        "-C",
        str(complete),
        "-c",
        "user.name=x",
        "-c",
        "user.email=x",
        "-c",
        "commit.gpgsign=false",
    ]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "x"]):
        subprocess.run([*git, *command], check=True)
    result = scan(complete)
    assert result.exit_code == 1
    assert said in result.output


def test_the_wheel_and_the_source_distribution_are_built_and_scanned(complete: Path) -> None:
    (complete / "cs_cnn" / "course" / "answers.py").write_text(ANSWER)
    result = scan(complete, "--packages")
    assert result.exit_code == 1
    assert "-none-any.whl!cs_cnn/course/answers.py, line 1: solution" in result.output
    assert "dist/x-1.tar.gz!x-1.tar!x-1/cs_cnn/course/answers.py, line 1: solution" in result.output
    # A source distribution takes everything, unless pyproject.toml says what.
    assert "dist/x-1.tar.gz!x-1.tar!x-1/solutions/a1_double/double.py: answer key" in result.output


def test_this_repository_leaks_nothing(root: Path, tmp_path: Path) -> None:
    course = calendar.load(root)
    public.write_tree(course, tmp_path)
    scanner = Scanner(root)
    assert [str(each) for each in scanner.folder(tmp_path)] == []
    assert not [name for name in tree(tmp_path) if name.startswith(("solutions", "tests", "tools"))]
    assert {name for name in tree(tmp_path) if name.startswith("cs_cnn/course/")} == set(public.KEPT)


def test_this_repositorys_archive_and_packages_leak_nothing(root: Path) -> None:
    places = ("assignments", "zips of the assignments", "wheel and source distribution", "git archive")
    for scanned in received.scan(calendar.load(root), packages=True, places=places):
        assert [str(each) for each in scanned.findings] == [], scanned.name
        assert scanned.files
