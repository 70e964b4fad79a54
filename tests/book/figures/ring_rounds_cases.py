"""Cases of the ring: the chapter's own program, which keeps pieces, and its estimate of the efficiency."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from cs_cnn.account import account

from ..training_cases import half

Case = tuple[str, list[Any], Any]


def held(gradients: np.ndarray, rounds: int) -> np.ndarray:
    """Send pieces round, one message after the other."""
    many = len(gradients)
    pieces = [dict(enumerate(row.tolist())) for row in gradients]
    for step in range(rounds):
        letters = [(rank, (rank - step) % many, pieces[rank][(rank - step) % many]) for rank in range(many)]
        for rank, piece, value in letters:
            right = pieces[(rank + 1) % many]
            right[piece] = right[piece] + value if step < many - 1 else value
    return np.array([[row[piece] for piece in range(many)] for row in pieces])


def cases() -> Iterable[Case]:
    rng = np.random.default_rng(0)
    for many in (2, 3, 4, 5):
        gradients = rng.integers(-9, 10, (many, many))
        ones = np.ones((many, many), int)
        for rounds in range(2 * many - 1):
            wanted = {"values": held(gradients, rounds).tolist(), "counts": held(ones, rounds).tolist()}
            yield "ring", [gradients.tolist(), rounds], wanted
        assert (held(gradients, 2 * (many - 1)) == gradients.sum(axis=0)).all()
    # by hand: in the first round process 0 sends piece 0 to process 1, and process 1 its piece 1 to process 0
    yield "ring", [[[1, 2], [10, 20]], 1], {"values": [[1, 22], [11, 20]], "got": [[1, 0], [0, 1]]}
    networks = half("ring_rounds").STATE["networks"]
    for network in networks:
        found = account(network["name"].lower().replace("-", ""))
        assert (network["weights"], network["products"]) == (found.parameters, found.multiply_adds)
    counted = networks[0]
    for machines, images, gigabits in ((1, 64, 25), (2, 64, 25), (8, 512, 10), (64, 1, 400)):
        sent = 2 * (1 - 1 / machines)
        computing = 3 * images * counted["products"] / 5e12
        sending = 8 * sent * 4 * counted["weights"] / (1e9 * gigabits)
        efficiency = computing / (computing + sending)
        wanted = {"step": computing + sending, "speed": machines * efficiency}
        yield "cost", [counted, machines, {"images": images, "gigabits": gigabits}, sent], wanted
