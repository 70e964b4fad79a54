"""The still of a unit's way back: slopes, what ten layers leave of a gradient, and steps to 0, for three sums."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import number, paragraph, table, wide

from cs_cnn import layers

TITLE = "A unit far from 0, and its way back"
HEIGHTS = (42, 46, 64.8, 65)
STATE: dict[str, Any] = {"name": "tanh", "x": -1.0, "layers": 10}
RATE = 0.1
CURVES: dict[str, tuple[Any, Any, dict[str, float]]] = {
    "sigmoid": (layers.sigmoid_forward, layers.sigmoid_backward, {}),
    "tanh": (layers.tanh_forward, layers.tanh_backward, {}),
    "ReLU": (layers.relu_forward, layers.relu_backward, {}),
    "leaky ReLU": (layers.leaky_relu_forward, layers.leaky_relu_backward, {"slope": 0.1}),
    "ELU": (layers.elu_forward, layers.elu_backward, {"alpha": 1.0}),
}


def slope(name: str, x: float) -> float:
    """Return the derivative as the library's backward pass has it."""
    forward, backward, options = CURVES[name]
    return float(backward(np.ones(1), forward(np.array([x]), **options)[1])[0])


def steps_back(name: str, x: float) -> int | None:
    """Count the steps of 0.1 f'(x) to 0; None for a unit that never moves."""
    count = 0
    while x < -1e-9:
        change = RATE * slope(name, x)
        if change == 0:
            return None
        x, count = x + change, count + 1
    return count


def written(value: float) -> str:
    """Write a small number with a power of ten."""
    if value == 0 or value >= 0.001:
        return number(float(f"{value:.3g}"))
    digits, power = f"{value:.1e}".split("e-")
    return f"{digits}·10⁻{str(int(power)).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def still(state: dict[str, Any]) -> str:
    """Write one table for each of three sums."""
    depth = state["layers"]
    parts = [
        paragraph(
            f"Slopes of five functions at three sums x, what is left of a gradient of 1 after {depth} layers of units"
            " at that place with weights of 1, and how many steps of 0.1 times the slope bring x back to 0."
        )
    ]
    for x in (state["x"], -2.0, -4.0):
        rows = [
            [
                name,
                written(slope(name, x)),
                written(slope(name, x) ** depth),
                "never" if (steps := steps_back(name, x)) is None else f"{steps:,}",
            ]
            for name in CURVES
        ]
        head = ["Function", "Slope", f"Left after {depth}", "Steps back to 0"]
        parts.append(wide(table(f"A unit at x = {number(x)}", head, rows), f"x = {number(x)}"))
    return "\n".join(parts)
