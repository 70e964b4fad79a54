"""Highway networks (Srivastava, Greff and Schmidhuber, 2015): every layer has a gate that can let its input through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from cs_cnn.zoo.parts.blocks import (
    ConvBlock,
    DenseBlock,
    initialise,
    require_choice,
    require_size,
    require_whole,
)
from cs_cnn.zoo.parts.staged import Staged
from cs_cnn.zoo.registry import register

Activation = Literal["relu", "tanh"]

_ACTIVATIONS: dict[Activation, Callable[[], nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh}


class HighwayLayer(nn.Module):
    """One highway layer, y = T(x) H(x) + (1 - T(x)) x: a plain layer H, and a gate T between 0 and 1 for every number.

    Where the gate is 0 the input passes unchanged, and so does the gradient on its way back.

    Parameters
    ----------
    transform, gate : torch.nn.Module
        Two layers that keep the shape: the affine part of H, and that of T.
    activation : torch.nn.Module
        The non-linearity of H; that of T is the logistic function.

    Examples
    --------
    >>> layer = HighwayLayer(nn.Linear(3, 3), nn.Linear(3, 3), nn.ReLU())
    >>> _ = nn.init.constant_(layer.gate.bias, -1e9)  # the gate is shut
    >>> layer(torch.tensor([[1.0, -2.0, 3.0]])).tolist()
    [[1.0, -2.0, 3.0]]
    """

    def __init__(self, transform: nn.Module, gate: nn.Module, activation: nn.Module) -> None:
        super().__init__()
        self.transform, self.gate, self.activation = transform, gate, activation

    def forward(self, x: Tensor) -> Tensor:
        """Mix `x` with what the plain layer makes of it; the shape stays."""
        t = torch.sigmoid(self.gate(x))
        y: Tensor = t * self.activation(self.transform(x)) + (1 - t) * x
        return y


class _Highway(Staged):
    """What both forms share: the check of depth and activation, and how weights start."""

    def _check(self, depth: int, activation: str, gate_bias: float) -> None:
        require_whole("depth", depth, 3)
        require_choice("activation", activation, get_args(Activation))
        if not isinstance(gate_bias, int | float) or not -100 <= gate_bias <= 100:
            raise ValueError(f"gate_bias must be a number between -100 and 100, got {gate_bias!r}.")

    def _initialise(self, gate_bias: float) -> None:
        initialise(self, "he")
        for layer in self.modules():
            if isinstance(layer, HighwayLayer):
                bias = layer.gate.get_parameter("bias")
                nn.init.constant_(bias, gate_bias)


@register(
    "highway",
    published={"classes": 10, "channels": 1, "size": 28, "depth": 50},
    small={"depth": 10},
)
class Highway(_Highway):
    """A fully connected highway network: one plain layer of 50 features, then highway layers of as many.

    ==========  =========================================  ======  ===========
    stage       what it does                               output  parameters
    ==========  =========================================  ======  ===========
    (input)                                                784
    layer1      affine, ReLU                               50      39,250
    layer2 ...  highway layer                              50      5,100 each
    output      affine                                     10      510
    ==========  =========================================  ======  ===========

    With a depth of 50 (one plain layer and 49 highway layers) there are 289,660 parameters.

    **What differs.** *Paper*: nets of 10, 20, 50 and 100 such layers on MNIST, each as easy to train as the
    shallowest, while plain nets fail; a random search chose ReLU or tanh and the bias of the gates for each
    depth. *Lectures*: highway layers appear only inside a language model that reads characters, as "very
    nonlinear transformation of data"; at the start of training the opposite is true, since the gates are nearly
    shut and a layer hardly changes what it gets. *Here*: ReLU and a bias of -2 by default.

    **Initialisation.** Weights are normal with variance 2 / fan-in (He et al.), biases 0, except that the
    biases of the gates are negative, so that every layer starts close to the identity. A gate with bias b
    starts around 1 / (1 + exp(-b)): 12 % for -2.

    Parameters
    ----------
    classes : int
        Number of classes.
    channels : int
        Channels of the images.
    size : int
        Height and width of the images.
    depth : int
        Number of hidden layers, the plain one included; at least 3.
    width : int
        Features in each layer.
    activation : {"relu", "tanh"}
        Of the plain layer and of H.
    gate_bias : float
        Where the biases of the gates start.

    Raises
    ------
    ValueError
        When an option has none of these values.

    References
    ----------
    R. K. Srivastava, K. Greff and J. Schmidhuber, "Training very deep networks", NIPS 2015 (arXiv:1507.06228),
    and "Highway networks", arXiv:1505.00387, 2015.

    Examples
    --------
    >>> net = Highway(depth=50)
    >>> sum(p.numel() for p in net.parameters())
    289660
    >>> net.features(torch.zeros(2, 1, 28, 28), upto="layer49").shape
    torch.Size([2, 50])
    """

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        size: int = 28,
        depth: int = 10,
        width: int = 50,
        activation: Activation = "relu",
        gate_bias: float = -2.0,
    ) -> None:
        super().__init__(channels=channels, size=size, fixed=True)
        self._check(depth, activation, gate_bias)
        require_size(size, 1, "an image has at least one pixel")
        require_whole("width", width)
        act = _ACTIVATIONS[activation]
        self.stages = (*(f"layer{k}" for k in range(1, depth + 1)), "output")
        self.layer1 = DenseBlock(channels * size * size, width, activation=act)
        for name in self.stages[1:-1]:
            layer = HighwayLayer(nn.Linear(width, width), nn.Linear(width, width), act())
            self.add_module(name, layer)
        self.output = DenseBlock(width, classes, activation=None)
        self._initialise(gate_bias)


@register(
    "highway_conv",
    published={"classes": 10, "channels": 1, "size": 28, "width": 32},
    small={"width": 16},
)
class HighwayConv(_Highway):
    """A convolutional highway network: the gate of every highway layer is a convolution too.

    ==========  ===========================================  ============  ============
    stage       what it does                                 output        parameters
    ==========  ===========================================  ============  ============
    (input)                                                  1 x 28 x 28
    conv1       32 kernels 3x3, border 1, ReLU               32 x 28 x 28  320
    conv2 - 3   highway layer, 3x3, border 1                 32 x 28 x 28  18,496 each
    pool1       max 2x2, stride 2                            32 x 14 x 14
    conv4 - 6   highway layer, 3x3, border 1                 32 x 14 x 14  18,496 each
    pool2       max 2x2, stride 2                            32 x 7 x 7
    conv7 - 9   highway layer, 3x3, border 1                 32 x 7 x 7    18,496 each
    pool3       max 2x2, stride 2                            32 x 3 x 3
    output      affine                                       10            2,890
    ==========  ===========================================  ============  ============

    Ten layers with weights and 151,178 parameters; 38,730 with 16 maps.

    **What differs.** *Paper*: it reports convolutional highway nets of ten layers with 16 and with 32 maps for
    MNIST, and wider and deeper ones for CIFAR, but draws none of them. The arrangement here is ours: the
    plainest one of ten layers, with the three poolings spread evenly. *Lectures*: no convolutional form.
    *Here*: no dropout.

    **Initialisation.** As for `Highway`: He's normal weights, negative biases of the gates.

    Parameters
    ----------
    classes : int
        Number of classes.
    channels : int
        Channels of the images.
    size : int
        Height and width of the images, at least 8.
    depth : int
        Number of layers with weights, the first and the last included; at least 3.
    width : int
        Maps in each layer.
    activation : {"relu", "tanh"}
        Of the plain layer and of H.
    gate_bias : float
        Where the biases of the gates start.

    Raises
    ------
    ValueError
        When an option has none of these values, or the images are too small.

    References
    ----------
    R. K. Srivastava, K. Greff and J. Schmidhuber, "Training very deep networks", NIPS 2015 (arXiv:1507.06228),
    section 3.

    Examples
    --------
    >>> net = HighwayConv(width=32)
    >>> sum(p.numel() for p in net.parameters())
    151178
    >>> net.features(torch.zeros(2, 1, 28, 28), upto="pool2").shape
    torch.Size([2, 32, 7, 7])
    """

    def __init__(
        self,
        *,
        classes: int = 10,
        channels: int = 1,
        size: int = 28,
        depth: int = 10,
        width: int = 32,
        activation: Activation = "relu",
        gate_bias: float = -2.0,
    ) -> None:
        super().__init__(channels=channels, size=size, fixed=True)
        self._check(depth, activation, gate_bias)
        require_size(size, 8)
        require_whole("width", width)
        act = _ACTIVATIONS[activation]
        convolutions = depth - 1
        pool_after = [round(convolutions * k / 3) for k in (1, 2, 3)]
        stages: dict[str, nn.Module] = {"conv1": ConvBlock(channels, width, 3, activation=act)}
        for k in range(1, convolutions + 1):
            if k > 1:
                stages[f"conv{k}"] = HighwayLayer(_same(width), _same(width), act())
            for pool in range(3):
                if pool_after[pool] == k:
                    stages[f"pool{pool + 1}"] = nn.MaxPool2d(2)
        stages["output"] = DenseBlock(width * (size // 8) ** 2, classes, activation=None)
        self.stages = tuple(stages)
        for name, stage in stages.items():
            self.add_module(name, stage)
        self._initialise(gate_bias)


def _same(width: int) -> nn.Conv2d:
    return nn.Conv2d(width, width, 3, padding=1)
