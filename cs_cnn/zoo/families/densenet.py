"""Densely connected nets: every layer sees the maps of all layers before it (Huang, Liu, van der Maaten, 2016)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, get_args

from torch import nn

from cs_cnn.zoo.parts.blocks import ConvBlock, initialise, require_choice, require_size, require_whole
from cs_cnn.zoo.parts.dense import DenseLayer, NormConv, Transition
from cs_cnn.zoo.parts.staged import Staged
from cs_cnn.zoo.registry import register

__all__ = [
    "DenseLayer",
    "DenseNet",
    "NormConv",
    "Transition",
    "densenet121",
    "densenet_cifar",
    "torchvision_name",
]

StemStride = Literal[1, 2]


class DenseNet(Staged):
    """Dense blocks with transitions between them; `densenet121` and `densenet_cifar` make those of the paper.

    Parameters
    ----------
    classes, channels : int
        Number of classes; channels of the images.
    size : int
        Height and width of the images; other sizes are taken too.
    convolution : ConvBlock
        The first stage, which takes the images.
    pooling : torch.nn.Module, optional
        The second stage, if any.
    first : int
        Maps that reach the first dense block.
    blocks : sequence of int
        Layers of each dense block.
    growth, bottleneck, dropout
        As for `DenseLayer`.
    compression : float
        Which part of the maps a transition keeps, above 0 and at most 1, rounded down.

    Raises
    ------
    ValueError
        When an option has a wrong value.
    """

    def __init__(
        self,
        *,
        classes: int,
        channels: int,
        size: int,
        convolution: nn.Module,
        pooling: nn.Module | None,
        first: int,
        blocks: Sequence[int],
        growth: int,
        bottleneck: bool,
        compression: float,
        dropout: float,
    ) -> None:
        if not 0 < compression <= 1:
            raise ValueError(f"compression must be a number above 0 and at most 1, got {compression!r}.")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be a probability of at least 0 and below 1, got {dropout!r}.")
        super().__init__(channels=channels, size=size, smallest=32 if size >= 64 else 16)
        stages = ["convolution"]
        self.convolution = convolution
        if pooling is not None:
            stages.append("pooling")
            self.pooling = pooling
        maps = first
        for block, layers in enumerate(blocks, start=1):
            row = nn.Sequential()
            for _ in range(layers):
                row.append(DenseLayer(maps, growth, bottleneck=bottleneck, dropout=dropout))
                maps += growth
            self.add_module(f"dense{block}", row)
            stages.append(f"dense{block}")
            if block < len(blocks):
                kept = max(1, math.floor(compression * maps))
                self.add_module(f"transition{block}", Transition(maps, kept))
                stages.append(f"transition{block}")
                maps = kept
        self.norm = nn.Sequential()
        self.norm.add_module("norm", nn.BatchNorm2d(maps))
        self.norm.add_module("activation", nn.ReLU())
        self.average_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.fc = nn.Linear(maps, classes)
        self.stages = (*stages, "norm", "average_pool", "fc")
        initialise(self, "he")


@register("densenet121", published={"classes": 1000, "channels": 3, "size": 224}, small={"growth": 4})
def densenet121(
    *,
    classes: int = 10,
    channels: int = 1,
    size: int = 224,
    growth: int = 32,
    bottleneck: bool = True,
    compression: float = 0.5,
    dropout: float = 0.0,
) -> DenseNet:
    """Make the paper's smallest net for ImageNet, of 121 layers.

    ============  ===============  ====================================================  ===========
    stage         output           what it does                                          parameters
    ============  ===============  ====================================================  ===========
    (input)       3 x 224 x 224
    convolution   64 x 112 x 112   64 kernels 7x7, stride 2, normalisation, ReLU         9,536
    pooling       64 x 56 x 56     max 3x3, stride 2, padding 1                          0
    dense1        256 x 56 x 56    6 layers [1x1, 128; 3x3, 32]                          335,040
    transition1   128 x 28 x 28    1x1, 128; mean 2x2                                    33,280
    dense2        512 x 28 x 28    12 layers                                             919,680
    transition2   256 x 14 x 14    1x1, 256; mean 2x2                                    132,096
    dense3        1024 x 14 x 14   24 layers                                             2,837,760
    transition3   512 x 7 x 7      1x1, 512; mean 2x2                                    526,336
    dense4        1024 x 7 x 7     16 layers                                             2,158,080
    norm          1024 x 7 x 7     normalisation, ReLU                                   2,048
    average_pool  1024             mean over each map                                    0
    fc            1000             affine                                                1,025,000
    ============  ===============  ====================================================  ===========

    Together 7,978,856 parameters. The layers that have a name of their own are 1 + 2 (6 + 12 + 24 + 16) + 3 + 1 = 121.

    **What differs.** *Paper*: this net is DenseNet-BC: bottlenecks (B, 1x1 to 4k maps) and compression by one half
    (C); the order in a layer is normalisation, ReLU, convolution. *Lectures*: they name the paper and draw a dense
    block, without a table. *Here*: the normalisation after the last block is a stage of its own. Images below
    64 pixels get a 3x3 convolution with stride 1 and no max pooling, because every transition halves again and
    drops the last row of an odd number.

    **Initialisation.** Weights are normal with variance 2 / fan-in (He), biases 0, gains 1 and shifts 0.

    Parameters
    ----------
    classes : int
        Number of classes.
    channels : int
        Channels of the images.
    size : int
        Height and width of the images, at least 16; other sizes are taken too.
    growth : int
        Maps k that every layer adds; the first convolution has 2k.
    bottleneck : bool
        Whether a 1x1 convolution to 4k maps comes first in a layer.
    compression : float
        Which part of the maps a transition keeps.
    dropout : float
        Probability with which new numbers are dropped while training.

    Returns
    -------
    DenseNet

    Raises
    ------
    ValueError
        When an option has a wrong value.

    References
    ----------
    G. Huang, Z. Liu, L. van der Maaten and K. Q. Weinberger, "Densely connected convolutional networks",
    arXiv:1608.06993, 2016, and CVPR 2017, Table 1.

    Examples
    --------
    >>> import torch
    >>> net = densenet121(size=32, growth=4)
    >>> net.features(torch.zeros(2, 1, 32, 32), upto="dense4").shape
    torch.Size([2, 128, 4, 4])
    """
    require_size(size, 16, "three transitions halve its maps")
    require_whole("growth", growth)
    large = size >= 64
    return DenseNet(
        classes=classes,
        channels=channels,
        size=size,
        convolution=ConvBlock(channels, 2 * growth, 7 if large else 3, stride=2 if large else 1, norm=True),
        pooling=nn.MaxPool2d(3, stride=2, padding=1) if large else None,
        first=2 * growth,
        blocks=(6, 12, 24, 16),
        growth=growth,
        bottleneck=bottleneck,
        compression=compression,
        dropout=dropout,
    )


@register(
    "densenet40",
    published={"classes": 10, "channels": 3, "size": 32},
    small={"growth": 6, "stem_stride": 2},
    depth=40,
)
def densenet_cifar(
    *,
    classes: int = 10,
    channels: int = 1,
    size: int = 32,
    depth: int = 40,
    growth: int = 12,
    bottleneck: bool = False,
    compression: float = 1.0,
    dropout: float = 0.0,
    stem_stride: StemStride = 1,
) -> DenseNet:
    """Make a net of the paper's CIFAR form: three dense blocks of equal length.

    ============  ==============  ====================================================  ===========
    stage         output          what it does (depth 40, growth 12)                    parameters
    ============  ==============  ====================================================  ===========
    (input)       3 x 32 x 32
    convolution   16 x 32 x 32    16 kernels 3x3                                        432
    dense1        160 x 32 x 32   12 layers [3x3, 12]                                   108,240
    transition1   160 x 16 x 16   1x1, 160; mean 2x2                                    25,920
    dense2        304 x 16 x 16   12 layers                                             298,320
    transition2   304 x 8 x 8     1x1, 304; mean 2x2                                    93,024
    dense3        448 x 8 x 8     12 layers                                             488,400
    norm          448 x 8 x 8     normalisation, ReLU                                   896
    average_pool  448             mean over each map                                    0
    fc            10              affine                                                4,490
    ============  ==============  ====================================================  ===========

    Together 1,019,722 parameters, the paper's "1.0M". A block has (depth - 4) / 3 layers, or (depth - 4) / 6 with
    bottlenecks. The paper's DenseNet-BC with 100 layers has ``depth=100, bottleneck=True, compression=0.5``, 769,162
    parameters.

    **What differs.** *Paper*: 16 maps reach the first block, 2k in the nets with bottleneck and compression; dropout
    of 0.2 where the images are not augmented. *Lectures*: no table of this net. *Here*: dropout is off by default, and
    the first convolution can have stride 2 where time is short.

    **Initialisation.** Weights are normal with variance 2 / fan-in (He), biases 0, gains 1 and shifts 0.

    Parameters
    ----------
    classes : int
        Number of classes.
    channels : int
        Channels of the images.
    size : int
        Height and width of the images, at least 16; other sizes are taken too.
    depth : int
        Number of layers: 3n + 4, or 6n + 4 with bottlenecks.
    growth : int
        Maps k that every layer adds.
    bottleneck : bool
        Whether a 1x1 convolution to 4k maps comes first in a layer.
    compression : float
        Which part of the maps a transition keeps.
    dropout : float
        Probability with which new numbers are dropped while training.
    stem_stride : {1, 2}
        Stride of the first convolution; 2 makes the net four times cheaper.

    Returns
    -------
    DenseNet

    Raises
    ------
    ValueError
        When an option has a wrong value.

    References
    ----------
    G. Huang, Z. Liu, L. van der Maaten and K. Q. Weinberger, "Densely connected convolutional networks",
    arXiv:1608.06993, 2016, and CVPR 2017, Table 2.

    Examples
    --------
    >>> import torch
    >>> net = densenet_cifar(depth=10, growth=4)
    >>> net.features(torch.zeros(2, 1, 32, 32), upto="dense1").shape
    torch.Size([2, 24, 32, 32])
    """
    require_size(size, 16, "two transitions halve its maps")
    require_choice("stem_stride", stem_stride, get_args(StemStride))
    require_whole("growth", growth)
    step = 6 if bottleneck else 3
    if isinstance(depth, bool) or not isinstance(depth, int) or depth <= 4 or depth % step != 4 % step:
        raise ValueError(
            f"depth must be {step}n + 4 for a whole n of at least 1 with bottleneck={bottleneck}, got {depth!r}."
        )
    first = 2 * growth if bottleneck and compression < 1 else 16
    convolution = nn.Sequential()
    convolution.add_module("conv", nn.Conv2d(channels, first, 3, stride=stem_stride, padding=1, bias=False))
    return DenseNet(
        classes=classes,
        channels=channels,
        size=size,
        convolution=convolution,
        pooling=None,
        first=first,
        blocks=((depth - 4) // step,) * 3,
        growth=growth,
        bottleneck=bottleneck,
        compression=compression,
        dropout=dropout,
    )


def torchvision_name(key: str) -> str:
    """Return torchvision's name of a parameter or a statistic of `DenseNet`.

    Parameters
    ----------
    key : str
        A key of our state dictionary.

    Returns
    -------
    str

    Examples
    --------
    >>> torchvision_name("dense1.0.branch.0.norm.weight"), torchvision_name("transition2.conv.weight")
    ('features.denseblock1.denselayer1.norm1.weight', 'features.transition2.conv.weight')
    >>> torchvision_name("convolution.norm.bias"), torchvision_name("norm.norm.bias")
    ('features.norm0.bias', 'features.norm5.bias')
    """
    stage, *rest = key.split(".")
    if stage == "fc":
        return f"classifier.{rest[0]}"
    if stage == "norm":
        return f"features.norm5.{rest[1]}"
    if stage == "convolution":
        return f"features.{rest[0]}0.{rest[1]}"
    if stage.startswith("dense"):
        layer, _, part, module, kind = rest
        return f"features.denseblock{stage[5:]}.denselayer{int(layer) + 1}.{module}{int(part) + 1}.{kind}"
    return f"features.{key}"
