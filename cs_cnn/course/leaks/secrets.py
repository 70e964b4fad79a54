"""What must not leave the instructors' side, as fingerprints that a reformatted copy shares.

A copied run of `SHORT` words is a leak unless the task itself, the library or the book shows the same run: much of
numerical Python looks alike, and the library's own layers answer some tasks. From `LONG` words on, about five lines,
nothing excuses a copy: over this project, independent code agrees in far shorter runs. `RENAMED` is the length from
which a copy with other names for its variables counts, and `RENAMED_LONG` the length without an excuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cs_cnn.course import source
from cs_cnn.course.leaks.tokens import Stream, grams, renamed, skeleton, stream

SHORT, LONG = 14, 40
RENAMED, RENAMED_LONG = 32, 50
LEAST = 6
"""A whole answer, or a line of a hidden check, of fewer words says nothing."""

Gram = tuple[str, ...]
_REGION = re.compile(r"^\s*### BEGIN (SOLUTION|HIDDEN TESTS)\n(.*?)### END \1", re.DOTALL | re.MULTILINE)
_SEED = re.compile(r"\bseed\s*=\s*(\d{3,})")


def streams(text: str) -> tuple[Stream, Stream]:
    """Return the words of a text, without comments and with them."""
    numbered = list(enumerate(text.splitlines(), 1))
    return stream(numbered, comments=False), stream(numbered, comments=True)


def _windows(found: Stream, length: int) -> Iterator[Gram]:
    """Yield the renamed run of `length` words from the beginning of each line."""
    bones = skeleton(found.words)
    for start in found.starts:
        if start + length <= len(found.words):
            yield renamed(found.words[start : start + length], bones[start : start + length])


@dataclass
class Secrets:
    """Fingerprints, each with the name of what it belongs to.

    `exact` and `renaming` map a length to the runs of that length; `whole` holds short answers and lines of hidden
    checks, which count from the beginning of a line; `seeds` are numbers.
    """

    exact: dict[int, dict[Gram, str]] = field(default_factory=lambda: {SHORT: {}, LONG: {}})
    renaming: dict[int, dict[Gram, str]] = field(default_factory=lambda: {RENAMED: {}, RENAMED_LONG: {}})
    whole: dict[int, dict[Gram, tuple[str, str]]] = field(default_factory=dict)
    seeds: dict[str, str] = field(default_factory=dict)

    def add_solution(self, text: str, name: str) -> None:
        """Add an answer."""
        for found in streams(text):
            for length, known in self.exact.items():
                known.update(dict.fromkeys(grams(found.words, length), name))
            for length, known in self.renaming.items():
                known.update(dict.fromkeys(_windows(found, length), name))
            if LEAST <= len(found.words) < SHORT:
                self._add_whole(tuple(found.words), "solution", name)

    def add_hidden_check(self, text: str, name: str) -> None:
        """Add the body of a hidden check, and the seeds in it."""
        for line in text.splitlines():
            words = stream([(1, line)], comments=False).words
            if len(words) >= LEAST:
                self._add_whole(tuple(words), "hidden check", name)
        self.seeds.update(dict.fromkeys(_SEED.findall(text), name))

    def _add_whole(self, words: Gram, kind: str, name: str) -> None:
        self.whole.setdefault(len(words), {})[words] = (kind, name)

    def excuse(self, text: str, *, long: bool = False) -> None:
        """Forget what a public text shows.

        Parameters
        ----------
        text : str
        long : bool
            Whether to excuse long runs too: only for what the tasks themselves show.
        """
        for found in streams(text):
            for length in self.exact if long else (SHORT,):
                for gram in grams(found.words, length):
                    self.exact[length].pop(gram, None)
            for length in self.renaming if long else (RENAMED,):
                for gram in _windows(found, length):
                    self.renaming[length].pop(gram, None)
            for length, known in self.whole.items():
                for start in found.starts:
                    known.pop(tuple(found.words[start : start + length]), None)
        for seed in _SEED.findall(text):
            self.seeds.pop(seed, None)


def _public_texts(repository: Path) -> Iterable[Path]:
    """Find what students read anyway: the library without the instructors' side, and the book's chapters."""
    instructors = repository / "cs_cnn" / "course"
    for folder, pattern in (("cs_cnn", "*.py"), ("book", "*.md")):
        for path in sorted((repository / folder).rglob(pattern)):
            if not path.is_relative_to(instructors) and "_build" not in path.parts:
                yield path


def collect(repository: Path) -> Secrets:
    """Collect the secrets of a repository.

    Parameters
    ----------
    repository : pathlib.Path
        The folder with `solutions/`, in which every text counts: of a source with cells the solutions and hidden
        tests, of anything else the whole.

    Returns
    -------
    Secrets

    Raises
    ------
    CsCnnError
        When a source cannot be read.
    """
    secrets, shown = Secrets(), []
    for path in sorted((repository / "solutions").rglob("*")):
        if path.suffix not in (".py", ".md", ".txt") or not path.is_file():
            continue
        short = path.parent.name.split("_")[0]
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix != ".py" or not re.search(r"^# %%", text, re.MULTILINE):
            secrets.add_solution(text, f"{short} {path.name}")
            continue
        for cell in source.read(path):
            shown.append(_REGION.sub("", cell.text))
            for region in _REGION.finditer(cell.text):
                name = f"{short} {cell.name}"
                if region.group(1) == "SOLUTION":
                    secrets.add_solution(region.group(2), name)
                else:
                    secrets.add_hidden_check(region.group(2), name)
    for text in shown:
        secrets.excuse(text, long=True)
    for path in _public_texts(repository):
        secrets.excuse(path.read_text(encoding="utf-8", errors="replace"))
    return secrets
