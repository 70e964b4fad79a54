"""A CSV file in which single values are exchanged and every other byte stays as it is."""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cs_cnn.errors import CsCnnError

_LARGEST = 200_000_000
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Field(NamedTuple):
    """A value, and where it stands in the text (quotes included)."""

    value: str
    start: int
    end: int
    quoted: bool


class Sheet:
    r"""A table that another program wrote.

    Parameters
    ----------
    content : bytes
        CSV in UTF-8, UTF-16 with a byte order mark, or the encoding of Western Windows; values are separated by
        commas, semicolons or tabs, lines end in any way.
    name : str
        How to call the file in an error.

    Attributes
    ----------
    rows : list of list of Field
        Lines without a value are left out.
    lines : list of int
        The line, from 1, in which each of these rows starts.

    Raises
    ------
    CsCnnError
        When the bytes are not such a table.

    Examples
    --------
    >>> sheet = Sheet(b'name,points\r\n"Lovelace, Ada",\r\n')
    >>> sheet.rows[1][0].value
    'Lovelace, Ada'
    >>> sheet.filled({(1, 1): "9.5"})
    b'name,points\r\n"Lovelace, Ada",9.5\r\n'
    """

    def __init__(self, content: bytes, name: str = "the file") -> None:
        self._name = name
        self._mark, self._encoding, self._text = self._decoded(content)
        self._delimiter = max("\t;,", key=lambda one: len(self._first(one)))
        self.rows: list[list[Field]] = []
        self.lines: list[int] = []
        self._read()

    @classmethod
    def open(cls, path: Path) -> Sheet:
        """Read a file.

        Parameters
        ----------
        path : pathlib.Path

        Returns
        -------
        Sheet
        """
        try:
            if path.stat().st_size > _LARGEST:
                raise CsCnnError(f"{path} is too large for a table of marks; is it the right file?")
            return cls(path.read_bytes(), path.name)
        except OSError as error:
            raise CsCnnError(f"Cannot read {path}: {error.strerror or error}.") from error

    def filled(self, values: Mapping[tuple[int, int], str]) -> bytes:
        """Return the file with other values in some places.

        Parameters
        ----------
        values : mapping of (int, int) to str
            By row and column, both from 0; quotes are added where there were some, or where they are needed.

        Returns
        -------
        bytes
        """
        parts, last = [], 0
        for (row, column), value in sorted(values.items()):
            field = self.rows[row][column]
            if field.quoted or re.search(rf'["\r\n{self._delimiter}]', value):
                value = '"' + value.replace('"', '""') + '"'
            parts += [self._text[last : field.start], value]
            last = field.end
        return self._mark + "".join([*parts, self._text[last:]]).encode(self._encoding)

    def _decoded(self, content: bytes) -> tuple[bytes, str, str]:
        mark, encodings = b"", ["utf-8", "cp1252"]
        for start, encoding in _MARKS:
            if content.startswith(start):
                mark, encodings = start, [encoding]
        for encoding in encodings:
            try:
                text = content[len(mark) :].decode(encoding)
            except UnicodeDecodeError:
                continue
            if text.encode(encoding) == content[len(mark) :] and "\0" not in text:
                return mark, encoding, text
        raise CsCnnError(f"{self._name} is not a table in UTF-8; export it as CSV once more.")

    def _first(self, delimiter: str) -> list[str]:
        line = re.sub(r'"[^"]*"', "", self._text[:50_000].lstrip("\r\n")).splitlines()[:1]
        return "".join(line).split(delimiter)

    def _read(self) -> None:
        one = re.compile(
            rf'(?:"((?:[^"]|"")*)"|([^{self._delimiter}"\r\n][^{self._delimiter}\r\n]*)?)({self._delimiter}|\r\n|\n|\r|\Z)'
        )
        position, line, started = 0, 1, 1
        row: list[Field] = []
        while position < len(self._text) or row:
            found = one.match(self._text, position)
            if found is None:
                raise CsCnnError(f"{self._name}, line {line}: a quotation mark stands where none belongs.")
            quoted, plain, separator = found.groups()
            value = plain or "" if quoted is None else quoted.replace('""', '"')
            row.append(Field(value, position, found.start(3), quoted is not None))
            line += found.group(0).count("\n")
            position = found.end()
            if separator != self._delimiter:
                if any(field.value.strip() for field in row):
                    self.rows.append(row)
                    self.lines.append(started)
                row, started = [], line
