"""The loop inside a small training: shuffled batches, a step for each, and the mean loss of every epoch.

`fit` is for classifiers, with everything a long training needs. What has another loss, such as boxes or pixels, and
trains for a minute, steps through this.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from cs_cnn.errors import CsCnnError


def descend(
    optimiser: torch.optim.Optimizer,
    count: int,
    batch_loss: Callable[[Tensor], Tensor],
    *,
    epochs: int,
    batch_size: int,
    generator: torch.Generator,
    schedule: torch.optim.lr_scheduler.LRScheduler | None = None,
) -> Iterator[float]:
    """Minimise a mean over examples; yield the mean loss of every epoch after its last step.

    Parameters
    ----------
    optimiser : torch.optim.Optimizer
        Takes the steps.
    count : int
        Number of examples.
    batch_loss : callable
        Maps the places of the examples of a batch, a tensor of whole numbers, to their mean loss.
    epochs, batch_size : int
        As usual.
    generator : torch.Generator
        Draws the order of the examples.
    schedule : torch.optim.lr_scheduler.LRScheduler, optional
        Asked for the next rate after every step.

    Yields
    ------
    float
        As the weights were when each batch was seen.

    Raises
    ------
    CsCnnError
        When the loss is no longer a number.
    """
    for epoch in range(1, epochs + 1):
        total = 0.0
        for places in torch.split(torch.randperm(count, generator=generator), batch_size):
            loss = batch_loss(places)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            if schedule is not None:
                schedule.step()
            total += len(places) * loss.item()
        if not math.isfinite(total):
            rate = optimiser.defaults["lr"]
            raise CsCnnError(
                f"The loss is no longer a number in epoch {epoch}; try a smaller lr than {rate}."
            )
        yield total / count
