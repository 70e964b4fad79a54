"""The still of the noise ceiling: how far a perfect model comes, by spikes and presentations."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import number, paragraph, table, wide
from numpy.typing import NDArray

TITLE = "A simulated neuron, recorded more or less often, and two models of it"
HEIGHTS = (34.4, 53.8, 50.2, 56.9)
IMAGES, LIKENESS = 100, 0.8  # of the fairly good model with the rates


def neuron() -> tuple[list[float], list[float]]:
    """Return the tuning of a neuron to the images, of mean 1, and a model that has LIKENESS with it."""
    rng = np.random.default_rng(2)
    tuning = np.maximum(0, 0.5 + rng.normal(size=IMAGES)).round(2)
    tuning /= tuning.mean()
    tuning = tuning.round(3)
    known = (tuning - tuning.mean()) / tuning.std()
    noise = rng.normal(size=IMAGES)
    noise -= noise.mean() + known * (noise @ known) / IMAGES  # what is left has nothing of the rates
    other = LIKENESS * known + np.sqrt(1 - LIKENESS**2) * noise / noise.std()
    return tuning.tolist(), other.round(3).tolist()


TUNING, OTHER = neuron()
STATE: dict[str, Any] = {
    "tuning": TUNING,
    "other": OTHER,
    "spikes": 0.3,
    "presentations": 6,
    "seed": 1,
    "model": "perfect",
}


def counts(rates: NDArray[np.float64], presentations: int, seed: int) -> NDArray[np.float64]:
    """Draw spike counts (presentations, images), as the module does."""
    state, found = (seed * 2654435761) % 2**32, []
    starts = np.exp(-rates)
    for _ in range(presentations):
        for rate, start in zip(rates, starts, strict=True):
            state = (1664525 * state + 1013904223) % 2**32
            count, chance, total = 0, start, start
            while state / 2**32 > total and count < 99:
                count += 1
                chance *= rate / count
                total += chance
            found.append(count)
    return np.array(found, float).reshape(presentations, len(rates))


def halves(drawn: NDArray[np.float64]) -> float:
    """Return the mean correlation of two halves of the presentations."""
    half = len(drawn) // 2
    found = []
    for first in range(half):
        rest = np.delete(drawn, np.s_[first : first + half], axis=0)
        found.append(np.corrcoef(drawn[first : first + half].mean(axis=0), rest.mean(axis=0))[0, 1])
    return float(np.mean(found))


def still(state: dict[str, Any]) -> str:
    """Write the ceiling and both models for several amounts of data."""
    rows = []
    for spikes, presentations in ((0.3, 2), (0.3, 6), (0.3, 24), (0.15, 12), (0.6, 6), (0.3, 12), (2.4, 6)):
        rates = spikes * np.array(state["tuning"])
        drawn = counts(rates, presentations, state["seed"])
        r = halves(drawn)
        limit = np.sqrt(max(0.0, 2 * r / (1 + r)))
        perfect, other = (
            np.corrcoef(says, drawn.mean(axis=0))[0, 1] for says in (rates, np.array(state["other"]))
        )
        numbers = (spikes, presentations, r, limit, perfect, other, other / limit)
        rows.append([number(round(float(value), 2)) for value in numbers])
    head = [
        "Spikes",
        "Presentations",
        "Halves",
        "Ceiling",
        "Perfect model",
        "Fairly good model",
        "Per ceiling",
    ]
    return "\n".join(
        [
            paragraph(
                f"A neuron at {IMAGES} images. The perfect model knows its rates; the fairly good one has a correlation"
                f" of {LIKENESS} with them. Spikes are those of one presentation, on average."
            ),
            wide(table("Correlations with the mean count", head, rows), "Correlations"),
        ]
    )
