"""The residual block, y = relu(shortcut(x) + branch(x)), its branches and its shortcuts (He et al., 2015)."""

from __future__ import annotations

from typing import Literal

import torch.nn.functional as F
from torch import Tensor, nn

from cs_cnn.zoo.parts.blocks import ConvBlock

Shortcut = Literal["A", "B", "C", "none"]
StrideIn = Literal["1x1", "3x3"]


class Residual(nn.Module):
    """A block that adds what its branch computes to what its shortcut hands on.

    Branch and shortcut are modules of their own, so that an experiment can run them apart: a stage is an
    ``nn.Sequential`` of blocks, ``del stage[2]`` deletes one, and replacing each block by either its branch or its
    shortcut walks one of the 2^n paths through n blocks.

    Parameters
    ----------
    branch : torch.nn.Module
        The residual function; it ends in a normalisation, without an activation.
    shortcut : torch.nn.Module, optional
        Hands x on in the branch's output shape; None makes the block plain: y = relu(branch(x)).
    survival : float
        Stochastic depth: while training, each image keeps the branch with this probability and else passes the
        shortcut alone; in evaluation the branch is multiplied by it. 1 does nothing.

    Attributes
    ----------
    branch, shortcut : torch.nn.Module
        The shortcut is None in a plain block.
    activation : torch.nn.ReLU
        Follows the addition.

    References
    ----------
    G. Huang, Y. Sun, Z. Liu, D. Sedra and K. Q. Weinberger, "Deep networks with stochastic depth", ECCV 2016. The
    paper draws once per block and batch, which saves the time of the dropped branch; here every image draws.

    Examples
    --------
    >>> import torch
    >>> block = Residual(basic_branch(8, 16, stride=2), make_shortcut("A", 8, 16, stride=2))
    >>> block(torch.zeros(1, 8, 28, 28)).shape
    torch.Size([1, 16, 14, 14])
    """

    branch: nn.Module
    shortcut: nn.Module | None

    def __init__(self, branch: nn.Module, shortcut: nn.Module | None, *, survival: float = 1.0) -> None:
        super().__init__()
        if not 0 < survival <= 1:
            raise ValueError(f"survival must be a probability above 0 and at most 1, got {survival!r}.")
        self.branch = branch
        self.register_module("shortcut", shortcut)
        self.activation = nn.ReLU()
        self.survival = survival

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the branch's output shape."""
        branch: Tensor = self.branch(x)
        if self.shortcut is None:
            return self._activate(branch)
        if self.survival < 1:
            if self.training:
                branch = branch * x.new_empty(len(x), 1, 1, 1).bernoulli_(self.survival)
            else:
                branch = branch * self.survival
        return self._activate(self.shortcut(x) + branch)

    def _activate(self, x: Tensor) -> Tensor:
        out: Tensor = self.activation(x)
        return out

    def extra_repr(self) -> str:
        """Tell what the names of the modules do not."""
        return "" if self.survival == 1 else f"survival={self.survival:g}"


