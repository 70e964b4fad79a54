"""The still of the size and parameter calculator: six layers, each with size, parameters and multiply-adds."""

from __future__ import annotations

from typing import Any

from moving_still import paragraph, table, wide

from cs_cnn.account import account, conv
from cs_cnn.layers import output_size

TITLE = "Size, parameters and multiply-adds of a convolution"
HEIGHTS = (33, 33, 43.5, 50.5)
STATE: dict[str, Any] = {
    "size": 7,
    "kernel": 3,
    "stride": 2,
    "pad": 0,
    "dilation": 1,
    "channels": 3,
    "filters": 6,
    "bias": True,
    "strict": True,
}
LAYERS = [
    {},
    {"stride": 3, "strict": False},
    {"stride": 1, "pad": 1},
    {"size": 32, "kernel": 5, "stride": 1},
    {"size": 227, "kernel": 11, "stride": 4, "filters": 96},
    {"size": 224, "kernel": 3, "stride": 1, "pad": 1, "channels": 64, "filters": 64},
]


def cost(layer: dict[str, Any]) -> tuple[int, int, int]:
    """Return the side of the map, the parameters and the multiply-adds, as `account` counts them."""
    names = ("stride", "pad", "dilation", "bias")
    spec = conv(layer["filters"], layer["kernel"], **{name: layer[name] for name in names})
    row = account([spec], (layer["channels"], layer["size"], layer["size"]))
    return int(row.rows[-1].shape[-1]), int(row.parameters), int(row.multiply_adds)


def refusal(layer: dict[str, Any]) -> str:
    """Return the library's sentence on a window that does not fit, up to its advice; empty when it fits."""
    names = ("size", "kernel", "stride", "pad", "dilation")
    try:
        output_size(**{name: layer[name] for name in names}, fit="strict")
    except ValueError as error:
        return str(error).partition(";")[0]
    return ""


def still(state: dict[str, Any]) -> str:
    """Write a few layers as a table, and why one of them is refused."""
    head = [
        "Image",
        "Kernel",
        "Stride",
        "Padding",
        "Channels → filters",
        "Map",
        "Parameters",
        "Multiply-adds",
    ]
    rows = []
    for change in LAYERS:
        layer = state | change
        out, parameters, products = cost(layer)
        rows.append(
            [
                f"{layer['size']} × {layer['size']}",
                f"{layer['kernel']} × {layer['kernel']}",
                layer["stride"],
                layer["pad"],
                f"{layer['channels']} → {layer['filters']}",
                f"{out} × {out}" + (" rounded down" if refusal(layer) else ""),
                f"{parameters:,}",
                f"{products:,}",
            ]
        )
    return "\n".join(
        [
            wide(table("Six layers", head, rows), "Six layers"),
            paragraph(f"Strict, the second row is refused: {refusal(state | LAYERS[1])}."),
        ]
    )
