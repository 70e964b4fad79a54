"""The VGG nets A to E (Simonyan and Zisserman, 2014): only 3x3 convolutions, and depth."""

from __future__ import annotations

from typing import Literal, get_args

from torch import nn

from cs_cnn.zoo.parts.blocks import (
    ConvBlock,
    DenseBlock,
    Scheme,
    initialise,
    require_choice,
    require_size,
    response_norm,
    scaled,
)
from cs_cnn.zoo.parts.staged import Staged
from cs_cnn.zoo.registry import register

Config = Literal["A", "A-LRN", "B", "C", "D", "E"]
Init = Literal["xavier", "gaussian", "he"]
Poolings = Literal[3, 4, 5]

# The columns of the paper's table 1: the sides of the kernels in each of the five blocks.
KERNELS: dict[Config, tuple[tuple[int, ...], ...]] = {
    "A": ((3,), (3,), (3, 3), (3, 3), (3, 3)),
    "A-LRN": ((3,), (3,), (3, 3), (3, 3), (3, 3)),
    "B": ((3, 3), (3, 3), (3, 3), (3, 3), (3, 3)),
    "C": ((3, 3), (3, 3), (3, 3, 1), (3, 3, 1), (3, 3, 1)),
    "D": ((3, 3), (3, 3), (3, 3, 3), (3, 3, 3), (3, 3, 3)),
    "E": ((3, 3), (3, 3), (3, 3, 3, 3), (3, 3, 3, 3), (3, 3, 3, 3)),
}
MAPS = (64, 128, 256, 512, 512)

NAMES: dict[str, Config] = {
    "vgg11": "A",
    "vgg11_lrn": "A-LRN",
    "vgg13": "B",
    "vgg16_1x1": "C",
    "vgg16": "D",
    "vgg19": "E",
}


