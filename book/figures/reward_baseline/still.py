"""The still of the reward and its baseline: the gradient, and twenty searches for each of five baselines."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import number, paragraph, table, wide

TITLE = "Three choices, a reward and a baseline"
HEIGHTS = (37.7, 45.3, 59.2, 60.3)
STATE: dict[str, Any] = {
    "logits": [0.5, 0.0, -0.5],
    "rewards": [0.70, 0.74, 0.68],
    "baseline": 0,
    "rate": 2,
    "seed": 4,
    "drawn": 0,
    "tried": [],
}
SEARCHES, LONG, LAST, BEST = 20, 200, 25, 1


def softmax(z: np.ndarray) -> np.ndarray:
    """Return the probabilities of logits, along the last axis."""
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def numbers(seeds: int) -> np.ndarray:
    """Draw uniform numbers as the figure does (Mulberry32), one row for each seed from 1."""
    word = np.uint64(2**32 - 1)

    def shifted(value: np.ndarray, by: int) -> np.ndarray:
        return value ^ (value >> np.uint64(by))

    steps = np.arange(1, LONG + 1, dtype=np.uint64) * np.uint64(0x6D2B79F5)
    state = (np.arange(1, seeds + 1, dtype=np.uint64)[:, None] + steps) & word
    mixed = (shifted(state, 15) * (state | np.uint64(1))) & word
    mixed ^= (mixed + ((shifted(mixed, 7) * (mixed | np.uint64(61))) & word)) & word
    return shifted(mixed, 14) / 2.0**32


def searches(state: dict[str, Any], baseline: float) -> tuple[np.ndarray, np.ndarray]:
    """Run all searches at once; return the probabilities at the end, and the rewards of all proposals."""
    rewards, uniform = np.array(state["rewards"]), numbers(SEARCHES)
    z, told = np.tile(np.array(state["logits"]), (SEARCHES, 1)), []
    for step in range(LONG):
        p = softmax(z)
        picks = (uniform[:, step, None] >= p.cumsum(axis=1)[:, :2]).sum(axis=1)
        told.append(rewards[picks])
        z = z + state["rate"] * (told[-1] - baseline)[:, None] * (np.eye(3)[picks] - p)
    return softmax(z), np.array(told).T


def scatter(state: dict[str, Any], baseline: float) -> float:
    """Return the standard deviation of one estimate for the best choice."""
    p, rewards = softmax(np.array(state["logits"])), np.array(state["rewards"])
    each = (rewards - baseline) * (np.eye(3)[:, BEST] - p[BEST])
    return float(np.sqrt(p @ each**2 - (p @ each) ** 2))


def still(state: dict[str, Any]) -> str:
    """Write the choices, and what twenty searches come to for several baselines."""
    p, rewards = softmax(np.array(state["logits"])), np.array(state["rewards"])
    slopes = p * (rewards - p @ rewards)
    choices = [
        [name, *(number(value) for value in values)]
        for name, *values in zip("ABC", rewards, p, slopes, strict=True)
    ]
    rows = []
    for baseline in (0.0, 0.35, 0.7, 1.05, 1.4):
        ends, told = searches(state, baseline)
        wins = int((ends.argmax(axis=1) == BEST).sum())
        rows.append(
            [
                f"{baseline:.2f}",
                f"{slopes[BEST]:.3f}",
                f"{scatter(state, baseline):.3f}",
                f"{wins} of {SEARCHES}",
                f"{told[:, -LAST:].mean():.4f}",
            ]
        )
    head = ["Baseline", "A step for B, on average", "Scatter", "B likeliest", "Mean of the last 25 rewards"]
    caption = f"Twenty searches with {LONG} proposals each, rate {state['rate']}"
    return "\n".join(
        [
            wide(
                table("Three choices", ["Choice", "Reward", "Probability", "Gradient"], choices),
                "Three choices",
            ),
            wide(table(caption, head, rows), "Twenty searches for each baseline"),
            paragraph(f"Dice have a mean reward of {rewards.mean():.4f}, now and for ever."),
        ]
    )
