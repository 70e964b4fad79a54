"""Training a net to name every pixel, and reading what it says."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from cs_cnn.errors import CsCnnError
from cs_cnn.train.descent import descend


def fit(
    net: nn.Module,
    images: NDArray[np.float32],
    target: NDArray[np.int64],
    *,
    epochs: int,
    batch_size: int = 32,
    lr: float = 0.005,
    seed: int = 0,
    on_epoch: Callable[[dict[str, float]], None] | None = None,
) -> list[dict[str, float]]:
    """Train a net with the softmax loss of every pixel, Adam, and a rate that falls to 0 along half a cosine.

    Parameters
    ----------
    net : torch.nn.Module
        Maps images to scores (N, C, H, W), such as `Fcn`; changed in place.
    images : numpy.ndarray, shape (N, 3, H, W)
        From 0 to 1; whenever one is seen, it is mirrored with probability 1/2, and its target with it.
    target : numpy.ndarray of int, shape (N, H, W)
        The class of every pixel.
    epochs, batch_size, lr
        As usual; `lr` is the rate of the first step.
    seed : int
        Draws the order of the images and which of them are mirrored.
    on_epoch : callable, optional
        Called with every new row.

    Returns
    -------
    list of dict
        For every epoch "loss" (mean over all pixels, in nats), "accuracy" (share of pixels) and "seconds".

    Raises
    ------
    CsCnnError
        When images and target do not fit each other, or the loss is no longer a number.
    """
    if images.ndim != 4 or target.shape != (len(images), *images.shape[2:]) or not len(images):
        raise CsCnnError(
            "images must have shape (N, 3, H, W) and target (N, H, W), at least one of them,"
            f" got {images.shape} and {target.shape}."
        )
    x, y = torch.tensor(images), torch.tensor(target)
    draw = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.Adam(net.parameters(), lr=lr)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs * -(-len(x) // batch_size))
    right = 0

    def batch_loss(places: Tensor) -> Tensor:
        nonlocal right
        turned = torch.rand(len(places), generator=draw) < 0.5
        batch, aims = x[places], y[places]
        batch[turned], aims[turned] = batch[turned].flip(3), aims[turned].flip(2)
        scores = net(batch)
        right += int((scores.argmax(1) == aims).sum())
        return F.cross_entropy(scores, aims)

    rows: list[dict[str, float]] = []
    net.train()
    start = time.perf_counter()
    for loss in descend(
        optimiser, len(x), batch_loss, epochs=epochs, batch_size=batch_size, generator=draw, schedule=schedule
    ):
        seconds = round(time.perf_counter() - start, 3)
        rows.append({"loss": loss, "accuracy": right / y.numel(), "seconds": seconds})
        if on_epoch is not None:
            on_epoch(rows[-1])
        right, start = 0, time.perf_counter()
    net.eval()
    return rows


@torch.no_grad()
def predict(net: nn.Module, images: NDArray[np.float32], *, batch_size: int = 100) -> NDArray[np.int64]:
    """Return the class of every pixel of images (N, 3, H, W), as a net in evaluation mode sees them: (N, H, W)."""
    was_training = net.training
    net.eval()
    said = [net(batch).argmax(1) for batch in torch.split(torch.tensor(images), batch_size)]
    net.train(was_training)
    return torch.cat(said).numpy()
