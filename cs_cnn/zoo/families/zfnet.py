"""ZFNet (Zeiler and Fergus, 2013): AlexNet with a finer first look at the image."""

from __future__ import annotations

from typing import Literal, get_args

from torch import nn

from cs_cnn.zoo.parts.blocks import (
    ConvBlock,
    DenseBlock,
    initialise,
    require_choice,
    require_size,
    response_norm,
    scaled,
    side,
)
from cs_cnn.zoo.parts.staged import Staged
from cs_cnn.zoo.registry import register

Init = Literal["paper", "he"]

_SMALL_STEM_BELOW = 64
_SMALLEST = 12


@register(
    "zfnet",
    published={"classes": 1000, "channels": 3, "size": 224},
    small={"width": 0.125, "init": "he"},
)
class ZFNet(Staged):
    """ZFNet: AlexNet in one tower, with 7x7 filters at stride 2 in place of 11x11 at stride 4.

    ========  =======================================  ================  ============
    stage     what it does                             output            parameters
    ========  =======================================  ================  ============
    (input)                                            3 x 224 x 224
    conv1     96 kernels 7x7, stride 2, border 1       96 x 110 x 110    14,208
    pool1     max 3x3, stride 2                        96 x 55 x 55
    norm1     local response normalisation             96 x 55 x 55
    conv2     256 kernels 5x5, stride 2                256 x 26 x 26     614,656
    pool2     max 3x3, stride 2                        256 x 13 x 13
    norm2     local response normalisation             256 x 13 x 13
    conv3     384 kernels 3x3, border 1                384 x 13 x 13     885,120
    conv4     384 kernels 3x3, border 1                384 x 13 x 13     1,327,488
    conv5     256 kernels 3x3, border 1                256 x 13 x 13     884,992
    pool3     max 3x3, stride 2                        256 x 6 x 6
    fc6       affine, ReLU                             4096              37,752,832
    fc7       dropout, affine, ReLU                    4096              16,781,312
    fc8       dropout, affine                          1000              4,097,000
    ========  =======================================  ================  ============

    A ReLU follows every convolution. The whole has 62,357,608 parameters: 20,736 fewer than AlexNet in one
    tower, all of them in conv1.

    **What differs.** *Paper*: the figure prints the sizes 110, 55, 26, 13 and 6 and no borders; they come out
    when conv1 has a border of one zero and poolings count a last window that reaches over the edge. Maps are
    "contrast normalised across feature maps", taken here as AlexNet's local response normalisation; after each
    update the paper also shrinks filters of conv1 that have grown too large, which is left out. *Lectures*: it
    appears as Zeiler and Fergus or as Clarifai (the company's later entry, which won ILSVRC 2013 with 11.7 %
    top-5 error) and only by its results. *Here*: images below 64 pixels get 5x5 filters with stride 1 in conv1,
    and stride 1 in conv2.

    **Initialisation.** As in the paper by default: weights of size 0.01 (taken as the standard deviation of a
    normal distribution), biases 0. ``init="he"`` takes variance 2 / fan-in, which narrow nets need.

    Parameters
    ----------
    classes : int
        Number of classes.
    channels : int
        Channels of the images.
    size : int
        Height and width of the images, at least 12.
    width : float
        Multiplies the numbers of maps and of hidden features; the results are multiples of 8.
    dropout : float
        Probability of dropping a feature while training.
    init : {"paper", "he"}
        How weights start.

    Raises
    ------
    ValueError
        When an option has none of these values, or the images are too small.

    References
    ----------
    M. D. Zeiler and R. Fergus, "Visualizing and understanding convolutional networks", ECCV 2014
    (arXiv:1311.2901, 2013), figure 3.

    Examples
    --------
    >>> import torch
    >>> net = ZFNet(size=32, width=0.125)
    >>> net.features(torch.zeros(2, 1, 32, 32), upto="conv5").shape
    torch.Size([2, 32, 8, 8])
    """

    stages = (
        "conv1", "pool1", "norm1", "conv2", "pool2", "norm2", "conv3", "conv4", "conv5", "pool3", "fc6", "fc7", "fc8",
    )  # fmt: skip

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        size: int = 224,
        width: float = 1.0,
        dropout: float = 0.5,
        init: Init = "paper",
    ) -> None:
        super().__init__(channels=channels, size=size, fixed=True)
        require_choice("init", init, get_args(Init))
        require_size(size, _SMALLEST)
        m1, m2, m3, m4, m5 = (scaled(m, width) for m in (96, 256, 384, 384, 256))
        hidden = scaled(4096, width)
        small = size < _SMALL_STEM_BELOW
        first = (5, 1, 2) if small else (7, 2, 1)  # kernel, stride, padding
        second = (5, 1, 2) if small else (5, 2, 0)

        self.conv1 = ConvBlock(channels, m1, first[0], stride=first[1], padding=first[2])
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.norm1 = response_norm()
        self.conv2 = ConvBlock(m1, m2, second[0], stride=second[1], padding=second[2])
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.norm2 = response_norm()
        self.conv3 = ConvBlock(m2, m3, 3)
        self.conv4 = ConvBlock(m3, m4, 3)
        self.conv5 = ConvBlock(m4, m5, 3)
        self.pool3 = nn.MaxPool2d(3, 2)
        last = side(side(side(size, *first), 3, 2, ceil=True), *second)
        last = side(side(last, 3, 2, ceil=True), 3, 2)
        self.fc6 = DenseBlock(m5 * last * last, hidden)
        self.fc7 = DenseBlock(hidden, hidden, dropout=dropout)
        self.fc8 = DenseBlock(hidden, classes, dropout=dropout, activation=None)
        initialise(self, "he" if init == "he" else "gaussian", std=0.01)
