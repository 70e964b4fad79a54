"""Flips and shifts of training images, drawn for a whole epoch at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Draws:
    """What is done to every training image in one epoch.

    Attributes
    ----------
    flipped : Tensor of bool (N,)
        Which images are mirrored.
    top, left : Tensor of int (N,)
        Where in the padded image the crop begins, from 0 to 2 `pad`.
    pad : int
        Rows and columns of zeros on each side.
    """

    flipped: Tensor
    top: Tensor
    left: Tensor
    pad: int


def draw(
    count: int, *, flip: bool, crop: int, generator: torch.Generator, device: torch.device
) -> Draws | None:
    """Draw the augmentation of one epoch; None, and nothing drawn, when there is none.

    The numbers come from a generator on the CPU, for all images whoever computes them: a run is the same on every
    device, for every number of processes, and when it is resumed.
    """
    if not flip and not crop:
        return None
    flipped = torch.rand(count, generator=generator) < 0.5 if flip else torch.zeros(count, dtype=torch.bool)
    top, left = torch.randint(0, 2 * crop + 1, (2, count), generator=generator)
    return Draws(flipped.to(device), top.to(device), left.to(device), crop)


def apply(x: Tensor, draws: Draws, indices: Tensor) -> Tensor:
    """Return the images `x` (n, C, H, W) shifted, then mirrored; `indices` (n,) says which of the epoch they are.

    Examples
    --------
    >>> x = torch.arange(6.0).reshape(1, 1, 2, 3)
    >>> one = torch.tensor([1])
    >>> apply(x, Draws(torch.tensor([True]), one, one, pad=1), torch.tensor([0])).tolist()
    [[[[2.0, 1.0, 0.0], [5.0, 4.0, 3.0]]]]
    """
    height, width = x.shape[2:]
    rows = draws.top[indices, None] + torch.arange(height, device=x.device)
    columns = torch.arange(width, device=x.device)
    columns = torch.where(draws.flipped[indices, None], width - 1 - columns, columns)
    columns = columns + draws.left[indices, None]
    padded = F.pad(x, (draws.pad,) * 4).permute(0, 2, 3, 1)  # channels last, so that one index picks a pixel
    image = torch.arange(len(x), device=x.device)[:, None, None]
    return padded[image, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2).contiguous()
