"""Searches with the same luck in NumPy, and the best of many by SciPy's binomial distribution."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from scipy.stats import binom

MASK = 2**32 - 1


def mixed(seed: int, index: int) -> float:
    """Mix the bits as the figure does, in whole numbers of Python."""
    state = ((seed + 1) * 0x9E3779B1 + (index + 1) * 0x6D2B79F5) & MASK
    bits = (state ^ state >> 15) * (state | 1) & MASK
    bits ^= (bits + (bits ^ bits >> 7) * (bits | 61)) & MASK
    return (bits ^ bits >> 14) / 2**32


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    from .. import test_figures

    half = test_figures.python_half("best_of_many")
    for seed, index in ((0, 0), (0, 5), (9, 12345)):
        yield "uniform", [seed, index], mixed(seed, index)
    assert np.isclose(half.uniform(9, 1, 12345)[0], mixed(9, 12345))
    yield "truths", [1, 0.1], [0.8]
    yield "truths", [3, 0.1], [0.7, 0.75, 0.8]
    yield "truths", [2, 0], [0.8, 0.8]
    for networks, pictures, spread in ((1, 50, 0), (60, 100, 0), (7, 500, 0.1)):
        yield "search", [networks, pictures, spread, 4], half.search(networks, pictures, spread, 4)
    yield "expectedBest", [1, 100, 0], 0.8  # chosen by nobody
    for networks, pictures in ((60, 100), (200, 1000)):
        most = binom.cdf(np.arange(pictures), pictures, 0.8) ** networks
        yield "expectedBest", [networks, pictures, 0], float((1 - most).sum() / pictures)
    drawn = np.random.default_rng(0).binomial(50, [0.7, 0.75, 0.8], (100_000, 3)).max(axis=1).mean() / 50
    exact = half.expected_best(3, 50, 0.1)
    assert abs(drawn - exact) < 0.001
    yield "expectedBest", [3, 50, 0.1], exact
