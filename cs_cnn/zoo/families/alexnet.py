"""AlexNet (Krizhevsky, Sutskever and Hinton, 2012): as drawn in lectures, as published, and its slimmer successor."""

from __future__ import annotations

from collections.abc import Sequence
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

Variant = Literal["lecture", "paper", "one_weird_trick"]
Init = Literal["paper", "he"]

REMOVABLE = ("conv3", "conv4", "fc6", "fc7")
_SMALL_STEM_BELOW = 64
_SMALLEST = 15


@register(
    "alexnet",
    published={"classes": 1000, "channels": 3, "size": 227, "variant": "paper"},
    small={"variant": "lecture", "width": 0.125, "init": "he"},
)
class AlexNet(Staged):
    """AlexNet: five convolutions, three overlapping poolings, three fully connected layers.

    ========  =======================================  ================  ================  ============
    stage     what it does                             output            parameters        in two groups
    ========  =======================================  ================  ================  ============
    (input)                                            3 x 227 x 227
    conv1     96 kernels 11x11, stride 4               96 x 55 x 55      34,944
    pool1     max 3x3, stride 2                        96 x 27 x 27
    norm1     local response normalisation             96 x 27 x 27
    conv2     256 kernels 5x5, border 2                256 x 27 x 27     614,656           307,456
    pool2     max 3x3, stride 2                        256 x 13 x 13
    norm2     local response normalisation             256 x 13 x 13
    conv3     384 kernels 3x3, border 1                384 x 13 x 13     885,120
    conv4     384 kernels 3x3, border 1                384 x 13 x 13     1,327,488         663,936
    conv5     256 kernels 3x3, border 1                256 x 13 x 13     884,992           442,624
    pool3     max 3x3, stride 2                        256 x 6 x 6
    fc6       affine, ReLU                             4096              37,752,832
    fc7       dropout, affine, ReLU                    4096              16,781,312
    fc8       dropout, affine                          1000              4,097,000
    ========  =======================================  ================  ================  ============

    A ReLU follows every convolution. The whole has 62,378,344 parameters; 60,965,224 where conv2, conv4 and
    conv5 are split into two groups, as they were to fit on two graphics cards.

    **What differs.** *Paper*: two groups, and normalisation before pooling (stages conv1, norm1, pool1). It
    says that images have 224 x 224 pixels, but (224 - 11) / 4 is no whole number; 55 x 55 maps need 227 x 227.
    *Lectures*: one tower, pooling before normalisation, 227; they say "60M parameters", which is the count of
    the grouped net, and "first use of ReLU", which it was not. Their ablation is wrong in two lines: without
    conv3 and conv4 the net loses 2,507,520 parameters (1,696,512 in groups), not 1 million; without fc7 it
    loses 16,781,312, which rounds to 17 million, not 16. *One weird trick*: the later, slimmer net (64, 192,
    384, 256, 256 maps) without normalisation and groups, with dropout before fc6 and fc7, for 224 x 224; it is
    the one in torchvision, with 61,100,840 parameters. *Here*: where 11x11 filters at stride 4 do not fit the
    image exactly, a border of two zeros is added; images below 64 pixels get 5x5 filters with stride 1 instead;
    batches may have any size, and there is one device.

    **Initialisation.** As in the paper by default: weights are normal with standard deviation 0.01; biases are
    1 in conv2, conv4, conv5, fc6 and fc7, so that their ReLUs start active, and 0 elsewhere. ``init="he"``
    takes normal weights with variance 2 / fan-in and zero biases, which narrow nets need.

    Parameters
    ----------
    classes : int
        Number of classes.
    channels : int
        Channels of the images.
    size : int
        Height and width of the images, at least 15.
    variant : {"lecture", "paper", "one_weird_trick"}
        Which of the three nets.
    width : float
        Multiplies the numbers of maps and of hidden features; the results are multiples of 8.
    dropout : float
        Probability of dropping a feature while training.
    without : str or sequence of str
        Layers to leave out, of "conv3", "conv4", "fc6" and "fc7": the ablation of Zeiler and Fergus.
    init : {"paper", "he"}
        How weights start.

    Raises
    ------
    ValueError
        When an option has none of these values, or the images are too small.

    References
    ----------
    A. Krizhevsky, I. Sutskever and G. E. Hinton, "ImageNet classification with deep convolutional neural
    networks", NIPS 2012. A. Krizhevsky, "One weird trick for parallelizing convolutional neural networks",
    arXiv:1404.5997, 2014. The ablation: M. D. Zeiler and R. Fergus, "Visualizing and understanding
    convolutional networks", ECCV 2014, table 3.

    Examples
    --------
    >>> import torch
    >>> net = AlexNet(size=32, width=0.125)
    >>> net(torch.zeros(2, 1, 32, 32)).shape
    torch.Size([2, 10])
    >>> with torch.device("meta"):
    ...     paper = AlexNet(classes=1000, channels=3, size=227, variant="paper")
    >>> sum(p.numel() for p in paper.parameters())
    60965224
    """

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        size: int = 227,
        variant: Variant = "lecture",
        width: float = 1.0,
        dropout: float = 0.5,
        without: Sequence[str] = (),
        init: Init = "paper",
    ) -> None:
        super().__init__(channels=channels, size=size, fixed=True)
        require_choice("variant", variant, get_args(Variant))
        require_choice("init", init, get_args(Init))
        require_size(size, _SMALLEST)
        without = [without] if isinstance(without, str) else without
        for layer in without:
            require_choice("a layer to leave out", layer, REMOVABLE)
        slim = variant == "one_weird_trick"
        maps = [scaled(m, width) for m in ((64, 192, 384, 256, 256) if slim else (96, 256, 384, 384, 256))]
        hidden = scaled(4096, width)
        two = 2 if variant == "paper" else 1

        small = size < _SMALL_STEM_BELOW
        kernel, stride, padding = (5, 1, 2) if small else (11, 4, 2 if (size - 11) % 4 else 0)
        last = side(size, kernel, stride, padding)
        for _ in range(3):
            last = side(last, 3, 2)

        stages: dict[str, nn.Module] = {}
        stages["conv1"] = ConvBlock(channels, maps[0], kernel, stride=stride, padding=padding)
        stages.update(_pool_and_norm(1, variant))
        stages["conv2"] = ConvBlock(maps[0], maps[1], 5, groups=two)
        stages.update(_pool_and_norm(2, variant))
        maps_in = maps[1]
        for number, groups in ((3, 1), (4, two), (5, two)):
            if f"conv{number}" not in without:
                stages[f"conv{number}"] = ConvBlock(maps_in, maps[number - 1], 3, groups=groups)
                maps_in = maps[number - 1]
        stages["pool3"] = nn.MaxPool2d(3, 2)
        features = maps_in * last * last
        for name in ("fc6", "fc7"):
            if name not in without:
                # What comes out of a hidden layer is dropped; the slimmer net drops what goes in.
                p = dropout if slim or (name == "fc7" and "fc6" not in without) else 0.0
                stages[name] = DenseBlock(features, hidden, dropout=p)
                features = hidden
        p = 0.0 if slim or {"fc6", "fc7"} <= set(without) else dropout
        stages["fc8"] = DenseBlock(features, classes, dropout=p, activation=None)

        self.stages = tuple(stages)
        for name, stage in stages.items():
            self.add_module(name, stage)
        self._initialise(init)

    def _initialise(self, init: Init) -> None:
        initialise(self, "he" if init == "he" else "gaussian", std=0.01)
        if init == "paper":
            for name in ("conv2", "conv4", "conv5", "fc6", "fc7"):
                if name in self.stages:
                    for key, parameter in self.get_submodule(name).named_parameters():
                        if key.endswith("bias"):
                            nn.init.ones_(parameter)


def _pool_and_norm(number: int, variant: Variant) -> dict[str, nn.Module]:
    """Return the pooling after conv1 or conv2 and the normalisation, in the variant's order."""
    pool: dict[str, nn.Module] = {f"pool{number}": nn.MaxPool2d(3, 2)}
    norm: dict[str, nn.Module] = {f"norm{number}": response_norm()}
    if variant == "one_weird_trick":
        return pool
    return {**norm, **pool} if variant == "paper" else {**pool, **norm}
