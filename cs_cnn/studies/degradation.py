"""Degradation: a plain net of 56 layers is worse than one of 20, on its training images too; a residual one is not.

After He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015, figures 1 and 6, in small: the
nets have half the paper's channels, and see the 5,000 packaged images of Fashion-MNIST instead of CIFAR-10, for some
2,000 steps instead of 64,000. As there, all nets share the learning rate 0.1, momentum 0.9, weight decay 0.0001,
and a division by 10 after half and three quarters of the epochs; the images are centred, and not augmented. The deep
plain net may well come closer with more steps: the study compares nets that have had the same training.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cs_cnn import train, zoo
from cs_cnn.studies.images import centred
from cs_cnn.studies.recording import Run, every_run, over_seeds

NETS = ("resnet20", "plain20", "plain56")


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
# The quick form: the first epochs of the recorded nets with the first of the recorded seeds, held against what those
# had reached by then.
QUICK = Setting(epochs=2, seeds=(0,))
QUICK_NETS = NETS
MEASURE = f"test accuracy after {QUICK.epochs} epochs"


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

    def run(name: str, seed: int) -> Run:
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
        return {
            "parameters": sum(p.numel() for p in net.parameters()),
            "seconds": round(sum(row["seconds"] for row in rows), 1),
            "train_loss": round(train_loss, 4),
            "train_error": round(1 - train_accuracy, 4),
            "test_loss": round(rows[-1]["test_loss"], 4),
            "test_accuracy": round(rows[-1]["test_accuracy"], 4),
            "test_accuracies": [round(row["test_accuracy"], 4) for row in rows],
        }

    return every_run(nets, setting.seeds, run, on_run)


def measured(run: Mapping[str, Any]) -> float:
    """Return what a run, quick or recorded, had reached after the epochs of the quick form."""
    return float(run["test_accuracies"][QUICK.epochs - 1])


def summarise(runs: Sequence[Run]) -> dict[str, Any]:
    """Return for every net the mean and the spread over the seeds of its test accuracy and its training error.

    Examples
    --------
    >>> runs = [{"net": "plain20", "test_accuracy": a, "train_error": 0.1} for a in (0.8, 0.9)]
    >>> summarise(runs)["plain20"]["test_accuracy"]
    {'mean': 0.85, 'spread': 0.0707}
    """
    return over_seeds(runs, lambda run: {key: run[key] for key in ("test_accuracy", "train_error")})
