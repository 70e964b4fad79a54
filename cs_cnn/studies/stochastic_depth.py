"""Stochastic depth: train a residual net with some of its branches missing, and test it whole, or hurt.

After Huang, Sun, Liu, Sedra and Weinberger, "Deep networks with stochastic depth", ECCV 2016. There, nets of 110 layers
(54 blocks) learn CIFAR-10 for 500 epochs; here, nets of 32 layers (15 blocks) and half the channels learn 4,000
packaged images of Fashion-MNIST for a few. As in the paper, each block is drawn once for a whole batch, so that a
missing branch costs no time; `cs_cnn.zoo.parts.residual.Residual` draws for every image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cs_cnn import train, zoo
from cs_cnn.studies import training
from cs_cnn.studies.images import Labelled, centred
from cs_cnn.studies.lesion import surgery
from cs_cnn.studies.recording import Run, every_run, over_seeds
from cs_cnn.studies.training import fitted
from cs_cnn.zoo.families.resnet_cifar import CifarResNet
from cs_cnn.zoo.parts.residual import Residual

# Errors in per cent with 110 layers: constant depth, stochastic depth (linear, 0.5 for the last block).
PUBLISHED = {"CIFAR-10": (6.41, 5.23), "CIFAR-100": (27.22, 24.58)}
# The part of the training time that the paper saves with them.
PUBLISHED_SAVED = 0.25

# Name of a net: the probability with which the last block's branch is there while training.
NETS = {"constant": 1.0, "to 0.8": 0.8, "to 0.5": 0.5, "to 0.2": 0.2}


@dataclass(frozen=True)
class Setting(training.Setting):
    """What is the same for all nets, see `cs_cnn.studies.training.Setting`.

    Parameters
    ----------
    depth : int
        Number of layers; there are (depth - 2) / 2 blocks.
    width : float
        Multiplies the paper's 16, 32 and 64 channels; the first convolution has stride 2.
    momentum, weight_decay
        See `cs_cnn.train.fit`.
    deleted : tuple of int
        How many blocks are deleted from a trained net.
    draws : int
        How many sets of blocks are deleted of each size.
    """

    depth: int = 32
    width: float = 0.5
    images: int = 4000
    epochs: int = 6
    batch_size: int = 64
    optimiser: str = "sgd"
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4
    deleted: tuple[int, ...] = (1, 3, 5, 8)
    draws: int = 4


RECORDED = Setting()
# The quick form: some of the recorded nets with the first of the recorded seeds, and what is held against them.
QUICK = Setting(seeds=(0,))
QUICK_NETS = ("constant", "to 0.5")
MEASURE = "test_accuracy"


class DrawnByBatch(Residual):
    """A residual block that is drawn once for a whole batch; a missing branch is not computed.

    Parameters
    ----------
    branch, shortcut, survival
        See `cs_cnn.zoo.parts.residual.Residual`.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, H, W) to the branch's output shape."""
        if not self.training or self.survival == 1 or self.shortcut is None:
            return super().forward(x)
        way = self.shortcut(x)
        if torch.rand(()) < self.survival:
            way = way + self.branch(x)
        return self._activate(way)


def drawn_by_batch(net: CifarResNet) -> CifarResNet:
    """Let every block of a net, in place, draw once for a whole batch; the probabilities stay."""
    for name in surgery.ROWS:
        row = net.get_submodule(name)
        assert isinstance(row, nn.Sequential)
        for number, block in enumerate(row):
            assert isinstance(block, Residual)
            row[number] = DrawnByBatch(block.branch, block.shortcut, survival=block.survival)
    return net


def study(
    setting: Setting = RECORDED,
    *,
    nets: Sequence[str] = tuple(NETS),
    on_run: Callable[[Run], None] | None = None,
) -> list[Run]:
    """Train every net with every seed, and delete blocks of it.

    Parameters
    ----------
    setting : Setting
        See there.
    nets : sequence of str
        Keys of `NETS`.
    on_run : callable, optional
        Called with the result of every run.

    Returns
    -------
    list of dict
        For each run: net, seed, `expected`, the mean number of branches that are there in training, what
        `cs_cnn.studies.training.fitted` returns, and `without`, the test error with blocks deleted: for each entry of
        `setting.deleted` the mean over the draws. The first block and those that change the shape stay.
    """
    images, test, classes = centred(setting.data, setting.images, setting.test_images)

    def run(name: str, seed: int) -> Run:
        net = zoo.build(
            f"resnet{setting.depth}",
            classes=len(classes),
            channels=images.x.shape[1],
            size=images.x.shape[2],
            width=setting.width,
            stem_stride=2,
            survival=NETS[name],
            seed=seed,
        )
        assert isinstance(net, CifarResNet)
        drawn_by_batch(net)
        more = {"momentum": setting.momentum, "weight_decay": setting.weight_decay}
        return {
            "expected": round(sum(block.survival for block in surgery.blocks(net)), 2),
            **fitted(net, images, test, setting, seed, **more),
            "without": deletions(net.eval(), test, setting, np.random.default_rng(seed)),
        }

    return every_run(nets, setting.seeds, run, on_run)


def deletions(net: CifarResNet, test: Labelled, setting: Setting, rng: np.random.Generator) -> list[float]:
    """Return the mean test error with 1, 2, ... blocks deleted, see `study`."""
    count, resizing = len(surgery.blocks(net)), surgery.resizing(net)
    alike = [number for number in range(1, count) if number not in resizing]

    def error(size: int) -> float:
        lost = rng.choice(alike, size=size, replace=False).tolist()
        return 1 - train.evaluate(surgery.without(net, lost), *test)[1]

    return [round(float(np.mean([error(size) for _ in range(setting.draws)])), 4) for size in setting.deleted]


def summarise(runs: Sequence[Run]) -> dict[str, Any]:
    """Return for every net the mean and the spread over the seeds of what the chapter says about it.

    Returns
    -------
    dict
        For each net: `test_accuracy`, `train_error`, `without_most`, the test error with most blocks deleted; and
        `time`, the time of training as a part of that with constant depth and the same seed.
    """
    constant = {run["seed"]: run["seconds"] for run in runs if run["net"] == "constant"}

    def measures(run: Mapping[str, Any]) -> dict[str, float]:
        found = {key: run[key] for key in ("test_accuracy", "train_error")}
        found["without_most"] = run["without"][-1]
        if constant.get(run["seed"]):
            found["time"] = run["seconds"] / constant[run["seed"]]
        return found

    return over_seeds(runs, measures)