class VGG(Staged):
    """A VGG net: five blocks of 3x3 convolutions, each ended by a pooling, then three fully connected layers.

    ========  ======  ======  ======  ===========  ==========  ==========  ===============
    block     A       A-LRN   B       C            D           E           output
    ========  ======  ======  ======  ===========  ==========  ==========  ===============
    (input)                                                                3 x 224 x 224
    1         3       3, LRN  3, 3    3, 3         3, 3        3, 3        64 x 112 x 112
    2         3       3       3, 3    3, 3         3, 3        3, 3        128 x 56 x 56
    3         3, 3    3, 3    3, 3    3, 3, 1      3, 3, 3     3, 3, 3, 3  256 x 28 x 28
    4         3, 3    3, 3    3, 3    3, 3, 1      3, 3, 3     3, 3, 3, 3  512 x 14 x 14
    5         3, 3    3, 3    3, 3    3, 3, 1      3, 3, 3     3, 3, 3, 3  512 x 7 x 7
    fc6 fc7                                                                4096, 4096
    fc8                                                                    1000
    ========  ======  ======  ======  ===========  ==========  ==========  ===============

    A number is a convolution with kernels of that side, stride 1, a border that keeps the size, and a ReLU.
    Stages are called conv1_1, conv1_2, pool1, conv2_1 and so on, then fc6, fc7, fc8, and norm1 in A-LRN.
    Parameters: A and A-LRN 132,863,336; B 133,047,848; C 133,638,952; D 138,357,544; E 143,667,240. Nine in ten
    are in fc6 to fc8.

    **What differs.** *Paper*: no batch normalisation, which came later; the deeper nets began from the trained
    layers of A. *Lectures*: "about 140 million parameters per net" is 133 to 144 million; the list of layers on
    one slide is B, while the table of memory that follows it is D (VGG-16). That table's total of 24 million
    numbers is wrong: its rows add to 15,237,608 (61 MB as float32), and its 138,344,128 parameters leave out
    the biases. "Stride 1 - no loss of information" is true of the resolution only. "16 convolutional layers"
    are 13, with 3 fully connected ones. *Here*: ``norm=True`` puts batch normalisation between each convolution
    and its ReLU (the convolution keeps its bias, as in the checkpoints that others published); fewer poolings
    and narrower layers make a net for small images.

    **Initialisation.** The paper draws weights from a normal distribution (its "variance 0.01" is read as a
    standard deviation of 0.01: ``init="gaussian"``), trains A, and starts the deeper nets from it; its footnote
    says that the uniform distribution of Glorot and Bengio makes this unnecessary, which is the default here
    (``init="xavier"``). ``init="he"`` takes variance 2 / fan-in, which narrow nets need. Biases are 0.

    Parameters
    ----------
    classes : int
        Number of classes.
    channels : int
        Channels of the images.
    size : int
        Height and width of the images, at least 2 to the power of `poolings`.
    config : {"A", "A-LRN", "B", "C", "D", "E"}
        The column of the paper's table; each name of the zoo fixes it.
    norm : bool
        Whether batch normalisation follows every convolution.
    width : float
        Multiplies the numbers of maps and of hidden features; the results are multiples of 8.
    poolings : {3, 4, 5}
        How many of the five poolings there are; the last ones are left out.
    dropout : float
        Probability of dropping what fc6 and fc7 put out, while training.
    init : {"xavier", "gaussian", "he"}
        How weights start.

    Raises
    ------
    ValueError
        When an option has none of these values, or the images are too small.

    References
    ----------
    K. Simonyan and A. Zisserman, "Very deep convolutional networks for large-scale image recognition", ICLR
    2015 (arXiv:1409.1556, 2014), table 1.

    Examples
    --------
    >>> import torch
    >>> net = VGG(config="A", size=32, width=0.125)
    >>> net.features(torch.zeros(2, 1, 32, 32), upto="conv3_2").shape
    torch.Size([2, 32, 8, 8])
    >>> with torch.device("meta"):
    ...     paper = VGG(config="D", classes=1000, channels=3)
    >>> sum(p.numel() for p in paper.parameters())
    138357544
    """

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        size: int = 224,
        config: Config = "D",
        norm: bool = False,
        width: float = 1.0,
        poolings: Poolings = 5,
        dropout: float = 0.5,
        init: Init = "xavier",
    ) -> None:
        super().__init__(channels=channels, size=size, fixed=True)
        require_choice("config", config, get_args(Config))
        require_choice("poolings", poolings, get_args(Poolings))
        require_choice("init", init, get_args(Init))
        require_size(
            size, 2**poolings, f"{poolings} poolings halve the image and leave nothing of smaller ones"
        )
        stages: dict[str, nn.Module] = {}
        maps_in = channels
        for block, (kernels, maps) in enumerate(zip(KERNELS[config], MAPS, strict=True), start=1):
            for layer, kernel in enumerate(kernels, start=1):
                maps_out = scaled(maps, width)
                stages[f"conv{block}_{layer}"] = ConvBlock(maps_in, maps_out, kernel, norm=norm, bias=True)
                maps_in = maps_out
            if block == 1 and config == "A-LRN":
                stages["norm1"] = response_norm()
            if block <= poolings:
                stages[f"pool{block}"] = nn.MaxPool2d(2)
        hidden = scaled(4096, width)
        stages["fc6"] = DenseBlock(maps_in * (size >> poolings) ** 2, hidden)
        stages["fc7"] = DenseBlock(hidden, hidden, dropout=dropout)
        stages["fc8"] = DenseBlock(hidden, classes, dropout=dropout, activation=None)
        self.stages = tuple(stages)
        for name, stage in stages.items():
            self.add_module(name, stage)
        scheme: Scheme = init
        initialise(self, scheme)


for _name, _config in NAMES.items():
    register(
        _name,
        published={"classes": 1000, "channels": 3, "size": 224},
        # From scratch and in a minute, the deep ones learn only with normalisation.
        small={"width": 0.125, "poolings": 4, "init": "he", "norm": _config in ("C", "D", "E")},
        config=_config,
    )(VGG)
