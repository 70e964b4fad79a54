"""LeNet-5 (LeCun, Bottou, Bengio and Haffner, 1998), as published and as it is built today."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cs_cnn.zoo.parts.blocks import require_choice
from cs_cnn.zoo.parts.staged import Staged
from cs_cnn.zoo.registry import register

Activation = Literal["tanh", "relu"]
Pooling = Literal["average", "max", "subsampling"]
C3 = Literal["full", "partial"]
Output = Literal["affine", "rbf"]

# Table I of the paper: which of the 6 maps of S2 each of the 16 maps of C3 sees. The first six see three
# neighbouring maps, the next six four neighbours, three see two separate pairs, the last sees all.
CONNECTIONS: tuple[tuple[int, ...], ...] = (
    (0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 5), (0, 4, 5), (0, 1, 5),
    (0, 1, 2, 3), (1, 2, 3, 4), (2, 3, 4, 5), (0, 3, 4, 5), (0, 1, 4, 5), (0, 1, 2, 5),
    (0, 1, 3, 4), (1, 2, 4, 5), (0, 2, 3, 5),
    (0, 1, 2, 3, 4, 5),
)  # fmt: skip


class ScaledTanh(nn.Module):
    """The paper's squashing function, 1.7159 tanh(2a/3), which maps 1 to 1 and -1 to -1."""

    def forward(self, a: Tensor) -> Tensor:
        """Squash every number of `a`; the shape stays."""
        return 1.7159 * torch.tanh(a * (2 / 3))


class Subsampling(nn.Module):
    """LeNet's trainable pooling: the mean of every 2x2 block, times one coefficient per map, plus one bias per map.

    The paper adds the four numbers where this class (and the lectures) take their mean; the factor of four is
    absorbed by the coefficient. It starts as plain average pooling: coefficient 1, bias 0.

    Parameters
    ----------
    channels : int
        Number of maps C; the layer has 2C parameters.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.coefficient = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, C, H/2, W/2)."""
        return F.avg_pool2d(x, 2) * self.coefficient[:, None, None] + self.bias[:, None, None]


