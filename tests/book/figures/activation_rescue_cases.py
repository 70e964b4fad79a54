"""What the five functions do at a place, as PyTorch differentiates them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
import torch.nn.functional as F

FUNCTIONS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "ReLU": torch.relu,
    "leaky ReLU": lambda x: F.leaky_relu(x, 0.1),
    "ELU": F.elu,
}


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    for name, function in FUNCTIONS.items():
        for x in (-5.0, -1.3, -0.1, 0.4, 5.0):
            at = torch.tensor(x, dtype=torch.float64, requires_grad=True)
            out = function(at)
            out.backward()
            assert at.grad is not None
            grad = at.grad.item()
            yield "value", [name, x], out.item()
            yield "slope", [name, x], grad
            yield "left", [name, x, 4], [grad**n for n in range(5)]
        yield "stepsBack", [name, 0.5], 0
    yield "slope", ["ReLU", 0], 0
    yield "slope", ["sigmoid", 0], 0.25
    yield "stepsBack", ["ReLU", -0.1], None
    yield "stepsBack", ["leaky ReLU", -4], 400  # 4 / (0.1 · 0.1)
    for name, x in (("tanh", -2.0), ("ELU", -4.0), ("sigmoid", -3.0)):
        yield "stepsBack", [name, x], followed(name, x)
    yield "first", [-1], ["tanh"]
    yield "first", [-2], ["ELU"]
    yield "first", [-4], ["leaky ReLU"]
    yield "first", [0], []
    wanted = {
        0: "0",
        0.25: "0.25",
        0.07065: "0.0707",
        0.001: "0.001",
        0.25**10: "9.5·10⁻⁷",
        3.1e-12: "3.1·10⁻¹²",
    }
    for number, text in wanted.items():
        yield "written", [number], text


def followed(name: str, x: float) -> int:
    """Walk with the textbook's derivatives."""
    slopes = {
        "tanh": lambda at: 1 / math.cosh(at) ** 2,
        "ELU": math.exp,
        "sigmoid": lambda at: 1 / (2 + math.exp(at) + math.exp(-at)),
    }
    count = 0
    while x < 0:
        x, count = x + 0.1 * slopes[name](x), count + 1
    return count
