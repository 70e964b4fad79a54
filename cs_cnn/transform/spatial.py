"""A spatial transformer: a net that looks at an image, chooses an affine map, and hands on what the map shows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cs_cnn.train.devices import private_randomness
from cs_cnn.zoo.parts.blocks import ConvBlock, DenseBlock, initialise, require_choice, require_whole

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


class SpatialTransformer(nn.Module):
    """Localisation net, grid and sampler.

    The localisation net ends in an affine layer whose weights begin at 0 and whose biases begin as the identity, so
    an untrained transformer hands on the image as it is, resized to `out`.

    Parameters
    ----------
    size : int
        Height and width of the images, in pixels.
    out : int
        Height and width of what is handed on.
    freedom : {"affine", "similarity"}
        Whether all six numbers of the map are free, or the four that turn, resize and move.
    channels : int
        Of the images.
    widths : sequence of int
        Maps of the localisation net's stages, each followed by a pooling that halves.
    hidden : int
        Units of its fully connected layer.
    seed : int
        Draws the initial weights.

    Raises
    ------
    ValueError
        When a number is no whole number above 0, nothing is left of the maps, or `freedom` is unknown.

    Notes
    -----
    Jaderberg, Simonyan, Zisserman & Kavukcuoglu, *Spatial transformer networks* (2015).

    Examples
    --------
    >>> layer = SpatialTransformer(size=40, out=20)
    >>> layer(torch.zeros(3, 1, 40, 40)).shape, layer.maps(torch.zeros(1, 1, 40, 40)).tolist()
    (torch.Size([3, 1, 20, 20]), [[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])
    """

    def __init__(
        self,
        *,
        size: int,
        out: int,
        freedom: str = "affine",
        channels: int = 1,
        widths: Sequence[int] = (16, 32),
        hidden: int = 32,
        seed: int = 0,
    ) -> None:
        super().__init__()
        for name, value in (("size", size), ("out", out), ("channels", channels), ("hidden", hidden)):
            require_whole(name, value)
        require_choice("freedom", freedom, ("affine", "similarity"))
        last = size // 2 ** len(widths)
        if last < 1:
            raise ValueError(
                f"size must be at least {2 ** len(widths)} for {len(widths)} poolings, got {size}."
            )
        self.out, self.freedom = out, freedom
        with private_randomness(seed, torch.device("cpu")):
            stages: list[nn.Module] = []
            for pair in pairwise([channels, *widths]):
                stages += [ConvBlock(*pair, 3), nn.MaxPool2d(2)]
            self.localisation = nn.Sequential(*stages, DenseBlock(widths[-1] * last**2, hidden))
            initialise(self)
            self.head = nn.Linear(hidden, 6 if freedom == "affine" else 4)
        nn.init.zeros_(self.head.weight)
        start = IDENTITY if freedom == "affine" else (1.0, 0.0, 0.0, 0.0)
        with torch.no_grad():
            self.head.bias.copy_(torch.tensor(start))

    def maps(self, x: Tensor) -> Tensor:
        """Choose an affine map for each image (N, C, H, W): (N, 2, 3), from the output's points to the image's."""
        numbers = self.head(self.localisation(x))
        if self.freedom == "affine":
            affine: Tensor = numbers.view(-1, 2, 3)
            return affine
        a, b, shift_x, shift_y = numbers.unbind(dim=1)
        return torch.stack([torch.stack([a, -b, shift_x], 1), torch.stack([b, a, shift_y], 1)], 1)

    def forward(self, x: Tensor) -> Tensor:
        """Hand on what the maps show of images (N, C, H, W): (N, C, out, out)."""
        grid = F.affine_grid(self.maps(x), [len(x), x.shape[1], self.out, self.out], align_corners=False)
        return F.grid_sample(x, grid, align_corners=False)


class Classifier(nn.Module):
    """A small convolutional classifier, with a spatial transformer before it or without.

    Parameters
    ----------
    size : int
        Height and width of what the convolutions see, in pixels.
    classes : int
        Number of classes, K.
    transformer : SpatialTransformer, optional
        What comes first; it must hand on images of `size`.
    widths : sequence of int
        Maps of the stages, each followed by a pooling that halves.
    hidden : int
        Units of the fully connected layer.
    seed : int
        Draws the initial weights.

    Raises
    ------
    ValueError
        When the transformer hands on another size, or nothing is left of the maps.

    Examples
    --------
    >>> plain = Classifier(size=40)
    >>> turned = Classifier(size=20, transformer=SpatialTransformer(size=40, out=20))
    >>> [net(torch.zeros(2, 1, 40, 40)).shape for net in (plain, turned)]
    [torch.Size([2, 10]), torch.Size([2, 10])]
    """

    def __init__(
        self,
        *,
        size: int,
        classes: int = 10,
        transformer: SpatialTransformer | None = None,
        widths: Sequence[int] = (16, 32),
        hidden: int = 64,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if transformer is not None and transformer.out != size:
            raise ValueError(
                f"transformer must hand on images of the size {size}, got one that hands on {transformer.out}."
            )
        last = size // 2 ** len(widths)
        if last < 1:
            raise ValueError(
                f"size must be at least {2 ** len(widths)} for {len(widths)} poolings, got {size}."
            )
        self.transformer = transformer
        with private_randomness(seed, torch.device("cpu")):
            stages: list[nn.Module] = []
            for pair in pairwise([1, *widths]):
                stages += [ConvBlock(*pair, 3), nn.MaxPool2d(2)]
            self.body = nn.Sequential(
                *stages, DenseBlock(widths[-1] * last**2, hidden), nn.Linear(hidden, classes)
            )
            initialise(self.body)

    def forward(self, x: Tensor) -> Tensor:
        """Map grey images (N, 1, H, W) to scores (N, K)."""
        scores: Tensor = self.body(x if self.transformer is None else self.transformer(x))
        return scores
