"""Cases of C3's connection table: the library's partial convolution has the parameters, NumPy the symmetries."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np

from cs_cnn.zoo.families.lenet import CONNECTIONS, PartialConv2d

PAPER = [list(maps) for maps in CONNECTIONS]
TABLES = [
    PAPER,
    [list(range(6))] * 16,
    [[0, 1, 2]] * 8 + [[3, 4, 5]] * 8,
    [[n % 6] for n in range(16)],
    [[0, 1]] * 3 + [[1, 0]] * 2 + [[5]] + [[2, 3, 4]] * 10,
]


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    for table in TABLES:
        layer = PartialConv2d(tuple(map(tuple, table)), 6, 5)
        yield "connections", [table], len(layer.weight)
        yield "parameters", [table, 5], sum(p.numel() for p in layer.parameters())
        yield "multiplyAdds", [table, 5, 10], layer.weight.numel() * 100
        yield "readers", [table, 6], [sum(n in maps for maps in table) for n in range(6)]
        kinds = Counter(frozenset(maps) for maps in table)
        yield "letters", [table], ["ABCDEFGHIJKLMNOP"[list(kinds).index(frozenset(maps))] for maps in table]
        yield "orders", [table], math.prod(math.factorial(count) for count in kinds.values())
        columns = np.array([[n in maps for n in range(6)] for maps in table])
        same = 0
        for order in itertools.permutations(range(6)):
            same += Counter(map(bytes, columns[:, order])) == Counter(map(bytes, columns))
        yield "renumberings", [table, 6], same
    yield "renumberings", [PAPER, 6], 12
    yield "fewest", [16, 6], 6 * 1 + 10 * 2
    yield "fewest", [63, 6], 6 * 2**5
    yield "fewest", [3, 2], 4
