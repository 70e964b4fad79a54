"""The still of the optimizers on a surface: the loss of five rules on three surfaces, and where two of them walk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from moving_still import number, paragraph, table, wide

from cs_cnn.optim import SGD, Adam, RMSProp
from cs_cnn.optim.optimiser import Optimiser

TITLE = "Five optimizers on a surface"
HEIGHTS = (56.4, 64, 61.5, 58.7)
RATES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]
FAR = 1e3
RULES: dict[str, Callable[[dict[str, np.ndarray], float], Optimiser]] = {
    "SGD": SGD,
    "momentum": lambda p, lr: SGD(p, lr, momentum=0.9),
    "Nesterov": lambda p, lr: SGD(p, lr, momentum=0.9, nesterov=True),
    "RMSProp": RMSProp,
    "Adam": Adam,
}
SURFACES = {  # the words of the select, and where it starts
    "bowl": ("long bowl", [-2.0, 0.7]),
    "valley": ("bent valley", [-1.5, 0.5]),
    "saddle": ("saddle", [-2.0, 0.05]),
}
STATE: dict[str, Any] = {
    "surface": "bowl",
    "start0": -2,
    "start1": 0.7,
    "steps": 40,
    "rates": dict.fromkeys(RULES, 0.02),
    "shown": list(RULES),
}


def loss(surface: str, w: np.ndarray) -> float:
    """Return the height of a surface at a place."""
    u, v = w
    heights = {
        "bowl": (u**2 + 40 * v**2) / 2,
        "valley": (1 - u) ** 2 / 2 + 5 * (v - u**2) ** 2,
        "saddle": u**2 / 2 + (v**2 - 1) ** 2 / 4,
    }
    return float(heights[surface])


def gradient(surface: str, w: np.ndarray) -> np.ndarray:
    """Return its slope there in both directions."""
    u, v = w
    slopes = {
        "bowl": (u, 40 * v),
        "valley": (u - 1 - 20 * u * (v - u**2), 10 * (v - u**2)),
        "saddle": (u, v**3 - v),
    }
    return np.array(slopes[surface])


def walk(rule: str, surface: str, start: list[float], lr: float, steps: int) -> np.ndarray:
    """Return the places that a rule visits, one per row; a path that diverges ends at the first place far away."""
    params = {"w": np.array(start, float)}
    optimiser, path = RULES[rule](params, lr), [params["w"].copy()]
    while len(path) <= steps and np.abs(path[-1]).max() < FAR:
        optimiser.step({"w": gradient(surface, params["w"])})
        path.append(params["w"].copy())
    return np.array(path)


def loss_after(rule: str, surface: str, start: list[float], lr: float, steps: int) -> float | None:
    """Return the loss at the end of a path, or None where it has diverged."""
    end = walk(rule, surface, start, lr, steps)[-1]
    return loss(surface, end) if np.abs(end).max() < FAR else None


def best_rate(rule: str, surface: str, start: list[float], steps: int) -> float:
    """Return the rate of `RATES` that brings a rule lowest, the smallest of equal ones."""

    def reached(lr: float) -> float:
        found = loss_after(rule, surface, start, lr, steps)
        return float("inf") if found is None else found

    return min(RATES, key=reached)


def written(value: float | None) -> str:
    """Write a loss with two digits, in powers of ten where it is small."""
    if value is None:
        return "diverged"
    return f"{value:.2g}".replace("e-0", "e-").replace("-", "−")


def still(state: dict[str, Any]) -> str:
    """Write the losses at one rate and at the best ones, and the first steps on the surface of the state."""
    steps, rows = state["steps"], []
    for surface, (name, start) in SURFACES.items():
        for rule in RULES:
            best = best_rate(rule, surface, start, steps)
            same = loss_after(rule, surface, start, state["rates"][rule], steps)
            found = loss_after(rule, surface, start, best, steps)
            rows.append([f"{name}, {rule}", written(same), f"{best:g}", written(found)])
    surface, start = state["surface"], [state["start0"], state["start1"]]
    places = {rule: walk(rule, surface, start, state["rates"][rule], 10) for rule in RULES}
    first = [
        [step, *(f"{number(path[step][0])}; {number(path[step][1])}" for path in places.values())]
        for step in (0, 1, 2, 3, 5, 10)
    ]
    one = state["rates"]["SGD"]
    return "\n".join(
        [
            wide(
                table(
                    f"Loss after {steps} steps",
                    ["Surface, rule", f"Rate {one:g}", "Best rate", "Loss with it"],
                    rows,
                ),
                "Losses",
            ),
            wide(
                table(
                    f"The first places on the {SURFACES[surface][0]} with the rate {one:g}: w1; w2",
                    ["Step", *RULES],
                    first,
                ),
                "First places",
            ),
            paragraph(
                "The bowl is (w1² + 40 w2²) / 2, the valley (1 − w1)² / 2 + 5 (w2 − w1²)², and the saddle"
                " w1² / 2 + (w2² − 1)² / 4, with its lowest places at (0, ±1). Momentum and Nesterov keep 0.9."
            ),
        ]
    )
