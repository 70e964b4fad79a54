"""WaveNet in small: a stack of gated causal convolutions that predicts each sample of a signal from those before."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator, Sequence
from typing import cast

import torch
from torch import Tensor, nn

from cs_cnn.errors import CsCnnError
from cs_cnn.sequence.causal import GatedLayer, receptive_field
from cs_cnn.zoo.parts.blocks import require_whole

__all__ = ["Stream", "WaveNet"]


class WaveNet(nn.Module):
    """A model of a quantised signal, one sample at a time: P(x[t + 1] | x[t], x[t - 1], ...).

    Each level has a vector of its own. Gated layers with growing dilations follow, each with a residual road to the
    next one and a skip road to the end; there the sum of all skips passes two small layers, and every level gets a
    score.

    Parameters
    ----------
    levels : int
        Number of levels, at least 2.
    channels, skip : int
        Channels of the residual and of the skip road.
    dilations : sequence of int
        One layer for each.
    kernel : int
        Length of the kernels.
    conditions : int
        Number of kinds of signal that can be asked for (speakers, vowels); 0 for one kind.

    Attributes
    ----------
    receptive_field : int
        How many samples a prediction sees.

    Raises
    ------
    ValueError
        When a number is out of range, or there is no layer.

    Notes
    -----
    Van den Oord et al. (2016). There a plain causal convolution stands before the first gated layer, which adds
    ``kernel - 1`` steps to the receptive field; here its place is taken by a vector for each level.

    Examples
    --------
    >>> net = WaveNet(16, channels=4, skip=4, dilations=[1, 2, 4, 8])
    >>> net.receptive_field, net(torch.zeros(2, 50, dtype=torch.int64)).shape
    (16, torch.Size([2, 16, 50]))
    """

    def __init__(
        self,
        levels: int = 256,
        *,
        channels: int = 24,
        skip: int = 48,
        dilations: Sequence[int] = (1, 2, 4, 8, 16, 32, 64, 128),
        kernel: int = 2,
        conditions: int = 0,
    ) -> None:
        super().__init__()
        require_whole("levels", levels, 2)
        require_whole("channels", channels)
        require_whole("conditions", conditions, 0)
        if not dilations:
            raise ValueError("dilations must name at least one layer, got none.")
        self.levels, self.conditions = levels, conditions
        self.receptive_field = receptive_field(dilations, kernel)
        self.embedding = nn.Embedding(levels, channels)
        final = len(dilations) - 1
        self.layers = nn.ModuleList(
            GatedLayer(channels, skip, kernel, dilation, conditions=conditions, last=number == final)
            for number, dilation in enumerate(dilations)
        )
        self.mix = nn.Conv1d(skip, skip, 1)
        self.scores = nn.Conv1d(skip, levels, 1)

    def gated(self) -> Iterator[GatedLayer]:
        """Give the layers of the stack, from the samples to the end."""
        for layer in self.layers:
            yield cast(GatedLayer, layer)

    def forward(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return scores of the sample that follows each one.

        Parameters
        ----------
        x : Tensor (N, T) of int64
            Signals: levels from 0.
        condition : Tensor (N,) of int64, optional
            Kinds from 0, if the net has kinds.

        Returns
        -------
        Tensor (N, levels, T)

        Raises
        ------
        ValueError
            When a shape, a type or a number does not fit.
        """
        if x.ndim != 2 or x.dtype != torch.int64:
            raise ValueError(
                f"x must be signals (N, T) of whole numbers (int64), got shape {tuple(x.shape)} and type {x.dtype}: "
                "quantise first, see mu_law_encode."
            )
        if x.numel() and not (int(x.min()) >= 0 and int(x.max()) < self.levels):
            raise ValueError(
                f"x must hold levels 0 to {self.levels - 1}, got {int(x.min())} to {int(x.max())}."
            )
        return self.from_vectors(self.embedding(x).mT, condition)

    def from_vectors(self, vectors: Tensor, condition: Tensor | None = None) -> Tensor:
        """Return scores (N, levels, T) from the vectors (N, channels, T) of the levels."""
        chosen = self._chosen(condition, len(vectors))
        total: Tensor | None = None
        for layer in self.gated():
            vectors, skip = layer(vectors, chosen)
            total = skip if total is None else total + skip
        assert total is not None  # there is a layer
        scores: Tensor = self.scores(self.mix(total.relu()).relu())
        return scores

    @torch.no_grad()
    def generate(
        self,
        steps: int,
        *,
        start: Tensor,
        condition: Tensor | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Draw signals sample by sample, each from the scores that those before it give.

        Parameters
        ----------
        steps : int
            How many samples to draw.
        start : Tensor (N, T) of int64
            What was heard before; at least one sample.
        condition : Tensor (N,) of int64, optional
            Kinds from 0, if the net has kinds.
        temperature : float
            Scores are divided by it: below 1 the likely gets likelier.
        generator : torch.Generator, optional
            Draws.

        Returns
        -------
        Tensor (N, steps) of int64

        Raises
        ------
        CsCnnError
            When a number is out of range, or there is no start.
        """
        if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
            raise CsCnnError(f"steps must be a whole number of at least 1, got {steps!r}.")
        if not 0 < temperature < math.inf:
            raise CsCnnError(f"temperature must be a number above 0, got {temperature!r}.")
        if start.ndim != 2 or not start.shape[1]:
            raise CsCnnError(
                f"start must be signals (N, T) with at least one sample, got shape {tuple(start.shape)}."
            )
        stream = Stream(self, len(start), condition)
        for sample in start.T:
            scores = stream.step(sample)
        drawn = []
        for _ in range(steps):
            sample = torch.multinomial((scores / temperature).softmax(dim=1), 1, generator=generator)[:, 0]
            drawn.append(sample)
            scores = stream.step(sample)
        return torch.stack(drawn, dim=1)

    def _chosen(self, condition: Tensor | None, count: int) -> Tensor | None:
        if not self.conditions:
            if condition is not None:
                raise ValueError(
                    "condition must be left out, as this net has no kinds: build it with conditions."
                )
            return None
        if condition is None or condition.shape != (count,) or condition.dtype != torch.int64:
            given = (
                "none" if condition is None else f"shape {tuple(condition.shape)} and type {condition.dtype}"
            )
            raise ValueError(f"condition must be {count} whole numbers (int64), got {given}.")
        if not (int(condition.min()) >= 0 and int(condition.max()) < self.conditions):
            raise ValueError(
                f"condition must hold kinds 0 to {self.conditions - 1}, got {condition.tolist()}."
            )
        weight = self.embedding.weight
        return nn.functional.one_hot(condition, self.conditions).to(weight.dtype)


class Stream:
    """A net at work on signals that arrive sample by sample, without computing anything twice.

    Each layer remembers the last ``dilation * (kernel - 1)`` vectors that it got, in a queue. A new sample then costs
    one step of each layer; running the whole net anew would cost a receptive field of steps.

    Parameters
    ----------
    net : WaveNet
        The net.
    count : int
        How many signals at once.
    condition : Tensor (count,) of int64, optional
        Their kinds.

    Notes
    -----
    Le Paine et al., *Fast Wavenet generation algorithm* (2016).
    """

    def __init__(self, net: WaveNet, count: int, condition: Tensor | None = None) -> None:
        self.net = net
        chosen = net._chosen(condition, count)
        weight = net.embedding.weight
        silence = torch.zeros(count, weight.shape[1], dtype=weight.dtype, device=weight.device)
        self.queues: list[deque[Tensor]] = []
        self.shifts: list[Tensor] = []
        for layer in net.gated():
            self.queues.append(deque([silence] * layer.both.past))
            bias = layer.both.conv.bias
            assert bias is not None
            self.shifts.append(bias if layer.shift is None else bias + layer.shift(chosen))

    @torch.no_grad()
    def step(self, sample: Tensor) -> Tensor:
        """Take one more sample (N,) of each signal and return the scores (N, levels) of the next."""
        x = self.net.embedding(sample)
        total: Tensor | None = None
        for layer, queue, shift in zip(self.net.gated(), self.queues, self.shifts, strict=True):
            conv = layer.both.conv
            queue.append(x)
            taps = torch.cat([queue[place] for place in range(0, len(queue), conv.dilation[0])], dim=1)
            queue.popleft()
            # (filters, channels, kernel) to one matrix for all taps at once
            scores = taps @ conv.weight.permute(2, 1, 0).flatten(0, 1) + shift
            tone, gate = scores.chunk(2, dim=1)
            z = torch.tanh(tone) * torch.sigmoid(gate)
            skip = _affine(layer.skip, z)
            total = skip if total is None else total + skip
            if layer.residual is not None:
                x = x + _affine(layer.residual, z)
        assert total is not None
        return _affine(self.net.scores, _affine(self.net.mix, total.relu()).relu())


def _affine(conv: nn.Conv1d, x: Tensor) -> Tensor:
    """Apply a convolution of width 1 to a single step."""
    assert conv.bias is not None
    return torch.addmm(conv.bias, x, conv.weight[:, :, 0].T)
