"""EfficientNet-Lite0 (Tan and Le, 2019; the Lite form by Google, 2020), whose ImageNet weights come in a package."""

from __future__ import annotations

import math
import re
from typing import Literal, get_args

from torch import Tensor, nn

from cs_cnn.zoo.parts.blocks import (
    ConvBlock,
    classifier_head,
    initialise,
    require_choice,
    require_size,
    scaled,
)
from cs_cnn.zoo.parts.same_padding import SamePad2d
from cs_cnn.zoo.parts.staged import Staged
from cs_cnn.zoo.registry import register

Stem = Literal["imagenet", "cifar"]

# Blocks, side of the depthwise kernels, stride of the first block, expansion, maps.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class MBConv(nn.Sequential):
    """An inverted residual block: widen by 1x1, filter every map by itself, thin by 1x1 without activation.

    Modules `expand` (absent when the expansion is 1), `pad`, `depthwise` and `project`. The input is added
    when the shape stays.

    Parameters
    ----------
    in_channels, out_channels : int
        Maps that come in and go out.
    kernel, stride : int
        Of the depthwise convolution.
    expansion : int
        How many times wider the block is inside.

    Examples
    --------
    >>> import torch
    >>> MBConv(16, 24, kernel=3, stride=2, expansion=6)(torch.zeros(1, 16, 28, 28)).shape
    torch.Size([1, 24, 14, 14])
    """

    def __init__(
        self, in_channels: int, out_channels: int, *, kernel: int, stride: int, expansion: int
    ) -> None:
        super().__init__()
        inside = in_channels * expansion
        self.residual = stride == 1 and in_channels == out_channels
        if expansion > 1:
            self.expand = ConvBlock(in_channels, inside, 1, norm=True, eps=1e-3, activation=nn.ReLU6)
        self.pad = SamePad2d(kernel, stride)
        self.depthwise = ConvBlock(
            inside,
            inside,
            kernel,
            stride=stride,
            padding=0,
            groups=inside,
            norm=True,
            eps=1e-3,
            activation=nn.ReLU6,
        )
        self.project = ConvBlock(inside, out_channels, 1, norm=True, eps=1e-3, activation=None)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, in_channels, H, W) to (N, out_channels, H / stride, W / stride), rounded up."""
        y = x
        for module in self:
            y = module(y)
        return x + y if self.residual else y


@register(
    "efficientnet_lite0",
    published={"classes": 1000, "channels": 3, "size": 224},
    small={"width": 0.25, "stem": "cifar"},
)
class EfficientNetLite0(Staged):
    """EfficientNet-Lite0: MobileNet's separable convolutions in inverted residual blocks, found by a search.

    ========  ==========================================  ===============  ==========
    stage     what it does                                output           parameters
    ========  ==========================================  ===============  ==========
    (input)                                               3 x 224 x 224
    stem      32 kernels 3x3, stride 2                    32 x 112 x 112   928
    blocks1   1 block, depthwise 3x3, not widened         16 x 112 x 112   896
    blocks2   2 blocks, 3x3, stride 2, widened 6 times    24 x 56 x 56     13,968
    blocks3   2 blocks, 5x5, stride 2                     40 x 28 x 28     39,712
    blocks4   3 blocks, 3x3, stride 2                     80 x 14 x 14     198,480
    blocks5   3 blocks, 5x5                               112 x 14 x 14    446,784
    blocks6   4 blocks, 5x5, stride 2                     192 x 7 x 7      1,652,640
    blocks7   1 block, 3x3                                320 x 7 x 7      605,440
    top       1280 kernels 1x1                            1280 x 7 x 7     412,160
    head      mean over each map, dropout 20 %, affine    1000             1,281,000
    ========  ==========================================  ===============  ==========

    **What differs.** *Paper* (EfficientNet-B0): the same blocks with squeeze-and-excitation and the activation
    x sigmoid(x). *Lite0*: without both, with ReLU6, so that phones can compute it in eight bits. *Lectures*: not in
    them; it is here because its ImageNet weights come in a package, see `zoo.pretrained`. *Here*: no stochastic
    depth while training. Padding is TensorFlow's, where the weights come from: an odd row goes to the end.

    **Initialisation.** Normal with variance 2 / fan-out for convolutions (where a depthwise kernel's fan-out is its
    own area) and the last layer; biases 0; normalisation starts as the identity.

    Parameters
    ----------
    classes, channels : int
        Scores that go out; channels of the images.
    size : int
        Height and width of the images; others work too.
    stem : {"imagenet", "cifar"}
        "cifar" begins with stride 1, for images of 28 or 32 pixels.
    width : float
        Multiplies the number of maps of every layer.

    Raises
    ------
    ValueError
        When an option has a wrong value.

    References
    ----------
    M. Tan and Q. Le, "EfficientNet: rethinking model scaling for convolutional neural networks", ICML 2019,
    arXiv:1905.11946, table 1.

    Examples
    --------
    >>> import torch
    >>> net = EfficientNetLite0(classes=10, channels=1, size=28, stem="cifar", width=0.25)
    >>> net.features(torch.zeros(2, 1, 28, 28), upto="blocks4").shape
    torch.Size([2, 24, 4, 4])
    """

    stages = ("stem", *(f"blocks{i}" for i in range(1, len(STAGES) + 1)), "top", "head")

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        size: int = 224,
        stem: Stem = "imagenet",
        width: float = 1.0,
    ) -> None:
        require_choice("stem", stem, get_args(Stem))
        require_size(size, 1)
        super().__init__(channels=channels, size=size)
        maps, stride = scaled(32, width), 2 if stem == "imagenet" else 1
        self.stem = nn.Sequential()
        self.stem.add_module("pad", SamePad2d(3, stride))
        self.stem.add_module(
            "conv",
            ConvBlock(channels, maps, 3, stride=stride, padding=0, norm=True, eps=1e-3, activation=nn.ReLU6),
        )
        for number, (count, kernel, first_stride, expansion, published) in enumerate(STAGES, start=1):
            blocks = nn.Sequential()
            for i in range(count):
                out = scaled(published, width)
                blocks.append(
                    MBConv(maps, out, kernel=kernel, stride=1 if i else first_stride, expansion=expansion)
                )
                maps = out
            setattr(self, f"blocks{number}", blocks)
        top = scaled(1280, width)
        self.top = ConvBlock(maps, top, 1, norm=True, eps=1e-3, activation=nn.ReLU6)
        self.head = classifier_head(top, classes, dropout=0.2)
        initialise(self, "he_fan_out")
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d) and layer.groups > 1:
                nn.init.normal_(layer.weight, std=math.sqrt(2 / layer.weight[0].numel()))


def published_name(key: str) -> str:
    """Return the name that the published weights have for a weight of `EfficientNetLite0`.

    Parameters
    ----------
    key : str
        A name of our state dictionary.

    Returns
    -------
    str

    Examples
    --------
    >>> published_name("blocks2.1.depthwise.norm.bias"), published_name("blocks1.0.project.conv.weight")
    ('_blocks.2._bn1.bias', '_blocks.0._project_conv.weight')
    """
    block = re.fullmatch(r"blocks(\d)\.(\d)\.(\w+)\.(conv|norm)\.(\w+)", key)
    if block:
        before = sum(count for count, *_ in STAGES[: int(block[1]) - 1])
        norms = {"expand": "_bn0", "depthwise": "_bn1", "project": "_bn2"}
        layer = f"_{block[3]}_conv" if block[4] == "conv" else norms[block[3]]
        return f"_blocks.{before + int(block[2])}.{layer}.{block[5]}"
    for ours, theirs in (
        ("stem.conv.conv.", "_conv_stem."),
        ("stem.conv.norm.", "_bn0."),
        ("top.conv.", "_conv_head."),
        ("top.norm.", "_bn1."),
        ("head.linear.", "_fc."),
    ):
        if key.startswith(ours):
            return theirs + key.removeprefix(ours)
    raise ValueError(f"key must be a name of EfficientNetLite0's state dictionary, got {key!r}.")
