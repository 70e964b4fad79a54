"""Ask every address outside the book whether it still answers (`make links`).

Sphinx's link checker reads the same pages as `make book`, from the same workshop, so that nothing runs again. A site
that answers programs with a refusal is not called dead: a person sees more there.
"""

from __future__ import annotations

import json
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from tools import book
from tools.book import ROOT, WORKSHOP
from tools.progress import StepFailed, run, say

LOG = ROOT / "build" / "links.log"
PROBES = ("https://doi.org", "https://arxiv.org", "https://creativecommons.org")
REFUSALS = ("401", "403", "405", "406", "418", "429", "503")


@dataclass(frozen=True)
class Link:
    """An address in the book, where it stands, and what became of asking it."""

    page: str
    line: int
    address: str
    status: str
    reason: str

    @property
    def is_dead(self) -> bool:
        """Whether nobody answers there."""
        return self.status in ("broken", "timeout") and not self.is_refused

    @property
    def is_refused(self) -> bool:
        """Whether the site answers, but not to a program."""
        return self.status == "broken" and self.reason.startswith(REFUSALS)


def require_network(probes: Sequence[str] = PROBES, seconds: float = 8.0) -> None:
    """Raise StepFailed when none of a few well-known addresses can be reached."""
    for address in probes:
        try:
            urllib.request.urlopen(address, timeout=seconds).close()
        except urllib.error.HTTPError:
            return  # it answered
        except (OSError, ValueError):
            continue
        return
    raise StepFailed(
        f"Checking links needs the network, and none of {', '.join(probes)} can be reached from here."
    )


def check(source: Path, workshop: Path, log: Path) -> list[Link]:
    """Run Sphinx's link checker over a book.

    Parameters
    ----------
    source : pathlib.Path
        The folder of `_config.yml` and `_toc.yml`.
    workshop : pathlib.Path
        Where Jupyter Book builds; its record of the pages is used again.
    log : pathlib.Path
        File for what the checker prints.

    Returns
    -------
    list of Link

    Raises
    ------
    StepFailed
        When the checker did not get to the end.
    """
    results = workshop / "_build" / "linkcheck" / "output.json"
    shutil.rmtree(results.parent, ignore_errors=True)
    jupyter_book = str(Path(sys.executable).with_name("jupyter-book"))
    try:
        run(
            "Asking every address outside the book",
            [
                *(jupyter_book, "build", str(source), "--path-output", str(workshop)),
                *("--builder", "custom", "--custom-builder", "linkcheck"),
            ],
            log,
            environment={"OMP_NUM_THREADS": "1"},
        )
    except StepFailed:
        if not results.is_file():  # with dead links it ends with an error too, but then it says which
            raise
    entries = map(json.loads, results.read_text(encoding="utf-8").splitlines())
    return [
        Link(each["filename"], int(each["lineno"]), each["uri"], each["status"], str(each.get("info", "")))
        for each in entries
    ]


@click.command()
def main() -> None:
    """Check the addresses outside the book; the exit status tells whether all answer."""
    try:
        require_network()
        book.build()  # so that the checker finds every cell's result
        links = check(ROOT / "book", WORKSHOP, LOG)
    except StepFailed as error:
        raise click.ClickException(str(error)) from error
    asked = [link for link in links if link.status not in ("unchecked", "ignored", "local")]
    dead = [link for link in asked if link.is_dead]
    for link in dead:
        say(f"{link.page}:{link.line}: {link.address}: {link.reason or link.status}")
    refused = sum(link.is_refused for link in asked)
    say(f"{len(asked)} addresses: {len(dead)} dead, {refused} refuse programs, the others answer.")
    if dead:
        raise click.exceptions.Exit(1)


if __name__ == "__main__":
    main()
