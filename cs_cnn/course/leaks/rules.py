"""Rules that need no secret: names, kinds of files, and what tells where and by whom a file was made."""

from __future__ import annotations

import getpass
import importlib.util
import json
import re
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Found = tuple[int, str, str]
"""Line (0: none), kind of leak, and a sentence without a full stop."""

_FILES: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    (
        "gradebook",
        "a database has no place here",
        re.compile(r"\.(db|sqlite3?)(-wal|-shm|-journal)?$|(^|/)gradebook", re.I),
    ),
    ("bytecode", "compiled Python keeps what its source said", re.compile(r"\.py[co]$|(^|/)__pycache__/")),
    (
        "answer key",
        "its name says that it holds answers",
        re.compile(
            r"(^|/)((answer|marking|quiz)[-_ ]?(keys?|schemes?|notes)|answers?|solutions?|rubrics?)[^/]*"
            r"\.(csv|json|ya?ml|toml|txt|md|pdf|xlsx|ods|ipynb|py|zip)$|(^|/)solutions/",
            re.I,
        ),
    ),
    (
        "instructors' file",
        "it belongs to a course directory or to the history",
        re.compile(r"(^|/)(nbgrader_config\.py|\.git/|\.env$|\.ipynb_checkpoints/|\.jupyter_cache/)"),
    ),
    ("closed file", "pickled data cannot be looked into", re.compile(r"\.(pkl|pickle|joblib|dill)$", re.I)),
)
# The instructors' side of the library, and only that, has to name the marks it reads.
_READS_MARKS = re.compile(r"(^|[/!])cs_cnn/course/[\w/]+\.py$")
_MARKER = re.compile(r"^\s*#{2,}\s*(BEGIN|END) (SOLUTION|HIDDEN TESTS)\b")
_KEY = re.compile(r"(?i)[\"']?\b(answer|solution)[_-]key[\"']?\s*[:=]\s*\S")
_TABLES = (
    re.compile(r"^\ufeff?\"?(id|student_id|student)\"?[,;\t]\"?(first_name|last_name|email)\b", re.I),
    re.compile(
        r"^\ufeff?\"?(id|student_id|student)\"?[,;\t].*\b(assignment|points|score|max_score)\b.*[,;\t]", re.I
    ),
)
# Whose home, whose machine; the brackets keep the patterns from finding themselves. What stands behind a letter, a dot
# or a slash is part of another path or of an address.
_PATHS = re.compile(
    r"(?<![\w.~/%-])(?:"
    r"/(?:home|Users)/(?!(?:you|me|user|student|jovyan|name)\b)[A-Za-z_][\w.-]*/|/[r]oot/|/tmp/[\w.-]+/?|/var/folders/\w"
    r"|[\w./-]*/site[-]packages/|file:///\w|[A-Za-z]:(?:\\{1,2}|/)Users(?:\\{1,2}|/)\w)"
)
_COMMON = frozenset(
    (
        *(
            "root",
            "user",
            "users",
            "admin",
            "administrator",
            "ubuntu",
            "debian",
            "runner",
            "jovyan",
            "nobody",
        ),
        *("student", "teacher", "guest", "localhost", "container", "docker", "build", "worker"),
    )
)
_FOREIGN_METADATA = (
    "jupytext",
    "authors",
    "author",
    "vscode",
    "colab",
    "papermill",
    "interpreter",
    "hide_input",
)


def by_name(name: str) -> Iterator[Found]:
    """Judge a file by its path."""
    for kind, reason, pattern in _FILES:
        if pattern.search(name):
            yield 0, kind, reason


def by_kind(data: bytes) -> Iterator[Found]:
    """Judge a file by its first bytes: a new name hides nothing."""
    if data.startswith(b"SQLite format 3\0"):
        yield 0, "gradebook", "it is a database, whatever its name"
    magic = importlib.util.MAGIC_NUMBER
    if data[2:4] == b"\r\n" and data[:2] == magic[:2]:
        yield 0, "bytecode", "it is compiled Python, whatever its name"
    if data[:1] == b"\x80" and data[1:2] in b"\x02\x03\x04\x05" and data.endswith(b"."):
        yield 0, "closed file", "it is pickled data, which cannot be looked into"


def reads_them(where: str) -> bool:
    """Tell whether a file is one of those that may name the marks of solutions."""
    return _READS_MARKS.search(where) is not None


def by_lines(where: str, lines: list[tuple[int, str]]) -> Iterator[Found]:
    """Judge the lines of a text."""
    reads_marks = reads_them(where)
    for number, line in lines:
        if not reads_marks and _MARKER.match(line):
            yield number, "solution", f"the mark '{line.strip()[:40]}' was not cut"
        if not reads_marks and _KEY.search(line):
            yield number, "answer key", f"'{line.strip()[:60]}'"
        if path := _PATHS.search(line):
            yield number, "machine path", f"'{path.group()[:80]}'"
    if lines and any(table.search(lines[0][1]) for table in _TABLES):
        yield lines[0][0], "marks", f"a table of students begins with '{lines[0][1][:60]}'"


def by_notebook(notebook: dict[str, Any]) -> Iterator[Found]:
    """Judge the metadata of a notebook."""
    metadata = notebook.get("metadata")
    if not isinstance(metadata, dict):
        return
    for key in sorted(metadata.keys() & set(_FOREIGN_METADATA)):
        yield 0, "personal metadata", f"the notebook's metadata has '{key}': {json.dumps(metadata[key])[:60]}"


@dataclass(frozen=True)
class Person:
    """What tells who made a file, and on which machine: found at run time, never written down."""

    pattern: re.Pattern[str] | None

    @classmethod
    def here(cls, repository: Path) -> Person:
        """Collect the names of this user and host, the home and project folders, and the authors' addresses."""
        words = {str(repository.resolve()), str(Path.home())}
        words |= {
            name for name in (_user(), socket.gethostname()) if len(name) > 3 and name.lower() not in _COMMON
        }
        words |= set(_history(repository))
        return cls.of(words)

    @classmethod
    def of(cls, words: set[str]) -> Person:
        """Look for these words, each on its own."""
        long = sorted((word for word in words if len(word) > 3), key=len, reverse=True)
        # The folder of root is so short that `_PATHS` looks for it with its slash.
        long = [word for word in long if word != "/root"]
        if not long:
            return cls(None)
        return cls(re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, long))})(?![\w-])", re.IGNORECASE))

    def found_in(self, text: str) -> Iterator[Found]:
        """Find the words in a text."""
        if self.pattern is None:
            return
        for match in self.pattern.finditer(text):
            word = match.group()
            kind = "machine path" if "/" in word else "personal metadata"
            yield text.count("\n", 0, match.start()) + 1, kind, f"'{word}'"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may have a user without a name
        return ""


def _history(repository: Path) -> Iterator[str]:
    """Yield the authors' names and addresses, except those the project gives itself."""
    if not (repository / ".git").exists():
        return
    command = ["git", "-C", str(repository), "log", "--format=%an%n%ae%n%cn%n%ce"]
    try:
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError):
        return
    given = "".join(
        path.read_text(encoding="utf-8", errors="replace")
        for name in ("pyproject.toml", "CITATION.cff")
        if (path := repository / name).is_file()
    )
    for word in sorted(set(said.splitlines())):
        # A single first name is a word like any other.
        if word and word not in given and ("@" in word or " " in word):
            yield word
