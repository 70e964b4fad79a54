"""The still of ten layers: signal and gradient for the rules of the chapter, with tanh and with ReLU."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np
from moving_still import paragraph, table, wide

TITLE = "Ten layers, and one number in their first weights"
HEIGHTS = (39, 42, 63.4, 73.2)
STATE: dict[str, Any] = {"activation": "ReLU", "width": 100, "std": 0.05, "seed": 0}
LAYERS, BATCH = 10, 20
RULES = {
    "0.01": lambda width: 0.01,
    "1/√D": lambda width: 1 / math.sqrt(width),
    "√(2/D)": lambda width: math.sqrt(2 / width),
    "√(D/2), as printed": lambda width: math.sqrt(width / 2),
}


@functools.cache
def draws(seed: int, count: int) -> np.ndarray:
    """Draw numbers with mean 0 and variance 1, the same as the figure's."""
    index = np.arange(4 * count, dtype=np.uint32)
    state = np.uint32((seed + 1) * 0x9E3779B1 % 2**32) + (index + np.uint32(1)) * np.uint32(0x6D2B79F5)
    mixed = (state ^ (state >> np.uint32(15))) * (state | np.uint32(1))
    mixed ^= mixed + (mixed ^ (mixed >> np.uint32(7))) * (mixed | np.uint32(61))
    uniform = (mixed ^ (mixed >> np.uint32(14))) / 2**32
    return math.sqrt(3) * (uniform.reshape(-1, 4).sum(axis=1) - 2)


def rms(values: np.ndarray) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(values**2)))


def through(activation: str, width: int, std: float, seed: int) -> dict[str, list[float]]:
    """Return sizes of signal and gradient at every layer, and shares of units with hardly any slope."""
    parts = draws(seed, 2 * BATCH * width + LAYERS * width**2)
    h, grad = parts[: BATCH * width].reshape(BATCH, -1), parts[BATCH * width : 2 * BATCH * width]
    weights = std * parts[2 * BATCH * width :].reshape(LAYERS, width, width)
    outputs = []
    for w in weights:
        h = np.tanh(h @ w) if activation == "tanh" else np.maximum(h @ w, 0)
        outputs.append(h)
    grad, backward = grad.reshape(BATCH, -1), []
    for w, out in zip(weights[::-1], outputs[::-1], strict=True):
        grad = (grad * (1 - out**2 if activation == "tanh" else out > 0)) @ w.T
        backward.append(rms(grad))
    idle = [float((np.abs(out) > 0.99 if activation == "tanh" else out == 0).mean()) for out in outputs]
    return {"forward": [rms(out) for out in outputs], "backward": backward[::-1], "idle": idle}


def still(state: dict[str, Any]) -> str:
    """Write a table for each activation function."""
    width, parts = state["width"], []
    for activation, name in (("tanh", "saturated"), ("ReLU", "zero")):
        rows = []
        for rule, size in RULES.items():
            found = through(activation, width, size(width), state["seed"])
            up, down = (
                [f"{found[way][layer - 1]:.2g}" for layer in (1, 5, 10)] for way in ("forward", "backward")
            )
            rows.append([rule, f"{size(width):.3g}", *up, *down[::-1], f"{found['idle'][-1]:.0%}"])
        head = ["Rule", "Std", *(f"Signal {n}" for n in (1, 5, 10)), *(f"Gradient {n}" for n in (10, 5, 1))]
        parts.append(
            wide(
                table(
                    f"{activation}: root mean squares after or before layers", [*head, f"10: {name}"], rows
                ),
                activation,
            )
        )
    before = paragraph(
        f"Ten layers of {width} units with random weights: what becomes of a signal and of a gradient of size 1."
    )
    return "\n".join([before, *parts])
