"""Cutting blocks out of a trained net of the family `CifarResNet`, and exchanging them."""

from __future__ import annotations

import copy
from collections.abc import Collection, Sequence
from itertools import combinations

import numpy as np
from torch import nn

from cs_cnn.zoo.families.resnet_cifar import CifarResNet
from cs_cnn.zoo.parts.blocks import ConvBlock
from cs_cnn.zoo.parts.residual import Residual, make_shortcut

ROWS = ("conv2_x", "conv3_x", "conv4_x")


def blocks(net: CifarResNet) -> list[Residual]:
    """Return the blocks of a net in the order in which an image passes them.

    Examples
    --------
    >>> len(blocks(CifarResNet(depth=20)))
    9
    """
    found = [block for row in ROWS for block in net.get_submodule(row).children()]
    return [block for block in found if isinstance(block, Residual)]


def resizing(net: CifarResNet) -> list[int]:
    """Return the numbers of the blocks that halve the maps and double the channels.

    Examples
    --------
    >>> resizing(CifarResNet(depth=20))
    [3, 6]
    """
    shapes = [_shape(block) for block in blocks(net)]
    return [number for number, (ins, outs, stride) in enumerate(shapes) if ins != outs or stride != 1]


def without(net: CifarResNet, deleted: Collection[int]) -> CifarResNet:
    """Return a copy of a net that has lost blocks.

    In place of a deleted block stands its shortcut alone. A plain block has none: the block after it gets what the
    deleted one would have got, at half the size and with channels of zeros where the shape changes (shortcut A).

    Parameters
    ----------
    net : CifarResNet
        Stays as it is.
    deleted : collection of int
        Numbers of blocks, from 0.

    Returns
    -------
    CifarResNet

    Raises
    ------
    ValueError
        When there is no such block.

    Examples
    --------
    >>> net = CifarResNet(depth=20)
    >>> sum(p.numel() for p in net.parameters()) - sum(p.numel() for p in without(net, [4]).parameters())
    18560
    """
    count = len(blocks(net))
    strange = sorted(set(deleted) - set(range(count)))
    if strange:
        raise ValueError(
            f"deleted must hold numbers of blocks from 0 to {count - 1}, got {', '.join(map(str, strange))}."
        )
    left = [_cut(block) if number in deleted else block for number, block in enumerate(blocks(net))]
    return _with(net, left)


def reordered(net: CifarResNet, order: Sequence[int]) -> CifarResNet:
    """Return a copy of a net whose blocks stand in another order.

    Parameters
    ----------
    net : CifarResNet
        Stays as it is.
    order : sequence of int
        Which block of `net` comes first, which second, and so on: a permutation that leaves every block among
        blocks of its own shape.

    Returns
    -------
    CifarResNet

    Raises
    ------
    ValueError
        When `order` is no permutation, or puts a block where its shape does not fit.
    """
    old = blocks(net)
    if sorted(order) != list(range(len(old))):
        raise ValueError(f"order must hold every number from 0 to {len(old) - 1} once, got {list(order)}.")
    for place, number in enumerate(order):
        if _shape(old[place]) != _shape(old[number]):
            raise ValueError(
                f"Block {number} cannot stand in place {place}: it has another number of channels, or another stride."
            )
    return _with(net, [old[number] for number in order])


def exchanges(net: CifarResNet, count: int, rng: np.random.Generator) -> list[int]:
    """Return the order of blocks after `count` exchanges of two blocks of one shape, drawn at random.

    The first block stays where it is: it works on the bare maps of the first convolution, as no other does.

    Parameters
    ----------
    net : CifarResNet
    count : int
        An exchange may undo an earlier one.
    rng : numpy.random.Generator

    Returns
    -------
    list of int
        An order for `reordered`.
    """
    shapes = [_shape(block) for block in blocks(net)]
    pairs = [(a, b) for a, b in combinations(range(1, len(shapes)), 2) if shapes[a] == shapes[b]]
    order = list(range(len(shapes)))
    for choice in rng.integers(len(pairs), size=count):
        a, b = pairs[choice]
        order[a], order[b] = order[b], order[a]
    return order


def kendall_distance(order: Sequence[int]) -> int:
    """Return how many pairs stand in the wrong order: Kendall's distance from 0, 1, 2, ...

    Kendall's correlation tau of n things is 1 - 4 distance / (n (n - 1)).

    Parameters
    ----------
    order : sequence of int
        A permutation.

    Returns
    -------
    int
        From 0 to n (n - 1) / 2, which is the distance of the reverse order.

    Examples
    --------
    >>> kendall_distance([0, 1, 2, 3]), kendall_distance([1, 0, 2, 3]), kendall_distance([3, 1, 2, 0])
    (0, 1, 5)
    """
    return sum(first > second for first, second in combinations(order, 2))


def _shape(block: Residual) -> tuple[int, int, int]:
    """Return the channels that go in and come out, and the stride."""
    convolutions = [part.conv for part in block.branch.children() if isinstance(part, ConvBlock)]
    first, last = convolutions[0], convolutions[-1]
    return first.in_channels, last.out_channels, int(first.stride[0])


def _cut(block: Residual) -> nn.Module:
    """Return what is left of a block without its branch."""
    ins, outs, stride = _shape(block)
    way = make_shortcut("A", ins, outs, stride=stride) if block.shortcut is None else block.shortcut
    assert way is not None
    return nn.Sequential(way, nn.ReLU())


def _with(net: CifarResNet, row: Sequence[nn.Module]) -> CifarResNet:
    """Return a copy of a net with these modules in the places of its blocks."""
    other = copy.deepcopy(net)
    fresh = iter(copy.deepcopy(list(row)))
    for name in ROWS:
        length = len(list(net.get_submodule(name).children()))
        setattr(other, name, nn.Sequential(*(next(fresh) for _ in range(length))).train(net.training))
    return other
