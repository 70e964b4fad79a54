"""The training loop: stochastic gradient descent with momentum, epoch by epoch."""

from __future__ import annotations

import os
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm import tqdm

from cs_cnn.errors import CsCnnError
from cs_cnn.train import checkpoint as cp
from cs_cnn.train.devices import find_device, private_randomness, random_state, set_random_state
from cs_cnn.train.evaluation import (
    Array,
    check_labels,
    evaluate,
    images_as_tensor,
    labels_as_tensor,
    predict,
)
from cs_cnn.train.history import Row, write_history
from cs_cnn.train.settings import SCHEDULES, checked_settings

# Looking at a loss makes a GPU wait for it, so it is done once in so many steps.
LOOK_EVERY = 20

# Guessing costs log K. A net whose units saturate can diverge and never overflow, so "not finite" is too late.
DIVERGED = 1e6


def fit(
    model: nn.Module,
    train: tuple[Array, Array],
    test: tuple[Array, Array],
    *,
    epochs: int = 10,
    batch_size: int = 16,
    lr: float = 0.02,
    momentum: float = 0.9,
    weight_decay: float = 0.0,
    schedule: str = "cosine",
    seed: int = 0,
    device: str | torch.device = "auto",
    folder: str | os.PathLike[str] | None = None,
    resume: bool = False,
    name: str | None = None,
    progress: bool = True,
    on_epoch: Callable[[Row], None] | None = None,
) -> list[Row]:
    """Train a net on images that fit in memory, with softmax cross-entropy.

    The update is that of `torch.optim.SGD`: v = momentum v + g, w = w - lr v. The defaults were chosen by
    measurement for LeNet-5 on the packaged 5,000 images.

    Parameters
    ----------
    model : torch.nn.Module
        Maps images (N, C, H, W) to logits (N, K). It is trained in place, and stays on the device. Its initial
        weights are the caller's affair: seed them, for instance with ``zoo.build(name, seed=0)``.
    train, test : pairs (x, y)
        Images (N, C, H, W), floating-point, and integer labels (N,) from 0; arrays or tensors. They are moved
        to the device once.
    epochs : int
        How many times every training image is seen.
    batch_size : int
        Images per step, at most as many as there are; the last batch of an epoch may be smaller.
    lr : float
        Learning rate at the start.
    momentum : float
        From 0 up to but not including 1.
    weight_decay : float
        Added to every gradient: weight_decay times the parameter.
    schedule : {"cosine", "constant"}
        "cosine" lowers the learning rate at every step, from `lr` to 0 at the end of the last epoch.
    seed : int
        Decides the order of the images and what layers such as dropout draw. torch's global generators are left
        as they were. Same seed, same weights, same CPU and number of threads: same result, bit for bit.
    device : {"auto", "cpu", "cuda", "mps"}
        See `find_device`.
    folder : path-like, optional
        Where ``checkpoint.pt`` and ``history.csv`` are renewed after every epoch. Files of an earlier run
        there are kept as ``*.previous.*``.
    resume : bool
        Go on from the checkpoint in `folder`: on the CPU the result equals that of an uninterrupted run. The
        settings, the data and the net must be those of that run.
    name : str, optional
        The net's name in the checkpoint; by default the name of its class.
    progress : bool
        Show a progress bar on standard error.
    on_epoch : callable, optional
        Called with the new row after every epoch, when the checkpoint is written.

    Returns
    -------
    list of dict
        One row per epoch, those before `resume` included; the keys are explained at `read_history`.

    Raises
    ------
    CsCnnError
        For a setting out of range, arrays that do not fit, an unknown device, a folder that cannot be written,
        a checkpoint that is missing, damaged or of another run, or a loss that is no longer finite (or above 10^6).
    KeyboardInterrupt
        With a note on what was saved; the checkpoint of the last finished epoch stays.
    """
    target = find_device(device)
    x, y = _pair(model, train, "train")
    x_test, y_test = _pair(model, test, "test")
    settings = checked_settings(
        len(x),
        epochs,
        batch_size=batch_size,
        lr=lr,
        momentum=momentum,
        weight_decay=weight_decay,
        schedule=schedule,
        seed=seed,
    )
    place = None if folder is None else _writable_folder(folder)
    if resume and place is None:
        raise CsCnnError("resume needs the folder of the run to go on with, got folder=None.")
    if place is not None:
        settings["data"] = [_check_sum(x, y), _check_sum(x_test, y_test)]
    name = name or type(model).__name__

    model.to(target)
    _try_out(model, x[:1], int(torch.max(y.max(), y_test.max())))
    x, y, x_test, y_test = (tensor.to(target) for tensor in (x, y, x_test, y_test))
    optimiser = torch.optim.SGD(model.parameters(), lr, momentum=momentum, weight_decay=weight_decay)
    shuffler = torch.Generator().manual_seed(seed)
    rows: list[Row] = []
    with private_randomness(seed, target):
        if resume and place is not None:
            saved = _fitting_checkpoint(place / cp.FILE, name, settings, epochs)
            cp.put_weights(model, saved.model, place / cp.FILE)
            optimiser.load_state_dict(saved.optimiser)
            shuffler.set_state(saved.shuffler)
            set_random_state(saved.randomness, target)
            rows = list(saved.history)
            write_history(place / cp.HISTORY_FILE, rows)  # an interrupt may have fallen between the two files
        try:
            for epoch in range(len(rows) + 1, epochs + 1):
                start = time.perf_counter()
                first_lr, loss, accuracy = _one_epoch(
                    model, optimiser, x, y, shuffler, settings, epoch, epochs, progress
                )
                test_loss, test_accuracy = evaluate(model, x_test, y_test)
                _check_loss(test_loss, "test loss", epoch, lr)
                row: Row = {
                    "epoch": epoch,
                    "lr": first_lr,
                    "train_loss": loss,
                    "train_accuracy": accuracy,
                    "test_loss": test_loss,
                    "test_accuracy": test_accuracy,
                    "seconds": round(time.perf_counter() - start, 3),
                }
                if place is not None:
                    if not rows:
                        cp.keep_previous(place)
                    state = cp.Checkpoint(
                        name,
                        model.state_dict(),
                        optimiser.state_dict(),
                        settings,
                        [*rows, row],
                        shuffler.get_state(),
                        random_state(target),
                    )
                    cp.save_checkpoint(place / cp.FILE, state)
                    write_history(place / cp.HISTORY_FILE, [*rows, row])
                rows.append(row)
                if on_epoch is not None:
                    on_epoch(row)
        except KeyboardInterrupt as interrupt:
            if place is not None and rows:
                interrupt.add_note(
                    f"Epoch {len(rows)} of {epochs} is in {place / cp.FILE}; "
                    "go on from there with resume=True (on the command line: --resume)."
                )
            raise
    return rows


