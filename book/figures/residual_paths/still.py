"""The still of the unravelled residual row: every path with what it contributes, and what a deleted block leaves."""

from __future__ import annotations

from typing import Any

import torch
from moving_still import number, paragraph, table

from cs_cnn.studies.lesion.paths import path_counts, path_sum, paths

TITLE = "Three residual blocks, unravelled into paths"
HEIGHTS = (41, 44, 56.5, 58.5)
STATE: dict[str, Any] = {"slopes": [0.5, -0.4, 0.8], "deleted": []}


def values(slopes: list[float]) -> list[float]:
    """Return what each path makes of x = 1, in the order of `paths`."""
    found = []
    for path in paths(len(slopes)):
        product = 1.0
        for block in path:
            product *= slopes[block]
        found.append(product)
    return found


def output(slopes: list[float], deleted: list[int]) -> float:
    """Return what the row of blocks x + a x makes of 1, where a deleted block passes x on."""
    branches = [lambda x, a=a: a * x for n, a in enumerate(slopes) if n not in deleted]
    return float(path_sum(torch.tensor(1.0, dtype=torch.float64), branches))


def written(path: tuple[int, ...]) -> str:
    """Name a path by the branches that it takes."""
    return "x alone" if not path else " then ".join(f"f{block + 1}" for block in path)


def still(state: dict[str, Any]) -> str:
    """Write all paths as a table, and the effect of deleting each block."""
    slopes = state["slopes"]
    whole, alone = output(slopes, []), values(slopes)
    routes = list(paths(len(slopes)))
    rows = [[written(path), len(path), number(value)] for path, value in zip(routes, alone, strict=True)]
    lengths = ", ".join(
        f"{count} of length {length}" for length, count in enumerate(path_counts(len(slopes)))
    )
    lesions = [
        [f"f{n + 1}", sum(n not in path for path in routes), number(output(slopes, [n]))]
        for n in range(len(slopes))
    ]
    branches = ", ".join(f"f{n + 1}(x) = {number(a)} x" for n, a in enumerate(slopes))
    return "\n".join(
        [
            paragraph(f"Three blocks y = x + f(x), with {branches}; x = 1."),
            table(f"The {len(routes)} paths", ["Path", "Length", "Contribution"], rows),
            paragraph(f"Together they give {number(whole)}. Paths: {lengths}."),
            table("One block deleted", ["Deleted branch", "Paths left", "Output"], lesions),
        ]
    )
