"""What the tests run under torchrun: `torchrun ... together.py SCENARIO FOLDER`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import torch
from torch import nn

from cs_cnn import train
from cs_cnn.errors import CsCnnError
from cs_cnn.train.processes import Group, joined

# Batches of 7 images for two processes, a last one of 4; and batches of 59, whose last one is a single image.
SETTINGS = {
    "sevens": {"batch_size": 7, "lr": 0.05, "flip": True, "crop": 1, "weight_decay": 0.01},
    "one left": {"batch_size": 59, "lr": 0.01, "optimiser": "adam", "label_smoothing": 0.1},
}


def images() -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(91, 1, 6, 6)), np.arange(91) % 3
    x[np.arange(91), 0, 2 * y] += 1
    return (x[:60], y[:60]), (x[60:], y[60:])


def net(norm: bool = False) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        layers = [nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4) if norm else nn.Identity(), nn.Tanh(), nn.Flatten()]
        return nn.Sequential(*layers, nn.Dropout(0.3 if norm else 0.0), nn.Linear(64, 3)).double()


def run(model: nn.Module, epochs: int = 3, **settings: object) -> list[dict[str, float]]:
    return train.fit(
        model, *images(), epochs=epochs, device="cpu", progress=False, schedule="constant", **settings
    )


def without_time(rows: list[dict[str, float]]) -> list[dict[str, float]]:
    return [{key: value for key, value in row.items() if key != "seconds"} for row in rows]


def curves(group: Group, folder: Path) -> dict[str, object]:
    """Return the curves of runs without batch norm, and whether all processes end with the same weights."""
    found: dict[str, object] = {}
    for name, settings in SETTINGS.items():
        model = net()
        rows = run(model, folder=folder / name, **settings)
        weights = torch.cat([p.detach().flatten() for p in model.parameters()])
        found[name] = {
            "rows": without_time(rows),
            "weights": weights.tolist(),
            "equal": all(torch.equal(weights, other) for other in group.gather(weights)),
        }
    return found


def resumes(group: Group, folder: Path) -> bool:
    """Tell whether a run with batch norm and dropout that went on from a checkpoint equals one that did not stop."""
    straight, broken, other = net(norm=True), net(norm=True), net(norm=True)
    settings = {"batch_size": 8, "lr": 0.05, "crop": 1}
    rows = run(straight, folder=folder / "straight", **settings)
    run(broken, epochs=1, folder=folder / "broken", **settings)
    again = run(other, folder=folder / "broken", resume=True, **settings)
    mine, theirs = straight.state_dict(), other.state_dict()
    same = without_time(rows) == without_time(again) and all(torch.equal(mine[k], theirs[k]) for k in mine)
    return all(group.gather(same))


def sentences(group: Group, folder: Path) -> list[list[str]]:
    """Return the sentence that each process gets when something is wrong in one of them alone."""
    found = []
    for wrong in range(2):
        (x, y), test = images()
        pair = (x, y + 5) if group.rank == wrong else (x, y)
        try:
            train.fit(net(), pair, test, epochs=1, device="cpu", progress=False)
        except CsCnnError as error:
            found.append(group.gather(str(error)))
    for settings in ({"folder": folder / "taken" / "run"}, {"batch_size": 1}):
        try:
            run(net(), **settings)
        except CsCnnError as error:
            found.append(group.gather(str(error).replace(str(folder), "FOLDER")))
    return found


def main(scenario: str, folder: Path) -> None:
    torch.set_num_threads(1)
    if scenario == "command":
        from cs_cnn.train.__main__ import main as command

        if "--dies" in sys.argv:
            sys.argv.remove("--dies")
            _let_the_second_process_die_in_epoch_2()
        command(sys.argv[3:], prog_name="python -m cs_cnn.train")
    with joined("cpu") as group:
        found = {
            "curves": curves(group, folder),
            "resumes": resumes(group, folder),
            "sentences": sentences(group, folder),
            "writers": group.gather(group.first),
        }
        if group.first:
            (folder / "found.json").write_text(json.dumps(found))


def _let_the_second_process_die_in_epoch_2() -> None:
    from cs_cnn.train import loop

    one_epoch = loop.one_epoch

    def dying(trainee, x, y, epoch, *rest):  # type: ignore[no-untyped-def]
        if epoch == 2 and Group.current().rank == 1:
            os._exit(9)  # as the system ends a process that takes too much memory
        return one_epoch(trainee, x, y, epoch, *rest)

    loop.one_epoch = dying


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
