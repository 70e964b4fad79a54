"""The still of the lesions on a plane: points that two networks have right, with blocks cut or exchanged.

`train.py` made `nets.json`: the points and the weights, in hundredths. Both networks were trained alike (Adam, 600
steps, logistic loss) on two arcs of 60 points each. Of eight seeds each is a typical one, by what it loses with a
deleted block.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from moving_still import paragraph, side_by_side, table

from cs_cnn.studies.lesion import kendall_distance

TITLE = "Lesions of a residual and of a plain network"
HEIGHTS = (33.7, 35.5, 63.2, 65.5)
STATE: dict[str, Any] = {
    **json.loads((Path(__file__).parent / "nets.json").read_text(encoding="utf-8")),
    "deleted": [3],
    "exchanged": None,
}
EXCHANGES = [(1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (1, 4), (2, 6)]


def scores(net: dict[str, Any], points: np.ndarray, order: list[int], *, shortcuts: bool) -> np.ndarray:
    """Return the score of each point, of a network whose blocks are passed in this order."""
    part = {name: np.array(weights) / 100 for name, weights in net.items()}
    now = points @ part["lift"]
    for block in order:
        inner = np.maximum(0, now @ part["into"][block] + part["bias"][block])
        now = now * shortcuts + inner @ part["out"][block]
    return now @ part["head"] + part["shift"]


def right(state: dict[str, Any], kind: str, order: list[int]) -> int:
    """Count the points that come out on their side."""
    given = np.array(state["points"])
    found = scores(state[kind], given[:, :2] / 100, order, shortcuts=kind == "residual")
    return int(((found > 0) == (given[:, 2] == 1)).sum())


def still(state: dict[str, Any]) -> str:
    """Write what is left of both networks, after each deletion and each exchange."""
    whole = list(range(len(state["plain"]["bias"])))
    lesions = [("nothing", whole), *((f"block {n + 1}", [b for b in whole if b != n]) for n in whole)]
    rows = [[name, right(state, "residual", order), right(state, "plain", order)] for name, order in lesions]
    others = []
    for a, b in EXCHANGES:
        order = list(whole)
        order[a], order[b] = b, a
        counts = right(state, "residual", order), right(state, "plain", order)
        others.append([f"{a + 1} and {b + 1}", kendall_distance(order), *counts])
    return "\n".join(
        [
            paragraph(
                f"Two networks of {len(whole)} blocks, with and without shortcuts, and {len(state['points'])} points"
                " in two classes. A deleted block hands on what it gets; nothing is trained again."
            ),
            side_by_side(
                table("Points that stay right", ["Deleted", "Residual", "Plain"], rows),
                table("And with two exchanged", ["Blocks", "Wrong pairs", "Residual", "Plain"], others),
            ),
        ]
    )
