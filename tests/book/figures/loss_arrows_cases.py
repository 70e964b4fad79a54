"""Cases of the figure on two losses, answered by PyTorch."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
import torch.nn.functional as F

from ..training_cases import Case


def both(scores: list[float], y: int) -> list[tuple[float, list[float]]]:
    """Return the softmax loss and the hinge loss with their gradients, by autograd."""
    found = []
    for loss_of in (F.cross_entropy, lambda s, t: 3 * F.multi_margin_loss(s, t)):
        s = torch.tensor([scores], dtype=torch.float64, requires_grad=True)
        loss = loss_of(s, torch.tensor([y]))
        loss.backward()
        found.append((loss.item(), s.grad[0].tolist()))
    return found


def cases() -> Iterable[Case]:
    rng = np.random.default_rng(5)
    for scores in (
        [2, 1.5, -1],
        [0, 0, 0],
        [-6, 6, 5.25],
        *(rng.integers(-24, 25, 3) / 4.1 for _ in range(8)),
    ):
        s = [float(each) for each in scores]
        yield "probabilities", [s], torch.softmax(torch.tensor(s, dtype=torch.float64), 0).tolist()
        for y in range(3):
            (soft, soft_slopes), (hinge, hinge_slopes) = both(s, y)
            yield "softmaxLoss", [s, y], soft
            yield "softmaxSlopes", [s, y], soft_slopes
            yield "hingeLoss", [s, y], hinge
            yield "hingeSlopes", [s, y], hinge_slopes
            yield "margins", [s, y], [max(0.0, each - s[y] + 1) if k != y else 0 for k, each in enumerate(s)]
            values = np.array(s)
            yield "moved", [s, y, "add"], (values + 1).tolist()
            yield "moved", [s, y, "double"], (values * 2).tolist()
            yield "moved", [s, y, "halve"], (values / 2).tolist()
            yield "moved", [s, y, "raise"], (values + np.eye(3)[y]).tolist()
            rivals = np.where(np.arange(3) == y, np.inf, values)
            yield "moved", [s, y, "lower"], (values - np.eye(3)[rivals.argmin()]).tolist()
            yield "moved", [s, y, "softmax"], (values - np.array(soft_slopes) / 2).tolist()
            yield "moved", [s, y, "hinge"], (values - np.array(hinge_slopes) / 2).tolist()
    yield "changed", [[2, 1.5, -1], [3, 2.5, 0], 0], "neither"
    yield "changed", [[2, 0.5, -1], [4, 1, -2], 0], "softmax"
    yield "changed", [[2, 1.5, -1], [2, 1.5, -2], 0], "softmax"
    yield "changed", [[2, 1.5, -1], [3, 1.5, -1], 0], "both"
