"""The still of the receptive-field builder: map, field, jump and start of every layer, and what one output sees."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import paragraph, table, wide

from cs_cnn.account import account, conv
from cs_cnn.layers import conv2d_backward, conv2d_forward

TITLE = "A receptive field, layer by layer"
HEIGHTS = (47.4, 44, 49, 50)
LAYERS = [(3, 1, 1, 1), (2, 2, 0, 1), (3, 1, 1, 1), (2, 2, 0, 1), (3, 1, 1, 1)]
STATE: dict[str, Any] = {
    "pixels": 32,
    "layers": [dict(zip(("kernel", "stride", "pad", "dilation"), layer, strict=True)) for layer in LAYERS],
    "output": 4,
}


def rows(layers: list[dict[str, int]], pixels: int) -> list[tuple[int, int, int, int]]:
    """Return (map, field, jump, start) along one axis after each layer, as `account` counts them."""
    specs = [conv(1, **layer) for layer in layers]
    found = account(specs, (1, pixels, pixels)).rows[1:]  # the first is the image itself
    return [
        (int(row.shape[-1]), int(row.receptive.size), int(row.receptive.jump), int(row.receptive.start))
        for row in found
    ]


def seen(layers: list[dict[str, int]], pixels: int, output: int) -> list[int]:
    """Return the pixels of a row on which one output depends: where a gradient with positive weights is not 0."""
    x, caches = np.ones((1, 1, 1, pixels)), []
    for layer in layers:
        w = np.ones((1, 1, 1, layer["kernel"]))
        x, cache = conv2d_forward(
            x,
            w,
            np.zeros(1),
            stride=(1, layer["stride"]),
            pad=(0, layer["pad"]),
            dilation=(1, layer["dilation"]),
        )
        caches.append(cache)
    gradient = np.zeros_like(x)
    gradient[..., output] = 1
    for cache in reversed(caches):
        gradient, _, _ = conv2d_backward(gradient, cache)
    return [int(pixel) for pixel in np.flatnonzero(gradient)]


def still(state: dict[str, Any]) -> str:
    """Write the layers as a table, and the pixels of one output as a sentence."""
    layers, pixels = state["layers"], state["pixels"]
    head = ["Layer", "Kernel", "Stride", "Padding", "Dilation", "Map", "Field", "Jump", "Start"]
    body = [
        [n, *layer.values(), *(str(value).replace("-", "−") for value in row)]
        for n, (layer, row) in enumerate(zip(layers, rows(layers, pixels), strict=True), 1)
    ]
    found = seen(layers, pixels, state["output"])
    return "\n".join(
        [
            wide(table(f"Five layers on {pixels} pixels", head, body), "Five layers"),
            paragraph(
                f"Output {state['output']} of the last layer sees {len(found)} pixels, {found[0]} to {found[-1]}."
            ),
        ]
    )
