"""The still of the patch that covers places: drops of a score, beside what its slopes promise."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from moving_still import grid, number, paragraph, side_by_side, table, wide
from torch import Tensor, nn

from cs_cnn import look

TITLE = "A patch moves over a picture, and the score of a small net drops"
HEIGHTS = (34.8, 56.5, 58.2, 63)
GROUND = """
1 0 2 1 1 0 1 2 0
0 1 1 2 0 1 1 0 1
2 1 0 1 1 2 0 1 1
1 0 1 0 2 1 1 1 0
0 2 1 1 0 1 0 1 2
1 1 0 1 1 0 1 2 1
2 0 1 2 1 1 0 1 0
1 1 0 0 1 2 1 0 1
0 1 2 1 0 1 1 1 0
"""


def picture(*crosses: tuple[int, int, int]) -> list[list[int]]:
    """Draw crosses, each with the row and the column of its middle and its brightness."""
    image = np.array([line.split() for line in GROUND.strip().splitlines()], int)
    for row, column, brightness in crosses:
        image[row, column - 1 : column + 2] = brightness
        image[row - 1 : row + 2, column] = brightness
    return image.tolist()


PICTURES = {
    "one cross": picture((2, 2, 7)),
    "two crosses": picture((2, 2, 7), (5, 5, 7)),
    "bright and faint": picture((2, 2, 7), (5, 5, 5)),
}
STATE: dict[str, Any] = {
    "picture": "one cross",
    "pictures": PICTURES,
    "size": 3,
    "fill": 0,
    "top": 3,
    "left": 2,
}


class Crosses(nn.Module):
    """The net: one kernel, ReLU, and the largest number anywhere as its only score."""

    def forward(self, x: Tensor) -> Tensor:
        """Map pictures (N, 1, H, W) to scores (N, 1)."""
        kernel = x.new_tensor([[-1, 1, -1], [1, 1, 1], [-1, 1, -1]])
        return F.conv2d(x, kernel[None, None]).relu().amax(dim=(2, 3))


def measured(image: list[list[int]], size: int, fill: float) -> tuple[float, np.ndarray, np.ndarray]:
    """Return the score, the drop for every place of the patch, and the slope at every pixel."""
    x = torch.tensor(image, dtype=torch.float64)[None]
    drops = look.occlusion(Crosses(), x, 0, size=size, stride=1, fill=fill)
    return (
        float(Crosses()(x[None])[0, 0]),
        drops.numpy(),
        look.gradient(Crosses(), x[None], 0)[0, 0].numpy(),
    )


def promised(
    image: list[list[int]], slopes: np.ndarray, top: int, left: int, size: int, fill: float
) -> float:
    """Return what the slopes say a patch costs: slope times change, added up."""
    under = np.s_[top : top + size, left : left + size]
    return float((slopes * (np.array(image) - fill))[under].sum())


def still(state: dict[str, Any]) -> str:
    """Write one picture with its two maps, and a table of pictures and sizes of the patch."""
    image, size, fill = state["pictures"][state["picture"]], state["size"], state["fill"]
    top, left = state["top"], state["left"]
    score, drops, slopes = measured(image, size, fill)
    rows = []
    for name, each in state["pictures"].items():
        for side in (1, 3, 5, 7):
            whole, found, slope = measured(each, side, fill)
            worst = divmod(int(found.argmax()), found.shape[1])
            promise = promised(each, slope, *worst, side, fill)
            rows.append(
                [name, f"{side} × {side}", number(whole), number(found.max()), f"{worst}", number(promise)]
            )
    head = ["Picture", "Patch", "Score", "Largest drop", "Place", "By the slopes"]
    return "\n".join(
        [
            paragraph(
                "The net: a kernel with 1 in a cross and −1 in its corners, ReLU, and the largest number of the map."
                f" A black patch of {size} × {size} pixels whose corner is at row {top}, column {left} costs"
                f" {number(drops[top, left])} of the score {number(score)}; by the slopes it should cost"
                f" {number(promised(image, slopes, top, left, size, fill))}."
            ),
            side_by_side(
                wide(grid(image, "Picture", frame=(top, left, size, size)), "Picture"),
                wide(grid(drops, "Drop, by the patch's corner", frame=(top, left, 1, 1)), "Drops"),
                wide(grid(slopes, "Slopes"), "Slopes"),
            ),
            wide(table("Where a patch costs most, and what the slopes promise there", head, rows), "Patches"),
        ]
    )
