"""Residual nets for ImageNet, and the plain nets that they are compared with (He, Zhang, Ren and Sun, 2015)."""

from __future__ import annotations

from typing import Literal, get_args

from torch import nn

from cs_cnn.zoo.parts.blocks import ConvBlock, initialise, require_choice, require_size, scaled
from cs_cnn.zoo.parts.residual import (
    PaddedShortcut,
    Residual,
    Shortcut,
    StrideIn,
    basic_branch,
    bottleneck_branch,
    make_shortcut,
    survivals,
    torchvision_block_name,
    zero_last_gains,
)
from cs_cnn.zoo.parts.staged import Staged
from cs_cnn.zoo.registry import register

__all__ = [
    "BLOCKS",
    "PaddedShortcut",
    "ResNet",
    "Residual",
    "basic_branch",
    "bottleneck_branch",
    "make_shortcut",
    "torchvision_name",
]

Depth = Literal[18, 34, 50, 101, 152]

# Blocks in conv2_x, conv3_x, conv4_x and conv5_x, from the paper's Table 1.
BLOCKS: dict[int, tuple[int, int, int, int]] = {
    18: (2, 2, 2, 2),
    34: (3, 4, 6, 3),
    50: (3, 4, 6, 3),
    101: (3, 4, 23, 3),
    152: (3, 8, 36, 3),
}
BOTTLENECK = (50, 101, 152)
EXPANSION = 4


class ResNet(Staged):
    """The residual nets of 18 to 152 layers, and with ``shortcut="none"`` the plain nets of the same layers.

    ============  ==========  ========================  ===============================
    stage         output      18 and 34 layers          50, 101 and 152 layers
    ============  ==========  ========================  ===============================
    (input)       3 x 224^2
    conv1         64 x 112^2  64 kernels 7x7, stride 2  the same
    max_pool      64 x 56^2   3x3, stride 2, padding 1  the same
    conv2_x       C x 56^2    [3x3, 64; 3x3, 64]        [1x1, 64; 3x3, 64; 1x1, 256]
    conv3_x       2C x 28^2   [3x3, 128; 3x3, 128]      [1x1, 128; 3x3, 128; 1x1, 512]
    conv4_x       4C x 14^2   [3x3, 256; 3x3, 256]      [1x1, 256; 3x3, 256; 1x1, 1024]
    conv5_x       8C x 7^2    [3x3, 512; 3x3, 512]      [1x1, 512; 3x3, 512; 1x1, 2048]
    average_pool  8C          mean over each map        the same
    fc            1000        affine                    the same
    ============  ==========  ========================  ===============================

    C is 64 (18 and 34 layers) or 256. Every row of brackets is a block, which `BLOCKS` repeats; batch normalisation
    follows every convolution. The first block of conv3_x, conv4_x and conv5_x has stride 2.

    =====  ===============  ============================  ==============  ====================
    depth  blocks           parameters with shortcuts B   multiply-adds   printed "FLOPs"
    =====  ===============  ============================  ==============  ====================
    18     2, 2, 2, 2       11,689,512                    1.814 G         1.8 G
    34     3, 4, 6, 3       21,797,672                    3.664 G         3.6 G
    50     3, 4, 6, 3       25,557,032                    3.858 G         3.8 G
    101    3, 4, 23, 3      44,549,160                    7.570 G         7.6 G
    152    3, 8, 36, 3      60,192,808                    11.282 G        11.3 G
    =====  ===============  ============================  ==============  ====================

    **What differs.** *Paper*: the "FLOPs" of its Table 1 are multiply-adds; those of 18 and 34 layers are met with
    parameter-free shortcuts (1.795 and 3.644 G), 3.8 cuts 3.858 off, and all need the stride of a bottleneck in its
    first 1x1 convolution. With the stride in the 3x3, as most libraries have it, 50, 101 and 152 layers take
    4.089, 7.801 and 11.514 G. 224 pixels do not divide evenly ((224 + 6 - 7) / 2 + 1 = 112.5): sizes are rounded down.
    The paper compares plain and residual nets of 18 and 34 layers with shortcuts A, and deeper nets use B.
    *Lectures*: they show Table 1, but say nothing of shortcut options or of the projections, four in ResNet-50,
    which are not counted in its 50 layers; that all kernels are 3x3 and maps double after each pooling fits 18
    and 34 layers, except that only one max pooling exists and strides do the rest; one heading calls the net
    "ResNest" (ResNeSt is another net, of 2020); and the work on ensembles is called "... Behave Like Ensembles
    of Relatively Shallow Networks". *Here*: options for all of it. Images below 64 pixels get a 3x3 convolution
    with stride 1 as conv1; the max pooling stays.

    **Initialisation.** Weights are normal with variance 2 / fan-in (He), biases 0, gains 1 and shifts 0. With
    ``zero_last_gain`` every block starts as its shortcut, a later recipe that eases the start of training.

    Parameters
    ----------
    classes : int
        Number of classes.
    channels : int
        Channels of the images.
    size : int
        Height and width of the images, at least 16; other sizes are taken too, the last pooling is global.
    depth : {18, 34, 50, 101, 152}
        Number of layers with weights along the branches.
    shortcut : {"A", "B", "C", "none"}
        A: identity and zeros; B: projections where the shape changes; C: projections everywhere; "none": a plain
        net. See `make_shortcut`.
    stride_in : {"1x1", "3x3"}
        Which convolution of a bottleneck takes the stride; only from 50 layers on.
    width : float
        Multiplies the channels, see `scaled`.
    zero_last_gain : bool
        Whether the last normalisation of every branch starts with gain 0.
    survival : float
        Stochastic depth: probability with which the last branch is kept while training, see `Residual`.

    Raises
    ------
    ValueError
        When an option has none of these values.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", arXiv:1512.03385, 2015, and
    CVPR 2016. A. Veit, M. Wilber and S. Belongie, "Residual networks behave like ensembles of relatively shallow
    networks", NIPS 2016.

    Examples
    --------
    >>> import torch
    >>> net = ResNet(depth=18, size=32, width=0.25)
    >>> images = torch.zeros(2, 1, 32, 32)
    >>> net(images).shape, net.features(images, upto="conv4_x").shape
    (torch.Size([2, 10]), torch.Size([2, 64, 4, 4]))
    >>> del net.conv4_x[1]  # a lesion: the net still runs without this block
    >>> net(images).shape
    torch.Size([2, 10])
    """

    stages = ("conv1", "max_pool", "conv2_x", "conv3_x", "conv4_x", "conv5_x", "average_pool", "fc")

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        size: int = 224,
        depth: Depth = 18,
        shortcut: Shortcut = "B",
        stride_in: StrideIn = "1x1",
        width: float = 1.0,
        zero_last_gain: bool = False,
        survival: float = 1.0,
    ) -> None:
        require_choice("depth", depth, get_args(Depth))
        require_choice("shortcut", shortcut, get_args(Shortcut))
        require_choice("stride_in", stride_in, get_args(StrideIn))
        require_size(size, 16, "the net halves its maps four times or more")
        super().__init__(channels=channels, size=size, smallest=32 if size >= 64 else 16)
        maps = scaled(64, width)
        kernel, stride = (7, 2) if size >= 64 else (3, 1)
        self.conv1 = ConvBlock(channels, maps, kernel, stride=stride, norm=True)
        self.max_pool = nn.MaxPool2d(3, stride=2, padding=1)
        probability = iter(survivals(survival, sum(BLOCKS[depth])))
        for stage, (blocks, published) in enumerate(zip(BLOCKS[depth], (64, 128, 256, 512), strict=True)):
            inside = scaled(published, width)
            out = inside * EXPANSION if depth in BOTTLENECK else inside
            row = nn.Sequential()
            for block in range(blocks):
                stride = 2 if stage > 0 and block == 0 else 1
                branch = (
                    bottleneck_branch(maps, inside, out, stride=stride, stride_in=stride_in)
                    if depth in BOTTLENECK
                    else basic_branch(maps, out, stride=stride)
                )
                row.append(
                    Residual(
                        branch,
                        make_shortcut(shortcut, maps, out, stride=stride),
                        survival=next(probability),
                    )
                )
                maps = out
            self.add_module(f"conv{stage + 2}_x", row)
        self.average_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.fc = nn.Linear(maps, classes)
        initialise(self, "he")
        if zero_last_gain:
            zero_last_gains(self)