def _one_epoch(
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    x: Tensor,
    y: Tensor,
    shuffler: torch.Generator,
    settings: dict[str, Any],
    epoch: int,
    epochs: int,
    progress: bool,
) -> tuple[float, float, float]:
    """Make one step for every batch; return the first learning rate, the mean loss and the accuracy."""
    factor = SCHEDULES[settings["schedule"]]
    # The order is drawn on the CPU, so that it is the same on every device.
    order = torch.randperm(len(x), generator=shuffler).to(x.device)
    batches = torch.split(order, settings["batch_size"])
    losses: list[Tensor] = []
    hits: list[Tensor] = []
    first_lr = settings["lr"] * factor((epoch - 1) / epochs)
    model.train()
    with tqdm(total=len(batches), desc=f"epoch {epoch}/{epochs}", leave=False, disable=not progress) as bar:
        for step, batch in enumerate(batches):
            for group in optimiser.param_groups:
                group["lr"] = settings["lr"] * factor((epoch - 1 + step / len(batches)) / epochs)
            logits = model(x[batch])
            loss = F.cross_entropy(logits, y[batch])
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            loss = loss.detach()
            losses.append(loss * len(batch))
            hits.append((logits.detach().argmax(1) == y[batch]).sum())
            if step % LOOK_EVERY == 0:
                _check_loss(float(loss), "training loss", epoch, settings["lr"])
                bar.set_postfix(loss=f"{float(loss):.3f}", refresh=False)
            bar.update()
    mean = float(torch.stack(losses).cpu().double().sum() / len(x))
    _check_loss(mean, "training loss", epoch, settings["lr"])
    return first_lr, mean, float(torch.stack(hits).sum()) / len(x)


def _check_loss(loss: float, what: str, epoch: int, lr: float) -> None:
    if not loss < DIVERGED:  # true of nan as well
        raise CsCnnError(
            f"The {what} became {loss:.3g} in epoch {epoch}, so the learning rate {lr:g} is too high: "
            "try a tenth of it (what was saved before this epoch is untouched)."
        )


def _pair(model: nn.Module, pair: tuple[Array, Array], what: str) -> tuple[Tensor, Tensor]:
    x = images_as_tensor(pair[0], model, f"the images of `{what}`")
    return x, labels_as_tensor(pair[1], len(x), f"the labels of `{what}`")


def _check_sum(x: Tensor, y: Tensor) -> int:
    images, labels = (np.ascontiguousarray(tensor.cpu().numpy()) for tensor in (x, y))
    return zlib.crc32(labels.data, zlib.crc32(images.data))


def _writable_folder(folder: str | os.PathLike[str]) -> Path:
    """Make the folder and try it now, rather than after the first epoch."""
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise CsCnnError(
            f"Cannot write to the folder {place}: {error.strerror or error}; choose another with --out."
        ) from error
    return place


def _try_out(model: nn.Module, image: Tensor, highest_label: int) -> None:
    try:
        logits = predict(model, image)
    except (ValueError, RuntimeError) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise CsCnnError(
            f"The net cannot take images of shape {tuple(image.shape[1:])}: {reason}."
        ) from error
    check_labels(logits, highest_label)


def _fitting_checkpoint(path: Path, name: str, settings: dict[str, Any], epochs: int) -> cp.Checkpoint:
    """Load the checkpoint to go on from, if it is of the same run."""
    saved = cp.load_checkpoint(path)
    if saved.model_name != name:
        raise CsCnnError(f"{path} is a run of {saved.model_name!r}, not of {name!r}; choose another folder.")
    for key in [*settings, *saved.settings]:
        before, now = saved.settings.get(key), settings.get(key)
        if before != now and key == "data":
            raise CsCnnError(f"{path} was trained on other images; resume with the same data set.")
        if before != now:
            raise CsCnnError(
                f"{path} was trained with {key} = {before}, now it is {now}; "
                "resume with the same settings, or start anew in another folder."
            )
    if saved.epoch > epochs:
        raise CsCnnError(f"{path} has {saved.epoch} epochs already, which is more than epochs = {epochs}.")
    return saved
