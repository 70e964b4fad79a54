"""The ten layers, with the same weights in NumPy, and the laws."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

MASK = 2**32 - 1


def uniform(seed: int, index: int) -> float:
    """Mix the bits as the figure does, in whole numbers of Python."""
    state = ((seed + 1) * 0x9E3779B1 + (index + 1) * 0x6D2B79F5) & MASK
    mixed = (state ^ state >> 15) * (state | 1) & MASK
    mixed ^= (mixed + (mixed ^ mixed >> 7) * (mixed | 61)) & MASK
    return (mixed ^ mixed >> 14) / 2**32


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    from .. import test_figures

    half = test_figures.python_half("signal_depth")
    for seed in (0, 7):
        sums = [sum(uniform(seed, 4 * n + k) for k in range(4)) - 2 for n in range(5)]
        yield "draws", [seed, 3, 2], [math.sqrt(3) * each for each in sums[2:]]
    many = half.draws(0, 100_000)
    assert abs(many.mean()) < 0.02 and abs(many.std() - 1) < 0.02
    for activation, width, std in (
        ("ReLU", 50, 0.2),
        ("ReLU", 100, 7.0),
        ("tanh", 50, 0.1),
        ("tanh", 100, 0.15),
    ):
        yield "through", [activation, width, std, 3], half.through(activation, width, std, 3)
    yield "factor", ["ReLU", 50, 0.2], 1.0
    yield "factor", ["tanh", 100, 0.02], 0.2
    he = [half.through("ReLU", 200, 0.1, seed)["forward"][-1] for seed in range(2)]
    assert np.all(np.abs(np.log2(he)) < 1), "He's rule keeps the size"
    for size, word in {0.09: "vanishes", 0.1: "stays", 10: "stays", 11: "explodes"}.items():
        yield "fate", [size], word
    wanted = {0.354: "0.35", 12: "12", 3.1e-12: "3.1·10⁻¹²", 5.8e3: "5.8·10³", 9.9e16: "9.9·10¹⁶"}
    for size, text in wanted.items():
        yield "written", [size], text
