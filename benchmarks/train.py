"""Compare `cs_cnn.train.fit` with a bare PyTorch loop: CPU time as ratios; on a GPU images per second.

The bare loop does what is needed and no more: shuffle, forward, backward, step, and a test after every epoch. `fit`
also counts losses and right answers, looks out for a loss that is no longer finite, and moves the learning rate; with
a folder it saves a checkpoint and the history after every epoch, which is measured beside it. All take turns, since the
machine may be busy.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import click
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.machine import processor, versions
from cs_cnn import data, train, zoo
from cs_cnn.command import Sentence
from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write
from cs_cnn.train.recipe.precision import PRECISIONS, resolve

# name in the zoo, images per step, training images
CASES = [("lenet5", 16, 2000), ("lenet5", 128, 5000), ("resnet20", 32, 640)]

Images = tuple[Tensor, Tensor]


def bare_loop(
    model: nn.Module,
    training: Images,
    test: Images,
    *,
    epochs: int,
    batch_size: int,
    precision: str = "float32",
) -> None:
    """Train as a short script does."""
    x, y = training
    optimiser = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    dtype = PRECISIONS[precision]
    for _ in range(epochs):
        model.train()
        for batch in torch.split(torch.randperm(len(x)).to(x.device), batch_size):
            with torch.autocast(x.device.type, dtype, enabled=dtype is not torch.float32):
                loss = F.cross_entropy(model(x[batch]), y[batch])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        model.eval()
        with torch.no_grad():
            logits = torch.cat([model(part) for part in torch.split(test[0], 500)])
            F.cross_entropy(logits, test[1]).item()
            (logits.argmax(1) == test[1]).float().mean().item()


def _seconds(function: Callable[[], object], clock: Callable[[], float]) -> float:
    started = clock()
    function()
    return clock() - started


def _in_turns(
    functions: dict[str, Callable[[], object]], rounds: int, clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Return the seconds of all in every round, after one round that pays for caches and is not counted."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    names = list(functions)
    for turn in range(rounds + 1):
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            times[name].append(_seconds(functions[name], clock))
    return {name: measured[1:] for name, measured in times.items()}


def _ratio(ours: list[float], bare: list[float]) -> float:
    """Return the median of the rounds' ratios."""
    return round(statistics.median(a / b for a, b in zip(ours, bare, strict=True)), 4)


def overhead(name: str, batch_size: int, count: int, rounds: int, epochs: int = 5) -> dict[str, Any]:
    """Return the CPU time of `fit` over that of the bare loop, the median of the rounds' ratios, for one net."""
    images = data.load("fashion-mnist")
    count = min(count, len(images.x_train))
    training, test = (
        (torch.from_numpy(x), torch.from_numpy(y))
        for x, y in (
            (images.x_train[:count], images.y_train[:count]),
            (images.x_test[:200], images.y_test[:200]),
        )
    )
    nets = [zoo.build_small(name, size=28, seed=0) for _ in range(3)]
    same: dict[str, Any] = {"epochs": epochs, "batch_size": batch_size}
    with tempfile.TemporaryDirectory() as folder:
        times = _in_turns(
            {
                "fit": lambda: train.fit(nets[0], training, test, **same, device="cpu", progress=False),
                "saving": lambda: train.fit(
                    nets[1], training, test, **same, device="cpu", progress=False, folder=folder
                ),
                "bare": lambda: bare_loop(nets[2], training, test, **same),
            },
            rounds,
            time.process_time,
        )
    return {
        "net": name,
        "images": count,
        **same,
        **{f"{key}_s": round(statistics.median(measured), 3) for key, measured in times.items()},
        "ratio": _ratio(times["fit"], times["bare"]),
        "ratio_saving": _ratio(times["saving"], times["bare"]),
    }


def images_per_second(
    device: torch.device, *, name: str = "resnet18", batch_size: int = 256, count: int = 4096, rounds: int = 5
) -> dict[str, Any]:
    """Return how many random images a second `fit` and the bare loop train on, in the device's best precision."""
    size, classes = (224, 1000) if device.type == "cuda" else (32, 10)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(count, 3, size, size, generator=generator).to(device)
    y = torch.randint(0, classes, (count,), generator=generator).to(device)
    test = x[:1], y[:1]
    nets = [zoo.build(name, classes=classes, channels=3, size=size, seed=0).to(device) for _ in range(2)]
    precision = resolve("auto", device)

    def finished(function: Callable[[], object]) -> None:
        function()
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    once: dict[str, Any] = {"epochs": 1, "batch_size": batch_size}
    times = _in_turns(
        {
            "fit": lambda: finished(
                lambda: train.fit(nets[0], (x, y), test, **once, device=device, progress=False)
            ),
            "bare": lambda: finished(lambda: bare_loop(nets[1], (x, y), test, **once, precision=precision)),
        },
        rounds,
        time.perf_counter,
    )
    named = torch.cuda.get_device_name(device) if device.type == "cuda" else processor()
    return {
        "net": name,
        "device": named,
        "precision": precision,
        "batch_size": batch_size,
        **{f"{key}_images_per_s": round(count / statistics.median(t), 1) for key, t in times.items()},
        "ratio": _ratio(times["fit"], times["bare"]),
    }


@click.command(context_settings={"show_default": True})
@click.option("--rounds", type=click.IntRange(1), default=11, help="How often each has a turn.")
@click.option("--images", type=click.IntRange(1), help="At most so many training images.")
@click.option("--device", default="cpu", help="cuda: ResNet-18 on the GPU, in images per second.")
@click.option("--json", "json_file", type=click.Path(path_type=Path), help="Write the table to this file.")
def main(rounds: int, images: int | None, device: str, json_file: Path | None) -> None:
    """Print the time of `cs_cnn.train.fit` over that of a bare loop (1.03: three per cent more), and with saving."""
    torch.set_num_threads(1)
    try:
        target = train.find_device(device)
    except CsCnnError as error:
        raise Sentence(str(error)) from error
    found: dict[str, Any] = {
        "date": f"{date.today():%Y-%m-%d}",
        "cpu": processor(),
        "threads": 1,
        **versions(),
    }
    if target.type == "cuda":
        row = found["gpu"] = images_per_second(target, rounds=min(rounds, 5))
        click.echo(
            f"{row['net']} on {row['device']}, {row['precision']}: {row['fit_images_per_s']:,.0f} images/s, "
            f"bare loop {row['bare_images_per_s']:,.0f}, ratio of the times {row['ratio']:.3f}"
        )
    else:
        found["rows"] = []
        click.echo(
            f"{'net':<10}{'batch':>6}{'images':>8}{'fit (s)':>9}{'bare (s)':>9}{'ratio':>8}{'saving':>8}"
        )
        for name, batch_size, count in CASES:
            row = overhead(name, batch_size, min(count, images or count), rounds)
            found["rows"].append(row)
            click.echo(
                f"{name:<10}{batch_size:>6}{row['images']:>8}{row['fit_s']:>9.3f}{row['bare_s']:>9.3f}"
                f"{row['ratio']:>8.3f}{row['ratio_saving']:>8.3f}"
            )
    if json_file:
        with atomic_write(json_file) as file:
            json.dump(found, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
