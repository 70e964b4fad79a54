"""Sizes and numbers that the checks of assignment 1 draw."""

from __future__ import annotations

from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array


def sizes(rng: np.random.Generator, count: int) -> list[int]:
    """Draw sizes from 3 to 7 that all differ: N, D and K mixed up must not fit together."""
    return [int(size) for size in rng.permutation(np.arange(3, 8))[:count]]


def away_from_zero(rng: np.random.Generator, size: Any) -> Array:
    """Draw numbers of both signs whose size is between 0.3 and 1.5."""
    signs: Array = rng.choice([-1.0, 1.0], size=size)
    magnitudes: Array = rng.uniform(0.3, 1.5, size=size)
    return np.multiply(signs, magnitudes)


def whole(rng: np.random.Generator, size: Any, largest: int = 3) -> Array:
    """Draw whole numbers from 1 to `largest` of both signs, as floats: sums of them have no rounding."""
    signs: Array = rng.choice([-1.0, 1.0], size=size)
    magnitudes: Array = rng.integers(1, largest + 1, size=size).astype(np.float64)
    return np.multiply(signs, magnitudes)
