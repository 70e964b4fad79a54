"""A residual net as a bundle of paths: how many there are of each length, and what comes back along them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from cs_cnn.studies.lesion.surgery import blocks
from cs_cnn.zoo.families.resnet_cifar import CifarResNet


def path_counts(count: int) -> list[int]:
    """Return how many paths through `count` blocks pass 0, 1, ... branches: binomial coefficients.

    Examples
    --------
    >>> path_counts(4)
    [1, 4, 6, 4, 1]
    """
    return [math.comb(count, length) for length in range(count + 1)]


def paths(count: int) -> Iterator[tuple[int, ...]]:
    """Give all 2^count paths through a row of blocks, each as the numbers of the blocks whose branch it takes.

    Examples
    --------
    >>> list(paths(2))
    [(), (0,), (1,), (0, 1)]
    """
    for length in range(count + 1):
        yield from combinations(range(count), length)


def path_sum(x: Tensor, branches: Sequence[Callable[[Tensor], Tensor]]) -> Tensor:
    """Return the sum of what all paths through residual blocks x + branch(x) make of x.

    For linear branches this is what the row of blocks puts out; for others it is not, since a branch then makes
    something else of a sum than the sum of what it makes of the parts.

    Parameters
    ----------
    x : Tensor
    branches : sequence of callable
        Each keeps the shape. The time doubles with every branch.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> path_sum(torch.tensor(1.0), [lambda x: 2 * x, lambda x: 3 * x])  # 1 + 2 + 3 + 6 = (1 + 2) (1 + 3)
    tensor(12.)
    """
    total = torch.zeros_like(x)
    for path in paths(len(branches)):
        way = x
        for number in path:
            way = branches[number](way)
        total = total + way
    return total


class _Passed(NamedTuple):
    """A block that an image has passed: what went in, what branch and shortcut made of it, where their sum is > 0."""

    into: Tensor
    branch: Tensor
    shortcut: Tensor
    active: Tensor

    def back(self, gradient: Tensor, way: Tensor) -> Tensor:
        """Return the gradient before the block of what went through the branch, or through the shortcut."""
        found: Tensor = torch.autograd.grad(way, self.into, gradient * self.active, retain_graph=True)[0]
        return found


class Unravelled:
    """The gradient of a residual net's loss, taken apart into the paths on which it comes back.

    Going back, every block is linear: its ReLUs are open or shut. The gradient before the block is what comes through
    the branch plus what comes through the shortcut, so before the first of n blocks it is a sum over 2^n paths,
    exactly. The paths are not independent, since all other blocks had a say in which ReLUs are open.

    Parameters
    ----------
    net : CifarResNet
        With shortcuts, in evaluation mode (else batch normalisation would mix the images).
    x : Tensor (N, channels, H, W)
        Images.
    y : Tensor of int, shape (N,)
        Labels.

    Attributes
    ----------
    count : int
        Number of blocks, n.

    Raises
    ------
    ValueError
        When the net has no shortcuts, or is in training mode.
    """

    def __init__(self, net: CifarResNet, x: Tensor, y: Tensor) -> None:
        if net.training:
            raise ValueError("The net must be in evaluation mode: call net.eval() first.")
        self._passed: list[_Passed] = []
        maps = net.conv1(x).detach()
        for block in blocks(net):
            if block.shortcut is None:
                raise ValueError("A net without shortcuts has a single path: there is nothing to take apart.")
            into = maps.requires_grad_()
            branch, shortcut = block.survival * block.branch(into), block.shortcut(into)
            total = (branch + shortcut).detach()
            self._passed.append(_Passed(into, branch, shortcut, total > 0))
            maps = total.relu()
        self.count = len(self._passed)
        maps.requires_grad_()
        # The sum, not the mean: every image has the gradient of its own loss.
        loss = F.cross_entropy(net.fc(net.average_pool(maps)), y, reduction="sum")
        self._last: Tensor = torch.autograd.grad(loss, maps)[0]

    def along(self, path: Collection[int]) -> Tensor:
        """Return the gradient that comes back on one path.

        Parameters
        ----------
        path : collection of int
            The blocks whose branch is taken; from the others the shortcut is.

        Returns
        -------
        Tensor (N, C, H, W)
            With respect to the maps before the first block, for each image its own.
        """
        gradient = self._last
        for number in reversed(range(self.count)):
            passed = self._passed[number]
            gradient = passed.back(gradient, passed.branch if number in path else passed.shortcut)
        return gradient

    def by_length(self) -> list[Tensor]:
        """Return, for each length, the sum of the gradients on all paths of that length.

        No path is walked alone: what has passed k branches before a block has come through its shortcut with k,
        or through its branch with k - 1. So n blocks take n (n + 1) steps, not 2^n.

        Returns
        -------
        list of Tensor (N, C, H, W)
            For 0, 1, ..., n branches; all together are the gradient.
        """
        parts = [self._last]
        for passed in reversed(self._passed):
            short = [passed.back(part, passed.shortcut) for part in parts]
            long = [passed.back(part, passed.branch) for part in parts]
            nothing = torch.zeros_like(short[0])
            parts = [a + b for a, b in zip([*short, nothing], [nothing, *long], strict=True)]
        return parts

    def norm_of_a_path(self, length: int, draws: int, rng: np.random.Generator) -> float:
        """Return the mean norm of the gradient on a single path, over images and over paths drawn at random.

        Parameters
        ----------
        length : int
            How many branches the path takes.
        draws : int
            How many paths are drawn; where there are not more of this length, all are taken.
        rng : numpy.random.Generator

        Returns
        -------
        float
        """
        if math.comb(self.count, length) <= draws:
            chosen = [np.array(path, dtype=int) for path in combinations(range(self.count), length)]
        else:
            chosen = [rng.choice(self.count, size=length, replace=False) for _ in range(draws)]
        return float(np.mean([norms(self.along(path.tolist())) for path in chosen]))


def norms(gradient: Tensor) -> NDArray[np.float64]:
    """Return the norm for each image of a gradient (N, C, H, W).

    Examples
    --------
    >>> norms(torch.full((2, 1, 2, 2), 3.0))
    array([6., 6.])
    """
    found: NDArray[np.float64] = gradient.double().flatten(1).norm(dim=1).numpy()
    return found
