"""Cases of the sampling grid, answered by PyTorch and by the chapter's numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

Case = tuple[str, list[Any], Any]


SAME, HALF = [[1, 0, 0], [0, 1, 0]], [[0.5, 0, 0.375], [0, 0.5, -0.375]]


def cases() -> Iterable[Case]:
    """Yield calls of the module's functions with the answers of torch."""
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 17, (16, 16))
    old, values = torch.tensor(picture, dtype=torch.float64)[None, None], picture.tolist()
    for theta in (SAME, HALF, [[0, 1, 0], [-1, 0, 0]], (np.eye(2, 3) + rng.normal(size=(2, 3))).tolist()):
        grid = F.affine_grid(torch.tensor([theta], dtype=torch.float64), [1, 1, 8, 8], align_corners=False)
        made = F.grid_sample(old, grid, align_corners=False)[0, 0].tolist()
        yield "sample", [values, theta, 8], made
        for row, column in ((0, 0), (2, 5)):
            x, y = grid[0, row, column].tolist()
            yield "look", [theta, row, column, 8, 16], {"x": x, "y": y}
        back = np.linalg.inv(np.vstack([theta, [0, 0, 1]]))[:2]
        yield "inverse", [theta], back.tolist()
    yield "inverse", [[[1, 2, 0], [2, 4, 1]]], None
    yield "sample", [values, HALF, 8], picture[1:9, 7:15].tolist()  # pixel by pixel
    by_hand = [[[0.5, 0, 0.25], [0, 1, 0]], 0, 0, 2, 4]  # the chapter's exercise, along x
    yield "look", by_hand, {"own": -0.5, "x": 0, "across": 1.5}
    row = [[10, 20, 40, 80]] * 4
    around = [{"row": 1, "column": c, "value": v, "weight": w} for c, v, w in ((1, 20, 0.75), (2, 40, 0.25))]
    below = [each | {"row": 2, "weight": 0} for each in around]
    yield "neighbours", [row, 1.25, 1], around + below
    yield "neighbours", [row, -0.5, 0], [{"value": 0, "weight": 0.5}, {"value": 10, "weight": 0.5}, {}, {}]
    yield "judge", [values, HALF, HALF, 8], {"pixels": 0, "inverted": False}
    turned_round = [[2, 0, -0.75], [0, 2, 0.75]]
    yield "judge", [values, turned_round, HALF, 8], {"inverted": True}
    yield "judge", [values, SAME, HALF, 8], {"inverted": False}