def torchvision_name(key: str) -> str:
    """Return torchvision's name of a parameter or a statistic of `ResNet` (its weights need ``stride_in="3x3"``).

    Parameters
    ----------
    key : str
        A key of our state dictionary.

    Returns
    -------
    str

    Examples
    --------
    >>> torchvision_name("conv1.norm.weight"), torchvision_name("conv2_x.0.branch.0.conv.weight")
    ('bn1.weight', 'layer1.0.conv1.weight')
    >>> torchvision_name("conv3_x.0.shortcut.conv.weight"), torchvision_name("fc.bias")
    ('layer2.0.downsample.0.weight', 'fc.bias')
    """
    stage, rest = key.split(".", 1)
    if stage == "conv1":
        layer, kind = rest.split(".")
        return f"{'conv1' if layer == 'conv' else 'bn1'}.{kind}"
    if stage.endswith("_x"):
        block, inside = rest.split(".", 1)
        return f"layer{int(stage[4]) - 1}.{block}.{torchvision_block_name(inside)}"
    return key


_IMAGENET = {"classes": 1000, "channels": 3, "size": 224}

for _depth in (18, 34):
    _small = {"width": 0.25}
    # The options of a plain net are those that do not speak of shortcuts; basic blocks have one place for the stride.
    register(
        f"plain{_depth}",
        published=_IMAGENET,
        small=_small,
        depth=_depth,
        shortcut="none",
        stride_in="3x3",
        zero_last_gain=False,
        survival=1.0,
    )(ResNet)
    register(f"resnet{_depth}", published=_IMAGENET, small=_small, depth=_depth, stride_in="3x3")(ResNet)
for _depth in BOTTLENECK:
    register(
        f"resnet{_depth}",
        published=_IMAGENET,
        small={"width": 0.25 if _depth == 50 else 0.125},
        depth=_depth,
    )(ResNet)
