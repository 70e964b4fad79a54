"""The still of the ring: what four processes hold after every round, and the speed of several machines."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import grid, number, paragraph, side_by_side, table, wide

TITLE = "Gradients go round a ring"
HEIGHTS = (39.6, 52, 59.3, 63)
NETWORKS = {  # weights and multiply-adds, as `account` counts them; the test of the figure compares
    "AlexNet": (60_965_224, 724_406_816),
    "VGG-16": (138_357_544, 15_470_264_320),
    "ResNet-50": (25_557_032, 3_857_973_248),
    "MobileNet": (4_231_976, 568_740_352),
}
RATE = 5e12  # multiply-adds a second of one machine


STATE: dict[str, Any] = {
    "gradients": [[4, -2, 1, 3], [1, 2, -1, 0], [2, -1, 3, -2], [-1, 4, 2, -3]],
    "count": 4,
    "round": 0,
    "networks": [
        {"name": name, "weights": weights, "products": products}
        for name, (weights, products) in NETWORKS.items()
    ],
    "network": 0,
    "images": 64,
    "gigabits": 25,
}


def ring(gradients: np.ndarray, rounds: int) -> np.ndarray:
    """Return what all processes hold after so many rounds."""
    values, ranks = np.array(gradients), np.arange(len(gradients))
    for step in range(rounds):
        pieces, to = (ranks - step) % len(ranks), (ranks + 1) % len(ranks)
        sent = values[ranks, pieces]
        values[to, pieces] = sent + (values[to, pieces] if step < len(ranks) - 1 else 0)
    return values


def speed(network: dict[str, Any], machines: int, state: dict[str, Any], sent: float) -> float:
    """Return the speed of several machines in units of one."""
    computing = 3 * state["images"] * network["products"] / RATE
    sending = 8 * 4 * network["weights"] * sent / (1e9 * state["gigabits"])
    return machines * computing / (computing + sending)


def still(state: dict[str, Any]) -> str:
    """Write every round, and the speeds of all networks."""
    many = state["count"]
    gradients = np.array(state["gradients"])[:many, :many]
    rounds = [
        grid(ring(gradients, step), f"After round {step}" if step else "At the start")
        for step in range(2 * many - 1)
    ]
    rows = []
    for network in state["networks"]:
        pairs = [(P, 2 * (P - 1) / P, 2 * (P - 1)) for P in (2, 8, 64)]
        rows.append(
            [
                network["name"],
                f"{network['weights'] / 1e6:.1f} M",
                *(f"{speed(network, P, state, sent):.2g}" for P, sent, _ in pairs),
                f"{speed(network, 64, state, pairs[-1][2]):.2g}",
            ]
        )
    head = ["Network", "Weights", "2 machines", "8 machines", "64 machines", "64, one centre"]
    caption = f"Speed in units of one machine, {state['images']} images each, {state['gigabits']} Gbit/s"
    sums = ", ".join(number(value) for value in gradients.sum(axis=0))
    return "\n".join(
        [
            paragraph(
                f"{many} processes (rows) hold {many} pieces of a gradient (columns). In each round every process"
                f" sends one piece to the next row, the last one to the first. The sums are {sums}."
            ),
            side_by_side(*rounds),
            wide(table(caption, head, rows), "Speeds"),
        ]
    )
