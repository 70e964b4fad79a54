"""NASNet (Zoph, Vasudevan, Shlens and Le, 2018): cells that a search found, written as a string and stacked."""

from __future__ import annotations

from typing import Literal, get_args

from torch import Tensor, nn

from cs_cnn.zoo.parts.blocks import (
    classifier_head,
    initialise,
    require_choice,
    require_size,
    require_whole,
    scaled,
)
from cs_cnn.zoo.parts.cell_modules import Cell, Stack, norm
from cs_cnn.zoo.parts.cells import parse_cell
from cs_cnn.zoo.parts.staged import Staged
from cs_cnn.zoo.registry import register

Stem = Literal["imagenet", "cifar"]

# NASNet-A, the paper's figure 4. The result of the normal cell has its older input beside the five blocks, as in
# the net whose parameters the paper counts.
NORMAL = (
    "sep5(x) + sep3(p); sep5(p) + sep3(p); avg3(x) + p; avg3(p) + avg3(p); sep3(x) + x"
    " -> p, b1, b2, b3, b4, b5"
)
REDUCTION = (
    "sep5(x) + sep7(p); max3(x) + sep7(p); avg3(x) + sep5(p); b2 + avg3(b1); sep3(b1) + max3(x)"
    " -> b2, b3, b4, b5"
)


