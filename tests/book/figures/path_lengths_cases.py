"""Cases of the path lengths, from whole numbers and fractions."""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction
from typing import Any


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    for blocks in (4, 15, 54, 110):
        for t in (Fraction(1), Fraction(1, 2), Fraction(1, 4), Fraction(1, 10)):
            weights = [math.comb(blocks, k) * t**k for k in range(blocks + 1)]
            exact = [weight / sum(weights) for weight in weights]
            assert sum(exact) == 1
            yield "shares", [blocks, float(t)], [float(share) for share in exact]
            given = [float(share) for share in exact]
            half = next(k for k in range(blocks + 1) if sum(exact[: k + 1]) >= Fraction(1, 2))
            yield "middle", [given], half
            for longest in (0, half, blocks):
                yield "upTo", [given, longest], float(sum(exact[: longest + 1]))
    # The chapter's numbers: 27 for the count, and the erratum's 0.45% on 5 to 17 blocks.
    yield "middle", [[math.comb(54, k) / 2**54 for k in range(55)]], 27
