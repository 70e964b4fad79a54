"""The still of the path lengths: how many paths are short, and how much of the gradient the short ones carry."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import number, paragraph, table, wide

from cs_cnn.studies.lesion.paths import path_counts

TITLE = "Paths through residual blocks, and the gradient on them"
HEIGHTS = (40.1, 43, 49.7, 52)
STATE: dict[str, Any] = {"blocks": 54, "t": 0.25, "longest": 17}


def shares(blocks: int, t: float) -> np.ndarray:
    """Return which share of the whole each length has, 0 to `blocks`, if a branch counts t."""
    weights = np.array(path_counts(blocks), float) * t ** np.arange(blocks + 1.0)
    return weights / weights.sum()


def percent(share: float) -> str:
    """Write a share in percent, as the figure does."""
    return "less than 0.01%" if share < 5e-5 else f"{number(round(100 * share, 2))}%"


def still(state: dict[str, Any]) -> str:
    """Write what is kept of the paths and of their gradient, for several lengths and values of t."""
    blocks, longest = state["blocks"], state["longest"]
    factors = (1.0, 0.5, state["t"], 0.1)
    running = [np.cumsum(shares(blocks, t)) for t in factors]
    lengths = sorted({0, 5, 8, 11, 14, longest, 20, blocks // 2, blocks})
    rows = [[length, *(percent(each[length]) for each in running)] for length in lengths]
    means = [blocks * t / (1 + t) for t in factors]
    head = ["Up to", "Of the paths", *(f"Of the gradient, t = {number(t)}" for t in factors[1:])]
    return "\n".join(
        [
            paragraph(
                f"{blocks} blocks make {2**blocks:,} paths; one of k branches counts t to the power of k."
            ),
            wide(table("What is kept with the paths of up to so many branches", head, rows), "What is kept"),
            paragraph(
                f"{percent(running[0][longest])} of the paths have up to {longest} branches and carry"
                f" {percent(running[2][longest])} of the gradient with t = {number(state['t'])}. The mean lengths are"
                f" {', '.join(number(round(mean, 1)) for mean in means)}."
            ),
        ]
    )