@register(
    "nasnet",
    published={"classes": 1000, "channels": 3, "size": 224},
    small={"cells": 1, "filters": 16},
)
class NASNet(Staged):
    """NASNet: a normal cell that keeps the size and a reduction cell that halves it, stacked.

    Published is NASNet-A (4 @ 1056), for 224x224: four normal cells in a row, 1056 maps at the end, 5,289,978
    parameters. F is the number of maps of the blocks in the first normal cells, 1056 / 24 = 44.

    ===========  =====================================  ===============  ==========
    stage        what it does                           output           parameters
    ===========  =====================================  ===============  ==========
    (input)                                             3 x 224 x 224
    conv0        32 kernels 3x3, stride 2, no padding   32 x 111 x 111   928
    reduce0      two reduction cells, F/4 and F/2       88 x 28 x 28     22,482
    normal1      4 normal cells, F                      264 x 28 x 28    176,528
    reduce1      1 reduction cell, 2F                   352 x 14 x 14    153,648
    normal2      4 normal cells, 2F                     528 x 14 x 14    689,920
    reduce2      1 reduction cell, 4F                   704 x 7 x 7      555,104
    normal3      4 normal cells, 4F                     1056 x 7 x 7     2,634,368
    head         ReLU, mean over each map, affine       1000             1,057,000
    ===========  =====================================  ===============  ==========

    With ``stem="cifar"`` the net is the paper's for small images: conv0 keeps the size, and there is no reduce0. That
    takes a CPU ten times longer than the other stem does for the same small images.

    A cell is a string (see `parse_cell`): blocks that add two branches, separated by semicolons, where ``x`` is
    what the cell before put out, ``p`` what the one before that did, and ``b1``, ``b2`` are the first blocks;
    ``-> ...`` lists what is stacked as the cell's result.

    **What differs.** *Paper*: cells were searched on CIFAR-10 by a recurrent controller, and then stacked deeper for
    ImageNet; while training, branches are dropped at random (ScheduledDropPath), and an auxiliary head helps.
    *Lectures*: the idea only. *Here*: no dropped branches and no auxiliary head. Padding is TensorFlow's.

    **Initialisation.** The paper does not tell. He's normal weights; normalisation starts as the identity.

    Parameters
    ----------
    classes, channels : int
        Scores that go out; channels of the images.
    size : int
        Height and width of the images; others work too.
    normal, reduction : str
        The cells; by default NASNet-A's.
    stem : {"imagenet", "cifar"}
        See above.
    cells : int
        Normal cells in a row.
    filters : int
        F.
    width : float
        Multiplies F, and the maps of conv0.

    Raises
    ------
    ValueError
        When an option has a wrong value, or a cell is not written by the rules: the sentence tells the position.

    References
    ----------
    B. Zoph, V. Vasudevan, J. Shlens and Q. V. Le, "Learning transferable architectures for scalable image recognition",
    CVPR 2018, arXiv:1707.07012, figures 2 and 4.

    Examples
    --------
    >>> import torch
    >>> net = NASNet(size=32, stem="cifar", cells=1, filters=8, normal="sep3(x) + x; max3(p) + b1")
    >>> net(torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2, 10])
    >>> NASNet(normal="sep3(x) + y")
    Traceback (most recent call last):
    ValueError: normal: at position 11 of 'sep3(x) + y': an input is x, p or an earlier block such as b1, not 'y'.
    """

    stages: tuple[str, ...] = (
        "conv0",
        "reduce0",
        "normal1",
        "reduce1",
        "normal2",
        "reduce2",
        "normal3",
        "head",
    )

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        size: int = 224,
        normal: str = NORMAL,
        reduction: str = REDUCTION,
        stem: Stem = "imagenet",
        cells: int = 4,
        filters: int = 44,
        width: float = 1.0,
    ) -> None:
        require_choice("stem", stem, get_args(Stem))
        require_whole("cells", cells)
        require_whole("filters", filters)
        smallest = 3 if stem == "imagenet" else 1
        require_size(size, smallest)
        super().__init__(channels=channels, size=size, smallest=smallest)
        plans = {False: parse_cell(normal, "normal"), True: parse_cell(reduction, "reduction")}
        f = scaled(filters, width, divisor=4)
        large = stem == "imagenet"
        first = scaled(32, width) if large else 3 * f
        step, padding = (2, 0) if large else (1, 1)
        self.conv0 = nn.Sequential(
            nn.Conv2d(channels, first, 3, step, padding, bias=False),
            norm(first),
        )
        before, now, after_reduction, begun = first, first, False, False

        def cell(maps: int, reduces: bool) -> Cell:
            nonlocal before, now, after_reduction, begun
            made = Cell(
                plans[reduces],
                before,
                now,
                max(1, maps),
                reduces=reduces,
                halve_before=after_reduction,
                first=not begun,
            )
            before, now, after_reduction, begun = now, made.out_channels, reduces, True
            return made

        if large:
            self.reduce0 = Stack([cell(f // 4, True), cell(f // 2, True)])
        else:
            self.stages = tuple(stage for stage in self.stages if stage != "reduce0")
        self.normal1 = Stack([cell(f, False) for _ in range(cells)])
        self.reduce1 = Stack([cell(2 * f, True)])
        self.normal2 = Stack([cell(2 * f, False) for _ in range(cells)])
        self.reduce2 = Stack([cell(4 * f, True)])
        self.normal3 = Stack([cell(4 * f, False) for _ in range(cells)])
        self.head = nn.Sequential(nn.ReLU(), *classifier_head(now, classes))
        initialise(self, "he")

    def features(self, x: Tensor, upto: str | None = None) -> Tensor:
        """Return what a stage puts out, see `Staged.features`."""
        upto = self.stages[-2] if upto is None else upto
        if upto not in self.stages:
            return super().features(x, upto=upto)  # which says so
        self._check_images(x)
        pair = (x, x)
        for stage in self.stages[: self.stages.index(upto) + 1]:
            pair = self._run_on_pair(stage, pair)
        return pair[1]

    def run_stage(self, stage: str, x: Tensor) -> Tensor:
        """Map what the stage before puts out to what this stage puts out, see `Staged.run_stage`.

        A cell also needs the output of the cell before the last one: it travels with the tensor, as its attribute
        `older`. So `x` must be what `run_stage` gave, not a copy.
        """
        if stage not in ("conv0", "head", self.stages[1]) and not hasattr(x, "older"):
            raise ValueError(
                f"run_stage({stage!r}, x) takes x as run_stage gave it for the stage before, got another tensor: "
                "a cell needs the two outputs before it; use features(images, upto=...)."
            )
        older, out = self._run_on_pair(stage, (getattr(x, "older", x), x))
        out.older = older  # type: ignore[attr-defined]
        return out

    def _run_on_pair(self, stage: str, pair: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        module = self.get_submodule(stage)
        if isinstance(module, Stack):
            older, newer = module(pair)
            return older, newer
        out = module(pair[1])
        return out, out
