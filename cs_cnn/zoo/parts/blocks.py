"""The blocks that most nets of the zoo are made of, drawn as the papers draw them, and how weights start."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

from torch import nn

Scheme = Literal["he", "he_fan_out", "xavier", "lecun", "gaussian"]


def require_choice(option: str, value: Any, allowed: Sequence[Any]) -> None:
    """Raise a sentence unless an option has one of its values.

    Parameters
    ----------
    option : str
        The option's name, for the sentence.
    value : object
        What was given.
    allowed : sequence
        The values that it can have.

    Raises
    ------
    ValueError
        When `value` is none of `allowed`.
    """
    if value not in allowed:
        raise ValueError(f"{option} must be {' or '.join(map(repr, allowed))}, got {value!r}.")


def require_whole(option: str, value: Any, least: int = 1) -> None:
    """Raise a sentence unless an option is a whole number that is large enough.

    Parameters
    ----------
    option : str
        The option's name, for the sentence.
    value : object
        What was given.
    least : int
        The smallest that works.

    Raises
    ------
    ValueError
        When `value` is no whole number, or below `least`.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{option} must be a whole number of at least {least}, got {value!r}.")


def require_size(size: Any, smallest: int, why: str = "its poolings leave nothing of smaller images") -> None:
    """Raise a sentence unless images of this size are large enough for a net.

    Parameters
    ----------
    size : int
        Height and width that were asked for, in pixels.
    smallest : int
        The least that works.
    why : str
        The reason, which ends the sentence.

    Raises
    ------
    ValueError
        When `size` is no whole number, or below `smallest`.
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < smallest:
        raise ValueError(f"size must be a whole number of at least {smallest}, got {size!r}: {why}.")


def scaled(channels: int, width: float, divisor: int = 8) -> int:
    """Return a number of channels times a width multiplier, rounded to a multiple of `divisor`.

    Parameters
    ----------
    channels : int
        The published number.
    width : float
        Above zero; 1 changes nothing, and then nothing is rounded either.
    divisor : int
        What the result is a multiple of; it is also the least result.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        When `width` is not above zero.

    Examples
    --------
    >>> scaled(64, 0.25), scaled(96, 0.3), scaled(16, 0.1), scaled(30, 1)
    (16, 32, 8, 30)
    """
    if not isinstance(width, int | float) or not 0 < width < math.inf:
        raise ValueError(f"width must be a number above zero, got {width!r}.")
    return channels if width == 1 else max(divisor, divisor * math.floor(channels * width / divisor + 0.5))


def side(size: int, kernel: int, stride: int = 1, padding: int = 0, *, ceil: bool = False) -> int:
    """Return the height (and width) of the maps that a convolution or a pooling puts out.

    Parameters
    ----------
    size, kernel, stride, padding : int
        Of the input, the filter, its step, and the border on every side.
    ceil : bool
        Whether a last step that reaches over the edge still counts.

    Returns
    -------
    int
        (size + 2 padding - kernel) / stride + 1, rounded; below 1 where nothing is left.

    Examples
    --------
    >>> side(227, 11, 4), side(110, 3, 2), side(110, 3, 2, ceil=True)
    (55, 54, 55)
    """
    steps = size + 2 * padding - kernel
    return (-(-steps // stride) if ceil else steps // stride) + 1


def response_norm() -> nn.LocalResponseNorm:
    """Return AlexNet's local response normalisation: each number is divided by (2 + 0.0001 s)^0.75.

    s is the sum of the squares at the same place in five neighbouring maps, itself in the middle. PyTorch takes
    the mean of the five where the paper takes the sum, so its `alpha` is five times the paper's.

    Returns
    -------
    torch.nn.LocalResponseNorm
    """
    return nn.LocalResponseNorm(5, alpha=5 * 1e-4, beta=0.75, k=2.0)


class ConvBlock(nn.Sequential):
    """A convolution, then (if asked for) batch normalisation, then an activation.

    The modules are named `conv`, `norm` and `activation`.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the input and of the output.
    kernel : int
        Side of the square kernels.
    stride : int
        Step of the convolution.
    padding : int, optional
        Rows and columns of zeros on every side; by default kernel // 2, which keeps the size when an odd kernel
        moves by one.
    groups : int
        Into how many groups the channels are split; a group of the output sees only its group of the input.
    norm : bool
        Whether batch normalisation follows the convolution.
    bias : bool, optional
        Whether the convolution has a bias; by default only without normalisation, which has a shift of its own.
    eps : float
        What batch normalisation adds to the variance.
    activation : callable, optional
        Makes the activation; None for none.

    Examples
    --------
    >>> import torch
    >>> ConvBlock(3, 8, 3, stride=2, norm=True)(torch.zeros(1, 3, 32, 32)).shape
    torch.Size([1, 8, 16, 16])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        *,
        stride: int = 1,
        padding: int | None = None,
        groups: int = 1,
        norm: bool = False,
        bias: bool | None = None,
        eps: float = 1e-5,
        activation: Callable[[], nn.Module] | None = nn.ReLU,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(
            in_channels,
            out_channels,
            kernel,
            stride=stride,
            padding=kernel // 2 if padding is None else padding,
            groups=groups,
            bias=not norm if bias is None else bias,
        )
        if norm:
            self.norm = nn.BatchNorm2d(out_channels, eps=eps)
        if activation is not None:
            self.activation = activation()


