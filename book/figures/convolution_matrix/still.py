"""The still of the matrix of a convolution: the matrix, a column, a row, and what each constraint leaves free."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import grid, paragraph, side_by_side, table, wide

from cs_cnn.layers import conv2d_to_affine

TITLE = "A convolution as the matrix of a fully connected layer"
HEIGHTS = (48.2, 64, 72.2, 77.8)
SIDE = 4
STATE: dict[str, Any] = {
    "kind": "shared",
    "size": 2,
    "kernels": {"2": [1, 2, -1, 3], "3": [1, 0, -1, 2, 1, -2, 3, -1, 1]},
    "first": 4,
    "output": 4,
    "pixel": 5,
}


def matrix(size: int, weights: list[float]) -> np.ndarray:
    """Return the matrix of a convolution on the image, shape (pixels, outputs)."""
    kernel = np.array(weights, float).reshape(1, 1, size, size)
    return conv2d_to_affine(kernel, np.zeros(1), (1, SIDE, SIDE))[0]


def still(state: dict[str, Any]) -> str:
    """Write the matrix, one column as an image and one row as a map, and count what is free."""
    size, output, pixel = state["size"], state["output"], state["pixel"]
    weights = state["kernels"][str(size)]
    whole = matrix(size, weights)
    side = SIDE - size + 1
    outputs = side * side
    rows = [
        ["fully connected", whole.size, whole.size, 1],
        ["local", np.count_nonzero(whole), np.count_nonzero(whole), 1],
        ["local, shared", np.count_nonzero(whole), size * size, outputs],
    ]
    return "\n".join(
        [
            side_by_side(
                grid(whole, f"The matrix: {len(whole)} pixels down, {outputs} outputs across"),
                grid(np.array(weights).reshape(size, size), "Kernel"),
                grid(whole[:, output].reshape(SIDE, SIDE), f"Column {output} as an image"),
                grid(whole[pixel].reshape(side, side), f"Row {pixel} as a map"),
            ),
            paragraph(
                f"Column {output} is the kernel in the window of output {output}. Row {pixel} is what pixel"
                f" {pixel} writes into the outputs: the kernel, turned by 180 degrees."
            ),
            wide(
                table(
                    "What each constraint leaves",
                    ["Layer", "Entries that may differ from 0", "Free numbers", "Places of each number"],
                    rows,
                ),
                "What each constraint leaves",
            ),
        ]
    )
