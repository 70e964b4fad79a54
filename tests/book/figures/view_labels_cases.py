"""Cases of the views of one picture: every view is drawn on its frame by NumPy, and the different ones are counted."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np

from ..training_cases import Case, half


def draws(seed: int, count: int, allowed: dict[str, Any]) -> list[dict[str, int]]:
    """Draw views from the figure's generator, the one of Numerical Recipes."""
    state, found = seed * 2654435761 % 2**32, []

    def below(limit: int) -> int:
        nonlocal state
        state = (1664525 * state + 1013904223) % 2**32
        return limit * state // 2**32

    for _ in range(count):
        way = {
            name: below(limit) if allowed[name] else 0
            for name, limit in (("mirror", 2), ("upside", 2), ("quarters", 4))
        }
        found.append(way | {name: below(2 * allowed["by"] + 1) - allowed["by"] for name in ("down", "right")})
    return found


def cases() -> Iterable[Case]:
    figure = half("view_labels")
    for kind, name in (("digits", "2"), ("digits", "8"), ("digits", "6"), ("letters", "b"), ("letters", "n")):
        classes = figure.STATE["sets"][kind]
        shape = figure.picture(classes[name])
        yield "named", [classes[name], classes], name
        for mirror, upside, quarters in product((0, 1), (0, 1), range(4)):
            wanted = np.flipud(shape) if upside else shape
            wanted = np.rot90(np.fliplr(wanted) if mirror else wanted, -quarters)
            rows = ["".join(map(str, row)) for row in wanted]
            yield "turned", [classes[name], {"mirror": mirror, "upside": upside, "quarters": quarters}], rows
        for mirror, upside, quarters, by in product((False, True), (False, True), (False, True), (0, 2)):
            allowed = {"mirror": mirror, "upside": upside, "quarters": quarters, "by": by}
            drawn, seen = figure.views(figure.STATE | allowed | {"set": kind, "name": name})
            shown = list(seen.values())
            wanted = {
                "draws": drawn,
                "different": len(shown),
                "same": shown.count(name),
                "none": shown.count(None),
                "other": len(shown) - shown.count(name) - shown.count(None),
            }
            yield "counted", [name, classes, allowed], wanted
    digits = figure.STATE["sets"]["digits"]
    still = {"mirror": False, "upside": False, "quarters": False, "by": 2}
    two = digits["2"]
    yield "shapes", [two, still], [{"shape": two}]
    yield "shapes", [two, still | {"mirror": True}], [{"shape": two}, {"shape": digits["5"]}]
    yield "shapes", [digits["8"], still | {"mirror": True, "upside": True}], [{"shape": digits["8"]}]
    yield "named", [["11", "11"], digits], None
    for seed in (1, 2, 77):
        for allowed in (still, still | {"mirror": True}, still | {"upside": True, "quarters": True, "by": 1}):
            yield "draws", [seed, 16, allowed], draws(seed, 16, allowed)
    # by hand, on a seven-segment display
    yield "sorted", [digits, still], {"keep": list("0123456789"), "become": [], "nothing": []}
    mirrored = {"keep": ["0", "1", "8"], "become": ["2", "5"], "nothing": ["3", "4", "6", "7", "9"]}
    yield "sorted", [digits, still | {"mirror": True}], mirrored
