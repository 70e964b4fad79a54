"""Ablation of AlexNet: take layers away, train again, and see what is lost of parameters and of accuracy.

After Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, table 3. What goes of the
parameters is exact, for the nets at full size. What goes of the accuracy is measured in small: an eighth of the
channels, without response normalisation (the slimmer net of 2014), 5,000 packaged images of Fashion-MNIST instead of
1.28 million photographs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cs_cnn import zoo
from cs_cnn.account import account
from cs_cnn.studies import training
from cs_cnn.studies.images import centred
from cs_cnn.studies.recording import Run, every_run, over_seeds
from cs_cnn.studies.training import fitted

# Name of a net: the layers it lacks.
NETS: dict[str, tuple[str, ...]] = {
    "whole": (),
    "without 7": ("fc7",),
    "without 6, 7": ("fc6", "fc7"),
    "without 3, 4": ("conv3", "conv4"),
    "without 3, 4, 6, 7": ("conv3", "conv4", "fc6", "fc7"),
}

# Errors on ImageNet's validation images in per cent, top-1 and top-5: Zeiler and Fergus, table 3.
PUBLISHED: dict[str, tuple[float, float]] = {
    "whole": (40.5, 18.1),
    "without 7": (40.0, 18.4),
    "without 6, 7": (44.8, 22.4),
    "without 3, 4": (45.4, 22.1),
    "without 3, 4, 6, 7": (71.3, 50.1),
}

# What the lectures say is lost: parameters, where they say it, and points of "performance", whose measure they do not
# name. The points agree with neither column above.
LECTURE: dict[str, tuple[float | None, float]] = {
    "without 7": (16e6, 1.1),
    "without 6, 7": (50e6, 5.7),
    "without 3, 4": (1e6, 3.0),
    "without 3, 4, 6, 7": (None, 33.5),
}


@dataclass(frozen=True)
class Setting(training.Setting):
    """What is the same for all nets, see `cs_cnn.studies.training.Setting`.

    Parameters
    ----------
    width : float
        Multiplies the channels and hidden features of AlexNet.
    dropout : float
        Before fc6 and fc7. The paper's one half is too much for nets as narrow as these.
    """

    width: float = 0.125
    dropout: float = 0.2
    epochs: int = 6
    lr: float = 2e-3


RECORDED = Setting()
# The quick form: some of the recorded nets with the first of the recorded seeds, and what is held against them.
QUICK = Setting(seeds=(0,))
QUICK_NETS = ("whole", "without 3, 4, 6, 7")
MEASURE = "test_accuracy"


def parameters_lost(net: str, variant: str = "lecture") -> int:
    """Return how many parameters AlexNet at full size loses with these layers; what grows in their place counts.

    Parameters
    ----------
    net : str
        A key of `NETS`.
    variant : {"lecture", "paper", "one_weird_trick"}
        One tower, two towers, or the slimmer net.

    Examples
    --------
    >>> parameters_lost("without 7"), parameters_lost("without 3, 4")
    (16781312, 2507520)
    """
    return (
        account("alexnet", variant=variant).parameters
        - account("alexnet", variant=variant, without=NETS[net]).parameters
    )


def study(
    setting: Setting = RECORDED,
    *,
    nets: Sequence[str] = tuple(NETS),
    on_run: Callable[[Run], None] | None = None,
) -> list[Run]:
    """Train every net with every seed.

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
        For each run: net, seed, and what `cs_cnn.studies.training.fitted` returns.
    """
    images, test, classes = centred(setting.data, setting.images, setting.test_images)

    def run(name: str, seed: int) -> Run:
        net = zoo.build(
            "alexnet",
            classes=len(classes),
            channels=images.x.shape[1],
            size=images.x.shape[2],
            variant="one_weird_trick",
            width=setting.width,
            dropout=setting.dropout,
            init="he",
            without=NETS[name],
            seed=seed,
        )
        return fitted(net, images, test, setting, seed)

    return every_run(nets, setting.seeds, run, on_run)


def summarise(runs: Sequence[Run]) -> dict[str, Any]:
    """Return for every net the mean and the spread over the seeds of test accuracy and training error.

    With them stands `lost`: what the test accuracy loses to the whole net's, in points, seed by seed.
    """
    whole = {run["seed"]: run["test_accuracy"] for run in runs if run["net"] == "whole"}

    def measures(run: Mapping[str, Any]) -> dict[str, float]:
        found = {key: run[key] for key in ("test_accuracy", "train_error")}
        if run["seed"] in whole:
            found["lost"] = 100 * (whole[run["seed"]] - run["test_accuracy"])
        return found

    return over_seeds(runs, measures)
