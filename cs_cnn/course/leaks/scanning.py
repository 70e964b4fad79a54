"""Holding everything that students receive against every rule."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from cs_cnn.course.leaks import rules, secrets
from cs_cnn.course.leaks.findings import Finding
from cs_cnn.course.leaks.opening import Member, in_folder, opened
from cs_cnn.course.leaks.tokens import Stream, grams, renamed, skeleton, stream
from cs_cnn.course.leaks.views import Lines, notebook_of, readings, text_of, texts

_MISTAKES = re.compile(r"(^|[/!])cs_cnn/checks/mistakes/\w+/\w+\.py$")
_WORD = re.compile(r"[^\W\d]\w*")
_PLAIN_NUMBER = re.compile(r"\d{3,}")


def _nearly(where: str) -> bool:
    return _MISTAKES.search(where) is not None


class Scanner:
    """Knows the secrets of one repository, and finds them in folders and archives.

    Parameters
    ----------
    repository : pathlib.Path
        The folder with `course.yml` and `solutions/`.
    person : Person, optional
        Whose traces to look for; by default those of this user, host and history.

    Attributes
    ----------
    files : int
        How many files, members and pieces of embedded data were looked at so far.
    """

    def __init__(self, repository: Path, *, person: rules.Person | None = None) -> None:
        self._secrets = secrets.collect(repository)
        self._person = person or rules.Person.here(repository)
        self._skeletons = {
            length: {tuple("$" if word.startswith("$") else word for word in window) for window in known}
            for length, known in self._secrets.renaming.items()
        }
        known = (self._secrets.exact, self._skeletons, self._secrets.whole)
        self._names = {
            frozenset(word for word in gram if word.isidentifier())
            for lengths in known
            for grams_of_one_length in lengths.values()
            for gram in grams_of_one_length
        }
        self.files = 0
        self._seen: dict[tuple[bytes, bool, bool], list[tuple[str, Finding]]] = {}

    def folder(self, folder: Path, label: str = "") -> list[Finding]:
        """Scan a folder; `label` stands before the paths in the findings."""
        return self.members(in_folder(folder, label))

    def data(self, data: bytes, label: str) -> list[Finding]:
        """Scan the bytes of one file, an archive for example."""
        return self.members(opened(Member(label, data)))

    def members(self, members: Iterable[Member]) -> list[Finding]:
        """Scan opened members.

        Parameters
        ----------
        members : iterable of Member

        Returns
        -------
        list of Finding
            Sorted; each leak once.
        """
        return sorted({finding for member in members for finding in self._member(member)})

    def _member(self, member: Member) -> Iterator[Finding]:
        self.files += 1
        if member.trouble:
            yield Finding(member.where, 0, "closed file", member.trouble)
            return
        if member.owner not in ("", "root"):
            yield Finding(
                member.where, 0, "personal metadata", f"the archive says it belongs to '{member.owner}'"
            )
        for _, kind, what in rules.by_name(member.name):
            yield Finding(member.where, 0, kind, what)
        # The library lies in the wheel, the source distribution, the students' tree and the archive: read it once.
        key = (hashlib.sha256(member.data).digest(), _nearly(member.where), rules.reads_them(member.where))
        if key not in self._seen:
            self._seen[key] = [(each.where[len(member.where) :], each) for each in self._content(member)]
        for rest, each in self._seen[key]:
            yield Finding(member.where + rest, each.line, each.kind, each.what)

    def _content(self, member: Member) -> Iterator[Finding]:
        for _, kind, what in rules.by_kind(member.data):
            yield Finding(member.where, 0, kind, what)
        text = text_of(member.data)
        # In pictures and other data: the paths and names that programs write into them.
        for line, kind, what in self._person.found_in(
            member.data.decode("latin-1") if text is None else text
        ):
            yield Finding(member.where, line if text is not None else 0, kind, what)
        if text is None:
            return
        notebook = notebook_of(member, text)
        if notebook is not None:
            for line, kind, what in rules.by_notebook(notebook):
                yield Finding(member.where, line, kind, what)
        for where, part in texts(member):
            yield from self._text(where, part)

    def _text(self, where: str, text: str) -> Iterator[Finding]:
        # A known mistake is a solution but for one step, so long runs agree by design; tests hold that each is wrong.
        nearly = _nearly(where)
        for lines in readings(text):
            for found in (*rules.by_lines(where.partition("!cell")[0], lines), *self._seeds(lines)):
                yield Finding(where, *found)
            if not self._possible(lines):
                continue
            # A leak is reported where its first line stands, in the first reading that shows it.
            seen: set[str] = set()
            for comments in (False, True) if any("#" in line for _, line in lines) else (False,):
                for line, kind, name in self._code(stream(lines, comments=comments), nearly):
                    if name not in seen:
                        seen.add(name)
                        yield Finding(where, line, kind, name)

    def _possible(self, lines: Lines) -> bool:
        """Tell quickly whether a text has all the names of any secret: most scripts and styles have not."""
        words = {word for _, line in lines for word in _WORD.findall(line)}
        return any(names <= words for names in self._names)

    def _seeds(self, lines: Lines) -> Iterator[rules.Found]:
        for number, line in lines:
            if "seed" in line:
                for digits in _PLAIN_NUMBER.findall(line):
                    if digits in self._secrets.seeds:
                        yield number, "hidden check", f"the seed of {self._secrets.seeds[digits]}"

    def _code(self, found: Stream, nearly_solutions: bool) -> Iterator[rules.Found]:
        for length, known in self._secrets.exact.items():
            if length == secrets.LONG and nearly_solutions:
                continue
            if known.keys().isdisjoint(grams(found.words, length)):
                continue
            for index, gram in enumerate(grams(found.words, length)):
                if gram in known:
                    yield found.lines[index], "solution", f"code of {known[gram]}"
        yield from self._renamed_code(found, nearly_solutions)
        for start in found.starts:
            for length, answers in self._secrets.whole.items():
                words = tuple(found.words[start : start + length])
                if words in answers:
                    kind, name = answers[words]
                    yield found.lines[start], kind, f"{'all' if kind == 'solution' else 'a line'} of {name}"

    def _renamed_code(self, found: Stream, nearly_solutions: bool) -> Iterator[rules.Found]:
        bones = skeleton(found.words)
        for length, names in self._secrets.renaming.items():
            if length == secrets.RENAMED_LONG and nearly_solutions:
                continue
            for start in found.starts:
                # Few windows have the operators and attributes of a solution; only those are numbered.
                window = bones[start : start + length]
                if tuple(window) in self._skeletons[length]:
                    copied = names.get(renamed(found.words[start : start + length], window))
                    if copied:
                        yield found.lines[start], "solution", f"code of {copied}, perhaps with other names"
