"""The still of the two losses: what three scores cost, where the losses pull, and what a few moves change."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import number, paragraph, table, wide

from cs_cnn.layers import softmax, softmax_loss, svm_loss

TITLE = "Three scores and two losses"
HEIGHTS = (39.1, 46.5, 62.3, 69)
STATE: dict[str, Any] = {"scores": [2, 1.5, -1], "y": 0}


def losses(scores: np.ndarray, y: int) -> tuple[float, float]:
    """Return the softmax loss and the hinge loss of one example."""
    return tuple(float(loss(scores[None], np.array([y]))[0]) for loss in (softmax_loss, svm_loss))


def still(state: dict[str, Any]) -> str:
    """Write both losses with their slopes, and their values after some moves of the scores."""
    s, y = np.array(state["scores"], float), state["y"]
    (soft, soft_slope), (hinge, hinge_slope) = (
        loss(s[None], np.array([y])) for loss in (softmax_loss, svm_loss)
    )
    p = softmax(s[None])[0]
    rows = []
    for k, score in enumerate(s):
        missing = "the right one" if k == y else number(max(0.0, score - s[y] + 1))
        rows.append([k, *map(number, (score, p[k], soft_slope[0, k])), missing, number(hinge_slope[0, k])])
    moves = {
        "as they are": s,
        "1 added to every score": s + 1,
        "every score doubled": 2 * s,
        "the right score raised by 1": s + np.eye(3)[y],
        "the right score raised by 2": s + 2 * np.eye(3)[y],
        "class 2 lowered by 1": s - np.eye(3)[2],
    }
    after = [
        [name, ", ".join(map(number, moved)), *map(number, losses(moved, y))] for name, moved in moves.items()
    ]
    return "\n".join(
        [
            wide(table("One example", ["Class", "s", "p", "softmax δ", "m", "hinge δ"], rows), "One example"),
            paragraph(
                f"Softmax loss {number(soft)}, hinge loss {number(hinge)}. The slopes of either"
                " add to 0; the scores are pulled against them."
            ),
            wide(
                table("Moves of the scores", ["Move", "Scores", "Softmax loss", "Hinge loss"], after), "Moves"
            ),
        ]
    )
