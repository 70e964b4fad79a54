"""Degradation: a plain net of 56 layers is worse than one of 20, on its training images too; a residual one is not.

After He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015, figures 1 and 6, in small: the
nets have half the paper's channels, and see the 5,000 packaged images of Fashion-MNIST instead of CIFAR-10, for some
2,000 steps instead of 64,000. As there, all nets share the learning rate 0.1, momentum 0.9, weight decay 0.0001,
and a division by 10 after half and three quarters of the epochs; the images are centred, and not augmented. The deep
plain net may well come closer with more steps: the study compares nets that have had the same training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cs_cnn import train, zoo
from cs_cnn.studies.images import centred
from cs_cnn.studies.recording import mean_and_spread

NETS = ("resnet20", "plain20", "plain56")

Run = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """What is the same for all nets.

    Parameters
    ----------
    images, test_images : int
        How many of the packaged images are used.
    width : float
        Multiplies the paper's 16, 32 and 64 channels.
    epochs, batch_size, lr, momentum, weight_decay
        See `cs_cnn.train.fit`; the learning rate is divided by 10 after the epochs `milestones`.
    seeds : tuple of int
        Each decides initial weights and the order of the images.
    """

    data: str = "fashion-mnist"
    images: int = 5000
    test_images: int = 1000
    width: float = 0.5
    epochs: int = 12
    milestones: tuple[int, ...] = (6, 9)
    batch_size: int = 32
    lr: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4
    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)


RECORDED = Setting()
QUICK = Setting(images=500, test_images=300, epochs=3, milestones=(2,), batch_size=16, seeds=(0, 1))


def study(
    setting: Setting = RECORDED,
    *,
    nets: Sequence[str] = NETS,
    folder: str | Path | None = None,
    on_run: Callable[[Run], None] | None = None,
) -> list[Run]:
    """Train every net with every seed.

    Parameters
    ----------
    setting : Setting
        See there.
    nets : sequence of str
        Names of the zoo, from the families `resnet20` ... `plain110`.
    folder : path-like, optional
        Where checkpoints are kept, so that an interrupted study goes on from the last epoch.
    on_run : callable, optional
        Called with the result of every run.

    Returns
    -------
    list of dict
        For each run: net, seed, parameters, seconds, and after the last epoch train_loss, train_error, test_loss and
        test_accuracy (errors and accuracies are fractions; evaluated with the weights as they are then); and
        test_accuracies, one for each epoch.
    """
    (x, y), (x_test, y_test), classes = centred(setting.data, setting.images, setting.test_images)
    runs = []
    for seed in setting.seeds:
        for name in nets:
            net = zoo.build(
                name,
                classes=len(classes),
                channels=x.shape[1],
                size=x.shape[2],
                width=setting.width,
                seed=seed,
            )
            place = None if folder is None else Path(folder) / f"{name}-{seed}"
            rows = train.fit(
                net,
                (x, y),
                (x_test, y_test),
                epochs=setting.epochs,
                batch_size=setting.batch_size,
                lr=setting.lr,
                momentum=setting.momentum,
                weight_decay=setting.weight_decay,
                schedule="step",
                milestones=setting.milestones,
                seed=seed,
                device="cpu",
                folder=place,
                resume=place is not None and (place / "checkpoint.pt").exists(),
                name=name,
                progress=False,
            )
            train_loss, train_accuracy = train.evaluate(net, x, y)
            runs.append(
                {
                    "net": name,
                    "seed": seed,
                    "parameters": sum(p.numel() for p in net.parameters()),
                    "seconds": round(sum(row["seconds"] for row in rows), 1),
                    "train_loss": round(train_loss, 4),
                    "train_error": round(1 - train_accuracy, 4),
                    "test_loss": round(rows[-1]["test_loss"], 4),
                    "test_accuracy": round(rows[-1]["test_accuracy"], 4),
                    "test_accuracies": [round(row["test_accuracy"], 4) for row in rows],
                }
            )
            if on_run is not None:
                on_run(runs[-1])
    return runs


def summarise(runs: Sequence[Run]) -> dict[str, Any]:
    """Return for every net the mean and the spread over the seeds of its test accuracy and its training error.

    Examples
    --------
    >>> runs = [{"net": "plain20", "test_accuracy": a, "train_error": 0.1} for a in (0.8, 0.9)]
    >>> summarise(runs)["plain20"]["test_accuracy"]
    {'mean': 0.85, 'spread': 0.0707}
    """
    found = dict.fromkeys(run["net"] for run in runs)
    return {
        net: {
            key: mean_and_spread(run[key] for run in runs if run["net"] == net)
            for key in ("test_accuracy", "train_error")
        }
        for net in found
    }
