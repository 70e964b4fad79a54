"""The still of the sampling grid: a digit through four maps, and one new pixel with its four neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import grid, number, paragraph, side_by_side, table, wide

from cs_cnn.layers import affine_grid_forward, grid_sample_forward

TITLE = "Six numbers, and where a new picture looks"
HEIGHTS = (49.9, 48.3, 83.7, 84)
SIZE = 8  # of the new picture
SEVEN = [  # of the chapter's test digits, in sixteenths
    [0, 0, 0, 9, 15, 12, 0, 0],
    [0, 0, 4, 7, 7, 14, 0, 0],
    [0, 0, 0, 0, 0, 13, 3, 0],
    [0, 4, 9, 8, 10, 13, 1, 0],
    [0, 4, 16, 15, 16, 16, 6, 0],
    [0, 0, 0, 0, 14, 3, 0, 0],
    [0, 0, 0, 9, 12, 0, 0, 0],
    [0, 0, 0, 11, 7, 0, 0, 0],
]
SCRAP = [[6, 0, 12, 7], [13, 4, 13, 6], [16, 16, 15, 0], [11, 13, 4, 0]]  # of a zero


def scene() -> list[list[int]]:
    """Lay out the seven and the scrap in a picture four times the size of the seven."""
    picture = np.zeros((16, 16), int)
    picture[1:9, 7:15], picture[11:15, 2:6] = SEVEN, SCRAP
    return picture.tolist()


STATE: dict[str, Any] = {
    "picture": scene(),
    "theta": [[1, 0, 0], [0, 1, 0]],
    "row": 2,
    "column": 5,
    "goal": 0,
}
MAPS = {
    "identity": [[1, 0, 0], [0, 1, 0]],
    "scale ½, at the seven": [[0.5, 0, 0.375], [0, 0.5, -0.375]],
    "scale 2": [[2, 0, 0], [0, 2, 0]],
}


def look(theta: list[list[float]]) -> np.ndarray:
    """Return x and y of the places at which a new picture looks, shape (SIZE, SIZE, 2)."""
    return affine_grid_forward(np.array([theta], float), shape=SIZE)[0][0]


def sample(picture: list[list[int]], theta: list[list[float]]) -> np.ndarray:
    """Return the new picture that a map makes."""
    old = np.array(picture, float)
    return grid_sample_forward(old[None, None], look(theta)[None])[0][0, 0]


def still(state: dict[str, Any]) -> str:
    """Write the picture, what three maps make of it, and how one new pixel is read."""
    picture, theta, row, column = (state[name] for name in ("picture", "theta", "row", "column"))
    size = len(picture)
    x, y = look(theta)[row, column]
    across, down = (size * (x + 1) - 1) / 2, (size * (y + 1) - 1) / 2
    left, top = int(np.floor(across)), int(np.floor(down))
    rows = []
    for i, j in ((top, left), (top, left + 1), (top + 1, left), (top + 1, left + 1)):
        weight = (1 - abs(across - j)) * (1 - abs(down - i))
        rows.append([f"{i}, {j}", picture[i][j], number(weight), number(weight * picture[i][j])])
    own, high = ((2 * n + 1) / SIZE - 1 for n in (column, row))
    pictures = [grid(sample(picture, each).round(1), name, largest=16) for name, each in MAPS.items()]
    return "\n".join(
        [
            wide(grid(np.array(picture), "The old picture"), "The old picture"),
            side_by_side(*pictures),
            paragraph(
                f"With the identity, the new pixel in row {row}, column {column} looks at its own place,"
                f" x = {number(own)}, y = {number(high)}: row {number(down)}, column {number(across)} of the old"
                " pixels."
            ),
            table("What it reads there", ["Row, column", "Value", "Weight", "Product"], rows),
            paragraph(
                f"Together {number(sample(picture, theta)[row, column])}. With scale ½ the frame covers a quarter"
                " of the old picture, and the seven fills the new one: 0.375 to the right and 0.375 up, as the"
                " seven lies there."
            ),
        ]
    )
