"""Cases of the Gram matrix of shuffled maps: cs_cnn's matrices and style term, numpy's correlation."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cs_cnn.transform import gram, style_loss

from ..training_cases import Case, half

DIFFERENCES = {
    "both": "nothing",
    "one": "cross",
    "mirror": "nothing",
    "exchange": "more",
    "double": "more",
    "add": "more",
}


def cases() -> Iterable[Case]:
    figure, rng = half("gram_shuffle"), np.random.default_rng(6)
    random = {"channels": rng.integers(0, 9, (2, 12)).tolist(), "width": 3}
    for state in (figure.STATE, figure.STATE | random | {"seed": 2**32 - 1}):
        before, channels = figure.maps(state), state["channels"]
        order = figure.permutation(state["seed"], len(channels[0]))
        assert sorted(order) == list(range(len(order)))
        yield "permutation", [state["seed"], len(order)], order
        for change, difference in DIFFERENCES.items():
            after = figure.changed(state, change)
            rows = after[0].flatten(1).tolist()
            yield "changed", [channels, change, state["seed"], state["width"]], rows
            yield "gram", [rows], gram(after)[0].tolist()
            wanted = {
                "content": float(np.mean((after - before).numpy() ** 2)),
                "style": float(style_loss(after, before)),
            }
            yield "terms", [rows, channels], wanted
            yield "correlation", [rows], float(np.corrcoef(rows)[0, 1])
            yield "difference", [channels, rows], difference
    # By hand, from the chapter: blue and diagonal at four places, and shifted by one.
    yield "gram", [[[2, 0, 2, 0], [3, 0, 1, 0]]], [[2, 2], [2, 2.5]]
    yield "gram", [[[2, 0, 2, 0], [0, 3, 0, 1]]], [[2, 0], [0, 2.5]]
    yield "terms", [[[3]], [[2]]], {"content": 1, "style": 25}
