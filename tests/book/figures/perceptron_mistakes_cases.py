"""Cases of the figure on the perceptron's mistakes, by a plain loop and least squares."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from ..training_cases import Case, half


def dealt(count: int, seed: int) -> list[int]:
    """Return the order of the rows."""
    order, state = list(range(count)), seed
    for n in range(count - 1, 0, -1) if seed else []:
        state = (1664525 * state + 1013904223) % 2**32
        other = (n + 1) * state >> 32
        order[n], order[other] = order[other], order[n]
    return order


def run(u: np.ndarray, t: np.ndarray, limit: int) -> dict[str, object]:
    """Show every row in turn and count what happens."""
    v, path, at, passes = np.zeros(3), [[0.0, 0.0, 0.0]], [], 0
    while True:
        before = len(at)
        for n, (row, target) in enumerate(zip(u, t, strict=True)):
            error = target - np.heaviside(v @ row, 0.0)
            if error and len(at) < limit:
                v = v + error * row
                path.append(v.tolist())
                at.append(n)
        passes += 1
        if len(at) in (before, limit):
            return {"path": path, "at": at, "rest": len(at) == before}


def cases() -> Iterable[Case]:
    figure = half("perceptron_mistakes")
    points = figure.STATE["points"]
    for gap in figure.GAPS.values():
        for seed in range(4):
            u, t = figure.arrange(points, gap)
            order = dealt(len(t), seed)
            u, t = u[order], t[order]
            rows = [{"u": row.tolist(), "t": int(target)} for row, target in zip(u, t, strict=True)]
            yield "arrange", [points, gap, seed], rows
            yield "learn", [rows, 40], run(u, t, 40)
            path, at = figure.learn(u, t, 40)
            yield "learn", [rows, 40], {"path": path.tolist(), "at": at}
            yield "margin", [rows], figure.margin(u, t)
            yield "longest", [rows], max(math.hypot(*row) for row in u)
    one = [{"u": [3, 4, 0], "t": 1}, {"u": [-6, -8, 0], "t": 0}]
    yield "margin", [one], 5
    yield "margin", [[{"u": [1, 0, 1], "t": 1}, {"u": [0, 1, 1], "t": 1}]], math.sqrt(1.5)
