"""Cases of the figure on the factor of a step: gradient descent on quadratics, stepped by PyTorch."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable

import torch

from ..training_cases import Case


def walk(rate: float, curvature: float, steps: int) -> list[float]:
    """Descend on half of curvature times v squared, from 1."""
    v = torch.ones(1, dtype=torch.float64, requires_grad=True)
    descent, path = torch.optim.SGD([v], lr=rate), [1.0]
    for _ in range(steps):
        descent.zero_grad()
        (0.5 * curvature * v**2).sum().backward()
        descent.step()
        path.append(v.item())
    return path


def cases() -> Iterable[Case]:
    for rate, curvature in itertools.product((0.05, 0.21, 0.3, 0.9), (0.2, 2, 10)):
        path = walk(rate, curvature, 8)
        yield "walk", [rate, curvature, 8], path
        yield "factor", [rate, curvature], path[1]
    known = {"creeps": (0.1, 4), "once": (0.25, 4), "jumps": (0.4, 4), "forever": (0.5, 4), "away": (0.51, 4)}
    for name, (rate, curvature) in known.items():
        yield "fate", [rate, curvature], name
    yield "fate", [0.2, 10], "forever"
    yield "fate", [0.1, 10], "once"
    yield "bestRate", [0.5, 4], 2 / 4.5
    for rate, flat, steep in ((0.3, 0.5, 4), (2 / 4.5, 0.5, 4), (0.48, 0.2, 4), (0.1, 2, 2)):
        paths = zip(*(walk(rate, each, 400) for each in (flat, steep)), strict=True)
        far = [max(map(abs, both)) for both in paths]
        yield "stepsToThousandth", [rate, flat, steep], next(k for k, each in enumerate(far) if each <= 1e-3)
    yield "stepsToThousandth", [0.5, 0.5, 4], None
    yield "stepsToThousandth", [0.5, 2, 2], 1
    kappa = 8  # the theorem's factor at the best rate
    wanted = math.ceil(math.log(1e-3) / math.log((kappa - 1) / (kappa + 1)))
    yield "stepsToThousandth", [2 / (0.5 + 4), 0.5, 4], wanted
