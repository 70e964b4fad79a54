"""What a net answers for each test picture, so that a reader can label some of them and compare.

A LeNet-5 learns the 5,000 packaged training images of Fashion-MNIST; for each of the 1,000 test images its five best
classes are kept, in order. The chapter on ImageNet puts them beside a reader's answers for fifty of the pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from cs_cnn import zoo
from cs_cnn.studies import training
from cs_cnn.studies.images import centred
from cs_cnn.studies.recording import Run, every_run, over_seeds
from cs_cnn.studies.training import fitted

NETS = ("lenet5",)
KEPT = 5


@dataclass(frozen=True)
class Setting(training.Setting):
    """What is the same for all seeds, see `cs_cnn.studies.training.Setting`."""


RECORDED = Setting()
# The quick form: the first of the recorded seeds.
QUICK = Setting(seeds=(0,))
QUICK_NETS = NETS
MEASURE = "train_error"


def asked(y: NDArray[Any], *, each: int = 5, seed: int = 50) -> NDArray[np.int64]:
    """Draw the pictures that a reader labels.

    Parameters
    ----------
    y : numpy.ndarray of int, shape (N,)
        The classes of the test images.
    each : int
        How many of each class.
    seed : int
        Of the draw.

    Returns
    -------
    numpy.ndarray of int
        Their positions, in the order in which they are asked.

    Examples
    --------
    >>> asked(np.array([0, 0, 1, 1]), each=1).shape
    (2,)
    """
    rng = np.random.default_rng(seed)
    rows = [rng.choice(np.flatnonzero(y == label), each, replace=False) for label in np.unique(y)]
    return rng.permutation(np.concatenate(rows))


def study(
    setting: Setting = RECORDED,
    *,
    nets: Sequence[str] = NETS,
    on_run: Callable[[Run], None] | None = None,
) -> list[Run]:
    """Train every net with every seed, and keep its answers.

    Parameters
    ----------
    setting : Setting
        See there.
    nets : sequence of str
        Names of the zoo.
    on_run : callable, optional
        Called with the result of every run.

    Returns
    -------
    list of dict
        For each run: net, seed, what `cs_cnn.studies.training.fitted` returns, and answers: for each test image, in
        order, a string with the digits of its five best classes, the best first.
    """
    images, test, classes = centred(setting.data, setting.images, setting.test_images)

    def run(name: str, seed: int) -> Run:
        net = zoo.build(
            name, classes=len(classes), channels=images.x.shape[1], size=images.x.shape[2], seed=seed
        )
        found = fitted(net, images, test, setting, seed)
        net.eval()
        with torch.no_grad():
            best = net(torch.from_numpy(np.asarray(test.x))).topk(KEPT, dim=1).indices
        return {**found, "answers": ["".join(map(str, row)) for row in best.tolist()]}

    return every_run(nets, setting.seeds, run, on_run)


def summarise(runs: Sequence[Run]) -> dict[str, Any]:
    """Return for every net the mean and the spread over the seeds of its test accuracy.

    Examples
    --------
    >>> summarise([{"net": "lenet5", "test_accuracy": a} for a in (0.8, 0.9)])["lenet5"]["test_accuracy"]["mean"]
    0.85
    """
    return over_seeds(runs, lambda run: {"test_accuracy": run["test_accuracy"]})
