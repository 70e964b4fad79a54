"""The still of the filter as a sum of columns times rows: one filter with its terms, and a table of filters."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import grid, number, paragraph, side_by_side, table, wide

TITLE = "A filter as a sum of columns times rows"
HEIGHTS = (34.2, 47.5, 49.6, 72)
PRESETS: dict[str, list[list[float]]] = {
    "Sobel": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "Sobel, turned by 45°": [[0, 1, 2], [-1, 0, 1], [-2, -1, 0]],
    "Laplacian": [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
    "Laplacian with corners": [[1, 1, 1], [1, -8, 1], [1, 1, 1]],
    "blur": [[1, 2, 1], [2, 4, 2], [1, 2, 1]],
    "mean": [[1, 1, 1], [1, 1, 1], [1, 1, 1]],
    "ring": [[1, 1, 1], [1, 0, 1], [1, 1, 1]],
    "diagonal": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
}
STATE: dict[str, Any] = {"presets": PRESETS, "preset": "Sobel", "kernel": PRESETS["Sobel"]}


def terms(kernel: np.ndarray) -> list[np.ndarray]:
    """Return the terms of a filter that are not zero, the strongest first."""
    u, s, vt = np.linalg.svd(kernel)
    return [s[n] * np.outer(u[:, n], vt[n]) for n in range(np.linalg.matrix_rank(kernel))]


def still(state: dict[str, Any]) -> str:
    """Write the filter with its terms, and for every filter its singular values, its cost and the best single term."""
    kernel = np.array(state["kernel"], float)
    parts = terms(kernel)
    rows = []
    for name, weights in state["presets"].items():
        values = np.linalg.svd(np.array(weights, float), compute_uv=False)
        rank = int(np.linalg.matrix_rank(np.array(weights, float)))
        error = np.sqrt((values[1:] ** 2).sum() / (values**2).sum())
        written = ", ".join(number(round(value, 2)) for value in values)
        rows.append([name, written, rank, f"{6 * rank} against 9", f"{100 * error:.1f} %"])
    head = ["Filter", "Singular values", "Rank", "Products at a pixel", "First term off by"]
    return "\n".join(
        [
            side_by_side(
                grid(kernel, f"Filter: {state['preset']}"),
                *(grid(part.round(2), f"Term {n}") for n, part in enumerate(parts, 1)),
            ),
            paragraph(f"It takes {len(parts)} product{'s' if len(parts) > 1 else ''} of a column and a row."),
            wide(table("Filters of 3 by 3", head, rows), "Filters of 3 by 3"),
        ]
    )
