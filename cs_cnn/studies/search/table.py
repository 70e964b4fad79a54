"""The table: every cell of the space in a small net, each trained briefly."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from cs_cnn import train
from cs_cnn.errors import CsCnnError
from cs_cnn.studies.images import Labelled, centred
from cs_cnn.studies.search import space
from cs_cnn.zoo.parts.blocks import classifier_head, initialise
from cs_cnn.zoo.parts.cell_modules import Cell, Stack, norm
from cs_cnn.zoo.parts.cells import parse_cell

REDUCTION = "sep3(x) + max3(p)"
"""The one reduction cell, which is not searched."""

Run = dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """What is the same for all cells.

    Parameters
    ----------
    images, validation_images, test_images : int
        How many images train, decide and judge. The first two are taken from the packaged training images.
    filters : int
        Maps of the first cells; behind the reduction there are twice as many.
    epochs, batch_size, lr
        See `cs_cnn.train.fit`; the optimiser is Adam, the schedule cosine.
    every : int
        Only each so-many-th cell is trained.
    again : int
        So many of the best cells, and as many spread over the whole table, are trained with more seeds.
    seeds : tuple of int
        The first for all cells, the others for those that are trained again.
    """

    data: str = "fashion-mnist"
    images: int = 1000
    validation_images: int = 1000
    test_images: int = 1000
    filters: int = 12
    epochs: int = 3
    batch_size: int = 50
    lr: float = 0.02
    every: int = 1
    again: int = 8
    seeds: tuple[int, ...] = (0, 1, 2)


RECORDED = Setting()
QUICK = Setting(every=16, again=2, seeds=(0, 1))


class SmallNet(nn.Module):
    """A normal cell, a reduction, and a normal cell: just enough to tell cells apart.

    Parameters
    ----------
    normal : str
        The cell, see `cs_cnn.zoo.parts.cells.parse_cell`.
    filters : int
        Maps of its blocks before the reduction.
    channels, classes : int
        Of the images; scores that go out.
    seed : int
        Where the weights come from.

    Examples
    --------
    >>> SmallNet("sep3(x) + p; b1 + x")(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self, normal: str, *, filters: int = 12, channels: int = 1, classes: int = 10, seed: int = 0
    ) -> None:
        super().__init__()
        plan, reduction = parse_cell(normal, "normal"), parse_cell(REDUCTION)
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(seed)
            self.conv0 = nn.Sequential(
                nn.Conv2d(channels, filters, 5, 4, padding=1, bias=False), norm(filters)
            )
            cells: list[Cell] = []
            before, now = filters, filters
            for maps, reduces in ((1, False), (2, True), (2, False)):
                cells.append(
                    Cell(
                        reduction if reduces else plan,
                        before,
                        now,
                        maps * filters,
                        reduces=reduces,
                        halve_before=bool(cells) and cells[-1].plan is reduction,
                        first=not cells,
                    )
                )
                before, now = now, cells[-1].out_channels
            self.cells = Stack(cells)
            self.head = nn.Sequential(nn.ReLU(), *classifier_head(now, classes))
            initialise(self, "he")

    def forward(self, x: Tensor) -> Tensor:
        """Map images (N, C, H, W) to scores (N, classes)."""
        x = self.conv0(x)
        _, out = self.cells((x, x))
        scores: Tensor = self.head(out)
        return scores


def study(setting: Setting = RECORDED, *, on_run: Callable[[Run], None] | None = None) -> list[Run]:
    """Train every cell of the space, and some of them with more seeds.

    Parameters
    ----------
    setting : Setting
        See there.
    on_run : callable, optional
        Called with the result of every run.

    Returns
    -------
    list of dict
        For each run: cell (a string), seed, parameters, validation and test accuracy (fractions, after the last
        epoch), and seconds of the processor.
    """
    images, test, _ = centred(setting.data, setting.images + setting.validation_images, setting.test_images)
    count = setting.images
    parts = Labelled(images.x[:count], images.y[:count]), Labelled(images.x[count:], images.y[count:])
    runs: list[Run] = []

    def one(cell: str, seed: int) -> None:
        runs.append(_run(cell, seed, setting, *parts, test))
        if on_run is not None:
            on_run(runs[-1])

    for choices in space.all_choices()[:: setting.every]:
        one(space.cell(choices), setting.seeds[0])
    ranked = sorted(runs, key=lambda run: -run["validation"])
    spread = [ranked[i] for i in np.linspace(0, len(ranked) - 1, setting.again).astype(int)]
    chosen = dict.fromkeys(run["cell"] for run in [*ranked[: setting.again], *spread])
    for cell in chosen:
        for seed in setting.seeds[1:]:
            one(cell, seed)
    return runs


def _run(
    cell: str, seed: int, setting: Setting, images: Labelled, validation: Labelled, test: Labelled
) -> Run:
    start = time.process_time()
    net = SmallNet(cell, filters=setting.filters, channels=images.x.shape[1], seed=seed)
    rows = train.fit(
        net,
        images,
        validation,
        epochs=setting.epochs,
        batch_size=setting.batch_size,
        lr=setting.lr,
        optimiser="adam",
        schedule="cosine",
        seed=seed,
        device="cpu",
        progress=False,
    )
    return {
        "cell": cell,
        "seed": seed,
        "parameters": sum(p.numel() for p in net.parameters()),
        "validation": round(rows[-1]["test_accuracy"], 4),
        "test": round(train.evaluate(net, test.x, test.y)[1], 4),
        "seconds": round(time.process_time() - start, 2),
    }


@dataclass(frozen=True)
class Table:
    """What came out for every cell, to be looked up in place of training.

    Attributes
    ----------
    validation, test : numpy.ndarray
        Accuracies, by the number of the cell; shape (256,).
    parameters : numpy.ndarray
        How many the net of each cell has.
    """

    validation: NDArray[np.float64]
    test: NDArray[np.float64]
    parameters: NDArray[np.int64]

    @classmethod
    def of(cls, runs: Sequence[Mapping[str, Any]]) -> Table:
        """Make the table of the runs of a study.

        Parameters
        ----------
        runs : sequence of mappings
            Of `study`; the first of each cell counts.

        Raises
        ------
        CsCnnError
            When a cell is missing.
        """
        first: dict[str, Mapping[str, Any]] = {}
        for run in runs:
            first.setdefault(run["cell"], run)
        cells = [space.cell(choices) for choices in space.all_choices()]
        missing = [cell for cell in cells if cell not in first]
        if missing:
            raise CsCnnError(
                f"The table needs a run of each of the {space.COUNT} cells, but {len(missing)} are missing, "
                f"such as {missing[0]!r}."
            )

        def column(key: str) -> list[Any]:
            return [first[cell][key] for cell in cells]

        return cls(np.array(column("validation")), np.array(column("test")), np.array(column("parameters")))

    def reward(self, choices: Any) -> NDArray[np.float64]:
        """Return the validation accuracy of cells: what a search is told of them.

        Parameters
        ----------
        choices : array of int (..., 5)

        Returns
        -------
        ndarray (...,)
        """
        return np.asarray(self.validation[space.number(choices)])
