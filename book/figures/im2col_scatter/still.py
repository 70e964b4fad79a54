"""The still of im2col and its scatter: image, columns and map; and the gradient of the columns added back."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import factor, grid, number, paragraph, side_by_side

from cs_cnn.layers.windows import add_windows, view_windows

TITLE = "Windows gathered into columns, and scattered back"
HEIGHTS = (44.2, 52.7, 62.1, 70)
STATE: dict[str, Any] = {
    "image": [[2, 1, 0, 3], [1, 5, -2, 1], [0, 3, 4, -1], [2, -1, 1, 2]],
    "weights": [[1, 0, -1], [2, 1, -2], [1, -1, 0]],
    "dout": [2, -1, 1, 3, 1, -2, 1, -1, 2],
    "kernel": 3,
    "stride": 1,
    "step": 0,
    "pixel": [1, 1],
    "backward": False,
}


def gather(image: np.ndarray, kernel: int, stride: int) -> np.ndarray:
    """Return the windows of an image as columns, shape (kernel², positions)."""
    windows = view_windows(image[None, None], (kernel, kernel), (stride, stride))[0, 0]
    return windows.reshape(-1, kernel * kernel).T


def scatter(columns: np.ndarray, side: int, kernel: int, stride: int) -> np.ndarray:
    """Add columns back to the pixels that they came from, shape (side, side)."""
    positions = (side - kernel) // stride + 1
    windows = columns.T.reshape(1, 1, positions, positions, kernel, kernel)
    full = add_windows(windows, (1, 1, side, side), (stride, stride))
    return full[0, 0]


def still(state: dict[str, Any]) -> str:
    """Write both directions as tables, the scatter of one pixel term by term, and the count of uses."""
    image, kernel, stride = np.array(state["image"], float), state["kernel"], state["stride"]
    columns = gather(image, kernel, stride)
    weights = np.array(state["weights"], float)[:kernel, :kernel]
    dout = np.array(state["dout"], float)[: columns.shape[1]]
    dcolumns = np.outer(weights, dout)
    gradient = scatter(dcolumns, len(image), kernel, stride)
    uses = scatter(np.ones_like(columns), len(image), kernel, stride)
    row, column = state["pixel"]
    # The columns of the pixels' own numbers say where each pixel went.
    names = gather(np.arange(image.size).reshape(image.shape), kernel, stride)
    entries, places = np.nonzero(names == row * len(image) + column)
    order = np.argsort(places)
    terms = [
        f"{factor(weights.ravel()[n])} · {factor(dout[p])}"
        for n, p in zip(entries[order], places[order], strict=True)
    ]
    where = ", ".join(str(p) for p in places[order])
    return "\n".join(
        [
            paragraph("Forward: each window becomes a column, and the kernel, as a row, multiplies them."),
            side_by_side(
                grid(image, "Image, first window framed", frame=(0, 0, kernel, kernel)),
                grid(columns, "Columns, the first framed", frame=(0, 0, kernel * kernel, 1)),
                grid(weights.reshape(1, -1), "Kernel, as a row"),
                grid(weights.reshape(1, -1) @ columns, "Kernel times columns"),
            ),
            paragraph(
                "Backward: the kernel times each entry of the map's gradient is added to the window it came from."
            ),
            side_by_side(
                grid(dout[None], "Gradient of the map"),
                grid(dcolumns, "Gradient of the columns"),
                grid(gradient, "Gradient of the image", frame=(row, column, 1, 1)),
                grid(uses, "How often each pixel is copied, and added to"),
            ),
            paragraph(
                f"Pixel {row}, {column} is in {len(order)} windows, number {where}. Its gradient:"
                f" {' + '.join(terms)} = {number(gradient[row, column])}."
            ),
        ]
    )
