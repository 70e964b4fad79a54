"""Nets that are small enough to follow by hand, in double precision."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn


def make_plain_net(seed: int = 0) -> nn.Sequential:
    """A plain net for 13 by 11 pixels: one convolution has a stride, one pooling overlaps."""
    torch.manual_seed(seed)
    net = nn.Sequential(
        nn.Conv2d(2, 4, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 6, 3, stride=2, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=1),
        nn.Flatten(),
        nn.Linear(6 * 2 * 2, 5),
    )
    return net.double()


@pytest.fixture
def plain_net() -> nn.Sequential:
    return make_plain_net()


@pytest.fixture
def images() -> Tensor:
    return torch.randn(3, 2, 13, 11, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


class Weighted(nn.Module):
    """Scores are weighted sums of all pixels: `weights` (K, C, H, W)."""

    def __init__(self, weights: Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights)

    def forward(self, x: Tensor) -> Tensor:
        return torch.einsum("nchw,kchw->nk", x, self.weights)


@pytest.fixture(scope="session")
def weighted() -> Callable[[Tensor], nn.Module]:
    return Weighted


class Noisy(nn.Sequential):
    """A net whose scores depend on dice and on the other images, unless it is in evaluation mode."""

    def __init__(self) -> None:
        super().__init__(
            nn.Conv2d(2, 3, 3),
            nn.BatchNorm2d(3),
            nn.ReLU(),
            nn.Dropout(0.5),
            nn.Flatten(),
            nn.Linear(3 * 11 * 9, 4),
        )
        self.double().train()
        self[1].eval()  # frozen, as in fine-tuning: each module must get its own mode back


@pytest.fixture
def noisy() -> nn.Module:
    torch.manual_seed(0)
    return Noisy()
