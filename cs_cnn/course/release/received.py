"""Everything that students can receive, in one place, for the scan."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cs_cnn.course.calendar import Course
from cs_cnn.course.leaks import Finding, Scanner, published
from cs_cnn.course.leaks.opening import Member, in_folder, opened
from cs_cnn.course.release.archive import archive
from cs_cnn.course.release.generate import files_of
from cs_cnn.course.release.public import write_tree
from cs_cnn.errors import CsCnnError

SITE = "book/_build/html"


@dataclass(frozen=True)
class Scanned:
    """One thing that was scanned: its name, how many files it holds, and what was found; no files: it is not there."""

    name: str
    files: int
    findings: list[Finding]


def scan(course: Course, *, packages: bool = False, places: Iterable[str] | None = None) -> Iterator[Scanned]:
    """Scan everything that students can receive from this repository.

    Parameters
    ----------
    course : Course
        Its calendar.
    packages : bool
        Whether to build the wheel and the source distribution now, and scan them; else those in `dist/`.
    places : iterable of str, optional
        Some of `PLACES`; all of them when left out.

    Yields
    ------
    Scanned
        One at a time, as each is done.

    Raises
    ------
    CsCnnError
        When something cannot be made.
    """
    scanner = Scanner(course.root)
    for name in PLACES if places is None else places:
        opening = _built_packages if packages and PLACES[name] is _packages else PLACES[name]
        before = scanner.files
        findings = scanner.members(opening(course))
        yield Scanned(name, scanner.files - before, findings)


def _assignments(course: Course) -> Iterator[Member]:
    return in_folder(course.root / "assignments", "assignments")


def _book(course: Course) -> Iterator[Member]:
    return in_folder(course.root / SITE, SITE, published.hashes(course.root))


def _packages(course: Course) -> Iterator[Member]:
    return in_folder(course.root / "dist", "dist")


def _zips(course: Course) -> Iterator[Member]:
    for assignment in course.assignments:
        packed = archive(assignment.name, files_of(course.root, assignment))
        yield from opened(Member(f"{assignment.name}.zip", packed))


def _tree(course: Course) -> Iterator[Member]:
    with tempfile.TemporaryDirectory(prefix="cs-cnn-") as temporary:
        write_tree(course, Path(temporary))
        yield from in_folder(Path(temporary), "public")


def _run(command: list[str], root: Path, what: str) -> bytes:
    try:
        return subprocess.run(command, cwd=root, capture_output=True, check=True, timeout=600).stdout
    except subprocess.CalledProcessError as error:
        lines = error.stderr.decode(errors="replace").strip().splitlines()
        raise CsCnnError(f"Cannot make {what}: {lines[-1] if lines else error}.") from error
    except (OSError, subprocess.SubprocessError) as error:
        raise CsCnnError(f"Cannot make {what}: {error}.") from error


def _built_packages(course: Course) -> Iterator[Member]:
    # hatchling itself, not a front end: that would first download what it already has.
    with tempfile.TemporaryDirectory(prefix="cs-cnn-") as temporary:
        command = [sys.executable, "-m", "hatchling", "build", "--directory", temporary]
        _run(command, course.root, "the packages (is hatchling installed?)")
        yield from in_folder(Path(temporary), "dist")


def _git_archive(course: Course) -> Iterator[Member]:
    root = course.root
    if (root / ".git").exists():
        # The attributes as they are now decide, so that a change of theirs can be tried before it is committed.
        command = ["git", "archive", "--worktree-attributes", "--format=tar", "HEAD"]
        yield from opened(Member("git-archive.tar", _run(command, root, "the git archive")))


PLACES: dict[str, Callable[[Course], Iterator[Member]]] = {
    "assignments": _assignments,
    "zips of the assignments": _zips,
    "built book": _book,
    "wheel and source distribution": _packages,
    "students' tree": _tree,
    "git archive": _git_archive,
}
