"""The still of a ledger of layers: AlexNet's rows as `account` counts them, and what is left without some of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from moving_still import paragraph, table, wide

from cs_cnn.account import Account, account, affine, conv, pool

TITLE = "AlexNet, layer by layer, and without some layers"
HEIGHTS = (49.4, 51.5, 62, 70)


def _conv(name: str, filters: int, kernel: int, **more: Any) -> dict[str, Any]:
    return {"name": name, "kind": "conv", "filters": filters, "kernel": kernel, **more}


def _pool(name: str) -> dict[str, Any]:
    return {"name": name, "kind": "pool", "kernel": 3, "stride": 2}


STATE: dict[str, Any] = {
    "channels": 3,
    "size": 227,
    "towers": 1,
    "removed": [],
    "layers": [
        _conv("conv1", 96, 11, stride=4),
        _pool("pool1"),
        _conv("conv2", 256, 5, pad=2, apart=True),
        _pool("pool2"),
        _conv("conv3", 384, 3, pad=1),
        _conv("conv4", 384, 3, pad=1, apart=True),
        _conv("conv5", 256, 3, pad=1, apart=True),
        _pool("pool3"),
        *(
            {"name": f"fc{n}", "kind": "dense", "units": units}
            for n, units in ((6, 4096), (7, 4096), (8, 1000))
        ),
    ],
    # top-5 errors on the validation images, in per cent, of Zeiler and Fergus
    "published": {
        "whole": 18.1,
        "fc7": 18.4,
        "fc6 fc7": 22.4,
        "conv3 conv4": 22.1,
        "conv3 conv4 fc6 fc7": 50.1,
    },
}
WITHOUT = [(), ("fc7",), ("fc6", "fc7"), ("conv3", "conv4"), ("pool3",), ("pool1",), ("conv2",)]


def counted(state: dict[str, Any], removed: Sequence[str] = ()) -> Account:
    """Let the library count the network without the layers that are removed."""
    specs = []
    for layer in state["layers"]:
        if layer["name"] in removed:
            continue
        if layer["kind"] == "dense":
            specs.append(affine(layer["units"]))
        elif layer["kind"] == "pool":
            specs.append(pool(layer["kernel"], stride=layer["stride"]))
        else:
            groups = state["towers"] if layer.get("apart") else 1
            names = {name: layer[name] for name in ("stride", "pad") if name in layer}
            specs.append(conv(layer["filters"], layer["kernel"], groups=groups, **names))
    return account(specs, (state["channels"], state["size"], state["size"]))


def still(state: dict[str, Any]) -> str:
    """Write the whole ledger, and a row for each of some smaller networks."""
    whole = counted(state)
    names = ["image", *(layer["name"] for layer in state["layers"])]
    rows = [
        [
            name,
            " × ".join(map(str, row.shape)),
            f"{row.parameters:,}",
            f"{row.multiply_adds:,}",
            f"{row.activations:,}",
        ]
        for name, row in zip(names, whole.rows, strict=True)
    ]
    rows.append(
        [
            "total",
            f"{len(names) - 1} layers",
            f"{whole.parameters:,}",
            f"{whole.multiply_adds:,}",
            f"{whole.total.activations:,}",
        ]
    )
    left = []
    for removed in WITHOUT:
        for towers in (1, 2):
            found = counted(state | {"towers": towers}, removed)
            left.append(
                [
                    " ".join(removed) or "nothing",
                    "one" if towers == 1 else "two",
                    f"{found.parameters:,}",
                    f"{found.parameters / whole.parameters:.0%}",
                    f"{found.multiply_adds / whole.multiply_adds:.0%}",
                ]
            )
    head = ["Layer", "Output", "Parameters", "Multiply-adds", "Values to keep"]
    return "\n".join(
        [
            wide(table("The whole network, in one tower", head, rows), "The whole network"),
            wide(
                table(
                    "What is left, in per cent of the whole in one tower",
                    ["Without", "Towers", "Parameters", "Parameters left", "Work left"],
                    left,
                ),
                "What is left without some layers",
            ),
            paragraph(
                "Without pool3, which has no parameters, fc6 reads 43,264 numbers and has 177 million."
            ),
        ]
    )
