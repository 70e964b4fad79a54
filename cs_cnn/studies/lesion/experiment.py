"""Train residual and plain nets, hurt them, and count what they still know."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cs_cnn import train, zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.studies.images import centred
from cs_cnn.studies.lesion import surgery
from cs_cnn.studies.lesion.paths import Unravelled, norms
from cs_cnn.studies.lesion.summary import measures
from cs_cnn.studies.recording import Run, every_run
from cs_cnn.zoo.families.resnet_cifar import CifarResNet

NETS = ("residual", "stochastic", "plain")


@dataclass(frozen=True)
class Setting:
    """What is the same for all nets.

    Parameters
    ----------
    images, test_images : int
        How many of the packaged images are used.
    depth : int
        Number of layers; there are (depth - 2) / 2 blocks.
    width : float
        Multiplies the paper's 16, 32 and 64 channels; the first convolution has stride 2.
    survival : float
        Of the last branch of the net with stochastic depth, while training.
    epochs, batch_size, lr, momentum, weight_decay
        See `cs_cnn.train.fit`; the learning rate is divided by 10 after the epochs `milestones`.
    draws : int
        How many sets of blocks are deleted of each size, how many orders are tried for each number of exchanges, and
        how many paths are walked of each length.
    deleted, exchanged : int
        Most blocks deleted at once, and most exchanges of two blocks.
    traced : int
        How many test images the gradients are measured with.
    seeds : tuple of int
        Each decides initial weights, the order of the images, and what is drawn.
    """

    data: str = "fashion-mnist"
    images: int = 5000
    test_images: int = 1000
    depth: int = 32
    width: float = 0.5
    survival: float = 0.5
    epochs: int = 10
    milestones: tuple[int, ...] = (5, 8)
    batch_size: int = 64
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4
    draws: int = 6
    deleted: int = 10
    exchanged: int = 10
    traced: int = 100
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


RECORDED = Setting()
# The quick form: one of the recorded nets with the first of the recorded seeds, and what is held against the others.
QUICK = Setting(seeds=(0,))
QUICK_NETS = ("residual",)
MEASURE = "mean error without one of the blocks after the first"


def study(
    setting: Setting = RECORDED,
    *,
    nets: Sequence[str] = NETS,
    on_run: Callable[[Run], None] | None = None,
) -> list[Run]:
    """Train every net with every seed, and measure its error with blocks deleted and exchanged.

    Parameters
    ----------
    setting : Setting
        See there.
    nets : sequence of str
        Of "residual", "stochastic" (residual, trained with stochastic depth) and "plain".
    on_run : callable, optional
        Called with the result of every run.

    Returns
    -------
    list of dict
        For each run: net, seed, parameters, seconds (of the processor); `error` of the whole net on the test images
        (a fraction); `without_one`, a list with the error without each block; `without_many`, for 1, 2, ... deleted
        blocks a list of errors, where the first block and those that change the shape stay; `distances`, Kendall's,
        of the orders that were tried, and `reordered`, the errors with them; and for nets with shortcuts `gradient`,
        see `gradient_by_length`.
    """
    (x, y), (x_test, y_test), _ = centred(setting.data, setting.images, setting.test_images)

    def run(name: str, seed: int) -> Run:
        start = time.process_time()
        net = trained(name, seed, setting, (x, y), (x_test, y_test))
        found = {
            "parameters": sum(p.numel() for p in net.parameters()),
            **lesions(net, x_test, y_test, setting, np.random.default_rng(seed)),
        }
        if name != "plain":
            traced = slice(setting.traced)
            found["gradient"] = gradient_by_length(
                net, x_test[traced], y_test[traced], setting.draws, np.random.default_rng(seed)
            )
        return {**found, "seconds": round(time.process_time() - start, 1)}

    return every_run(nets, setting.seeds, run, on_run)


def measured(run: Mapping[str, Any]) -> float:
    """Return the measure by which the quick form is held against the recorded runs."""
    return measures(run)["without_one"]


def trained(
    name: str, seed: int, setting: Setting, images: tuple[Any, Any], test: tuple[Any, Any]
) -> CifarResNet:
    """Train one net of the study, and return it in evaluation mode."""
    if name not in NETS:
        raise CsCnnError(f"The study has no net {name!r}; there are {', '.join(NETS)}.")
    kind = f"{'plain' if name == 'plain' else 'resnet'}{setting.depth}"
    options = {"survival": setting.survival} if name == "stochastic" else {}
    net = zoo.build(
        kind, classes=10, channels=1, size=28, width=setting.width, stem_stride=2, seed=seed, **options
    )
    train.fit(
        net,
        images,
        test,
        epochs=setting.epochs,
        batch_size=setting.batch_size,
        lr=setting.lr,
        momentum=setting.momentum,
        weight_decay=setting.weight_decay,
        schedule="step",
        milestones=setting.milestones,
        seed=seed,
        device="cpu",
        progress=False,
    )
    assert isinstance(net, CifarResNet)
    return net.eval()


def lesions(
    net: CifarResNet,
    x: NDArray[np.float32],
    y: NDArray[np.int64],
    setting: Setting,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Return the error of a net, whole and hurt, as the fields of a run (see `study`)."""
    count, resizing = len(surgery.blocks(net)), surgery.resizing(net)
    alike = [number for number in range(1, count) if number not in resizing]

    def error(hurt: CifarResNet) -> float:
        return round(1 - train.evaluate(hurt, x, y)[1], 4)

    orders = [
        surgery.exchanges(net, swaps, rng)
        for swaps in range(1, setting.exchanged + 1)
        for _ in range(setting.draws)
    ]
    return {
        "error": error(net),
        "without_one": [error(surgery.without(net, [number])) for number in range(count)],
        "without_many": [
            [
                error(surgery.without(net, rng.choice(alike, size=size, replace=False).tolist()))
                for _ in range(setting.draws)
            ]
            for size in range(1, setting.deleted + 1)
        ],
        "distances": [surgery.kendall_distance(order) for order in orders],
        "reordered": [error(surgery.reordered(net, order)) for order in orders],
    }


def gradient_by_length(
    net: CifarResNet,
    x: NDArray[np.float32],
    y: NDArray[np.int64],
    draws: int,
    rng: np.random.Generator,
) -> dict[str, Any]:
    """Return how much gradient comes back on paths of each length.

    Parameters
    ----------
    net : CifarResNet
        With shortcuts, in evaluation mode.
    x, y : ndarray
        Images and labels.
    draws : int
        How many paths are walked of each length.
    rng : numpy.random.Generator

    Returns
    -------
    dict
        Lists with an entry for each length: `one_path`, the mean norm of the gradient on a single path; `together`,
        the mean norm of the sum over all paths of that length; and `whole`, the mean norm of the gradient.
    """
    taken_apart = Unravelled(net, torch.from_numpy(x), torch.from_numpy(y))
    parts = taken_apart.by_length()
    one = [taken_apart.norm_of_a_path(length, draws, rng) for length in range(len(parts))]
    whole = torch.stack(parts).sum(dim=0)
    return {
        "one_path": [float(f"{value:.4g}") for value in one],
        "together": [float(f"{norms(part).mean():.4g}") for part in parts],
        "whole": float(f"{norms(whole).mean():.4g}"),
    }
