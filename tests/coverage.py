"""Count the systems of the source lectures that a page teaches, code carries and a test holds.

``python -m tests.coverage`` prints how many of 102 there are, and what is missing of the others.
"""

from __future__ import annotations

import importlib
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]
TABLE = Path(__file__).with_suffix(".yml")
NAMES = tuple(f"S{number:02}" for number in range(1, 103))


@dataclass(frozen=True)
class Row:
    """One system: its name, what it is, and where it is taught, written and tested.

    Attributes
    ----------
    name : str
        From ``S01`` to ``S102``.
    what : str
        In a few words.
    page : str
        A file of `book/`, without its suffix.
    says : str
        What must stand in it, case apart.
    code : tuple of str
        Dotted names.
    tests : tuple of str
        Files, from the project's root.
    """

    name: str
    what: str
    page: str
    says: str
    code: tuple[str, ...] = field(default=())
    tests: tuple[str, ...] = field(default=())


def rows() -> list[Row]:
    """Read the table, in its order."""
    document: dict[str, dict[str, Any]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return [
        Row(
            name,
            entry["what"],
            entry["page"],
            entry["says"],
            tuple(entry["code"]),
            tuple(entry["tests"]),
        )
        for name, entry in document.items()
    ]


def page_of(row: Row) -> Path:
    """Return the file of a row's page, there or not."""
    return ROOT / "book" / f"{row.page}.md"


def wrong_code(row: Row) -> list[str]:
    """Name what of a row's code cannot be imported."""
    found = []
    for name in row.code:
        try:
            _imported(name)
        except (ImportError, AttributeError) as error:
            found.append(f"no {name} ({type(error).__name__})")
    return found


def wrong(row: Row) -> list[str]:
    """Say what is missing of a row; nothing when it is taught, there and tested.

    Parameters
    ----------
    row : Row

    Returns
    -------
    list of str
        A few words each.
    """
    found = []
    page = page_of(row)
    if not page.is_file():
        found.append(f"no page {row.page}")
    elif row.says.casefold() not in page.read_text(encoding="utf-8").casefold():
        found.append(f"{row.page} does not say '{row.says}'")
    found += wrong_code(row)
    found += [f"no {test}" for test in row.tests if not (ROOT / test).exists()]
    return found


def _imported(name: str) -> object:
    """Return what a dotted name names: a module, or something in one."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError as error:
            if error.name is None or not name.startswith(error.name):
                raise  # something else is missing than what we ask for
            continue
        for part in parts[length:]:
            thing = getattr(thing, part)
        return thing
    raise ImportError(name)


def main() -> int:
    """Print the count and what is missing, and return 0 when nothing is."""
    table = rows()
    missing = {row: reasons for row in table if (reasons := wrong(row))}
    print(f"{len(table) - len(missing)} of {len(NAMES)}")
    for row, reasons in missing.items():
        print(f"  {row.name} {row.what}: {'; '.join(reasons)}")
    for name in sorted(set(NAMES) - {row.name for row in table}):
        print(f"  {name} is not in the table")
    return 1 if missing or len(table) < len(NAMES) else 0


if __name__ == "__main__":
    sys.exit(main())
