"""The still of padding, stride, dilation and transposed convolution: a row both ways, and a table of sizes."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from moving_still import factor, grid, number, paragraph, side_by_side, table, wide

from cs_cnn.layers import conv2d_forward, conv_transpose2d_forward

TITLE = "One row of cells, convolved and transposed"
HEIGHTS = (38.5, 42.9, 46.2, 53)
STATE: dict[str, Any] = {
    "transposed": False,
    "size": 7,
    "kernel": 3,
    "stride": 2,
    "pad": 1,
    "dilation": 1,
    "extra": 0,
    "chosen": 1,
    "values": [2, 1, -1, 3, 0, -2, 1, 4],
    "weights": [1, 2, -1, 1, -2, 1, 2],
}
CHANGES = [
    {},
    {"size": 8},
    {"pad": 0},
    {"stride": 1},
    {"stride": 3, "pad": 0},
    {"stride": 1, "dilation": 3, "pad": 3},
    {"kernel": 2, "stride": 3, "pad": 0},
]


def given(layer: dict[str, Any]) -> np.ndarray:
    """Return the numbers that go in: the image, or the map of a transposed convolution."""
    return np.resize(np.array(layer["values"], float), layer["size"])


def apply(
    layer: dict[str, Any], x: np.ndarray | None = None, weights: np.ndarray | None = None
) -> np.ndarray:
    """Return what the library makes of one row."""
    x = given(layer) if x is None else x
    taps = np.array(layer["weights"], float)[: layer["kernel"]] if weights is None else weights
    options = {"stride": (1, layer["stride"]), "pad": (0, layer["pad"]), "dilation": (1, layer["dilation"])}
    if layer["transposed"]:
        options["output_pad"] = (0, layer["extra"])
    forward = conv_transpose2d_forward if layer["transposed"] else conv2d_forward
    out, _ = forward(x[None, None, None], taps[None, None, None], np.zeros(1), **options)
    return out[0, 0, 0]


def refusal(layer: dict[str, Any]) -> str:
    """Return the library's sentence on a setting that cannot be, with one number for each pair; else nothing."""
    try:
        apply(layer)
    except ValueError as error:
        sentence = re.split(r"[;:]", str(error))[0]
        return re.sub(r"got \((\d+), \1\)|\(\d+, (\d+)\)(?! and)", _one, sentence)
    return ""


def _one(pair: re.Match[str]) -> str:
    return f"got {pair[1]}" if pair[1] else pair[2]


def readers(layer: dict[str, Any]) -> np.ndarray:
    """Count for each pixel of the image how many entries of the map it is joined to."""
    sizes = layer["size"], len(apply(layer))
    entries, pixels = sizes if layer["transposed"] else sizes[::-1]
    span = layer["dilation"] * (layer["kernel"] - 1) + 1
    rest = pixels + 2 * layer["pad"] - span - (entries - 1) * layer["stride"]
    back = layer | {"transposed": True, "size": entries, "extra": rest}
    return apply(back, np.ones(entries), np.ones(layer["kernel"]))


def still(state: dict[str, Any]) -> str:
    """Write the row both ways with the count of uses, and a table of settings with their sizes."""
    forth = apply(state)
    back = state | {"transposed": True, "size": len(forth)}
    rows = []
    for change in CHANGES:
        layer = state | change
        size, pad, stride, dilation = (layer[name] for name in ("size", "pad", "stride", "dilation"))
        span = dilation * (layer["kernel"] - 1) + 1
        exact, counts = (size + 2 * pad - span) / stride + 1, readers(layer)
        out = len(apply(layer))
        left = ", ".join(str(pixel) for pixel in np.flatnonzero(counts == 0))
        rows.append(
            [
                size,
                f"{layer['kernel']}, {stride}, {pad}, {dilation}",
                f"({size} + 2 · {pad} − {span}) / {stride} + 1 = {exact:.3g}",
                out,
                left or "none",
                f"({out} − 1) · {stride} + {span} − 2 · {pad} = {(out - 1) * stride + span - 2 * pad}",
            ]
        )
    head = ["Pixels", "K, S, P, D", "Size", "Rounded down", "Pixels never read", "Transposed, from there"]
    taps = np.array(state["weights"], float)[None, : state["kernel"]]
    first = state["chosen"] * state["stride"] - state["pad"]
    pixels = [first + k * state["dilation"] for k in range(state["kernel"])]
    factors = [given(state)[pixel] if 0 <= pixel < state["size"] else 0.0 for pixel in pixels]
    terms = [f"{factor(w)} · {factor(x)}" for w, x in zip(taps[0], factors, strict=True)]
    return "\n".join(
        [
            paragraph(
                f"Kernel {state['kernel']}, stride {state['stride']}, padding {state['pad']}: the row read by"
                " windows, and a row stamped back."
            ),
            side_by_side(
                grid(given(state)[None], "Image"),
                grid(taps, "Kernel"),
                grid(forth[None], "Convolved"),
                grid(given(back)[None], "To be stamped"),
                grid(apply(back)[None], "Stamped"),
                grid(readers(state)[None], "Windows that read each pixel, and stamps on it"),
            ),
            paragraph(
                f"Cell {state['chosen']} of the map reads pixels {', '.join(str(pixel) for pixel in pixels)}:"
                f" {' + '.join(terms)} = {number(forth[state['chosen']])}."
            ),
            wide(table("K, S, P, D are kernel, stride, padding, dilation", head, rows), "Settings and sizes"),
        ]
    )
