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
    "weighed": False,
}
VGG = [(3, 1, 1, 1)] * 3
STACKS = {
    "three of 3 × 3": VGG,
    "one of 7 × 7": [(7, 1, 3, 1)],
    "3 × 3, then 5 × 5": [(3, 1, 1, 1), (5, 1, 2, 1)],
    "one of 3 × 3, dilation 3": [(3, 1, 3, 3)],
}


def _named(layers: list[tuple[int, int, int, int]]) -> list[dict[str, int]]:
    return [dict(zip(("kernel", "stride", "pad", "dilation"), layer, strict=True)) for layer in layers]


VARIANTS = {
    "vgg": {
        "title": "Small kernels for a large one: pixels, weights and paths",
        "state": {"pixels": 11, "layers": _named(VGG), "output": 5, "weighed": True},
        "heights": (50.5, 50.5, 59, 61),
    }
}


def rows(layers: list[dict[str, int]], pixels: int) -> list[tuple[int, int, int, int]]:
    """Return (map, field, jump, start) along one axis after each layer, as `account` counts them."""
    specs = [conv(1, **layer) for layer in layers]
    found = account(specs, (1, pixels, pixels)).rows[1:]  # the first is the image itself
    return [
        (int(row.shape[-1]), int(row.receptive.size), int(row.receptive.jump), int(row.receptive.start))
        for row in found
    ]


def paths(layers: list[dict[str, int]], pixels: int, output: int) -> np.ndarray:
    """Count the paths from each pixel to one output: its gradient where all weights are 1."""
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
    return gradient.ravel().astype(int)


def seen(layers: list[dict[str, int]], pixels: int, output: int) -> list[int]:
    """Return the pixels of a row on which one output depends."""
    return [int(pixel) for pixel in np.flatnonzero(paths(layers, pixels, output))]


def weighed(state: dict[str, Any]) -> str:
    """Write what stacks cost that span as much, and how many paths lead to each pixel."""
    body = []
    for name, stack in STACKS.items():
        layers = _named(stack)
        counts = paths(layers, state["pixels"], state["output"])
        weights = account([conv(1, **layer, bias=False) for layer in layers], (1, 11, 11)).parameters
        span = rows(layers, state["pixels"])[-1][1]
        body.append([name, span, f"{weights} C²", len(stack), " ".join(map(str, counts))])
    head = ["Stack", "Field", "Weights", "ReLUs", f"Paths from the {state['pixels']} pixels"]
    return wide(table("Four stacks that span 7 pixels", head, body), "Four stacks")


def still(state: dict[str, Any]) -> str:
    """Write the layers as a table, and the pixels of one output as a sentence."""
    layers, pixels = state["layers"], state["pixels"]
    head = ["Layer", "Kernel", "Stride", "Padding", "Dilation", "Map", "Field", "Jump", "Start"]
    body = [
        [n, *layer.values(), *(str(value).replace("-", "−") for value in row)]
        for n, (layer, row) in enumerate(zip(layers, rows(layers, pixels), strict=True), 1)
    ]
    found = seen(layers, pixels, state["output"])
    count = ("No", "One", "Two", "Three", "Four", "Five", "Six", "Seven")[len(layers)] + " layers"
    return "\n".join(
        [
            wide(table(f"{count} on {pixels} pixels", head, body), count),
            paragraph(
                f"Output {state['output']} of the last layer sees {len(found)} pixels, {found[0]} to {found[-1]}."
            ),
            *([weighed(state)] if state["weighed"] else []),
        ]
    )
