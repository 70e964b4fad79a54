"""Dense layers and the transitions between blocks of them (Huang, Liu, van der Maaten and Weinberger, 2016)."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class NormConv(nn.Sequential):
    """The paper's composite function in its order: batch normalisation, ReLU, convolution without bias.

    The modules are named `norm`, `activation` and `conv`.

    Parameters
    ----------
    in_channels, out_channels : int
    kernel : int
        Side of the square kernels; the size of the maps stays.
    """

    def __init__(self, in_channels: int, out_channels: int, kernel: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(in_channels)
        self.activation = nn.ReLU()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel, padding=kernel // 2, bias=False)


class DenseLayer(nn.Module):
    """A layer that appends `growth` new maps to those that it is given.

    Parameters
    ----------
    in_channels : int
        Maps that come in.
    growth : int
        Maps k that are new.
    bottleneck : bool
        Whether a 1x1 convolution to 4k maps comes before the 3x3 convolution.
    dropout : float
        Probability with which each new number is dropped while training.

    Attributes
    ----------
    branch : torch.nn.Sequential
        Makes the new maps.
    """

    def __init__(self, in_channels: int, growth: int, *, bottleneck: bool, dropout: float) -> None:
        super().__init__()
        if bottleneck:
            self.branch = nn.Sequential(
                NormConv(in_channels, 4 * growth, 1),
                NormConv(4 * growth, growth, 3),
            )
        else:
            self.branch = nn.Sequential(NormConv(in_channels, growth, 3))
        if dropout:
            self.branch.append(nn.Dropout(dropout))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C + growth, H, W): what came in, then what is new."""
        return torch.cat([x, self.branch(x)], 1)


class Transition(NormConv):
    """What lies between two dense blocks: a `NormConv` 1x1, then the mean of every 2x2 pixels, named `pool`.

    Parameters
    ----------
    in_channels, out_channels : int
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, 1)
        self.pool = nn.AvgPool2d(2)
