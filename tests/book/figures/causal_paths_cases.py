"""Cases of the causal paths: powers of a stack of ones, and the library's receptive field."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F

from cs_cnn.sequence import receptive_field

Case = tuple[str, list[Any], Any]
RULES = {"all 1": (1,), "blocks of 1, 2, 4": (1, 2, 4)}
GROWTH = {"doubling": 2, "tripling": 3}


def listed(schedule: str, layers: int) -> list[int]:
    """Return the dilations of a schedule, written down in another way than the figure's."""
    if schedule in GROWTH:
        return np.logspace(0, layers - 1, layers, base=GROWTH[schedule]).round().astype(int).tolist()
    return np.resize(RULES[schedule], layers).tolist()


def gradient(found: list[int], taps: int, causal: bool) -> list[list[int]]:
    """Return place and gradient of each input that an output reads, with all weights 1: it counts paths."""
    reach = sum(found) * (taps - 1)
    x = torch.ones(1, 1, 2 * reach + 1, dtype=torch.float64, requires_grad=True)
    y = x
    for dilation in found:
        whole = dilation * (taps - 1)
        left = whole if causal else whole // 2
        y = F.conv1d(F.pad(y, (left, whole - left)), torch.ones(1, 1, taps).double(), dilation=dilation)
    (slope,) = torch.autograd.grad(y[0, 0, reach], x)
    counts = slope[0, 0].int().tolist()
    return [[at - reach, count] for at, count in enumerate(counts) if count]


def cases() -> Iterable[Case]:
    yield "steps", [2, 3, True], [-4, -2, 0]
    yield "steps", [2, 3, False], [-2, 0, 2]  # the chapter's exercise: two steps into the future
    yield "steps", [1, 2, False], [0, 1]
    for schedule, layers in product((*RULES, *GROWTH), (1, 3, 5)):
        found = listed(schedule, layers)
        yield "dilations", [schedule, layers], found
        for taps, causal in product((2, 3), (True, False)):
            # the level of the input comes last, that of the second layer just before it
            wanted = [gradient(found[n:], taps, causal) for n in range(layers, -1, -1)]
            yield "levels", [found, taps, causal], wanted
    for schedule, taps, samples in product((*RULES, *GROWTH), (2, 3), (67, 2000)):
        layers = next(n for n in range(9999) if receptive_field(listed(schedule, n), taps) >= samples)
        wanted = {"layers": layers, "span": receptive_field(listed(schedule, layers), taps)}
        yield "needed", [schedule, taps, samples], wanted
    yield "needed", ["tripling", 2, 67], {"span": 122, "reads": len(gradient(listed("tripling", 5), 2, True))}
    yield "needed", ["doubling", 2, 8000], {"layers": 13, "span": 8192, "reads": 8192}
    yield "needed", ["all 1", 2, 8000], {"layers": 7999}
