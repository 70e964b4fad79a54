"""The still of the convolution stepper: image, kernel and map, one entry written out, and the flipped kernel's map."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import grid, number, paragraph, side_by_side

from cs_cnn.layers import conv2d_forward

TITLE = "Convolution, one window at a time"
HEIGHTS = (34, 37, 49.5, 54)
STATE: dict[str, Any] = {
    "image": [[1, 1, 5, 6, 6], [1, 2, 5, 6, 7], [0, 1, 4, 6, 6], [1, 1, 5, 7, 6], [1, 1, 5, 6, 6]],
    "kernel": [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]],
    "bias": 1,
    "stride": 1,
    "pad": 0,
    "flip": False,
    "row": 0,
    "column": 0,
    "shown": [],
}


def convolve(state: dict[str, Any], *, flip: bool) -> np.ndarray:
    """Return the map of the image, shape (H', W')."""
    kernel = np.array(state["kernel"], float)
    if flip:
        kernel = kernel[::-1, ::-1]
    image = np.array(state["image"], float)[None, None]
    bias = np.array([state["bias"]], float)
    out, _ = conv2d_forward(image, kernel[None, None], bias, stride=state["stride"], pad=state["pad"])
    return out[0, 0]


def arithmetic(state: dict[str, Any]) -> str:
    """Write out the first entry of the map, term by term."""
    kernel = np.array(state["kernel"], float)
    window = np.array(state["image"], float)[: kernel.shape[0], : kernel.shape[1]]
    terms = [
        f"({number(w)}) · {number(x)}" if w < 0 else f"{number(w)} · {number(x)}"
        for w, x in zip(kernel.ravel(), window.ravel(), strict=True)
    ]
    total = convolve(state, flip=False)[0, 0]
    return f"{' + '.join(terms)} + {number(state['bias'])} = {number(total)}"


def still(state: dict[str, Any]) -> str:
    """Write the figure as tables."""
    height, width = np.array(state["kernel"]).shape
    return "\n".join(
        [
            side_by_side(
                grid(np.array(state["image"]), "Image, first window framed", frame=(0, 0, height, width)),
                grid(np.array(state["kernel"]), "Kernel"),
                grid(convolve(state, flip=False), "Map (correlation)", frame=(0, 0, 1, 1)),
                grid(convolve(state, flip=True), "Map with the kernel turned by 180° (convolution)"),
            ),
            paragraph(
                f"The framed entry, with the bias {number(state['bias'])} added last: {arithmetic(state)}."
            ),
        ]
    )
