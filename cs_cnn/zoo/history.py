"""Published errors on ImageNet, from one table with the source of every number."""

from __future__ import annotations

import csv
import functools
import importlib.resources
from dataclasses import dataclass
from typing import Literal, get_args

from cs_cnn.errors import CsCnnError

Kind = Literal["challenge", "human", "paper", "single"]


@dataclass(frozen=True)
class Result:
    """One published result on the images of the ImageNet challenge (ILSVRC).

    Attributes
    ----------
    name : str
        Of the net, or of the team where the net has no name.
    year : int
        Of the challenge, or when the net became public.
    kind : str
        "challenge": an entry to a challenge of 2010 to 2017; "human": a person; "paper": several nets together, outside
        the challenge; "single": one net.
    net : str or None
        Name in the zoo of this net, or of the deepest one of those that took part; None where the zoo has none.
    layers : int or None
        Layers with weights on the way from the image to the scores; None where it is no net, or not published.
    nets : int or None
        How many nets were averaged; None where it is not published.
    protocol : str
        What was shown to the net: "1 crop", "10 crops" (the middle and the corners, and all of them mirrored),
        "dense" (at every place), or as the entry or the people had it.
    images : str
        Where the errors were counted: "test" or "validation".
    extra_data : bool
        Whether more images than those of the challenge were used for training.
    top1 : float or None
        Error in percent; None where it is not published.
    top5 : float or None
        The same for five guesses.
    source : str
        Where the numbers stand.
    """

    name: str
    year: int
    kind: Kind
    net: str | None
    layers: int | None
    nets: int | None
    protocol: str
    images: Literal["test", "validation"]
    extra_data: bool
    top1: float | None
    top5: float | None
    source: str


def _result(row: dict[str, str]) -> Result:
    kind, images = row["kind"], row["images"]
    if kind not in get_args(Kind) or images not in ("test", "validation"):
        raise ValueError(f"kind must be one of {get_args(Kind)} and images test or validation, got {row}")
    return Result(
        name=row["name"],
        year=int(row["year"]),
        kind=kind,  # type: ignore[arg-type]  # checked above
        net=row["net"] or None,
        layers=int(row["layers"]) if row["layers"] else None,
        nets=int(row["nets"]) if row["nets"] else None,
        protocol=row["protocol"],
        images=images,  # type: ignore[arg-type]
        extra_data={"yes": True, "no": False}[row["extra_data"]],
        top1=float(row["top1"]) if row["top1"] else None,
        top5=float(row["top5"]) if row["top5"] else None,
        source=row["source"],
    )


@functools.cache
def _table() -> tuple[Result, ...]:
    file = importlib.resources.files("cs_cnn.zoo").joinpath("history.csv")
    return tuple(map(_result, csv.DictReader(file.read_text("utf-8").splitlines())))


def results(kind: Kind | None = None, *, protocol: str | None = None) -> list[Result]:
    """Return published results, oldest first.

    Parameters
    ----------
    kind : {"challenge", "human", "paper", "single"}, optional
        Only these, see `Result`.
    protocol : str, optional
        Only those with this protocol: errors of different protocols must not be compared.

    Returns
    -------
    list of Result

    Raises
    ------
    CsCnnError
        When there is no such kind or protocol.

    Examples
    --------
    >>> [(r.name, r.top5) for r in results("single", protocol="10 crops") if r.year < 2014]
    [('AlexNet', 18.2), ('ZFNet', 16.5)]
    """
    for argument, asked, known in (
        ("kind", kind, sorted(get_args(Kind))),
        ("protocol", protocol, sorted({result.protocol for result in _table()})),
    ):
        if asked is not None and asked not in known:
            raise CsCnnError(f"{argument} must be one of {', '.join(known)}, got {asked!r}.")
    return sorted(
        (
            result
            for result in _table()
            if kind in (None, result.kind) and protocol in (None, result.protocol)
        ),
        key=lambda result: result.year,
    )


def winners(*, extra_data: bool = True) -> list[Result]:
    """Return the best entry of each challenge from 2010 to 2017.

    Parameters
    ----------
    extra_data : bool
        Whether entries count that were trained with more images than those of the challenge.

    Returns
    -------
    list of Result
        In the order of the years.

    Examples
    --------
    >>> [(r.year, r.top5) for r in winners(extra_data=False)][2:4]
    [(2012, 16.422), (2013, 11.743)]
    """
    best: dict[int, Result] = {}
    for result in results("challenge"):
        error = result.top5
        if error is None or (result.extra_data and not extra_data):
            continue
        leader = best.get(result.year)
        if leader is None or leader.top5 is None or error < leader.top5:
            best[result.year] = result
    return [best[year] for year in sorted(best)]
