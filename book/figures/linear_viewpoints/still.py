"""The still of the three viewpoints: scores, templates and borders of a classifier of two pixels, with two biases."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import factor, grid, number, paragraph, side_by_side, table, wide

from cs_cnn.layers import affine_forward

TITLE = "Three scores of two pixels: sums, templates, borders"
HEIGHTS = (38.6, 63, 67, 73)
CLASSES = ["left", "right", "both"]
STATE: dict[str, Any] = {
    "W": [[1, -1, 1], [-1, 1, 1]],
    "b": [0, 0, 0],
    "x": [0.6, 0.2],
    "chosen": 2,
    "examples": [
        [[0.9, 0.1], 0],
        [[0.8, 0.3], 0],
        [[0.65, 0.1], 0],
        [[0.1, 0.9], 1],
        [[0.25, 0.8], 1],
        [[0.1, 0.7], 1],
        [[0.9, 0.9], 2],
        [[0.6, 0.75], 2],
        [[0.95, 0.55], 2],
    ],
}


def scores(state: dict[str, Any], x: np.ndarray) -> np.ndarray:
    """Return the scores of images, as the library computes them."""
    return affine_forward(x, np.array(state["W"], float), np.array(state["b"], float))[0]


def still(state: dict[str, Any]) -> str:
    """Write the scores of the nine examples with the bias of the state and with a better one, and the borders."""
    x = np.array([point for point, _ in state["examples"]])
    truth = [CLASSES[c] for _, c in state["examples"]]
    better = state | {"b": [0, 0, -0.75]}
    before, after = scores(state, x), scores(better, x)
    rows = [
        [
            f"{number(point[0])}, {number(point[1])}",
            name,
            *map(number, one),
            CLASSES[one.argmax()],
            number(two[2]),
            CLASSES[two.argmax()],
        ]
        for point, name, one, two in zip(x, truth, before, after, strict=True)
    ]
    head = ["Image", "Is", *CLASSES, "Named", "both, bias −0.75", "Named then"]
    w = np.array(state["W"], float)
    borders = []
    for i, j in ((0, 1), (0, 2), (1, 2)):
        normal, offset = w[:, i] - w[:, j], better["b"][i] - better["b"][j]
        borders.append(
            f"{CLASSES[i]} and {CLASSES[j]}: {factor(normal[0])} · left + {factor(normal[1])} · right"
            f" + {factor(offset)} = 0"
        )
    return "\n".join(
        [
            side_by_side(*(grid(w[:, c][None], f"Template of “{name}”") for c, name in enumerate(CLASSES))),
            wide(table("Nine images of two pixels and their scores", head, rows), "Scores"),
            paragraph(
                "With all biases 0 the brightest template wins everywhere. With the bias −0.75 for “both”, the"
                f" borders are {'; '.join(borders)}. A bias moves borders parallel to themselves; a weight turns"
                " them; twice all weights and biases leave them where they are."
            ),
        ]
    )
