"""The still of the voting subnetworks: all sixteen, and their means beside one pass of the scaled network."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
from moving_still import number, paragraph, table, wide

from cs_cnn.layers import softmax

TITLE = "Sixteen subnetworks against one scaled network"
HEIGHTS = (47, 51, 56.9, 64.8)
KINDS = ("affine", "softmax", "relu")
STATE: dict[str, Any] = {
    "h": [2, 1, 4, 3],
    "w": [0.75, -1, 0.5, 0.25],
    "b": -1.5,
    "p": 0.5,
    "kind": "softmax",
    "kept": [1, 0, 1, 1],
}


def rest(kind: str, scores: np.ndarray) -> np.ndarray:
    """Return what is made of scores, shape (N,), behind the dropout; softmax is over each score and 0."""
    if kind == "softmax":
        return softmax(np.stack([scores, np.zeros_like(scores)], axis=1))[:, 0]
    return np.maximum(0, scores) if kind == "relu" else scores


def subnetworks(net: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the masks, shape (2^n, n), their chances and the scores of the subnetworks."""
    masks = np.array(list(itertools.product((0, 1), repeat=len(net["h"]))), float)
    kept = masks.sum(axis=1)
    chances = (1 - net["p"]) ** kept * net["p"] ** (masks.shape[1] - kept)
    scores = (masks / (1 - net["p"]) * net["h"]) @ np.array(net["w"], float) + net["b"]
    return masks, chances, scores


def scaled(net: dict[str, Any], kind: str) -> float:
    """Return the answer in test mode, without any mask."""
    return float(rest(kind, np.array([np.dot(net["h"], net["w"]) + net["b"]]))[0])


def still(state: dict[str, Any]) -> str:
    """Write all subnetworks, and for each kind of rest their mean and the answer of the scaled network."""
    masks, chances, scores = subnetworks(state)
    answers = {kind: rest(kind, scores) for kind in KINDS}
    rows = [
        ["".join(f"{each:g}" for each in mask), number(round(chances[n], 4)), number(round(scores[n], 2))]
        + [number(answers[kind][n]) for kind in ("softmax", "relu")]
        for n, mask in enumerate(masks)
    ]
    logs = [np.exp(chances @ np.log(each)) for each in (answers["softmax"], 1 - answers["softmax"])]
    means = [
        [kind, number(chances @ answers[kind]), number(scaled(state, kind))] for kind in ("affine", "relu")
    ]
    means += [
        ["softmax, mean", number(chances @ answers["softmax"]), number(scaled(state, "softmax"))],
        ["softmax, geometric mean", number(logs[0] / sum(logs)), number(scaled(state, "softmax"))],
    ]
    units = ", ".join(number(value) for value in state["h"])
    weights = ", ".join(number(value) for value in state["w"])
    return "\n".join(
        [
            paragraph(f"Units h = {units}; weights {weights}; bias {number(state['b'])}; p = {state['p']}."),
            wide(
                table(
                    "Means over all subnetworks, and one pass of the scaled network",
                    ["Behind the dropout", "Mean of 16", "Scaled network"],
                    means,
                ),
                "Means",
            ),
            wide(
                table("All subnetworks", ["Mask", "Chance", "Score", "Probability", "Behind a ReLU"], rows),
                "All subnetworks",
            ),
        ]
    )
