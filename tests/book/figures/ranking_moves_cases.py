"""Cases of the two rankings: cs_cnn's precisions, and extremes that are held against all rankings."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cs_cnn.look.retrieval import average_precision, precision_at

from ..training_cases import Case, half


def cases() -> Iterable[Case]:
    figure, rng = half("ranking_moves"), np.random.default_rng(7)
    rankings = [figure.STATE["A"], figure.STATE["B"], [1, 0, 1, 0, 0], [0, 0, 0, 1, 1], [1]]
    rankings += [rng.permutation([1] * n + [0] * (8 - n)).tolist() for n in (1, 3, 5, 8)]
    for right in rankings:
        hits = figure.hits(right)
        at = [float(precision_at(hits, k)[0]) for k in range(1, len(right) + 1)]
        yield "precisions", [right], at
        yield "averagePrecision", [right], float(average_precision(hits)[0])
        for page in range(1, len(right)):
            first, rest = sum(right[:page]), sum(right[page:])
            worst = [0] * (page - first) + [1] * first + [0] * (len(right) - page - rest) + [1] * rest
            best = [1] * first + [0] * (page - first) + [1] * rest + [0] * (len(right) - page - rest)
            yield "extremes", [right, page], [worst, best]
            found = average_precision(np.array([worst, best], dtype=bool))
            assert np.allclose(found, figure.allowed(right, page)), "no ranking is worse or better"
        moved = [*right]
        moved[0], moved[-1] = moved[-1], moved[0]
        yield "exchanged", [right, 0, len(right) - 1], moved
    # By hand, from the chapter and its first exercise.
    yield "averagePrecision", [[0, 0, 0, 1, 1]], 0.325
    yield "averagePrecision", [[1, 1, 0, 0, 1, 0]], (2 + 3 / 5) / 3
