"""How the studies of small nets train one: the same few settings for all nets that are compared."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from torch import nn

from cs_cnn import train
from cs_cnn.studies.images import Labelled


@dataclass(frozen=True)
class Setting:
    """What is the same for all nets of a study.

    Parameters
    ----------
    data : str
        A name of `cs_cnn.data`.
    images, test_images : int
        How many of its images are used, from the first on.
    epochs, batch_size, optimiser, lr, schedule
        See `cs_cnn.train.fit`.
    seeds : tuple of int
        Each decides initial weights and the order of the images.
    """

    data: str = "fashion-mnist"
    images: int = 5000
    test_images: int = 1000
    epochs: int = 8
    batch_size: int = 50
    optimiser: str = "adam"
    lr: float = 1e-3
    schedule: str = "cosine"
    seeds: tuple[int, ...] = (0, 1, 2)


def fitted(
    net: nn.Module, images: Labelled, test: Labelled, setting: Setting, seed: int, **more: Any
) -> dict[str, Any]:
    """Train a net in place, and say how it went.

    Parameters
    ----------
    net : torch.nn.Module
        With its initial weights.
    images, test : Labelled
        Of `cs_cnn.studies.images.centred`, or a part of them.
    setting : Setting
        How to train.
    seed : int
        Of the order of the images and of what is drawn while training.
    **more
        Other settings of `cs_cnn.train.fit`.

    Returns
    -------
    dict
        The fields of a run: parameters (those that learn), seconds (of the processor, without the evaluation of the
        training images), and after the last epoch train_error and test_accuracy.
    """
    start = time.process_time()
    rows = train.fit(
        net,
        images,
        test,
        epochs=setting.epochs,
        batch_size=setting.batch_size,
        optimiser=setting.optimiser,
        lr=setting.lr,
        schedule=setting.schedule,
        seed=seed,
        device="cpu",
        progress=False,
        **more,
    )
    seconds = time.process_time() - start
    return {
        "parameters": sum(p.numel() for p in net.parameters() if p.requires_grad),
        "seconds": round(seconds, 1),
        "train_error": round(1 - train.evaluate(net, *images)[1], 4),
        "test_accuracy": round(rows[-1]["test_accuracy"], 4),
    }
