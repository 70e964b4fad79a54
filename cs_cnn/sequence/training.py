"""Training a net that predicts the next step of sequences, and asking it about new ones."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cs_cnn.errors import CsCnnError

__all__ = ["fit", "log_probabilities", "windows"]

Batch = tuple[tuple[Tensor, ...], Tensor]


def windows(
    sequences: Tensor,
    length: int,
    count: int,
    generator: torch.Generator,
    *,
    targets: Tensor | None = None,
    kinds: Tensor | None = None,
) -> Callable[[], Batch]:
    """Return a function that draws pieces of sequences, and what follows each of their steps.

    Parameters
    ----------
    sequences : Tensor (M, T)
        Sequences of whole numbers, longer than `length`.
    length : int
        Steps of a piece.
    count : int
        Pieces in a batch.
    generator : torch.Generator
        Draws them: every place of every sequence is equally likely.
    targets : Tensor (M, T), optional
        What is to be predicted, if not the sequences themselves.
    kinds : Tensor (M,), optional
        A kind for each sequence, which the net gets as a second argument.

    Returns
    -------
    callable
        Returns the arguments of the net, (N, length) and perhaps (N,), and the targets (N, length).

    Raises
    ------
    CsCnnError
        When the sequences are too short, or a number is no whole number of at least 1.

    Examples
    --------
    >>> draw = windows(torch.arange(9)[None], 3, 2, torch.Generator().manual_seed(0))
    >>> (pieces,), following = draw()
    >>> bool((following == pieces + 1).all())
    True
    """
    for name, value in (("length", length), ("count", count)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise CsCnnError(f"{name} must be a whole number of at least 1, got {value!r}.")
    if sequences.ndim != 2 or sequences.shape[1] <= length:
        raise CsCnnError(
            f"sequences must be (M, T) with more than {length} steps, got shape {tuple(sequences.shape)}."
        )
    wanted = sequences if targets is None else targets

    def draw() -> Batch:
        rows = torch.randint(len(sequences), (count,), generator=generator)
        starts = torch.randint(sequences.shape[1] - length, (count,), generator=generator)
        places = starts[:, None] + torch.arange(length)
        inputs = sequences[rows[:, None], places]
        arguments = (inputs,) if kinds is None else (inputs, kinds[rows])
        return arguments, wanted[rows[:, None], places + 1]

    return draw


def fit(
    net: nn.Module, draw: Callable[[], Batch], *, steps: int, lr: float = 3e-3, skip: int = 0
) -> list[float]:
    """Train a net with Adam to predict each next step; the learning rate falls to zero along a cosine.

    Parameters
    ----------
    net : torch.nn.Module
        Gives scores (N, classes, T).
    draw : callable
        Returns a batch, see `windows`.
    steps : int
        Number of batches.
    lr : float
        Learning rate at the start.
    skip : int
        How many steps of each piece do not count, as they have little context.

    Returns
    -------
    list of float
        Mean loss of each batch, in nats.

    Raises
    ------
    CsCnnError
        When the loss is no number any more, or `steps` is no whole number of at least 1.
    """
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise CsCnnError(f"steps must be a whole number of at least 1, got {steps!r}.")
    optimiser = torch.optim.Adam(net.parameters(), lr=lr)
    losses = []
    net.train()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = lr * (1 + math.cos(math.pi * step / steps)) / 2
        arguments, following = draw()
        loss = F.cross_entropy(net(*arguments)[:, :, skip:], following[:, skip:])
        if not torch.isfinite(loss):
            raise CsCnnError(f"The loss is {loss.item()} after {step} steps: choose an lr below {lr:g}.")
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        losses.append(loss.item())
    net.eval()
    return losses


@torch.no_grad()
def log_probabilities(
    net: nn.Module, sequences: Tensor, *, targets: Tensor | None = None, kinds: Tensor | None = None
) -> Tensor:
    """Return the logarithm of the probability that a net gives to each step of sequences after the first.

    Parameters
    ----------
    net : torch.nn.Module
        Gives scores (N, classes, T); put it into evaluation mode first.
    sequences : Tensor (M, T)
        Whole numbers.
    targets, kinds : Tensor, optional
        As in `windows`.

    Returns
    -------
    Tensor (M, T - 1)
        Natural logarithms.
    """
    wanted = sequences if targets is None else targets
    arguments = (sequences[:, :-1],) if kinds is None else (sequences[:, :-1], kinds)
    logs: Tensor = -F.cross_entropy(net(*arguments), wanted[:, 1:], reduction="none")
    return logs
