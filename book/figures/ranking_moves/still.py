"""The still of two rankings: precision at every place, and average precisions that one first page allows."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from moving_still import number, paragraph, table, wide
from numpy.typing import NDArray

from cs_cnn.look.retrieval import average_precision, precision_at

TITLE = "Two rankings of ten answers, four of them right"
HEIGHTS = (38.5, 40.8, 38.1, 40.9)
STATE: dict[str, Any] = {
    "A": [1, 0, 1, 0, 1, 0, 0, 1, 0, 0],
    "B": [0, 1, 1, 0, 1, 0, 0, 0, 1, 0],
    "page": 5,
}


def hits(right: list[int]) -> NDArray[np.bool_]:
    """Return a ranking as the library wants it, a row for a query."""
    return np.array([right], dtype=bool)


def allowed(right: list[int], page: int) -> tuple[float, float]:
    """Return the lowest and the highest average precision that a first page allows, by trying all rankings."""
    count = len(right)
    rows = np.array(
        [[n in chosen for n in range(count)] for chosen in combinations(range(count), sum(right))]
    )
    same = rows[rows[:, :page].sum(axis=1) == sum(right[:page])]
    found = average_precision(same)
    return float(found.min()), float(found.max())


def still(state: dict[str, Any]) -> str:
    """Write precision at every place of both rankings, and what each first page allows."""
    count, page = len(state["A"]), state["page"]
    rows = []
    for name in ("A", "B"):
        right = state[name]
        at = [number(precision_at(hits(right), k)[0]) for k in range(1, count + 1)]
        rows.append([name, *(f"{'✓' if each else '✗'} {p}" for each, p in zip(right, at, strict=True))])
        rows[-1].append(number(average_precision(hits(right))[0]))
    pages = []
    for k in (1, 3, 5, 8):
        for first in range(max(0, 4 - (count - k)), min(4, k) + 1):
            example = [1] * first + [0] * (k - first) + [1] * (4 - first) + [0] * (count - k - 4 + first)
            low, high = allowed(example, k)
            pages.append([k, f"{first} of {k}", number(low), number(high)])
    return "\n".join(
        [
            paragraph(
                f"The first page has {page} answers; precision there is"
                f" {' for A and '.join(number(precision_at(hits(state[name]), page)[0]) for name in 'AB')} for B."
            ),
            wide(
                table("Precision at every place", ["Place", *map(str, range(1, count + 1)), "AP"], rows),
                "Precision at every place",
            ),
            wide(
                table(
                    "What a first page leaves open, with four right answers among ten",
                    ["k", "Right on the first page", "Least AP", "Most AP"],
                    pages,
                ),
                "Least and most average precision",
            ),
        ]
    )