class PaddedShortcut(nn.Module):
    """Option A where the shape changes: take every stride-th pixel, and append maps of zeros. No parameters.

    The paper does not say on which side the zeros go; here they follow the maps.

    Parameters
    ----------
    extra : int
        How many maps of zeros to append.
    stride : int
        Step in both directions.
    """

    def __init__(self, extra: int, stride: int) -> None:
        super().__init__()
        self.extra, self.stride = extra, stride

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C + extra, H / stride, W / stride), rounded up."""
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.extra))

    def extra_repr(self) -> str:
        """Tell the two numbers."""
        return f"extra={self.extra}, stride={self.stride}"


def basic_branch(in_channels: int, out_channels: int, *, stride: int = 1) -> nn.Sequential:
    """Return the branch of the shallower nets: two 3x3 convolutions, the first with the stride.

    Parameters
    ----------
    in_channels, out_channels : int
    stride : int

    Returns
    -------
    torch.nn.Sequential
        Two `ConvBlock`; the last has no activation.
    """
    return nn.Sequential(
        ConvBlock(in_channels, out_channels, 3, stride=stride, norm=True),
        ConvBlock(out_channels, out_channels, 3, norm=True, activation=None),
    )


def bottleneck_branch(
    in_channels: int, channels: int, out_channels: int, *, stride: int = 1, stride_in: StrideIn = "1x1"
) -> nn.Sequential:
    """Return the branch of the deeper nets: 1x1 to fewer maps, 3x3 among these, 1x1 to more.

    Parameters
    ----------
    in_channels, channels, out_channels : int
        Maps before, inside and after.
    stride : int
    stride_in : {"1x1", "3x3"}
        Which convolution takes the stride: the first, as in the paper (which then skips three pixels in four), or
        the one in the middle, which sees them all.

    Returns
    -------
    torch.nn.Sequential
        Three `ConvBlock`; the last has no activation.
    """
    first, second = (stride, 1) if stride_in == "1x1" else (1, stride)
    return nn.Sequential(
        ConvBlock(in_channels, channels, 1, stride=first, norm=True),
        ConvBlock(channels, channels, 3, stride=second, norm=True),
        ConvBlock(channels, out_channels, 1, norm=True, activation=None),
    )


def make_shortcut(
    option: Shortcut, in_channels: int, out_channels: int, *, stride: int = 1
) -> nn.Module | None:
    """Return the shortcut of a block.

    Parameters
    ----------
    option : {"A", "B", "C", "none"}
        A: the identity, with zeros for new maps. B: the identity, and a projection (1x1 convolution and
        normalisation) where the shape changes. C: projections everywhere. "none": a plain net has none.
    in_channels, out_channels : int
    stride : int

    Returns
    -------
    torch.nn.Module or None
    """
    if option == "none":
        return None
    changes = stride != 1 or in_channels != out_channels
    if option == "C" or (option == "B" and changes):
        return ConvBlock(in_channels, out_channels, 1, stride=stride, norm=True, activation=None)
    return PaddedShortcut(out_channels - in_channels, stride) if changes else nn.Identity()


def survivals(last: float, blocks: int) -> list[float]:
    """Return the survival probability of every block: it falls on a line from 1 before the first to `last`.

    Parameters
    ----------
    last : float
        Probability of the last block.
    blocks : int
        How many blocks the net has.

    Returns
    -------
    list of float

    Examples
    --------
    >>> survivals(0.5, 4)
    [0.875, 0.75, 0.625, 0.5]
    """
    return [1 - block / blocks * (1 - last) for block in range(1, blocks + 1)]


def zero_last_gains(net: nn.Module) -> None:
    """Set the last normalisation's gain of every branch to 0, so that each block starts as its shortcut alone.

    Parameters
    ----------
    net : torch.nn.Module
        Changed in place; branches that end in a `ConvBlock`.
    """
    for block in net.modules():
        if isinstance(block, Residual):
            *_, last = (layer for layer in block.branch.modules() if isinstance(layer, nn.BatchNorm2d))
            nn.init.zeros_(last.weight)


def torchvision_block_name(key: str) -> str:
    """Rename what is inside a residual block.

    Parameters
    ----------
    key : str
        A key of a block's state dictionary.

    Returns
    -------
    str

    Examples
    --------
    >>> torchvision_block_name("branch.0.conv.weight"), torchvision_block_name("branch.2.norm.bias")
    ('conv1.weight', 'bn3.bias')
    >>> torchvision_block_name("shortcut.norm.running_var")
    'downsample.1.running_var'
    """
    parts = key.split(".")
    if parts[0] == "shortcut":
        return f"downsample.{('conv', 'norm').index(parts[1])}.{parts[2]}"
    kind = {"conv": "conv", "norm": "bn"}[parts[2]]
    return f"{kind}{int(parts[1]) + 1}.{parts[3]}"
