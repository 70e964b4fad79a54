"""GoogLeNet (Szegedy et al., 2014)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal, get_args

from torch import Tensor, nn

from cs_cnn.zoo.parts.blocks import ConvBlock, initialise, require_choice, require_size, scaled
from cs_cnn.zoo.parts.inception import AuxiliaryHead, Inception, NaiveInception, Widths, row
from cs_cnn.zoo.parts.staged import Staged, Supervised
from cs_cnn.zoo.registry import register

Module = Literal["reduced", "naive"]
Stem = Literal["imagenet", "cifar"]
Variant = Literal["paper", "torchvision"]


MODULES = {
    "inception_3a": Widths(64, 96, 128, 16, 32, 32),
    "inception_3b": Widths(128, 128, 192, 32, 96, 64),
    "inception_4a": Widths(192, 96, 208, 16, 48, 64),
    "inception_4b": Widths(160, 112, 224, 24, 64, 64),
    "inception_4c": Widths(128, 128, 256, 24, 64, 64),
    "inception_4d": Widths(112, 144, 288, 32, 64, 64),
    "inception_4e": Widths(256, 160, 320, 32, 128, 128),
    "inception_5a": Widths(256, 160, 320, 32, 128, 128),
    "inception_5b": Widths(384, 192, 384, 48, 128, 128),
}
SUPERVISED = ("inception_4a", "inception_4d")  # the modules that feed an auxiliary head


@register(
    "googlenet",
    published={"classes": 1000, "channels": 3, "size": 224},
    small={"width": 0.125, "stem": "cifar", "norm": True},
)
class GoogLeNet(Staged):
    """GoogLeNet: nine Inception modules between a short stem and one fully connected layer.

    ================  ============================  ===============  ==========  =============
    stage             what it does                  output           parameters  in the table
    ================  ============================  ===============  ==========  =============
    (input)                                         3 x 224 x 224
    conv1             64 kernels 7x7, stride 2      64 x 112 x 112   9,472       2.7K
    pool1             3x3 max pooling, stride 2     64 x 56 x 56     0
    conv2             64 kernels 1x1, 192 of 3x3    192 x 56 x 56    114,944     112K
    pool2             3x3 max pooling, stride 2     192 x 28 x 28    0
    inception_3a      Inception module              256 x 28 x 28    163,696     159K
    inception_3b                                    480 x 28 x 28    388,736     380K
    pool3             3x3 max pooling, stride 2     480 x 14 x 14    0
    inception_4a                                    512 x 14 x 14    376,176     364K
    inception_4b                                    512 x 14 x 14    449,160     437K
    inception_4c                                    512 x 14 x 14    510,104     463K
    inception_4d                                    528 x 14 x 14    605,376     580K
    inception_4e                                    832 x 14 x 14    868,352     840K
    pool4             3x3 max pooling, stride 2     832 x 7 x 7      0
    inception_5a                                    832 x 7 x 7      1,043,456   1072K
    inception_5b                                    1024 x 7 x 7     1,444,080   1388K
    average           mean over each map            1024             0
    dropout           drops 40 % while training     1024             0
    linear            affine                        1000             1,025,000   1000K
    ================  ============================  ===============  ==========  =============

    Altogether 6,998,552 parameters; the nineteenth row of the paper's table, softmax, is part of the loss here. The
    two auxiliary heads add 6,379,728 while training.

    **What differs.** *Paper*: the layout above, with local response normalisation after pool1 and in conv2 (in its
    figure, not in its table), and auxiliary heads at 4a and 4d whose losses count with weight 0.3. Its column of
    parameters agrees with its own numbers of kernels (biases left out, K = 1024) for conv2, 3a, 3b, 4b and the
    last layer; conv1 is 9.2K, 4a 366.8K, 4c 497.5K, 4d 590.5K, 4e 847K, 5a 1018K and 5b 1409K. "12 times fewer
    parameters than AlexNet" is 8.7 times, and its 1.5 billion multiply-adds are 1.58.
    *Lectures*: the same table with the same figures, and "5 million parameters", which is AlexNet's count divided by
    that 12. *torchvision*: batch normalisation everywhere, 3x3 kernels where the paper has 5x5 (kept for the sake of
    published weights), a 2x2 pooling as pool4, and heads pooled to 4x4 whatever the size: 13,004,888 parameters with
    both heads. ``variant="torchvision"`` builds that net, for its weights; they expect images scaled to [-1, 1].
    *Here*: ``auxiliary=True`` returns `Supervised` (logits and the heads' logits) in training mode, and only the
    logits after ``eval()``.

    **Initialisation.** The paper does not tell. He's normal weights, since every hidden layer has a ReLU; biases 0.

    Parameters
    ----------
    classes, channels : int
        Scores that go out; channels of the images.
    size : int
        Height and width of the images. Without auxiliary heads others work too.
    module : {"reduced", "naive"}
        Which Inception module. The naive one hands all its input on, so the net widens from module to module.
    norm : bool
        Batch normalisation after every convolution, in place of local response normalisation.
    auxiliary : bool
        Build the two auxiliary heads.
    stem : {"imagenet", "cifar"}
        "cifar" starts with 3x3 kernels of stride 1 and leaves out pool1, for images of 28 or 32 pixels.
    variant : {"paper", "torchvision"}
        See above; "torchvision" implies batch normalisation.
    width : float
        Multiplies the number of maps of every layer.

    Raises
    ------
    ValueError
        When an option has a wrong value, or the images are too small for the poolings.

    References
    ----------
    C. Szegedy, W. Liu, Y. Jia, P. Sermanet, S. Reed, D. Anguelov, D. Erhan, V. Vanhoucke and A. Rabinovich, "Going
    deeper with convolutions", CVPR 2015, arXiv:1409.4842, table 1 and figures 2 and 3.

    Examples
    --------
    >>> import torch
    >>> net = GoogLeNet(classes=10, channels=1, size=28, width=0.25, stem="cifar", norm=True, auxiliary=True)
    >>> images = torch.zeros(2, 1, 28, 28)
    >>> [tuple(head.shape) for head in net(images).auxiliary]
    [(2, 10), (2, 10)]
    >>> net.eval()(images).shape
    torch.Size([2, 10])
    >>> net.features(images, upto="inception_3b").shape
    torch.Size([2, 120, 14, 14])
    """

    stages = (
        *("conv1", "pool1", "conv2", "pool2"),
        *("inception_3a", "inception_3b", "pool3"),
        *("inception_4a", "inception_4b", "inception_4c", "inception_4d", "inception_4e", "pool4"),
        *("inception_5a", "inception_5b", "average", "dropout", "linear"),
    )

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        size: int = 224,
        module: Module = "reduced",
        norm: bool = False,
        auxiliary: bool = False,
        stem: Stem = "imagenet",
        variant: Variant = "paper",
        width: float = 1.0,
    ) -> None:
        for option, value, allowed in (
            ("module", module, get_args(Module)),
            ("stem", stem, get_args(Stem)),
            ("variant", variant, get_args(Variant)),
        ):
            require_choice(option, value, allowed)
        large = stem == "imagenet"
        smallest = 31 if large else 8
        if auxiliary and variant == "paper":
            smallest = 79 if large else 20
            require_size(size, smallest, "the auxiliary heads need maps of at least 5x5")
        require_size(size, smallest)
        super().__init__(channels=channels, size=size, fixed=auxiliary, smallest=smallest)
        self.auxiliary = auxiliary
        theirs = variant == "torchvision"
        norm = norm or theirs

        def wide(maps: int) -> int:
            return scaled(maps, width, divisor=4)

        def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> ConvBlock:
            return ConvBlock(inputs, outputs, kernel, stride=stride, norm=norm, eps=1e-3)

        def response_norm() -> nn.Module:
            return nn.Identity() if norm else nn.LocalResponseNorm(5)

        def pool() -> nn.Module:
            return nn.MaxPool2d(3, stride=2, ceil_mode=True)

        self.conv1 = conv(channels, wide(64), 7, stride=2) if large else conv(channels, wide(64), 3)
        self.pool1 = row(pool=pool() if large else nn.Identity(), norm=response_norm())
        self.conv2 = row(
            reduce=conv(wide(64), wide(64), 1), large=conv(wide(64), wide(192), 3), norm=response_norm()
        )
        self.pool2, self.pool3 = pool(), pool()
        self.pool4 = nn.MaxPool2d(2, stride=2, ceil_mode=True) if theirs else pool()
        maps, at = wide(192), {}
        for name, published in MODULES.items():
            widths = Widths(*map(wide, published))
            inception: NaiveInception | Inception
            if module == "naive":
                inception = NaiveInception(maps, widths.one, widths.three, widths.five, norm=norm)
            else:
                inception = Inception(maps, widths, norm=norm, largest=3 if theirs else 5)
            setattr(self, name, inception)
            maps = at[name] = inception.out_channels
        self.average = row(pool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten())
        self.dropout = nn.Dropout(0.2 if theirs else 0.4)
        self.linear = nn.Linear(maps, classes)
        if auxiliary:
            side = (
                (size + 1) // 2 // 8 if large else size // 4
            )  # of the maps at 4a, after stride 2 and poolings
            self.heads = nn.ModuleList(
                AuxiliaryHead(
                    at[name],
                    side,
                    conv=wide(128),
                    hidden=wide(1024),
                    classes=classes,
                    norm=norm,
                    adaptive=theirs,
                )
                for name in SUPERVISED
            )
        initialise(self, "he")

    def forward(self, x: Tensor) -> Tensor | Supervised:
        """Map images (N, channels, H, W) to logits (N, classes); with the heads' logits while training them."""
        if not (self.auxiliary and self.training):
            return super().forward(x)
        self._check_images(x)
        logits: list[Tensor] = []
        for stage in self.stages:
            x = self.run_stage(stage, x)
            if stage in SUPERVISED:
                logits.append(self.heads[len(logits)](x))
        return Supervised(x, tuple(logits))


_RENAMED: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"\.norm\.", ".bn."),
    (r"^conv2\.reduce\.", "conv2."),
    (r"^conv2\.large\.", "conv3."),
    (r"^inception_", "inception"),
    (r"\.branch_1x1\.", ".branch1."),
    (r"\.branch_3x3\.reduce\.", ".branch2.0."),
    (r"\.branch_3x3\.large\.", ".branch2.1."),
    (r"\.branch_5x5\.reduce\.", ".branch3.0."),
    (r"\.branch_5x5\.large\.", ".branch3.1."),
    (r"\.branch_pool\.project\.", ".branch4.1."),
    (r"^heads\.(\d)\.", lambda found: f"aux{int(found[1]) + 1}."),
    (r"^(aux\d)\.hidden\.linear\.", r"\1.fc1."),
    (r"^(aux\d)\.output\.linear\.", r"\1.fc2."),
    (r"^linear\.", "fc."),
)


def torchvision_name(key: str) -> str:
    """Return the name that torchvision's checkpoint has for a weight of ``GoogLeNet(variant="torchvision")``.

    Parameters
    ----------
    key : str
        A name of our state dictionary.

    Returns
    -------
    str

    Examples
    --------
    >>> torchvision_name("inception_4a.branch_5x5.reduce.norm.weight")
    'inception4a.branch3.0.bn.weight'
    """
    for pattern, replacement in _RENAMED:
        key = re.sub(pattern, replacement, key)
    return key