class DenseBlock(nn.Sequential):
    """A fully connected layer on whatever comes in, flattened: [dropout,] affine, then an activation.

    The modules are named `flatten`, `dropout`, `linear` and `activation`.

    Parameters
    ----------
    in_features, out_features : int
        Numbers per image that come in and go out.
    dropout : float
        Probability, below 1, with which each number that comes in is dropped while training; 0 for no such layer.
    activation : callable, optional
        Makes the activation; None for none.

    Examples
    --------
    >>> import torch
    >>> DenseBlock(72, 10, dropout=0.5)(torch.zeros(1, 8, 3, 3)).shape
    torch.Size([1, 10])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        dropout: float = 0.0,
        activation: Callable[[], nn.Module] | None = nn.ReLU,
    ) -> None:
        super().__init__()
        if not isinstance(dropout, int | float) or not 0 <= dropout < 1:
            raise ValueError(f"dropout must be a number from 0 up to 1, got {dropout!r}.")
        self.flatten = nn.Flatten()
        if dropout:
            self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(in_features, out_features)
        if activation is not None:
            self.activation = activation()


def classifier_head(in_channels: int, classes: int, *, dropout: float = 0.0) -> nn.Sequential:
    """Return the head of most nets since 2014: mean over each map, [dropout,] one affine layer.

    Parameters
    ----------
    in_channels : int
        Maps that come in.
    classes : int
        Scores that go out.
    dropout : float
        Probability of dropping each mean while training; 0 for no such layer.

    Returns
    -------
    torch.nn.Sequential
        Modules `pool`, `flatten`, `dropout` (if any) and `linear`; maps (N, C, H, W) to (N, classes).

    Examples
    --------
    >>> import torch
    >>> classifier_head(8, 10)(torch.zeros(2, 8, 7, 7)).shape
    torch.Size([2, 10])
    """
    head = nn.Sequential()
    head.add_module("pool", nn.AdaptiveAvgPool2d(1))
    head.add_module("flatten", nn.Flatten())
    if dropout:
        head.add_module("dropout", nn.Dropout(dropout))
    head.add_module("linear", nn.Linear(in_channels, classes))
    return head


def initialise(net: nn.Module, scheme: Scheme = "he", *, std: float = 0.01) -> None:
    """Draw the weights of every convolution and fully connected layer afresh; biases become 0.

    Batch normalisation starts as the identity after it (scale 1, shift 0). The numbers come from torch's global
    generator.

    Parameters
    ----------
    net : torch.nn.Module
        Changed in place.
    scheme : {"he", "he_fan_out", "xavier", "lecun", "gaussian"}
        "he" is normal with variance 2 / fan-in, for layers before a ReLU (He et al., 2015); "he_fan_out" counts the
        connections that leave a unit instead, which keeps the variance of the gradients; "xavier" is uniform
        with variance 2 / (fan-in + fan-out) (Glorot and Bengio, 2010); "lecun" is normal with variance 1 / fan-in;
        "gaussian" is normal with standard deviation `std` everywhere.
    std : float
        For "gaussian".

    Raises
    ------
    ValueError
        When `scheme` has none of these values.
    """
    require_choice("scheme", scheme, get_args(Scheme))
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            if scheme == "xavier":
                nn.init.xavier_uniform_(layer.weight)
            elif scheme == "gaussian":
                nn.init.normal_(layer.weight, std=std)
            else:
                mode: Literal["fan_in", "fan_out"] = "fan_out" if scheme == "he_fan_out" else "fan_in"
                gain: Literal["linear", "relu"] = "linear" if scheme == "lecun" else "relu"
                nn.init.kaiming_normal_(layer.weight, mode=mode, nonlinearity=gain)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            layer.reset_parameters()
