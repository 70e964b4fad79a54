"""The still of the Gram matrix: two small maps, what is done to them, and both terms of the loss."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from moving_still import grid, number, paragraph, side_by_side, table, wide
from torch import Tensor

from cs_cnn.transform import gram, style_loss

TITLE = "Two feature maps, something done to them, and their Gram matrix"
HEIGHTS = (35.4, 41.5, 43.5, 49.7)
STATE: dict[str, Any] = {
    "width": 4,
    "channels": [
        [3, 1, 0, 0, 0, 3, 0, 0, 0, 0, 3, 0, 0, 0, 0, 2],
        [2, 1, 0, 0, 0, 2, 0, 0, 0, 0, 3, 0, 3, 0, 0, 1],
    ],
    "change": "both",
    "seed": 6,
}
CHANGES = {
    "both": "shuffle both maps alike",
    "one": "shuffle “diagonal” alone",
    "mirror": "mirror both maps",
    "exchange": "exchange the two maps",
    "double": "double every number",
    "add": "add 1 to every number",
}


def permutation(seed: int, count: int) -> list[int]:
    """Shuffle the numbers 0, 1, 2, ... as the module does."""
    order, state = list(range(count)), seed
    for last in range(count - 1, 0, -1):
        state = (1664525 * state + 1013904223) % 2**32
        other = (state >> 8) % (last + 1)
        order[last], order[other] = order[other], order[last]
    return order


def maps(state: dict[str, Any]) -> Tensor:
    """Return the picture's maps as a batch of one."""
    channels = torch.tensor(state["channels"], dtype=torch.float64)
    return channels.reshape(1, len(channels), -1, state["width"])


def changed(state: dict[str, Any], change: str) -> Tensor:
    """Return the maps after a change."""
    x = maps(state)
    order = permutation(state["seed"], x[0, 0].numel())
    shuffled = x.flatten(2)[:, :, order].view_as(x)
    return {
        "both": shuffled,
        "one": torch.cat([x[:, :1], shuffled[:, 1:]], dim=1),
        "mirror": x.flip(3),
        "exchange": x.flip(1),
        "double": 2 * x,
        "add": x + 1,
    }[change]


def still(state: dict[str, Any]) -> str:
    """Write the maps with their matrix, and a table of changes."""
    before = maps(state)
    rows = []
    for change, name in CHANGES.items():
        after = changed(state, change)
        (aa, ab), (_, bb) = gram(after)[0].tolist()
        content = float((after - before).square().mean())
        style = float(style_loss(after, before))
        r = np.corrcoef(after[0].flatten(1).numpy())[0, 1]
        rows.append([name, *(number(value) for value in (aa, ab, bb, content, style, r))])
    head = ["Change", "G₁₁", "G₁₂", "G₂₂", "Content term", "Style term", "Correlation"]
    return "\n".join(
        [
            paragraph("A picture's maps at 4 × 4 places, and the mean products of their numbers."),
            side_by_side(
                grid(before[0, 0].numpy(), "Blue"),
                grid(before[0, 1].numpy(), "Diagonal"),
                grid(gram(before)[0].numpy(), "Gram matrix G"),
            ),
            wide(
                table("What becomes of the matrix, and of the two terms of the loss", head, rows), "Changes"
            ),
        ]
    )
