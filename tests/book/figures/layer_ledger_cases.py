"""Cases of the ledger of layers: the library builds and counts the networks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cs_cnn.account import Account, account

from ..training_cases import half

FIELDS = {"parameters": "parameters", "work": "multiply_adds", "values": "activations"}


def wanted(found: Account) -> list[dict[str, Any]]:
    rows = [row for row in found.rows if "norm" not in row.kind]
    return [
        {
            "maps": row.shape[0],
            "side": row.shape[-1] if len(row.shape) == 3 else 1,
            **{name: getattr(row, field) for name, field in FIELDS.items()},
        }
        for row in rows
    ]


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    figure = half("layer_ledger")
    state = figure.STATE
    for towers, name in ((1, "lecture"), (2, "paper")):
        one = state | {"towers": towers}
        for removed in ((), ("fc7",), ("fc6", "fc7"), ("conv3", "conv4"), ("conv3", "conv4", "fc6", "fc7")):
            built = account("alexnet", variant=name, without=removed).detail("stages")  # the chapter's own
            rows = wanted(built)
            yield "ledger", [one, list(removed)], {"rows": rows}
            sums = {name: sum(row[name] for row in rows) for name in FIELDS}
            assert sums["parameters"] == built.parameters
            yield "totals", [rows], sums
        for size, removed in ((224, ()), (96, ()), (227, ("pool3",)), (300, ("conv2", "pool1", "fc6"))):
            other = one | {"size": size}
            yield "ledger", [other, list(removed)], {"rows": wanted(figure.counted(other, removed))}
    sentence = "conv2 stands in 2 towers, and 3 maps cannot be shared out between them"
    yield "ledger", [state | {"towers": 2}, ["conv1"]], {"refusal": sentence}
    sentence = "The window of pool3, 3 pixels, is larger than its map of 2"
    yield "ledger", [state | {"size": 63}, []], {"refusal": sentence}
    whole, small = wanted(figure.counted(state)), wanted(figure.counted(state, ["fc6", "fc7"]))
    kept = [
        name for name in ["image", *(each["name"] for each in state["layers"])] if name not in ("fc6", "fc7")
    ]
    names = ["image", *(each["name"] for each in state["layers"])]
    whole = [row | {"name": name} for row, name in zip(whole, names, strict=True)]
    small = [row | {"name": name} for row, name in zip(small, kept, strict=True)]
    yield "mostChanged", [small, whole], {"now": {"name": "fc8", "parameters": 9216 * 1000 + 1000}}
    yield "mostChanged", [whole[:-1], whole], None
    for guess, share, verdict in (
        (97, 1, True),
        (96, 0.92, True),
        (96, 0.91, False),
        (300, 3.1, True),
        (280, 3, False),
    ):
        yield "near", [guess, share], verdict
