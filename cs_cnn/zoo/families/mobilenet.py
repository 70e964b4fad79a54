"""MobileNet, first version: convolutions taken apart into depthwise and pointwise (Howard et al., 2017)."""

from __future__ import annotations

from typing import Literal, get_args

from torch import nn

from cs_cnn.zoo.parts.blocks import ConvBlock, initialise, require_choice, require_size, scaled
from cs_cnn.zoo.parts.staged import Staged
from cs_cnn.zoo.registry import register

LastStride = Literal[1, 2]
Convolution = Literal["separable", "full"]

# Maps and stride of the 13 blocks, from the paper's Table 1; the stride of the last is an option.
BLOCKS: tuple[tuple[int, int], ...] = (
    (64, 1),
    (128, 2), (128, 1),
    (256, 2), (256, 1),
    (512, 2), (512, 1), (512, 1), (512, 1), (512, 1), (512, 1),
    (1024, 2), (1024, 1),
)  # fmt: skip


class SeparableBlock(nn.Sequential):
    """A 3x3 convolution of every map by itself, then a 1x1 convolution that mixes the maps.

    Both are followed by batch normalisation and ReLU; the modules are named `depthwise` and `pointwise`. Beside a
    3x3 convolution to M maps, weights and multiply-adds are 1 / M + 1 / 9 as many.

    Parameters
    ----------
    in_channels, out_channels : int
    stride : int
        Step of the depthwise convolution.

    Examples
    --------
    >>> import torch
    >>> SeparableBlock(8, 16, stride=2)(torch.zeros(1, 8, 28, 28)).shape
    torch.Size([1, 16, 14, 14])
    """

    def __init__(self, in_channels: int, out_channels: int, *, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = ConvBlock(in_channels, in_channels, 3, stride=stride, groups=in_channels, norm=True)
        self.pointwise = ConvBlock(in_channels, out_channels, 1, norm=True)


@register("mobilenet", published={"classes": 1000, "channels": 3, "size": 224}, small={"width": 0.25})
class MobileNet(Staged):
    """MobileNet v1: one convolution, 13 separable blocks, a mean and one affine layer.

    =====================  ================  =================================================  ==========
    stage                  output            what it does                                       weights
    =====================  ================  =================================================  ==========
    (input)                3 x 224 x 224
    conv1                  32 x 112 x 112    32 kernels 3x3, stride 2                           864
    block1                 64 x 112 x 112    depthwise 3x3, pointwise 1x1                       2,336
    block2, block3         128 x 56 x 56     the first with stride 2                            26,304
    block4, block5         256 x 28 x 28     the first with stride 2                            101,760
    block6                 512 x 14 x 14     stride 2                                           133,376
    block7 to block11      512 x 14 x 14     five times                                         1,333,760
    block12                1024 x 7 x 7      stride 2                                           528,896
    block13                1024 x 7 x 7                                                         1,057,792
    average_pool           1024              mean over each map                                 0
    fc                     1000              affine                                             1,024,000
    =====================  ================  =================================================  ==========

    Together 4,209,088 weights, or 4,231,976 parameters with those of batch normalisation and the biases of fc; and
    568,740,352 multiply-adds, of which pointwise convolutions take 94.9 % (and 74.6 % of the weights), depthwise
    ones 3.1 % (1.1 %). With full convolutions (``convolution="full"``) there are 29.3 million weights and 4.87 G
    multiply-adds.

    **What differs.** *Paper and lectures*: the table has an error. It prints "Conv dw / s2" for the depthwise
    convolution of the last block, 3x3x1024 on 7x7 maps, and 7x7 again as the input of the next row. With stride 2
    the maps would be 4x4; the stride is 1, as the row after it and the number of multiply-adds say. In the
    extracted text of the lectures "5x" stands beside one row only, and means the pair. *Lectures*: batch
    normalisation and ReLU are left out of the table. *Here*: ``last_stride=2`` builds what is printed. The
    resolution multiplier is the size of the images (224, 192, 160 or 128 in the paper), since the mean at the end
    takes any. 224 pixels do not divide evenly ((224 + 2 - 3) / 2 + 1 = 112.5): sizes are rounded down. Images
    below 64 pixels enter with stride 1 in conv1.

    **Initialisation.** The paper does not tell. Weights are normal with variance 2 / fan-in (He), where fan-in is 9
    for a depthwise kernel; biases 0, gains 1 and shifts 0.

    Parameters
    ----------
    classes : int
        Number of classes.
    channels : int
        Channels of the images.
    size : int
        Height and width of the images, at least 16; other sizes are taken too.
    width : float
        The width multiplier: 1, 0.75, 0.5 or 0.25 in the paper. Multiplies the channels, see `scaled`.
    last_stride : {1, 2}
        Stride of the last block; 2 is the error of the table.
    convolution : {"separable", "full"}
        "full" has an ordinary 3x3 convolution for each separable block, to compare with.

    Raises
    ------
    ValueError
        When an option has none of these values.

    References
    ----------
    A. G. Howard, M. Zhu, B. Chen, D. Kalenichenko, W. Wang, T. Weyand, M. Andreetto and H. Adam, "MobileNets:
    efficient convolutional neural networks for mobile vision applications", arXiv:1704.04861, 2017.

    Examples
    --------
    >>> import torch
    >>> net = MobileNet(size=32, width=0.25)
    >>> net.features(torch.zeros(2, 1, 32, 32), upto="block13").shape
    torch.Size([2, 256, 2, 2])
    """

    stages = ("conv1", *(f"block{block}" for block in range(1, len(BLOCKS) + 1)), "average_pool", "fc")

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        size: int = 224,
        width: float = 1.0,
        last_stride: LastStride = 1,
        convolution: Convolution = "separable",
    ) -> None:
        require_choice("last_stride", last_stride, get_args(LastStride))
        require_choice("convolution", convolution, get_args(Convolution))
        require_size(size, 16, "the net halves its maps four times or more")
        super().__init__(channels=channels, size=size, smallest=32 if size >= 64 else 16)
        maps = scaled(32, width)
        self.conv1 = ConvBlock(channels, maps, 3, stride=2 if size >= 64 else 1, norm=True)
        for block, (published, stride) in enumerate(BLOCKS, start=1):
            out = scaled(published, width)
            stride = last_stride if block == len(BLOCKS) else stride
            self.add_module(
                f"block{block}",
                SeparableBlock(maps, out, stride=stride)
                if convolution == "separable"
                else ConvBlock(maps, out, 3, stride=stride, norm=True),
            )
            maps = out
        self.average_pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        self.fc = nn.Linear(maps, classes)
        initialise(self, "he")
