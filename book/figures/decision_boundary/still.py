"""The still of the decision boundary: what lines, few and many hidden units make of the hard cases, and two borders."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import grid, paragraph, side_by_side, table

from cs_cnn.data import hard_case
from cs_cnn.layers import softmax
from cs_cnn.nets import MLP, LinearClassifier, accuracy
from cs_cnn.nets.net import Net
from cs_cnn.optim import SGD

TITLE = "A two-layer network that learns a hard case"
HEIGHTS = (38.9, 38, 58, 59.2)
CASES = ("quadrants", "annulus", "three-modes")
MOMENTUM, STEPS = 0.9, 500


def points(case: str, n: int = 120) -> dict[str, Any]:
    """Return the points of a case, to two decimals, and half the side of the square that shows them."""
    x, y = hard_case(case, n, np.random.default_rng(0))
    return {
        "x": x.round(2).tolist(),
        "y": y.tolist(),
        "edge": float(np.ceil(np.abs(x).max() * 10.5) / 10),
    }


STATE: dict[str, Any] = {
    "case": "quadrants",
    "hidden": 4,
    "units": "relu",
    "lr": 0.1,
    "seed": 1,
    "points": {case: points(case) for case in CASES},
}


def first_weights(hidden: int, seed: int) -> dict[str, np.ndarray]:
    """Return the weights that the module draws from a seed, by the names of the module."""
    state = seed * 2654435761 % 2**32

    def weights(rows: int, columns: int) -> np.ndarray:
        nonlocal state
        drawn = []
        for _ in range(rows * columns):
            state = (1664525 * state + 1013904223) % 2**32
            drawn.append(np.sqrt(6 / rows) * (2 * state / 2**32 - 1))
        return np.array(drawn).reshape(rows, columns)

    first = {"W1": weights(2, hidden), "b1": np.zeros(hidden)} if hidden else {}
    return {**first, "W2": weights(hidden or 2, 2), "b2": np.zeros(2)}


def names(hidden: int) -> dict[str, str]:
    """Return the library's name of every parameter of the module: a linear classifier has no numbers in them."""
    return {name: name if hidden else name[0] for name in first_weights(hidden, 0)}


def start(hidden: int, units: str, seed: int) -> Net:
    """Return the library's network with the module's first weights."""
    rng = np.random.default_rng(0)
    net = MLP([2, hidden, 2], rng=rng, activation=units) if hidden else LinearClassifier(2, 2, rng=rng)
    for name, value in first_weights(hidden, seed).items():
        net.params[names(hidden)[name]][...] = value
    return net


def train(net: Net, x: np.ndarray, y: np.ndarray, *, lr: float, steps: int) -> list[float]:
    """Train with all points in every step, and return the loss before each."""
    rule, losses = SGD(net.params, lr, momentum=MOMENTUM), []
    for _ in range(steps):
        loss, gradients = net.loss(x, y)
        losses.append(loss)
        rule.step(gradients)
    return losses


def belief(net: Net, x: np.ndarray) -> np.ndarray:
    """Return how much more a network believes in class 0 than in class 1, from -1 to 1."""
    return -np.diff(softmax(net.scores(x)), axis=1)[:, 0]


def still(state: dict[str, Any]) -> str:
    """Write how many points networks of several sizes get right, and the beliefs of two of them as maps."""
    sizes, rows, trained = (0, 2, 4, 16), [], {}
    for case in CASES:
        x, y = (np.array(state["points"][case][name]) for name in "xy")
        for hidden in sizes:
            net = start(hidden, state["units"], state["seed"])
            train(net, x, y, lr=state["lr"], steps=STEPS)
            trained[case, hidden] = net, accuracy(net, x, y)
        rows.append([case, *(f"{trained[case, hidden][1]:.0%}" for hidden in sizes)])
    case, edge = state["case"], state["points"][state["case"]]["edge"]
    line = np.linspace(-edge, edge, 7)
    places = np.stack(np.meshgrid(line, line[::-1]), axis=-1).reshape(-1, 2)
    maps = [
        grid(
            belief(trained[case, hidden][0], places).reshape(7, 7).round(1),
            f"{case}, {f'{hidden} hidden units' if hidden else 'no hidden unit'}",
            largest=1,
        )
        for hidden in (0, state["hidden"])
    ]
    return "\n".join(
        [
            table(
                f"Points on the right side after {STEPS} steps, by number of hidden units",
                ["Case", "0 (linear)", *map(str, sizes[1:])],
                rows,
            ),
            paragraph(
                f"All with ReLU, the learning rate {state['lr']}, momentum {MOMENTUM}, all {len(y)} points in"
                f" every step, and first weights number {state['seed']}."
            ),
            side_by_side(*maps),
            paragraph(
                f"Both maps show the square from −{edge} to {edge}: the belief in class 0 (dots) minus that in"
                " class 1 (triangles). The border runs where the sign changes."
            ),
        ]
    )
