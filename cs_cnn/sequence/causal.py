"""The two parts of a causal stack: a convolution that does not see the future, and a gated layer around it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cs_cnn.zoo.parts.blocks import require_whole

__all__ = ["CausalConv1d", "GatedLayer", "receptive_field"]


def receptive_field(dilations: Sequence[int], kernel: int = 2) -> int:
    """Return how many steps one output of a stack of dilated convolutions sees, its own included.

    Parameters
    ----------
    dilations : sequence of int
        Of the layers; their order does not matter.
    kernel : int
        Length of all kernels.

    Returns
    -------
    int
        ``1 + (kernel - 1) * sum(dilations)``.

    Raises
    ------
    ValueError
        When a number is no whole number of at least 1.

    Examples
    --------
    >>> receptive_field([2**k for k in range(10)])  # 1, 2, ..., 512
    1024
    >>> receptive_field([1, 2, 4, 8]), receptive_field([1, 2, 4], kernel=3)
    (16, 15)
    """
    require_whole("kernel", kernel)
    for dilation in dilations:
        require_whole("dilation", dilation)
    return 1 + (kernel - 1) * sum(dilations)


class CausalConv1d(nn.Module):
    """A convolution along time whose output at step t depends on the input up to step t only.

    The counterpart of `cs_cnn.layers.causal_conv1d_forward`, with weights.

    Parameters
    ----------
    channels, filters : int
        Channels in and out.
    kernel : int
        Length of the kernels.
    dilation : int
        Distance between their entries, in steps.

    Raises
    ------
    ValueError
        When one of them is no whole number of at least 1.

    Examples
    --------
    >>> layer = CausalConv1d(1, 1, dilation=2)
    >>> _ = nn.init.ones_(layer.conv.weight), nn.init.zeros_(layer.conv.bias)
    >>> layer(torch.tensor([[[1.0, 2.0, 4.0, 8.0]]])).tolist()
    [[[1.0, 2.0, 5.0, 10.0]]]
    """

    def __init__(self, channels: int, filters: int, kernel: int = 2, dilation: int = 1) -> None:
        super().__init__()
        sizes = {"channels": channels, "filters": filters, "kernel": kernel, "dilation": dilation}
        for name, value in sizes.items():
            require_whole(name, value)
        self.past = dilation * (kernel - 1)
        self.conv = nn.Conv1d(channels, filters, kernel, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        """Convolve (N, channels, T) to (N, filters, T), with zeros before the first step."""
        out: Tensor = self.conv(F.pad(x, (self.past, 0)))
        return out


class GatedLayer(nn.Module):
    """One layer of WaveNet: a gated unit on a causal convolution, a residual road, and a skip road.

    ``z = tanh(filter * x + v c) sigmoid(gate * x + u c)``; the next layer gets ``x + R z``, the output of the whole
    net ``S z``.

    Parameters
    ----------
    channels : int
        Channels of the residual road.
    skip : int
        Channels of the skip road.
    kernel, dilation : int
        Of the causal convolution.
    conditions : int
        Length of the vector c that shifts both halves of the unit at every step; 0 for none.
    last : bool
        Whether no layer follows, so that there is no residual road.

    Raises
    ------
    ValueError
        When a number is out of range.
    """

    def __init__(
        self,
        channels: int,
        skip: int,
        kernel: int = 2,
        dilation: int = 1,
        *,
        conditions: int = 0,
        last: bool = False,
    ) -> None:
        super().__init__()
        require_whole("skip", skip)
        require_whole("conditions", conditions, 0)
        self.both = CausalConv1d(channels, 2 * channels, kernel, dilation)
        self.shift = nn.Linear(conditions, 2 * channels, bias=False) if conditions else None
        self.residual = None if last else nn.Conv1d(channels, channels, 1)
        self.skip = nn.Conv1d(channels, skip, 1)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return what goes on to the next layer (N, channels, T), and to the skip road (N, skip, T)."""
        scores = self.both(x)
        if self.shift is not None:
            scores = scores + self.shift(condition)[:, :, None]
        tone, gate = scores.chunk(2, dim=1)
        z = torch.tanh(tone) * torch.sigmoid(gate)
        return (x if self.residual is None else x + self.residual(z)), self.skip(z)
