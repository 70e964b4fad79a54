"""Cases of the reward and its baseline: gradients by autograd, moments by summing over all that may be drawn."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch

from cs_cnn.studies.search import surrogate

Case = tuple[str, list[Any], Any]
LOGITS, REWARDS = [0.5, 0.0, -0.5], [0.70, 0.74, 0.68]
WORD = 2**32 - 1


def mulberry(seed: int, count: int) -> list[float]:
    """Draw numbers with plain integers of 32 bits."""
    found = []
    for n in range(1, count + 1):
        a = (seed + n * 0x6D2B79F5) & WORD
        t = ((a ^ a >> 15) * (a | 1)) & WORD
        t = t ^ ((t + (((t ^ t >> 7) * (t | 61)) & WORD)) & WORD)
        found.append((t ^ t >> 14) / 2**32)
    return found


def slope(logits: list[float], pick: int, reward: float, baseline: float) -> list[float]:
    """Return one estimate as the library's surrogate has it."""
    z = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    loss = surrogate(z.log_softmax(0)[pick][None], torch.tensor([reward], dtype=torch.float64), baseline)
    return (-torch.autograd.grad(loss, z)[0]).tolist()


def walk(baseline: float, rate: float, seed: int, proposals: int) -> dict[str, Any]:
    """Search step by step."""
    z, picks, shares = list(LOGITS), [], []
    for number in [*mulberry(seed, proposals), None]:
        p = torch.tensor(z, dtype=torch.float64).softmax(0).numpy()
        shares.append(p.tolist())
        if number is not None:
            picks.append(int(np.searchsorted(p.cumsum()[:2], number, side="right")))
            step = slope(z, picks[-1], REWARDS[picks[-1]], baseline)
            z = [each + rate * by for each, by in zip(z, step, strict=True)]
    return {"picks": picks, "shares": shares}


def cases() -> Iterable[Case]:
    rng = random.Random(0)
    yield "softmax", [[1000.0, 1000.0]], [0.5, 0.5]
    for seed in (1, 2, 20):
        yield "uniform", [seed, 5], mulberry(seed, 5)
    for baseline in (0.0, 0.35, 0.7, 1.4):
        z = [rng.uniform(-2, 2) for _ in range(3)]
        each = np.array([slope(z, pick, REWARDS[pick], baseline) for pick in range(3)])
        p = torch.tensor(z, dtype=torch.float64).softmax(0)
        for pick in range(3):
            yield "estimate", [z, pick, REWARDS[pick], baseline], each[pick].tolist()
        leaf = torch.tensor(z, dtype=torch.float64, requires_grad=True)
        (exact,) = torch.autograd.grad(leaf.softmax(0) @ torch.tensor(REWARDS, dtype=torch.float64), leaf)
        spread = np.sqrt(p.numpy() @ (each - exact.numpy()) ** 2)
        wanted = {"mean": exact.tolist(), "scatter": spread.tolist()}
        yield (
            "moments",
            [z, REWARDS, baseline],
            wanted,
        )  # the mean is that of the exact gradient, for any baseline
        options = {"baseline": baseline, "rate": 2, "seed": 3, "proposals": 12}
        yield "search", [LOGITS, REWARDS, options], walk(baseline, 2, 3, 12)
