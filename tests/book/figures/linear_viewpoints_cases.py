"""Cases of the figure on the three viewpoints; borders and shares by trying every crossing of two lines."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from cs_cnn.layers import affine_forward

from ..training_cases import Case, half

SQUARE = [
    (np.array(normal), offset) for normal, offset in (([1, 0], 0), ([-1, 0], 1), ([0, 1], 0), ([0, -1], 1))
]


def corners(sides: list[tuple[np.ndarray, float]]) -> np.ndarray:
    """Return the corners, counter-clockwise, of what lies on the positive side of all these lines."""
    found = []
    for (a, p), (b, q) in itertools.combinations(sides, 2):
        if abs(np.linalg.det([a, b])) > 1e-12:
            point = np.linalg.solve([a, b], [-p, -q])
            if all(normal @ point + offset > -1e-9 for normal, offset in sides):
                found.append(point)
    if not found:
        return np.zeros((0, 2))
    points = np.unique(np.round(found, 12), axis=0)
    around = points - points.mean(axis=0)
    return points[np.argsort(np.arctan2(around[:, 1], around[:, 0]))]


def area(points: np.ndarray) -> float:
    if len(points) < 3:
        return 0.0
    x, y = points.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2)


def cases() -> Iterable[Case]:
    state, rng = half("linear_viewpoints").STATE, np.random.default_rng(4)
    tried = [(np.array(state["W"], float), np.array([0.0, 0.0, bias])) for bias in (0, -0.75, -2, 1)]
    tried += [(rng.integers(-12, 13, (2, 3)) / 4, rng.integers(-6, 7, 3) / 4) for _ in range(20)]
    for W, b in tried:
        for x in (state["x"], [0, 1], [0.35, 0.6]):
            s = affine_forward(np.array([x], float), W, b)[0][0]
            yield "scores", [W.tolist(), b.tolist(), x], s.tolist()
            if np.diff(np.sort(s))[-1] > 1e-9:
                yield "named", [W.tolist(), b.tolist(), x], int(s.argmax())
        sides = {(i, j): (W[:, i] - W[:, j], b[i] - b[j]) for i, j in itertools.permutations(range(3), 2)}
        for c in range(3):
            others = [sides[c, j] for j in range(3) if j != c]
            yield "share", [W.tolist(), b.tolist(), c], area(corners(SQUARE + others))
        for i, j in ((0, 1), (0, 2), (1, 2)):
            normal, offset = sides[i, j]
            ends = corners([*SQUARE, sides[i, j], (-normal, -offset), sides[i, 3 - i - j]])
            along = ends @ [-normal[1], normal[0]]
            wanted = None
            if normal.any() and len(ends) > 1 and np.ptp(along) > 1e-9:
                wanted = [ends[along.argmin()].tolist(), ends[along.argmax()].tolist()]
            yield "border", [W.tolist(), b.tolist(), i, j], wanted
    yield "border", [[[1, 1, 0], [2, 2, 0]], [0, 1, 0], 0, 1], None  # equal templates tie nowhere
