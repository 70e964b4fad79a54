"""Which cell of the released notebook each cell of a student's notebook is, or once was."""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections.abc import Sequence

from cs_cnn.notebooks.cells import Cell, parses

ALIKE = 0.9
_LONG = 1500

Owners = list[int | None]
"""For each cell of the student the index of the released cell, or None for a cell of the student's own."""


def match(release: Sequence[Cell], student: Sequence[Cell]) -> Owners:
    """Find the released cell of every cell of a student.

    The strongest evidence counts first: nbgrader's name, the cell's id, the same text, nearly the same text, the
    functions that an answer must define, and at last the place between its neighbours.

    Parameters
    ----------
    release, student : sequence of Cell

    Returns
    -------
    list of int or None
        Several cells may have the same owner: copies, or pieces of one answer.
    """
    owners: Owners = [None] * len(student)
    _by_key(owners, student, {cell.name: k for k, cell in enumerate(release) if cell.name}, "name")
    _by_key(owners, student, {cell.id: k for k, cell in enumerate(release) if cell.id}, "id")
    _drop_strangers(owners, release, student)
    _by_text(owners, release, student)
    _by_likeness(owners, release, student)
    _by_definitions(owners, release, student)
    _by_halves(owners, release, student)
    _by_place(owners, release, student)
    return owners


def in_order(owners: Owners) -> set[int]:
    """Return the largest set of places of a student's notebook whose owners follow each other as in the release.

    Parameters
    ----------
    owners : list of int or None

    Returns
    -------
    set of int
        Indices of the student's cells; every other cell with an owner was moved.

    Examples
    --------
    >>> sorted(in_order([1, 2, None, 3, 0]))
    [0, 1, 3]
    """
    ends: list[int] = []  # ends[n]: the smallest owner at which a chain of n + 1 cells can end
    places: list[int] = []
    before: dict[int, int | None] = {}
    for place, owner in enumerate(owners):
        if owner is None:
            continue
        n = bisect_left(ends, owner + 1)  # equal owners (copies, pieces) stay in one chain
        before[place] = places[n - 1] if n else None
        ends[n : n + 1] = [owner]
        places[n : n + 1] = [place]
    chain: set[int] = set()
    place_or_none = places[-1] if places else None
    while place_or_none is not None:
        chain.add(place_or_none)
        place_or_none = before[place_or_none]
    return chain


def alike(one: Cell, other: Cell) -> bool:
    """Tell whether two texts are nearly the same."""
    a, b = one.essence, other.essence
    if a == b:
        return True
    if not a or not b:
        return False
    # Lines are compared in long cells: by letters it would take seconds.
    long = max(len(a), len(b)) > _LONG
    matcher: difflib.SequenceMatcher[str] = difflib.SequenceMatcher(
        None, a.splitlines() if long else list(a), b.splitlines() if long else list(b)
    )
    return matcher.real_quick_ratio() > ALIKE and matcher.quick_ratio() > ALIKE and matcher.ratio() > ALIKE


def stub(release: Cell, piece: Cell) -> bool:
    """Tell whether a student's cell is an answer cell as it was handed out, with nothing written in it."""
    return piece.essence in ("", release.essence)


def _by_key(owners: Owners, student: Sequence[Cell], index: dict[str, int], key: str) -> None:
    for place, cell in enumerate(student):
        if owners[place] is None and getattr(cell, key):
            owners[place] = index.get(getattr(cell, key))


def _drop_strangers(owners: Owners, release: Sequence[Cell], student: Sequence[Cell]) -> None:
    """Free the cells that carry a locked cell's name beside the real one, but hold something else."""
    for k, places in _claims(owners).items():
        if not release[k].locked or len(places) < 2:
            continue
        real = [place for place in places if alike(student[place], release[k])] or places[:1]
        for place in places:
            if place not in real:
                owners[place] = None


def _by_text(owners: Owners, release: Sequence[Cell], student: Sequence[Cell]) -> None:
    """Match equal texts; several released cells with one text are taken in their order."""
    known: dict[str, list[int]] = {}
    for k, cell in enumerate(release):
        if cell.essence:
            known.setdefault(cell.essence, []).append(k)
    owned = {owner for owner in owners if owner is not None}
    for place, cell in enumerate(student):
        candidates = known.get(cell.essence, [])
        if owners[place] is not None or not candidates:
            continue
        free = next((k for k in candidates if k not in owned), None)
        # A further copy of a free cell is the student's own experiment; of a marked cell, an accident.
        if free is None and release[candidates[-1]].name:
            free = candidates[-1]
        if free is not None:
            owners[place] = free
            owned.add(free)


def _by_likeness(owners: Owners, release: Sequence[Cell], student: Sequence[Cell]) -> None:
    owned = {owner for owner in owners if owner is not None}
    missing = [k for k, cell in enumerate(release) if k not in owned and not cell.answer]
    for place, cell in enumerate(student):
        if owners[place] is None:
            k = next((k for k in missing if alike(cell, release[k])), None)
            if k is not None:
                owners[place] = k
                missing.remove(k)


def _by_definitions(owners: Owners, release: Sequence[Cell], student: Sequence[Cell]) -> None:
    """Find answers that stand in a cell of the student's own, by the functions they must define."""
    claims = _claims(owners)
    for k, cell in enumerate(release):
        if not cell.answer or not cell.defines:
            continue
        pieces = [student[place] for place in claims.get(k, []) if not stub(cell, student[place])]
        missing = cell.defines.difference(*(piece.defines for piece in pieces))
        for place, other in enumerate(student):
            if owners[place] is None and other.defines & missing and not stub(cell, other):
                owners[place] = k


def _by_halves(owners: Owners, release: Sequence[Cell], student: Sequence[Cell]) -> None:
    """Join a cell that is no Python on its own with the answer beside it that it was split from."""
    places = range(len(student))
    for near, order in ((-1, places), (1, reversed(places))):
        for place in order:
            if owners[place] is not None or not 0 <= place + near < len(student):
                continue
            k, cell, other = owners[place + near], student[place], student[place + near]
            if k is None or not release[k].answer or release[k].kind != "code" or not cell.essence:
                continue
            first, second = (other, cell) if near < 0 else (cell, other)
            whole = f"{first.text.removesuffix(chr(10))}\n{second.text}"
            if not parses(cell.text) and parses(whole):
                owners[place] = k


def _by_place(owners: Owners, release: Sequence[Cell], student: Sequence[Cell]) -> None:
    """Give an answer that nobody claims the student's own cells of its kind between its neighbours."""
    claims = _claims(owners)
    order = in_order(owners)
    for k, cell in enumerate(release):
        claimed = claims.get(k, [])
        if not cell.answer or (cell.kind == "code" and (cell.defines or claimed)):
            continue
        if any(not stub(cell, student[place]) for place in claimed):
            continue
        chain = [(place, owner) for place, owner in enumerate(owners) if owner is not None and place in order]
        low = max((place for place, owner in chain if owner < k), default=-1)
        high = min((place for place, owner in chain if owner > k), default=len(student))
        for place in range(low + 1, high):
            if owners[place] is None and student[place].kind == cell.kind and student[place].essence:
                owners[place] = k


def _claims(owners: Owners) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for place, owner in enumerate(owners):
        if owner is not None:
            found.setdefault(owner, []).append(place)
    return found
