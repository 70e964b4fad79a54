"""The still of the winner's luck: what the best of many networks shows on average, and one search of sixty."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import paragraph, table, wide

TITLE = "The best of many, and its luck"
HEIGHTS = (44.6, 47, 50.5, 60.2)
STATE: dict[str, Any] = {"networks": 60, "pictures": 100, "spread": 0, "seed": 0}
TOP, FRESH = 0.8, 10_000


def uniform(seed: int, count: int, start: int = 0) -> np.ndarray:
    """Return numbers of a seed, from 0 to 1, the same as the figure's."""
    index = np.arange(start + 1, start + count + 1, dtype=np.uint32)
    state = np.uint32((seed + 1) * 0x9E3779B1 % 2**32) + index * np.uint32(0x6D2B79F5)
    mixed = (state ^ (state >> np.uint32(15))) * (state | np.uint32(1))
    mixed ^= mixed + (mixed ^ (mixed >> np.uint32(7))) * (mixed | np.uint32(61))
    return (mixed ^ (mixed >> np.uint32(14))) / 2**32


def truths(networks: int, spread: float) -> np.ndarray:
    """Return the true accuracies."""
    return np.linspace(TOP - spread, TOP, networks) if networks > 1 else np.array([TOP])


def search(networks: int, pictures: int, spread: float, seed: int) -> dict[str, Any]:
    """Return what the networks show, which one wins, and its accuracy on fresh pictures."""
    drawn = uniform(seed, networks * pictures).reshape(networks, -1)
    shown = (drawn < truths(networks, spread)[:, None]).mean(axis=1)
    winner = int(shown.argmax())
    truth = float(truths(networks, spread)[winner])
    fresh = float((uniform(seed, FRESH, networks * pictures) < truth).mean())
    return {"shown": shown.tolist(), "winner": winner, "truth": truth, "fresh": fresh}


def expected_best(networks: int, pictures: int, spread: float) -> float:
    """Return the mean of the best shown accuracy over all searches."""
    right = np.arange(pictures)
    ways = np.cumsum(np.log(np.append(1.0, (pictures - right[:-1]) / (right[:-1] + 1))))
    below = np.ones(pictures)  # the probability that all networks get at most so many right
    for truth, many in zip(*np.unique(truths(networks, spread), return_counts=True), strict=True):
        logs = ways + right * np.log(truth / (1 - truth)) + pictures * np.log(1 - truth)
        below *= np.exp(logs).cumsum() ** many
    return float((1 - below).sum() / pictures)


def still(state: dict[str, Any]) -> str:
    """Write the means for equal and for different networks, and one search in a sentence."""
    sizes = (50, 100, 500, 1000)
    parts = []
    for spread, name in ((0, "All networks truly get 80%"), (0.1, "They truly get 70% to 80%")):
        rows = [[k, *(f"{expected_best(k, n, spread):.1%}" for n in sizes)] for k in (1, 5, 20, 60, 200)]
        head = ["Networks", *(f"{n:,} pictures" for n in sizes)]
        parts.append(wide(table(f"{name}; the best one shows, on average", head, rows), name))
    found = search(*(state[name] for name in ("networks", "pictures", "spread", "seed")))
    told = (
        f"In one search the best of {state['networks']} networks of 80% shows {max(found['shown']):.1%} on the"
        f" {state['pictures']} validation pictures that chose it, and {found['fresh']:.1%} on {FRESH:,} fresh ones."
    )
    return "\n".join([paragraph(told), *parts])
