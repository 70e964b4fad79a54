"""The still of the channels figure: five kinds of layer with their matrices, their costs and what an output sees."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import grid, number, paragraph, side_by_side, table, wide

from cs_cnn.account import Spec, account, conv
from cs_cnn.layers import conv2d_backward, conv2d_forward

TITLE = "How a layer joins channels"
HEIGHTS = (30.3, 32.4, 48.5, 55.6)
STATE: dict[str, Any] = {
    "kind": "ordinary",
    "channels": 4,
    "filters": 6,
    "kernel": 3,
    "groups": 2,
    "side": 14,
    "output": 1,
}
KINDS = {
    "ordinary": "ordinary, K × K",
    "pointwise": "1 × 1",
    "groups": "K × K in groups",
    "depthwise": "depthwise, K × K",
    "separable": "depthwise separable",
}
LETTERS = {
    "ordinary": "F · C · K²",
    "pointwise": "F · C",
    "groups": "F · (C / g) · K²",
    "depthwise": "C · K²",
    "separable": "C · K² + F · C",
}


def shapes(state: dict[str, Any]) -> list[tuple[int, int, int]]:
    """Return (filters, kernel, groups) of each convolution of a layer."""
    channels, filters, kernel = state["channels"], state["filters"], state["kernel"]
    return {
        "ordinary": [(filters, kernel, 1)],
        "pointwise": [(filters, 1, 1)],
        "groups": [(filters, kernel, state["groups"])],
        "depthwise": [(channels, kernel, channels)],
        "separable": [(channels, kernel, channels), (filters, 1, 1)],
    }[state["kind"]]


def cost(state: dict[str, Any]) -> tuple[int, int]:
    """Return weights and multiply-adds, as `account` counts them."""
    specs: list[Spec] = []
    for filters, kernel, groups in shapes(state):
        before = (kernel - 1) // 2
        pad = ((before, kernel - 1 - before),) * 2
        specs.append(conv(filters, kernel, pad=pad, groups=groups, bias=False))
    found = account(specs, (state["channels"], state["side"], state["side"]))
    return int(found.parameters), int(found.multiply_adds)


def refusal(state: dict[str, Any]) -> str:
    """Return the library's sentence on groups that do not fit; empty when they do."""
    try:
        reach(state)
    except ValueError as error:
        return str(error)
    return ""


def reach(state: dict[str, Any]) -> np.ndarray:
    """Count the paths from each input (columns) to each output (rows): gradients through weights of 1, (F, C)."""
    h, caches = np.ones((1, state["channels"], 1, 1)), []
    for filters, _, groups in shapes(state):
        w = np.ones((filters, max(h.shape[1] // groups, 1), 1, 1))
        h, cache = conv2d_forward(h, w, np.zeros(filters), groups=groups)
        caches.append(cache)
    rows = []
    for output in range(h.shape[1]):
        gradient = np.zeros_like(h)
        gradient[:, output] = 1
        for cache in reversed(caches):
            gradient, _, _ = conv2d_backward(gradient, cache)
        rows.append(gradient.ravel())
    return np.array(rows)


def still(state: dict[str, Any]) -> str:
    """Write the five kinds as a table, and for each which inputs reach which outputs."""
    rows, grids = [], []
    ordinary, _ = cost(state | {"kind": "ordinary"})
    for kind, name in KINDS.items():
        layer = state | {"kind": kind}
        parameters, products = cost(layer)
        found = reach(layer)
        usual = ordinary * len(found) // state["filters"]
        seen = ", ".join(str(channel) for channel in np.flatnonzero(found[state["output"]]))
        rows.append(
            [
                name,
                LETTERS[kind],
                f"{parameters:,}",
                f"{products:,}",
                f"{parameters} / {usual} = {number(parameters / usual)}",
                seen,
            ]
        )
        on_the_way = sum(kernel**2 for _, kernel, _ in shapes(layer))
        grids.append(grid(found * on_the_way, name))
    head = [
        "Layer",
        "Weights",
        "Count",
        "Multiply-adds",
        "Ratio to ordinary",
        f"Output {state['output']} sees inputs",
    ]
    setting = (
        f"C = {state['channels']} channels, F = {state['filters']} filters, K = {state['kernel']},"
        f" g = {state['groups']} groups, maps of {state['side']} by {state['side']} pixels"
    )
    return "\n".join(
        [
            wide(table(setting, head, rows), "Five kinds of layer"),
            paragraph("How many weights lie on the way from each input (column) to each output (row)."),
            side_by_side(*grids),
        ]
    )