class PartialConv2d(nn.Module):
    """A convolution in which every output map sees only some of the input maps.

    Only the kernels that exist are parameters, so counting parameters counts the paper's connections.

    Parameters
    ----------
    connections : tuple of tuples of int
        For each output map, the input maps that it sees.
    in_channels : int
        Number of input maps C.
    kernel_size : int
        Side K of the square kernels; stride 1, no padding.

    Attributes
    ----------
    weight : Parameter (connections, K, K)
        One kernel for each pair of maps that are connected, output map by output map.
    bias : Parameter (out_channels,)
    inputs_seen : list of int
        For each kernel, how many input maps its output map sees.
    mask : bool Tensor (out_channels, C)
        The table of connections. Not part of the state dictionary.
    """

    mask: Tensor

    def __init__(self, connections: tuple[tuple[int, ...], ...], in_channels: int, kernel_size: int) -> None:
        super().__init__()
        mask = torch.zeros(len(connections), in_channels, dtype=torch.bool)
        for row, inputs in enumerate(connections):
            mask[row, list(inputs)] = True
        where = [row * in_channels + i for row, inputs in enumerate(connections) for i in sorted(inputs)]
        self.register_buffer("mask", mask, persistent=False)
        self.register_buffer("_where", torch.tensor(where), persistent=False)
        self.inputs_seen = [len(connections[place // in_channels]) for place in where]
        self.weight = nn.Parameter(torch.empty(len(where), kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(len(connections)))

    def dense_weight(self) -> Tensor:
        """Return the weight of the ordinary convolution that this is: (out_channels, C, K, K), with zeros."""
        k = self.weight.shape[-1]
        dense = self.weight.new_zeros(self.mask.numel(), k, k)
        where = self.get_buffer("_where")
        return dense.index_copy(0, where, self.weight).view(*self.mask.shape, k, k)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to (N, out_channels, H - K + 1, W - K + 1)."""
        return F.conv2d(x, self.dense_weight(), self.bias)


class RBFOutput(nn.Module):
    """Score each class by how near the features are to the class's fixed code of +1 and -1.

    The score is minus half the squared distance, divided by the square root of the number of features so that
    the learning rate of the other nets fits; the paper takes the squared distance itself, and gives every weight a
    rate of its own.
    The paper draws its codes by hand as 7x12 pictures of the characters, and says that an error-correcting code
    would also do: this is one (rows of a Hadamard matrix), so that any set of classes can be scored. Nothing is
    trained here: the codes are a buffer. Softmax over the scores gives the paper's criterion without its extra
    "rubbish" class.

    Parameters
    ----------
    features : int
        Number of features D, at most 127.
    classes : int
        Number of classes, at most 127.
    """

    codes: Tensor

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        if classes > 127:
            raise ValueError(
                f"output='rbf' has codes for at most 127 classes, got classes={classes}: use 'affine'."
            )
        codes = [
            [1.0 - 2.0 * ((k & d).bit_count() % 2) for d in range(1, features + 1)]
            for k in range(1, classes + 1)
        ]
        self.register_buffer("codes", torch.tensor(codes))

    def forward(self, x: Tensor) -> Tensor:
        """Map features (N, D) to scores (N, classes), none above zero."""
        return -(x[:, None, :] - self.codes).square().sum(2) / (2 * math.sqrt(self.codes.shape[1]))


def _pool(kind: Pooling, channels: int, squash: Callable[[], nn.Module]) -> nn.Module:
    if kind == "subsampling":
        return nn.Sequential(Subsampling(channels), squash())
    return nn.AvgPool2d(2) if kind == "average" else nn.MaxPool2d(2)


@register(
    "lenet5",
    published={
        "classes": 10,
        "channels": 1,
        "size": 32,
        "pooling": "subsampling",
        "c3": "partial",
        "output": "rbf",
    },
    small={"activation": "relu", "pooling": "max"},
)
class LeNet5(Staged):
    """LeNet-5: two rounds of convolution and pooling, then three fully connected layers.

    ========  =======================================  ================  ===========
    stage     what it does                             output            parameters
    ========  =======================================  ================  ===========
    (input)                                            1 x 32 x 32
    c1        6 kernels 5x5                            6 x 28 x 28       156
    s2        2x2 pooling, stride 2                    6 x 14 x 14       0 (or 12)
    c3        16 kernels 5x5                           16 x 10 x 10      2,416 (1,516)
    s4        2x2 pooling, stride 2                    16 x 5 x 5        0 (or 32)
    c5        120 kernels 5x5, which cover the map     120 x 1 x 1       48,120
    f6        affine                                   84                10,164
    output    affine                                   10                850 (or 0)
    ========  =======================================  ================  ===========

    The default net has 61,706 parameters. The paper's has 60,000: ``c3="partial"`` (1,516), trainable
    subsampling (12 and 32), and an output layer of fixed codes, which is not trained and does not count.

    **What differs.** *Paper*: 32x32 input scaled so that the background is -0.1 and the ink 1.175; a table of
    connections in C3; pooling adds four numbers, multiplies by a trained coefficient, adds a trained bias and is
    squashed again; the squashing function is 1.7159 tanh(2a/3); the output is the distance to fixed codes (RBF).
    *Lectures*: CONV-POOL-CONV-POOL-CONV-FC with the mean instead of the sum, and F6 and the output folded into
    one "FC". *Here*: by default C3 sees all maps, pooling is plain, the output is affine with softmax
    cross-entropy, and images stay in [0, 1]; options bring back the paper's C3, pooling and output. Images of
    28x28 get a border of two zeros in C1, which makes them 32x32.

    **Initialisation.** Weights are normal with mean 0 and variance g / fan-in, where fan-in counts the
    connections that exist; g is 1 before the scaled tanh, which then keeps the variance (LeCun), and 2 before a
    ReLU (He); the output layer has g = 1. Biases are 0. Weights are drawn from torch's global generator: use
    ``zoo.build("lenet5", seed=0)``, or call ``torch.manual_seed`` first.

    Parameters
    ----------
    classes : int
        Number of classes.
    channels : int
        Channels of the images.
    size : {28, 32}
        Height and width of the images.
    activation : {"tanh", "relu"}
        "tanh" is the paper's scaled tanh.
    pooling : {"average", "max", "subsampling"}
        "subsampling" is the paper's: 2x2 mean, times a coefficient, plus a bias, both trained per map, then the
        activation.
    c3 : {"full", "partial"}
        "partial" is the paper's table of 60 connections instead of 96.
    output : {"affine", "rbf"}
        "rbf" scores by the distance to fixed codes, see `RBFOutput`.

    Raises
    ------
    ValueError
        When an option has none of these values.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, "Gradient-based learning applied to document recognition",
    Proceedings of the IEEE 86(11), 1998, section II.B.

    Examples
    --------
    >>> import torch
    >>> net = LeNet5()
    >>> images = torch.zeros(2, 1, 28, 28)
    >>> net(images).shape
    torch.Size([2, 10])
    >>> net.features(images, upto="c3").shape
    torch.Size([2, 16, 10, 10])
    >>> paper = LeNet5(size=32, pooling="subsampling", c3="partial", output="rbf")
    >>> sum(p.numel() for p in paper.parameters())
    60000
    """

    stages = ("c1", "s2", "c3", "s4", "c5", "f6", "output")

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        size: Literal[28, 32] = 28,
        activation: Activation = "tanh",
        pooling: Pooling = "average",
        c3: C3 = "full",
        output: Output = "affine",
    ) -> None:
        super().__init__(channels=channels, size=size, fixed=True)
        for option, value, allowed in (
            ("size", size, (28, 32)),
            ("activation", activation, get_args(Activation)),
            ("pooling", pooling, get_args(Pooling)),
            ("c3", c3, get_args(C3)),
            ("output", output, get_args(Output)),
        ):
            require_choice(option, value, allowed)
        squash = ScaledTanh if activation == "tanh" else nn.ReLU
        self.c1 = nn.Conv2d(channels, 6, 5, padding=(32 - size) // 2)
        self.s2 = _pool(pooling, 6, squash)
        self.c3 = PartialConv2d(CONNECTIONS, 6, 5) if c3 == "partial" else nn.Conv2d(6, 16, 5)
        self.s4 = _pool(pooling, 16, squash)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.output = RBFOutput(84, classes) if output == "rbf" else nn.Linear(84, classes)
        self.activation = squash()
        self._initialise(gain=1.0 if activation == "tanh" else 2.0)

    def _initialise(self, gain: float) -> None:
        for name in ("c1", "c3", "c5", "f6", "output"):
            layer = getattr(self, name)
            g = 1.0 if name == "output" else gain
            if isinstance(layer, PartialConv2d):
                # Maps with three inputs need larger weights than the map with six.
                fan_in = torch.tensor(layer.inputs_seen) * layer.weight[0].numel()
                nn.init.normal_(layer.weight)
                with torch.no_grad():
                    layer.weight.mul_((g / fan_in).sqrt()[:, None, None])
            elif isinstance(layer, nn.Conv2d | nn.Linear):
                nn.init.normal_(layer.weight, std=math.sqrt(g / layer.weight[0].numel()))
                assert layer.bias is not None
                nn.init.zeros_(layer.bias)

    def run_stage(self, stage: str, x: Tensor) -> Tensor:
        """Run the layer of a stage, and squash what convolutions and F6 put out."""
        out = super().run_stage(stage, x.flatten(1) if stage == "f6" else x)
        squashed: Tensor = self.activation(out) if stage in ("c1", "c3", "c5", "f6") else out
        return squashed
