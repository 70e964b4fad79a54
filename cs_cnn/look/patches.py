"""What excites a feature map most: the places of many images, cut out by their receptive field."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cs_cnn.account import account
from cs_cnn.errors import CsCnnError
from cs_cnn.look.running import Layer, Until, activations, check_images


class Patch(NamedTuple):
    """A place of an image that a feature map answers to.

    Attributes
    ----------
    image : int
        Its number in the batch.
    row, column : int
        In the feature map.
    value : float
        The activation there.
    box : (int, int, int, int)
        The receptive field in pixels: first row, first column, and the row and the column after the last. It may
        reach into the padding, beyond the image.
    """

    image: int
    row: int
    column: int
    value: float
    box: tuple[int, int, int, int]


class Field(NamedTuple):
    """The receptive fields of a layer along one axis.

    Attributes
    ----------
    size : int
        Pixels that one output spans.
    jump : int
        Pixels from the field of one output to that of the next.
    start : int
        First pixel of output 0; negative in the padding.
    """

    size: int
    jump: int
    start: int

    def span(self, place: int) -> tuple[int, int]:
        """Return the first pixel of an output, and the one after its last."""
        first = self.start + place * self.jump
        return first, first + self.size


def receptive_field(net: nn.Module, layer: Layer, shape: tuple[int, int, int]) -> tuple[Field, Field]:
    """Return what the outputs of a layer can see along the height and the width of an image.

    Parameters
    ----------
    net : torch.nn.Module
    layer : str or torch.nn.Module
    shape : (C, H, W)
        Of one image.

    Returns
    -------
    (Field, Field)

    Raises
    ------
    CsCnnError
        When there is no such layer, or its outputs do not lie on a grid of whole pixels.

    Examples
    --------
    >>> from cs_cnn import zoo
    >>> net = zoo.build_small("vgg11", seed=0)
    >>> receptive_field(net, "pool2", (1, 28, 28))[0]
    Field(size=10, jump=4, start=-3)
    """
    seen = account(Until(net, layer), shape).total.receptive
    axes = (
        [] if seen is None else list(zip(*(n if isinstance(n, tuple) else (n, n) for n in seen), strict=True))
    )
    if len(axes) != 2 or not all(isinstance(number, int) for axis in axes for number in axis):
        raise CsCnnError(
            f"layer must have receptive fields of whole pixels in two directions, and {layer!r} has {seen}."
        )
    return Field(*axes[0]), Field(*axes[1])


def top_patches(
    net: nn.Module,
    images: Tensor,
    layer: Layer,
    *,
    channels: Iterable[int] | None = None,
    count: int = 9,
    batch: int = 100,
) -> dict[int, list[Patch]]:
    """Return the places that excite feature maps of a layer most, at most one in each image.

    Parameters
    ----------
    net : torch.nn.Module
        Run in evaluation mode; its own mode comes back afterwards.
    images : Tensor (N, C, H, W)
        The more, the better.
    layer : str or torch.nn.Module
        Whose feature maps.
    channels : iterable of int, optional
        Which of them; by default all.
    count : int
        How many places of each map.
    batch : int
        How many images the net gets at once.

    Returns
    -------
    dict of int to list of Patch
        For each channel its patches, the strongest first.

    Raises
    ------
    CsCnnError
        When the layer puts out no feature maps, has no such channel, or there are fewer images than `count`.

    References
    ----------
    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, figure 2.
    """
    check_images(images)
    if not 1 <= count <= len(images) or batch < 1:
        raise CsCnnError(
            f"count must lie between 1 and the number of images, {len(images)}, and batch be at least 1, "
            f"got {count} and {batch}."
        )
    best, where = [], []
    for part in torch.split(images, batch):
        maps = activations(net, part, layer)
        if maps.dim() != 4:
            raise CsCnnError(
                f"layer must put out feature maps (N, maps, height, width), and {layer!r} puts out {tuple(maps.shape)}."
            )
        width = maps.shape[3]
        values, places = maps.flatten(2).max(dim=2)
        best.append(values)
        where.append(places)
    strength, place = torch.cat(best), torch.cat(where)
    wanted = range(strength.shape[1]) if channels is None else [int(channel) for channel in channels]
    if wanted and not 0 <= min(wanted) <= max(wanted) < strength.shape[1]:
        raise CsCnnError(f"channels must lie between 0 and {strength.shape[1] - 1}, got {list(wanted)}.")
    down, across = receptive_field(net, layer, (images.shape[1], images.shape[2], images.shape[3]))
    found = {}
    for channel in wanted:
        order = strength[:, channel].argsort(descending=True, stable=True)[:count]
        patches = []
        for image in order.tolist():
            row, column = divmod(int(place[image, channel]), width)
            (top, bottom), (left, right) = down.span(row), across.span(column)
            value = float(strength[image, channel])
            patches.append(Patch(image, row, column, value, (top, left, bottom, right)))
        found[channel] = patches
    return found


def crop(image: Tensor, box: tuple[int, int, int, int], fill: float = 0.0) -> Tensor:
    """Cut a box out of an image; what lies beyond the image is filled.

    Parameters
    ----------
    image : Tensor (C, H, W)
    box : (int, int, int, int)
        First row, first column, and the row and the column after the last.
    fill : float
        For the padding.

    Returns
    -------
    Tensor (C, bottom - top, right - left)

    Examples
    --------
    >>> import torch
    >>> crop(torch.arange(9.0).reshape(1, 3, 3), (1, 1, 4, 3), fill=-1)
    tensor([[[ 4.,  5.],
             [ 7.,  8.],
             [-1., -1.]]])
    """
    check_images(image, 3, "image")
    top, left, bottom, right = box
    height, width = image.shape[1:]
    around = (max(0, -left), max(0, right - width), max(0, -top), max(0, bottom - height))
    inside = image[:, max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    return F.pad(inside, around, value=fill)
