"""The modules of a NASNet: a cell made after a plan, its operations, and cells in a row (Zoph et al., 2018)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cs_cnn.zoo.parts.cells import Branch, CellPlan
from cs_cnn.zoo.parts.same_padding import SamePad2d


def norm(maps: int) -> nn.BatchNorm2d:
    """Return batch normalisation with the published small number under the root."""
    return nn.BatchNorm2d(maps, eps=1e-3)


class SeparableConv(nn.Sequential):
    """ReLU, depthwise and 1x1 convolution, batch normalisation; then all of that once more.

    Parameters
    ----------
    in_channels, maps : int
        Maps that come in and go out.
    kernel, stride : int
        The first depthwise convolution has the stride.
    """

    def __init__(self, in_channels: int, maps: int, kernel: int, stride: int) -> None:
        super().__init__()
        for i, inputs, step in ((1, in_channels, stride), (2, maps, 1)):
            depthwise = nn.Conv2d(inputs, inputs, kernel, step, groups=inputs, bias=False)
            self.add_module(f"relu{i}", nn.ReLU())
            self.add_module(f"pad{i}", SamePad2d(kernel, step))
            self.add_module(f"depthwise{i}", depthwise)
            self.add_module(f"pointwise{i}", nn.Conv2d(inputs, maps, 1, bias=False))
            self.add_module(f"norm{i}", norm(maps))


class Halve(nn.Module):
    """Make a map half as high and wide without losing every other pixel: two 1x1 convolutions, one of them shifted.

    Parameters
    ----------
    in_channels, out_channels : int
    """

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        half = out_channels // 2
        self.even = nn.Conv2d(in_channels, half, 1, bias=False)
        self.odd = nn.Conv2d(in_channels, out_channels - half, 1, bias=False)
        self.norm = norm(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) to (N, out_channels, H / 2, W / 2), rounded up."""
        x = x.relu()
        shifted = F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:]
        halves = (self.even(x[:, :, ::2, ::2]), self.odd(shifted[:, :, ::2, ::2]))
        normed: Tensor = self.norm(torch.cat(halves, dim=1))
        return normed


def _squeeze(in_channels: int, maps: int) -> nn.Sequential:
    return nn.Sequential(nn.ReLU(), nn.Conv2d(in_channels, maps, 1, bias=False), norm(maps))


def _operation(branch: Branch, in_channels: int, maps: int, reduces: bool) -> nn.Module:
    """Return the module of a branch; in a reduction cell what takes the cell's own inputs has stride 2."""
    stride = 2 if reduces and not branch.input.startswith("b") else 1
    if branch.operation == "sep":
        return SeparableConv(in_channels, maps, branch.kernel, stride)
    if branch.operation == "same":
        return Halve(maps, maps) if stride == 2 else nn.Identity()
    if branch.operation == "max":
        pad = SamePad2d(branch.kernel, stride, value=-torch.inf)
        return nn.Sequential(pad, nn.MaxPool2d(branch.kernel, stride))
    if stride == 1:
        return nn.AvgPool2d(branch.kernel, 1, branch.kernel // 2, count_include_pad=False)
    return SameAveragePool(branch.kernel, stride)


class SameAveragePool(nn.Module):
    """The mean of the pixels of the image under the kernel; padding does not count."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.pad = SamePad2d(kernel, stride)
        self.pool = nn.AvgPool2d(kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, H / stride, W / stride), rounded up."""
        covered: Tensor = self.pool(self.pad(torch.ones_like(x[:1, :1])))
        pooled: Tensor = self.pool(self.pad(x))
        return pooled / covered


class Cell(nn.Module):
    """A cell made after a plan: it takes what the two cells before it put out.

    Parameters
    ----------
    plan : CellPlan
        From `parse_cell`.
    before, in_channels : int
        Maps of the older and of the newer input.
    maps : int
        Maps of every block inside.
    reduces : bool
        Whether the result is half as high and wide, as a reduction cell makes it.
    halve_before : bool
        Whether the older input is twice as high and wide as the newer, which is so after a reduction cell.
    first : bool
        Whether no cell is before this one. Both inputs are the same then, and the older one is handed on as it is if
        only separable convolutions take it, which can take any number of maps.

    Attributes
    ----------
    out_channels : int
        `maps` times the number of results that are stacked.
    """

    def __init__(
        self,
        plan: CellPlan,
        before: int,
        in_channels: int,
        maps: int,
        *,
        reduces: bool = False,
        halve_before: bool = False,
        first: bool = False,
    ) -> None:
        super().__init__()
        self.plan = plan
        self.fit_p: nn.Module = nn.Identity()
        maps_of_p = maps
        if halve_before:
            self.fit_p = nn.Sequential(Halve(before, maps))
        elif before != maps and not (first and plan.only_separable("p")):
            self.fit_p = _squeeze(before, maps)
        else:
            maps_of_p = before
        self.fit_x = _squeeze(in_channels, maps)

        def row(branches: Iterable[Branch]) -> nn.ModuleList:
            return nn.ModuleList(
                _operation(branch, maps_of_p if branch.input == "p" else maps, maps, reduces)
                for branch in branches
            )

        self.left = row(block.left for block in plan.blocks)
        self.right = row(block.right for block in plan.blocks)
        # An input that goes straight into the result of a reduction cell has to shrink as the blocks do.
        straight = [name for name in plan.result if name in ("p", "x")] if reduces else []
        self.straight = nn.ModuleDict({name: Halve(maps, maps) for name in straight})
        self.out_channels = maps * len(plan.result)

    def forward(self, p: Tensor, x: Tensor) -> Tensor:
        """Map the older and the newer input to (N, out_channels, H, W)."""
        values = {"p": self.fit_p(p), "x": self.fit_x(x)}
        for i, (block, left, right) in enumerate(
            zip(self.plan.blocks, self.left, self.right, strict=True), start=1
        ):
            values[f"b{i}"] = left(values[block.left.input]) + right(values[block.right.input])
        for name, shrink in self.straight.items():
            values[name] = shrink(values[name])
        return torch.cat([values[name] for name in self.plan.result], dim=1)


class Stack(nn.Module):
    """Cells one after the other, each taking what the two before it put out.

    Maps the pair (older, newer) to the pair after the last cell.
    """

    def __init__(self, cells: list[Cell]) -> None:
        super().__init__()
        self.cells = nn.ModuleList(cells)

    def forward(self, pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        """Run the cells."""
        before, x = pair
        for cell in self.cells:
            before, x = x, cell(before, x)
        return before, x
