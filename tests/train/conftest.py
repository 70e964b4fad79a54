"""Small data and small nets, so that a training run takes a blink."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

Images = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="session")
def stripes() -> tuple[Images, Images]:
    """Return 60 + 30 noisy 6x6 images of three classes that differ in the row that is lit."""
    rng = np.random.default_rng(0)

    def part(count: int) -> Images:
        y = np.arange(count) % 3
        x = rng.random((count, 1, 6, 6), dtype=np.float32) * 0.6
        x[np.arange(count), 0, 2 * y] += 0.4
        return x, y

    return part(60), part(30)


@pytest.fixture
def small_net() -> Callable[[int], nn.Module]:
    """Return a maker of a tiny net with batch norm and dropout, whose state a resume must carry as well."""

    def make(seed: int = 0) -> nn.Module:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return nn.Sequential(
                nn.Conv2d(1, 4, 3),
                nn.BatchNorm2d(4),
                nn.ReLU(),
                nn.Flatten(),
                nn.Dropout(0.2),
                nn.Linear(64, 3),
            )

    return make
