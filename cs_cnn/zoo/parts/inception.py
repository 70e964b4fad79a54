"""The blocks of GoogLeNet (Szegedy et al., 2014): Inception modules, naive and with reduction, and auxiliary heads."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import Tensor, nn

from cs_cnn.zoo.parts.blocks import ConvBlock, DenseBlock


class Widths(NamedTuple):
    """The numbers of kernels in an Inception module, in the order of the columns of the paper's table."""

    one: int
    reduce_three: int
    three: int
    reduce_five: int
    five: int
    project: int


class _Branches(nn.Module):
    """Branches that see the same input; their maps are stacked."""

    out_channels: int

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, out_channels, H, W)."""
        return torch.cat([branch(x) for branch in self.children()], dim=1)


def row(**modules: nn.Module) -> nn.Sequential:
    """Return modules one after the other, each under its name.

    Parameters
    ----------
    **modules : torch.nn.Module

    Returns
    -------
    torch.nn.Sequential
    """
    return nn.Sequential(OrderedDict(modules))


class NaiveInception(_Branches):
    """The naive Inception module: 1x1, 3x3 and 5x5 convolutions and a max pooling side by side.

    The pooling hands on all maps that come in, so the module can only widen; and the 5x5 kernels look at every map.

    Parameters
    ----------
    in_channels : int
        Maps that come in.
    one, three, five : int
        Numbers of 1x1, 3x3 and 5x5 kernels.
    norm : bool
        Whether batch normalisation follows every convolution.

    Attributes
    ----------
    out_channels : int
        ``one + three + five + in_channels``.

    Examples
    --------
    >>> naive = NaiveInception(192, 64, 128, 32)
    >>> naive.out_channels, sum(p.numel() for p in naive.parameters() if p.ndim == 4)
    (416, 387072)
    """

    def __init__(self, in_channels: int, one: int, three: int, five: int, *, norm: bool = False) -> None:
        super().__init__()
        self.branch_1x1 = ConvBlock(in_channels, one, 1, norm=norm, eps=1e-3)
        self.branch_3x3 = ConvBlock(in_channels, three, 3, norm=norm, eps=1e-3)
        self.branch_5x5 = ConvBlock(in_channels, five, 5, norm=norm, eps=1e-3)
        self.branch_pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.out_channels = one + three + five + in_channels


class Inception(_Branches):
    """The Inception module with reduction: 1x1 convolutions thin the input of the large kernels, and the pooled maps.

    Parameters
    ----------
    in_channels : int
        Maps that come in.
    widths : Widths
        Numbers of kernels.
    norm : bool
        Whether batch normalisation follows every convolution.
    largest : {5, 3}
        Side of the largest kernels.

    Attributes
    ----------
    out_channels : int
        ``one + three + five + project``.

    Examples
    --------
    >>> reduced = Inception(192, Widths(64, 96, 128, 16, 32, 32))
    >>> reduced.out_channels, sum(p.numel() for p in reduced.parameters() if p.ndim == 4)
    (256, 163328)
    """

    def __init__(self, in_channels: int, widths: Widths, *, norm: bool = False, largest: int = 5) -> None:
        super().__init__()

        def conv(inputs: int, outputs: int, kernel: int) -> ConvBlock:
            return ConvBlock(inputs, outputs, kernel, norm=norm, eps=1e-3)

        self.branch_1x1 = conv(in_channels, widths.one, 1)
        self.branch_3x3 = row(
            reduce=conv(in_channels, widths.reduce_three, 1), large=conv(widths.reduce_three, widths.three, 3)
        )
        self.branch_5x5 = row(
            reduce=conv(in_channels, widths.reduce_five, 1),
            large=conv(widths.reduce_five, widths.five, largest),
        )
        self.branch_pool = row(
            pool=nn.MaxPool2d(3, stride=1, padding=1), project=conv(in_channels, widths.project, 1)
        )
        self.out_channels = widths.one + widths.three + widths.five + widths.project


class AuxiliaryHead(nn.Sequential):
    """A small classifier on maps halfway up, which brings the gradient to the lower stages while training.

    Modules `pool`, `conv` (1x1), `hidden` and `output` (dropout, affine).

    Parameters
    ----------
    in_channels, side : int
        Maps that come in, and their height and width.
    conv, hidden : int
        Maps of the 1x1 convolution, and units of the hidden layer.
    classes : int
        Scores that go out.
    norm : bool
        Whether batch normalisation follows the convolution.
    adaptive : bool
        Pool to 4x4 whatever the size, in place of the paper's 5x5 pooling with stride 3 (4x4 from 14x14).
    """

    def __init__(
        self,
        in_channels: int,
        side: int,
        *,
        conv: int = 128,
        hidden: int = 1024,
        classes: int = 1000,
        norm: bool = False,
        adaptive: bool = False,
    ) -> None:
        super().__init__()
        left = 4 if adaptive else (side - 5) // 3 + 1
        self.pool: nn.Module = nn.AdaptiveAvgPool2d(4) if adaptive else nn.AvgPool2d(5, stride=3)
        self.conv = ConvBlock(in_channels, conv, 1, norm=norm, eps=1e-3)
        self.hidden = DenseBlock(conv * left * left, hidden)
        self.output = DenseBlock(hidden, classes, dropout=0.7, activation=None)
