"""Residual and plain nets of 6n + 2 layers for small images (He, Zhang, Ren and Sun, 2015, section 4.2)."""

from __future__ import annotations

from typing import Literal, get_args

from torch import nn

from cs_cnn.zoo.families.resnet import torchvision_name
from cs_cnn.zoo.parts.blocks import ConvBlock, initialise, require_choice, require_size, scaled
from cs_cnn.zoo.parts.residual import (
    Residual,
    Shortcut,
    basic_branch,
    make_shortcut,
    survivals,
    zero_last_gains,
)
from cs_cnn.zoo.parts.staged import Staged
from cs_cnn.zoo.registry import register

# torchvision has no such net; weights that others publish follow the names of its larger ones, with three layers.
__all__ = ["DEPTHS", "CifarResNet", "torchvision_name"]

StemStride = Literal[1, 2]
DEPTHS = (20, 32, 44, 56, 110)


class CifarResNet(Staged):
    """The nets of 20 to 110 layers with which the paper studies depth on CIFAR-10.

    ============  ============  ============================  ============================
    stage         output        what it does                  layers
    ============  ============  ============================  ============================
    (input)       3 x 32 x 32
    conv1         16 x 32 x 32  16 kernels 3x3                1
    conv2_x       16 x 32 x 32  n blocks [3x3, 16; 3x3, 16]   2n
    conv3_x       32 x 16 x 16  n blocks [3x3, 32; 3x3, 32]   2n
    conv4_x       64 x 8 x 8    n blocks [3x3, 64; 3x3, 64]   2n
    average_pool  64            mean over each map
    fc            10            affine                        1
    ============  ============  ============================  ============================

    Batch normalisation follows every convolution; the first block of conv3_x and conv4_x has stride 2. A net has
    6n + 2 layers: 20, 32, 44, 56 and 110 for n = 3, 5, 7, 9 and 18. With shortcuts A, or none, which have no
    parameters, and images of 3 channels, there are 269,722, 464,154, 658,586, 853,018 and 1,727,962 parameters.

    **What differs.** *Paper*: shortcuts A in all these nets, so that plain and residual nets have the same
    parameters: 0.27, 0.46, 0.66, 0.85 and 1.7 million. The plain net of 110 layers hardly learns (its error, above
    60 %, is left out of the figure; here it does not even learn 64 images by heart). Images are padded by four
    pixels and cropped at random; the residual net of 110 layers starts with a smaller learning rate. *Lectures*:
    they show that the plain net of 56 layers is worse than a shallower one on the training images too, without
    the shallow one's depth (20), and take the net of 110 layers, 54 blocks, as an ensemble of nets of 10 to 34
    layers. *Here*: options B and C as well, a width multiplier, and a first convolution with stride 2 where time
    is short. The mean over each map takes any size, so images of 28x28 pixels need nothing special.

    **Initialisation.** Weights are normal with variance 2 / fan-in (He), biases 0, gains 1 and shifts 0.

    Parameters
    ----------
    classes : int
        Number of classes.
    channels : int
        Channels of the images.
    size : int
        Height and width of the images, at least 8; other sizes are taken too.
    depth : int
        Number of layers, 6n + 2.
    shortcut : {"A", "B", "C", "none"}
        A: identity and zeros; B: projections where the shape changes; C: projections everywhere; "none": plain.
    width : float
        Multiplies the channels, see `scaled`.
    stem_stride : {1, 2}
        Stride of conv1; 2 makes the net four times cheaper.
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
    K. He, X. Zhang, S. Ren and J. Sun, "Deep residual learning for image recognition", arXiv:1512.03385, 2015,
    section 4.2 and Table 6.

    Examples
    --------
    >>> import torch
    >>> net = CifarResNet(depth=20, channels=3)
    >>> sum(p.numel() for p in net.parameters())
    269722
    >>> net.features(torch.zeros(2, 3, 32, 32), upto="conv4_x").shape
    torch.Size([2, 64, 8, 8])
    """

    stages = ("conv1", "conv2_x", "conv3_x", "conv4_x", "average_pool", "fc")

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        size: int = 32,
        depth: int = 20,
        shortcut: Shortcut = "A",
        width: float = 1.0,
        stem_stride: StemStride = 1,
        zero_last_gain: bool = False,
        survival: float = 1.0,
    ) -> None:
        if isinstance(depth, bool) or not isinstance(depth, int) or depth < 8 or depth % 6 != 2:
            raise ValueError(
                f"depth must be 6n + 2 for a whole n of at least 1 (8, 14, 20, ...), got {depth!r}."
            )
        require_choice("shortcut", shortcut, get_args(Shortcut))
        require_choice("stem_stride", stem_stride, get_args(StemStride))
        require_size(size, 8, "the net halves its maps two times or more")
        super().__init__(channels=channels, size=size, smallest=8)
        n = (depth - 2) // 6
        maps = scaled(16, width)
        self.conv1 = ConvBlock(channels, maps, 3, stride=stem_stride, norm=True)
        probability = iter(survivals(survival, 3 * n))
        for stage, published in enumerate((16, 32, 64)):
            row, out = nn.Sequential(), scaled(published, width)
            for block in range(n):
                stride = 2 if stage > 0 and block == 0 else 1
                row.append(
                    Residual(
                        basic_branch(maps, out, stride=stride),
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


_CIFAR = {"classes": 10, "channels": 3, "size": 32}

for _depth in DEPTHS:
    # The same for both kinds, so that they can be compared; half of the maps are too few for plain nets of 44 layers.
    _small = {"width": 1.0 if _depth in (44, 56) else 0.5, "stem_stride": 1 if _depth < 44 else 2}
    register(
        f"plain{_depth}",
        published=_CIFAR,
        small=_small,
        depth=_depth,
        shortcut="none",
        zero_last_gain=False,
        survival=1.0,
    )(CifarResNet)
    register(f"resnet{_depth}", published=_CIFAR, small=_small, depth=_depth)(CifarResNet)
