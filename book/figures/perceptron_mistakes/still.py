"""The still of the perceptron's mistakes: one run row by row, and the counts of runs with their bounds."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import number, paragraph, table, wide
from scipy.optimize import nnls

TITLE = "The perceptron, mistake by mistake"
HEIGHTS = (39.3, 40, 66.5, 73.3)
STATE: dict[str, Any] = {
    "points": [[0, 3, 1], [0, 1, 0], [2, 2, 1], [1, 1, 0], [3, 0, 1], [2, -1, 0]],
    "gap": 0.5,
    "seed": 0,
    "k": 0,
}
GAPS = {"overlap": -0.5, "hardly apart": 0, "apart": 0.5, "far apart": 1}


def arrange(points: list[list[float]], gap: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows u, with the 1 for the bias, and their targets; `gap` pulls the classes apart."""
    *x, t = np.array(points, float).T
    shift = np.where(t == 1, gap, -gap)
    return np.column_stack([x[0] + shift, x[1] + shift, np.ones(len(t))]), t


def learn(u: np.ndarray, t: np.ndarray, limit: int) -> tuple[np.ndarray, list[int]]:
    """Return the weights after every mistake and its row, as the chapter's `learn` finds them."""
    path, rows, now = [np.zeros(3)], [], 0
    while len(rows) < limit:
        wrong = np.flatnonzero(np.heaviside(u @ path[-1], 0.0) != t)
        if len(wrong) == 0:
            break
        now += ((wrong - now) % len(t)).min()
        row = int(now % len(t))
        path.append(path[-1] + (2 * t[row] - 1) * u[row])
        rows.append(row)
        now += 1
    return np.array(path), rows


def margin(u: np.ndarray, t: np.ndarray) -> float:
    """Return the largest gamma, or 0 where no border separates the rows."""
    r = (2 * t - 1)[:, None] * u
    shares, _ = nnls(np.vstack([r.T, np.ones(len(r))]), np.append(np.zeros(3), 1.0))
    mean = shares @ r / shares.sum()
    return float(np.linalg.norm(mean)) if (r @ mean).min() > 1e-9 else 0.0


def vector(values: np.ndarray) -> str:
    """Write a vector in brackets."""
    return f"({', '.join(map(number, values))})"


def still(state: dict[str, Any]) -> str:
    """Write the run of the state mistake by mistake, and a table of four distances between the classes."""
    u, t = arrange(state["points"], state["gap"])
    path, at = learn(u, t, 1000)
    rows = [
        [
            k + 1,
            f"{row + 1}: u = {vector(u[row])}, t = {t[row]:.0f}",
            number(path[k] @ u[row]),
            vector(path[k + 1]),
            number(path[k + 1] @ u[row]),
        ]
        for k, row in enumerate(at)
    ]
    counts = []
    for name, gap in GAPS.items():
        u, t = arrange(state["points"], gap)
        gamma, longest = margin(u, t), np.linalg.norm(u, axis=1).max()
        made = len(learn(u, t, 1000)[1])
        bound = int((longest / gamma) ** 2) if gamma else "none"
        counts.append(
            [name, f"{longest:.2f}", f"{gamma:.3f}" if gamma else "none", bound, made if gamma else "no end"]
        )
    head = ["Mistake", "Row", "Sum before", "v after", "Sum after"]
    return "\n".join(
        [
            wide(table("One run from v = 0, mistake by mistake", head, rows), "One run"),
            table("Mistakes and their bound", ["The classes", "R", "γ", "(R / γ)²", "Made"], counts),
            paragraph(
                "A row with t = 1 is wrong while its sum is not above 0, one with t = 0 while it is. Each step changes"
                " the row's own sum by u · u, which may be too little."
            ),
        ]
    )
