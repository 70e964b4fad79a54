"""How far do the layers of a net serve another task? Copy the first n of them, and train the rest anew.

After Yosinski, Clune, Bengio and Lipson, "How transferable are features in deep neural networks?", NIPS 2014. There,
AlexNet and two halves of ImageNet's thousand classes; here, AlexNet of an eighth of the channels (the slimmer net of
2014) and two halves of the ten classes of Fashion-MNIST, drawn anew for every seed. A net trained on half A, or on
half B itself, gives its first n layers to one for B:

=======  =====================================================================
name     what is done
=======  =====================================================================
B        trained on B from scratch
AnB      the first n layers come from A and are frozen, the rest is trained on B
BnB      the same, but they come from a net that was trained on B
AnB+     as AnB, but the copied layers are trained on
BnB+     as BnB, but the copied layers are trained on
=======  =====================================================================

>>> parse("A3B+")
Plan(source='A', layers=3, tuned=True)
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn

from cs_cnn import train, zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.studies import training
from cs_cnn.studies.images import Labelled, centred
from cs_cnn.studies.recording import Run, every_run, over_seeds
from cs_cnn.studies.training import fitted
from cs_cnn.zoo.parts.staged import Staged

LAYERS = ("conv1", "conv2", "conv3", "conv4", "conv5", "fc6", "fc7")
FROZEN = tuple(f"{source}{n}B" for n in range(1, len(LAYERS) + 1) for source in "AB")
TUNED = tuple(f"{source}{n}B+" for n in (1, 4, 7) for source in "AB")
NETS = ("B", *FROZEN, *TUNED)


@dataclass(frozen=True)
class Setting(training.Setting):
    """What is the same for all nets, see `cs_cnn.studies.training.Setting`; a seed draws the halves, too.

    Parameters
    ----------
    width : float
        Multiplies the channels and hidden features of AlexNet.
    dropout : float
        Before fc6 and fc7, where they are trained.
    """

    width: float = 0.125
    dropout: float = 0.2
    epochs: int = 5
    lr: float = 2e-3


RECORDED = Setting()
# The quick form: some of the recorded nets with the first of the recorded seeds, and what is held against them.
QUICK = Setting(seeds=(0,))
QUICK_NETS = ("B", "A1B", "A7B", "B7B")
MEASURE = "gain"


class Plan(NamedTuple):
    """What a net's name says: whose layers, how many, and whether they are trained on."""

    source: str
    layers: int
    tuned: bool


def parse(name: str) -> Plan:
    """Read the name of a net, such as "A3B" or "B7B+".

    Raises
    ------
    CsCnnError
        When it is none.
    """
    found = re.fullmatch(rf"([AB])([1-{len(LAYERS)}])B(\+?)", name)
    if name == "B":
        return Plan("B", 0, True)
    if found is None:
        raise CsCnnError(
            f"The study has no net {name!r}; there are B, and AnB, BnB, AnB+ and BnB+ for n from 1 to {len(LAYERS)}."
        )
    return Plan(found[1], int(found[2]), bool(found[3]))


def halves(classes: int, seed: int) -> tuple[list[int], list[int]]:
    """Draw the classes of half A and half B.

    Examples
    --------
    >>> halves(4, seed=0)
    ([0, 2], [1, 3])
    """
    order = np.random.default_rng(seed).permutation(classes)
    return sorted(order[: classes // 2].tolist()), sorted(order[classes // 2 :].tolist())


def half(images: Labelled, classes: Sequence[int]) -> Labelled:
    """Return the images of some classes, which are now called 0, 1, and so on."""
    rows = np.isin(images.y, classes)
    return Labelled(images.x[rows], np.searchsorted(classes, images.y[rows]))


def copied(source: nn.Module, target: Staged, layers: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Copy the first layers from one net into another, and cut that behind them.

    Parameters
    ----------
    source, target : Staged
        Two nets of the same form; only the target changes.
    layers : int
        How many of `LAYERS`, from 0.

    Returns
    -------
    below, above : torch.nn.Sequential
        The target's stages: those with copied weights (and the pooling behind), and the others.
    """
    for name in LAYERS[:layers]:
        target.get_submodule(name).load_state_dict(source.get_submodule(name).state_dict())
    stages = list(target.stages)
    cut = stages.index((*LAYERS, "fc8")[layers]) if layers else 0
    parts = [target.get_submodule(stage) for stage in stages]
    return nn.Sequential(*parts[:cut]), nn.Sequential(*parts[cut:])


def study(
    setting: Setting = RECORDED,
    *,
    nets: Sequence[str] = NETS,
    on_run: Callable[[Run], None] | None = None,
) -> list[Run]:
    """Train every net with every seed.

    Parameters
    ----------
    setting : Setting
        See there.
    nets : sequence of str
        Names, see the table of this module.
    on_run : callable, optional
        Called with the result of every run.

    Returns
    -------
    list of dict
        For each run: net, seed, what `cs_cnn.studies.training.fitted` returns, the test images being those of B; and
        `gain`, the test accuracy less that of a net which was trained on B from scratch with the same seed.
    """
    plans = {name: parse(name) for name in nets}
    images, test, classes = centred(setting.data, setting.images, setting.test_images)

    def fresh(seed: int) -> Staged:
        net = zoo.build(
            "alexnet",
            classes=len(classes) // 2,
            channels=images.x.shape[1],
            size=images.x.shape[2],
            variant="one_weird_trick",
            width=setting.width,
            dropout=setting.dropout,
            init="he",
            seed=seed,
        )
        assert isinstance(net, Staged)
        return net

    def of(source: str, seed: int) -> tuple[Labelled, Labelled]:
        own = dict(zip("AB", halves(len(classes), seed), strict=True))[source]
        return half(images, own), half(test, own)

    @functools.cache
    def base(source: str, seed: int) -> tuple[Staged, Run]:
        net = fresh(seed)
        return net, fitted(net, *of(source, seed), setting, seed)

    def run(name: str, seed: int) -> Run:
        plan, (here, there) = plans[name], of("B", seed)
        scratch = base("B", seed)[1]
        if not plan.layers:
            return {**scratch, "gain": 0.0}
        net = fresh(seed + 1000)  # what is not copied starts from other weights than the net it came from
        below, above = copied(base(plan.source, seed)[0], net, plan.layers)
        if plan.tuned:
            found = fitted(net, here, there, setting, seed)
        else:
            found = fitted(above, through(below, here), through(below, there), setting, seed)
        return {**found, "gain": round(found["test_accuracy"] - scratch["test_accuracy"], 4)}

    return every_run(nets, setting.seeds, run, on_run)


def through(below: nn.Module, images: Labelled) -> Labelled:
    """Return what frozen layers make of images; it never changes, so it is computed once."""
    with torch.no_grad():
        return Labelled(train.predict(below, images.x).numpy(), images.y)


def summarise(runs: Sequence[Run]) -> dict[str, Any]:
    """Return for every net the mean and the spread over the seeds of its test accuracy and training error.

    Every seed has other classes, and some halves are harder than others. So `gain` stands with them, see `study`.
    """
    keys = ("test_accuracy", "train_error", "gain")
    return over_seeds(runs, lambda run: {key: run[key] for key in keys})
