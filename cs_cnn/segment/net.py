"""A small fully convolutional net: scores on a coarse grid, enlarged, with finer scores added on the way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from cs_cnn.segment.enlarging import bilinear_kernel, bilinear_padding, bilinear_weights
from cs_cnn.train.devices import private_randomness
from cs_cnn.zoo.parts.blocks import ConvBlock, initialise, require_whole


def enlarger(channels: int, factor: int) -> nn.ConvTranspose2d:
    """Return a transposed convolution that begins as bilinear interpolation, every channel by itself.

    Parameters
    ----------
    channels : int
        Maps in and out.
    factor : int
        How many times larger the maps become.

    Returns
    -------
    torch.nn.ConvTranspose2d
        Without biases; its weights can be trained.

    Raises
    ------
    ValueError
        When a number is no whole number, or below 1.

    Examples
    --------
    >>> enlarger(5, 4)(torch.zeros(1, 5, 4, 6)).shape
    torch.Size([1, 5, 16, 24])
    """
    weights = torch.tensor(bilinear_weights(channels, factor), dtype=torch.get_default_dtype())
    layer = nn.ConvTranspose2d(
        channels,
        channels,
        len(bilinear_kernel(factor)),
        stride=factor,
        padding=bilinear_padding(factor),
        bias=False,
    )
    with torch.no_grad():
        layer.weight.copy_(weights)
    return layer


class Fcn(nn.Module):
    """A fully convolutional net with one skip connection, or with none.

    Every stage halves height and width with kernels of 4 by 4, whose windows lie evenly around the pixels that they
    stand for. A convolution of 1 by 1 turns the last maps into scores of the classes on a coarse grid. They are
    enlarged to the grid of an earlier stage, whose own scores are added, and the sum is enlarged to the size of the
    image. The scores of the earlier stage begin at 0, so both forms of the net begin with nearly the same answer.

    Parameters
    ----------
    classes : int
        C, the ground included.
    widths : sequence of int
        Channels of the stages.
    skip : int or None
        After which stage, from 1 to one before the last, finer scores are read; None for no skip connection.
    seed : int
        Draws the initial weights.

    Attributes
    ----------
    stride : int
        How many pixels one place of the coarse grid stands for; sizes of images must be multiples of it.

    Raises
    ------
    ValueError
        When `skip` is no such stage, or a number is no whole number above 0.

    Notes
    -----
    Long, Shelhamer & Darrell (2015) do this with VGG-16 and strides of 32, 16 and 8.

    Examples
    --------
    >>> Fcn(classes=5)(torch.zeros(2, 3, 64, 96)).shape
    torch.Size([2, 5, 64, 96])
    """

    def __init__(
        self, *, classes: int, widths: Sequence[int] = (16, 32, 64, 64), skip: int | None = 2, seed: int = 0
    ) -> None:
        super().__init__()
        require_whole("classes", classes)
        if skip is not None and not 1 <= skip < len(widths):
            raise ValueError(
                f"skip must be a stage from 1 to {len(widths) - 1}, before the last of {len(widths)}, or None,"
                f" got {skip!r}."
            )
        self.stride, self.skip = 2 ** len(widths), skip
        with private_randomness(seed, torch.device("cpu")):
            self.stages = nn.ModuleList(
                ConvBlock(*pair, 4, stride=2, padding=1, norm=True) for pair in pairwise([3, *widths])
            )
            self.context = ConvBlock(widths[-1], widths[-1], 3, norm=True)
            self.coarse = nn.Conv2d(widths[-1], classes, 1)
            initialise(self)
            if skip is None:
                self.enlarge = enlarger(classes, self.stride)
            else:
                self.fine = nn.Conv2d(widths[skip - 1], classes, 1)
                nn.init.zeros_(self.fine.weight)
                nn.init.zeros_(self.fine.bias)  # type: ignore[arg-type]
                self.to_fine = enlarger(classes, 2 ** (len(widths) - skip))
                self.enlarge = enlarger(classes, 2**skip)

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, 3, H, W) with values from 0 to 1 to scores (N, C, H, W).

        Raises
        ------
        ValueError
            When H or W is no multiple of `stride`.
        """
        if x.dim() != 4 or x.shape[1] != 3 or x.shape[2] % self.stride or x.shape[3] % self.stride:
            raise ValueError(
                f"images must have shape (N, 3, H, W) with H and W multiples of {self.stride}, got {tuple(x.shape)}."
            )
        h, finer = x - 0.5, None
        for number, stage in enumerate(self.stages, start=1):
            h = stage(h)
            if number == self.skip:
                finer = self.fine(h)
        scores = self.coarse(self.context(h))
        if finer is not None:
            scores = self.to_fine(scores) + finer
        out: Tensor = self.enlarge(scores)
        return out
