"""The students' tree: what they may have, by an allow-list, without history, and scanned before it appears."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cs_cnn.course import calendar
from cs_cnn.course.calendar import Course
from cs_cnn.course.release.writing import CHANGELOG, differences
from cs_cnn.errors import CsCnnError

INSTRUCTORS_SIDE = "cs_cnn/course"
KEPT = tuple(f"{INSTRUCTORS_SIDE}/{name}.py" for name in ("__init__", "calendar", "schema"))
"""What the book's calendar pages are built with; nothing else of the instructors' side is in the students' tree."""

_FILES = (
    "CHANGELOG.md",
    "CITATION.cff",
    "LICENSE",
    "LICENSE-CONTENT",
    "constraints.txt",
    "course.yml",
    "environment.yml",
    "pyproject.toml",
    f"assignments/{CHANGELOG}",
)
_NEEDED = ("course.yml", "LICENSE", "LICENSE-CONTENT", "pyproject.toml")
# folder: endings of what may come from it; an empty ending is a file such as NOTICE or LICENSE
_FOLDERS = {
    "benchmarks/results": (".json",),
    "book": (".md", ".yml", ".bib", ".py", ".css", ".js", ".svg", ".png", ".json", ".csv", ".txt"),
    "cs_cnn": (".py", ".typed", ".txt", ".npz", ".json", ".csv", ".md", ""),
}
_NEVER = frozenset({"__pycache__", "_build", ".ipynb_checkpoints", ".jupyter_cache"})

_README = """\
# {title}

This is what students of the course receive, version {version}.

- `book/`: the chapters as text; every chapter is also a notebook (open it with Jupytext, or read the built book).
- `assignments/`: the homework, one folder each. What changed since you received it stands in `assignments/{changelog}`.
- `cs_cnn/`: the library that the chapters and the homework use.

## Set up

With Python 3.11 or later, in this folder:

```sh
python3 -m venv .venv
.venv/bin/pip install --constraint constraints.txt --editable '.[torch]' jupyterlab
.venv/bin/jupyter lab assignments
```

With conda: `conda env create --file environment.yml`.

## Homework

{table}

## Licences

The code is under the licence in `LICENSE`, texts and figures are under the one in `LICENSE-CONTENT`; data and weights
of others have a `NOTICE` beside them.
"""


@dataclass(frozen=True)
class Exported:
    """The folder that was written, and how many files and pieces of data in them were scanned."""

    folder: Path
    files: int
    scanned: int


def allowed(repository: Path, course: Course) -> Iterator[str]:
    """List the files of a repository that students may have.

    Parameters
    ----------
    repository : pathlib.Path
        The folder with `course.yml`.
    course : Course
        Its calendar, which names the released files.

    Yields
    ------
    str
        Paths from the repository, with forward slashes, in order. Links, and what git ignores, are left out.
    """
    ignored = _ignored(repository)
    listed = [name for name in _FILES if _regular(repository / name)]
    for folder, endings in _FOLDERS.items():
        for path in sorted((repository / folder).rglob("*")):
            name = path.relative_to(repository).as_posix()
            parts = PurePosixPath(name).parts
            if path.suffix not in endings or not _regular(path) or name in ignored:
                continue
            if _NEVER & set(parts) or any(part.startswith(".") for part in parts):
                continue
            if name.startswith(f"{INSTRUCTORS_SIDE}/") and name not in KEPT:
                continue
            listed.append(name)
    for assignment in course.assignments:
        for file in (f"{assignment.notebook}.ipynb", *assignment.files):
            listed.append(f"assignments/{assignment.name}/{file}")
    yield from sorted(listed)


def _regular(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _ignored(repository: Path) -> frozenset[str]:
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "-z"]
    try:
        said = subprocess.run(command, cwd=repository, capture_output=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):  # no git, or no repository: the allow-list alone decides
        return frozenset()
    return frozenset(said.decode("utf-8", "surrogateescape").split("\0"))


def write_tree(course: Course, folder: Path) -> int:
    """Copy the students' files into an existing folder.

    Parameters
    ----------
    course : Course
        The calendar of the instructors' repository.
    folder : pathlib.Path
        Where to write.

    Returns
    -------
    int
        How many files were written.

    Raises
    ------
    CsCnnError
        When a file that must be there is missing.
    """
    missing = [name for name in _NEEDED if not _regular(course.root / name)]
    if missing:
        raise CsCnnError(
            f"{course.root / missing[0]} is missing, and students need it; is this the course's repository?"
        )
    names = list(allowed(course.root, course))
    for name in names:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            target.write_bytes((course.root / name).read_bytes())
        except OSError as error:
            raise CsCnnError(
                f"Cannot copy {name}: {error.strerror or error}; nothing was exported."
            ) from error
    readme = _README.format(
        title=course.title,
        version=course.version,
        changelog=CHANGELOG,
        table=calendar.assignments_table(course),
    )
    (folder / "README.md").write_text(readme, encoding="utf-8")
    return len(names) + 1


def export(course: Course, target: Path) -> Exported:
    """Write the students' tree, scan it, and only then give it its name.

    Parameters
    ----------
    course : Course
        The calendar of the instructors' repository.
    target : pathlib.Path
        A folder that does not exist or is empty.

    Returns
    -------
    Exported

    Raises
    ------
    CsCnnError
        When `target` holds something, when `assignments/` is not what the sources give, or when the scan finds a
        leak; nothing is left behind then.
    """
    from cs_cnn.course.leaks import Scanner

    target = Path(os.path.abspath(target))
    if target.is_symlink() or target.is_file() or (target.is_dir() and any(target.iterdir())):
        raise CsCnnError(f"{target} is there and not empty; name a folder that does not exist yet.")
    stale = [line for each in course.assignments for line in differences(course.root, each)]
    if stale:
        raise CsCnnError(f"{stale[0]}: the homework is not current; run: cs-cnn release --all")
    making = target.with_name(f".{target.name}.new-{secrets.token_hex(4)}")
    try:
        making.mkdir(parents=True)
        files = write_tree(course, making)
        scanner = Scanner(course.root)
        findings = scanner.folder(making)
        if findings:
            more = f" (and {len(findings) - 1} more)" if len(findings) > 1 else ""
            raise CsCnnError(f"Nothing was exported, since it would leak: {findings[0]}{more}.")
        # Unlike a replacement, a rename refuses a target that somebody filled in the meantime.
        os.rename(making, target)
    except OSError as error:
        raise CsCnnError(
            f"Cannot write {target}: {error.strerror or error}; nothing was exported."
        ) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return Exported(target, files, scanner.files)
