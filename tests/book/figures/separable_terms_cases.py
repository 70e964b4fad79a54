"""Cases of the filter as a sum of columns times rows, answered by NumPy's own decomposition."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..training_cases import Case, half


def cases() -> Iterable[Case]:
    rng = np.random.default_rng(0)
    kernels = [np.array(weights, float) for weights in half("separable_terms").PRESETS.values()]
    kernels += [rng.integers(-4, 5, (3, 3)).astype(float) for _ in range(4)] + [rng.normal(size=(3, 3))]
    kernels += [np.outer([1, 2, 1], [0.1, 0.2, -0.3]), np.zeros((3, 3))]
    for kernel in kernels:
        u, s, vt = np.linalg.svd(kernel)
        given = kernel.tolist()
        yield "svd", [given], [{"sigma": float(value)} for value in s]
        yield "rank", [given], int(np.linalg.matrix_rank(kernel))
        for count in (1, 2, 3):
            size = np.linalg.norm(kernel)
            off = float(np.linalg.norm(s[count:]) / size) if size else 0.0
            yield "offBy", [given, count], off
            if count == 3 or s[count - 1] - s[count] > 1e-6:  # equal singular values leave a choice of terms
                yield "sumOf", [given, count], ((u[:, :count] * s[:count]) @ vt[:count]).tolist()
    for column, row in (([1, 2, 1], [-1, 0, 1]), ([2, 4, 2], [0.5, 1, 0.5])):
        for turn in (0.37, -0.37):
            term = {"column": [turn * value for value in column], "row": [value / turn for value in row]}
            yield "byHand", [term], {"column": column, "row": row}
