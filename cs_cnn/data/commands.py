"""`cs-cnn data`: list the data sets, fetch them before a class, and find their files."""

from __future__ import annotations

import click

from cs_cnn.data.catalogue import ENTRIES, Entry, find
from cs_cnn.data.loading import obtain
from cs_cnn.data.places import cache_folder, where
from cs_cnn.errors import CsCnnError

_HERE = {
    "packaged": "is part of this package and needs no download",
    "scikit-learn": "comes with scikit-learn and needs no download",
    "system package": "is installed as a system package and needs no download",
    "cache": "is in the cache already",
}


def _size(entry: Entry) -> str:
    if not entry.files:
        return "-"
    return f"{entry.size / 1e6:.1f} MB" if entry.size >= 100_000 else f"{entry.size / 1e3:.0f} kB"


def _table(rows: list[tuple[str, ...]]) -> str:
    """Align the columns of a table on their left; the last one may be as wide as it likes."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


@click.group()
def data() -> None:
    """List, fetch and find data sets.

    Downloads are kept in a cache, which the environment variable CS_CNN_DATA can name.

    \b
    Example:
      cs-cnn data fetch mnist cifar10
    """  # noqa: D301


@data.command("list")
def list_() -> None:
    """Show every data set: its size, where it is, its licence, and what it holds."""
    rows = [("NAME", "SIZE", "WHERE", "LICENCE", "WHAT")]
    rows += [
        (entry.name, _size(entry), where(entry)[0], entry.licence, entry.what) for entry in ENTRIES.values()
    ]
    click.echo(_table(list(rows)))


@data.command("fetch")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
def fetch_(names: tuple[str, ...]) -> None:
    """Download data sets into the cache, so that a class can work without a network."""
    entries = [find(name) for name in names]  # a wrong name is found before the first download
    for entry in entries:
        state, _ = where(entry)
        try:
            files = obtain(entry)
        except KeyboardInterrupt:
            click.echo(
                f"Stopped: {entry.name} is not complete, and no part of a file was kept; "
                f"run `cs-cnn data fetch {entry.name}` again to go on.",
                err=True,
            )
            raise click.exceptions.Exit(130) from None
        if state in _HERE:
            click.echo(f"{entry.name} {_HERE[state]}.")
        else:
            click.echo(f"{entry.name} is now in {next(iter(files.values())).parent}.")


@data.command("where")
@click.argument("name", required=False)
def where_(name: str | None) -> None:
    """Print the paths of a data set's files; without NAME, the folder of the cache."""
    if name is None:
        click.echo(cache_folder())
        return
    state, paths = where(find(name))
    if state == "not here":
        raise CsCnnError(f"{name} is not on this computer yet; get it with `cs-cnn data fetch {name}`.")
    for path in paths:
        click.echo(path)
