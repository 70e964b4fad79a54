"""Which optimiser changes the weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from cs_cnn.train.recipe.settings import Settings

Parameters = Iterable[nn.Parameter]


@dataclass(frozen=True)
class Maker:
    """How an optimiser is made, and its learning rate where none is given."""

    make: Callable[[Parameters, Settings], torch.optim.Optimizer]
    lr: float


def _sgd(parameters: Parameters, s: Settings) -> torch.optim.Optimizer:
    return torch.optim.SGD(parameters, s.rate, momentum=s.momentum, weight_decay=s.weight_decay)


def _adam(parameters: Parameters, s: Settings) -> torch.optim.Optimizer:
    return torch.optim.Adam(parameters, s.rate, betas=(s.momentum, 0.999), weight_decay=s.weight_decay)


def _rmsprop(parameters: Parameters, s: Settings) -> torch.optim.Optimizer:
    # A decay of 0.9 is what the lectures and the papers that use it have; torch's own default is 0.99.
    return torch.optim.RMSprop(
        parameters, s.rate, alpha=0.9, momentum=s.momentum, weight_decay=s.weight_decay
    )


OPTIMISERS = {"sgd": Maker(_sgd, 0.02), "adam": Maker(_adam, 0.001), "rmsprop": Maker(_rmsprop, 0.001)}


def make_optimiser(model: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """Return the optimiser that the settings ask for, for all parameters of a model."""
    return OPTIMISERS[settings.optimiser].make(model.parameters(), settings)
