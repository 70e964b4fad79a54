"""The still of C3's connection table: which maps each filter reads, and what four tables cost."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from moving_still import paragraph, table, wide

from cs_cnn.zoo.families.lenet import CONNECTIONS

TITLE = "Which maps each filter of C3 reads"
HEIGHTS = (39, 39, 64, 66.5)
STATE: dict[str, Any] = {"table": [list(maps) for maps in CONNECTIONS]}
INPUTS, KERNEL, SIDE = 6, 5, 10
Table = Sequence[Sequence[int]]


def matrix(connected: Table) -> np.ndarray:
    """Return the table with a 1 where a filter (column) reads a map (row)."""
    filled = np.zeros((INPUTS, len(connected)), dtype=int)
    for column, maps in enumerate(connected):
        filled[list(maps), column] = 1
    return filled


def orders(connected: Table) -> int:
    """Count the orders of the columns that make the same table."""
    kinds = Counter(map(tuple, matrix(connected).T))
    return math.prod(math.factorial(count) for count in kinds.values())


def renumberings(connected: Table) -> int:
    """Count the orders of the rows that leave the same columns, in whatever order."""
    filled = matrix(connected)
    before = sorted(map(tuple, filled.T))
    rows = itertools.permutations(range(INPUTS))
    return sum(sorted(map(tuple, filled[list(row)].T)) == before for row in rows)


def still(state: dict[str, Any]) -> str:
    """Write the table of connections, and what it costs beside three others."""
    own = state["table"]
    tables = {
        "of 1998": own,
        "all to all, as today": [range(INPUTS)] * len(own),
        "two groups of three": [range(3 * (n // 8), 3 * (n // 8) + 3) for n in range(len(own))],
        "one map each": [[n % INPUTS] for n in range(len(own))],
    }
    counts = []
    for name, connected in tables.items():
        links = int(matrix(connected).sum())
        weights = links * KERNEL**2
        counts.append(
            [
                name,
                links,
                f"{weights + len(connected):,}",
                f"{weights * SIDE**2:,}",
                f"{orders(connected):,}",
                renumberings(connected),
            ]
        )
    rows = [[f"map {n}", *("reads" if each else "–" for each in row)] for n, row in enumerate(matrix(own))]
    head = ["Table", "Links", "Parameters", "Multiply-adds", "Orders of equal filters", "Numberings of maps"]
    return "\n".join(
        [
            wide(
                table("Which filter of C3 reads which map of S2", ["S2", *map(str, range(len(own)))], rows),
                "Which filter reads which map",
            ),
            wide(table("Four tables", head, counts), "Four tables"),
            paragraph(
                "All 16 filters differ with as few as 26 connections: six sets of one map and ten of two."
                " Every map is read by ten filters of the table of 1998."
            ),
        ]
    )
