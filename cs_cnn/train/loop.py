"""The training loop: epoch by epoch, each followed by a test and a checkpoint."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from cs_cnn.errors import CsCnnError
from cs_cnn.train import checkpoint as cp
from cs_cnn.train.board import Board, require_tensorboard
from cs_cnn.train.devices import find_device, private_randomness, random_state, set_random_state
from cs_cnn.train.evaluation import Array, measures
from cs_cnn.train.history import TOP5, Row, write_history
from cs_cnn.train.inputs import as_tensors, check_sum, try_out, writable_folder
from cs_cnn.train.processes import Group, told_when_lost
from cs_cnn.train.recipe.optimisers import make_optimiser
from cs_cnn.train.recipe.precision import Precision, resolve
from cs_cnn.train.recipe.schedules import should_stop
from cs_cnn.train.recipe.settings import check_settings, make_settings
from cs_cnn.train.steps import Trainee, check_loss, one_epoch

Images = tuple[Array, Array]


def fit(
    model: nn.Module,
    train: Images,
    test: Images,
    *,
    epochs: int = 10,
    device: str | torch.device = "auto",
    folder: str | os.PathLike[str] | None = None,
    resume: bool = False,
    name: str | None = None,
    progress: bool = True,
    tensorboard: bool = False,
    on_epoch: Callable[[Row], None] | None = None,
    **settings: Any,
) -> list[Row]:
    """Train a net on images that fit in memory, with softmax cross-entropy.

    Started in several processes by ``torchrun``, they train the net together, see `cs_cnn.train.processes`.

    Parameters
    ----------
    model : torch.nn.Module
        Maps images (N, C, H, W) to logits (N, K), in training mode perhaps to `Supervised`, whose auxiliary heads
        each add 0.3 of their loss. It is trained in place, and stays on the device. Its initial weights are the
        caller's affair: seed them, for instance with ``zoo.build(name, seed=0)``.
    train, test : pairs (x, y)
        Images (N, C, H, W), floating-point, and integer labels (N,) from 0; arrays or tensors. They are moved
        to the device once. Where the test accuracy decides something (`schedule="plateau"`, `stop_after`), pass
        validation images as `test`, and keep the real test images for the end.
    epochs : int
        How many times every training image is seen.
    device : {"auto", "cpu", "cuda", "mps"}
        See `find_device`.
    folder : path-like, optional
        Where ``checkpoint.pt`` and ``history.csv`` are renewed after every epoch. Files of an earlier run
        there are kept as ``*.previous.*``.
    resume : bool
        Go on from the checkpoint in `folder`: on the CPU the result equals that of an uninterrupted run. The
        settings, the data, the net and the number of processes must be those of that run.
    name : str, optional
        The net's name in the checkpoint; by default the name of its class.
    progress : bool
        Show a progress bar on standard error.
    tensorboard : bool
        Also write the history for TensorBoard, into ``folder/tensorboard``.
    on_epoch : callable, optional
        Called with the new row after every epoch, when the checkpoint is written; in the first process.
    **settings
        batch_size, optimiser, lr, momentum, weight_decay, schedule, seed and all others of
        `cs_cnn.train.recipe.settings.Settings`, where they are explained.

    Returns
    -------
    list of dict
        One row per epoch, those before `resume` included; the keys are explained at `read_history`.

    Raises
    ------
    CsCnnError
        For a setting out of range, arrays that do not fit, an unknown device, a folder that cannot be written,
        a checkpoint that is missing, damaged or of another run, a loss that is no longer finite (or above 10^6),
        or when another process of the run has ended.
    KeyboardInterrupt
        With a note on what was saved; the checkpoint of the last finished epoch stays.
    """
    group = Group.current()
    run = group.together(
        lambda: _Run(model, train, test, epochs, device, folder, resume, name, tensorboard, group, settings)
    )
    run.trainee.model = group.wrap(run.model, run.device)
    with private_randomness(group.seed(run.trainee.settings.seed), run.device):
        if resume:
            run.go_on()
        board = Board(run.place, len(run.rows)) if tensorboard and run.place and group.first else None
        try:
            with told_when_lost(group, run.what_is_saved):
                while not run.finished:
                    row = run.one_more(progress and group.first)
                    if board is not None:
                        board.write(row)
                    if on_epoch is not None and group.first:
                        on_epoch(row)
        except KeyboardInterrupt as interrupt:
            if run.place is not None and run.rows:
                saved = run.what_is_saved()
                interrupt.add_note(saved[0].upper() + saved[1:])
            raise
        finally:
            if board is not None:
                board.close()
    return run.rows


class _Run:
    """A run: what it was given, checked, and how far it has come."""

    def __init__(
        self,
        model: nn.Module,
        train: Images,
        test: Images,
        epochs: int,
        device: str | torch.device,
        folder: str | os.PathLike[str] | None,
        resume: bool,
        name: str | None,
        tensorboard: bool,
        group: Group,
        chosen: dict[str, Any],
    ) -> None:
        self.device = group.device(find_device(device))
        x, y = as_tensors(model, train, "train")
        x_test, y_test = as_tensors(model, test, "test")
        settings = make_settings(**chosen)
        check_settings(settings, len(x), epochs, group.size)
        precision = resolve(settings.precision, self.device)
        if settings.sync_batch_norm and self.device.type != "cuda":
            raise CsCnnError(
                "sync_batch_norm needs CUDA GPUs; without it each process has its own statistics."
            )
        # The first process writes; on other machines there need not be such a folder.
        self.place = None if folder is None else writable_folder(folder) if group.first else Path(folder)
        if self.place is None and (resume or tensorboard):
            what = (
                "resume needs the folder of the run to go on with" if resume else "tensorboard needs a folder"
            )
            raise CsCnnError(f"{what}, got folder=None.")
        if tensorboard and group.first:
            require_tensorboard()
        self.name = name or type(model).__name__
        run = {"precision": precision, "processes": group.size}
        self.identity = {**settings.identity(epochs), **run}
        if self.place is not None:
            self.identity["data"] = [check_sum(x, y), check_sum(x_test, y_test)]
        model.to(self.device)
        try_out(model, x[:1], int(torch.max(y.max(), y_test.max())))
        if settings.sync_batch_norm and group.size > 1:
            model = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
        self.model, self.rows = model, list[Row]()
        self._data = [tensor.to(self.device) for tensor in (x, y, x_test, y_test)]
        self.trainee = Trainee(
            model,
            make_optimiser(model, settings),
            Precision(precision, self.device),
            torch.Generator().manual_seed(settings.seed),
            settings,
            epochs,
            group,
        )

    @property
    def accuracies(self) -> list[float]:
        """Test accuracy after every epoch so far."""
        return [row["test_accuracy"] for row in self.rows]

    @property
    def finished(self) -> bool:
        """Whether all epochs are done, or the test accuracy has stopped rising for too long."""
        return len(self.rows) >= self.trainee.epochs or should_stop(
            self.accuracies, self.trainee.settings.stop_after
        )

    def what_is_saved(self) -> str:
        """Return half a sentence on where the run can go on."""
        if self.place is None or not self.rows:
            return "nothing was saved."
        return (
            f"epoch {len(self.rows)} of {self.trainee.epochs} is in {self.place / cp.FILE}; "
            "go on from there with resume=True (on the command line: --resume)."
        )

    def go_on(self) -> None:
        """Take up the state of the checkpoint in the folder."""
        assert self.place is not None
        path, trainee = self.place / cp.FILE, self.trainee
        group = trainee.group
        saved = group.from_first(lambda: _fitting_checkpoint(path, self.name, self.identity, trainee.epochs))
        group.together(lambda: cp.put_weights(self.model, saved.model, path))
        trainee.optimiser.load_state_dict(saved.optimiser)
        trainee.shuffler.set_state(saved.shuffler)
        trainee.precision.load(saved.scaler)
        set_random_state(saved.randomness[group.rank], self.device)
        self.rows = list(saved.history)
        # An interrupt may have fallen between the two files.
        history = self.place / cp.HISTORY_FILE
        group.from_first(lambda: write_history(history, self.rows))

    def one_more(self, progress: bool) -> Row:
        """Train for an epoch, test, and save."""
        start, epoch, trainee = time.perf_counter(), len(self.rows) + 1, self.trainee
        x, y, x_test, y_test = self._data
        lr, loss, accuracy = one_epoch(trainee, x, y, epoch, self.accuracies, progress)
        trainee.group.level(self.model)
        found = measures(self.model, x_test, y_test, group=trainee.group)
        # Large but finite is no alarm here: in the first steps of a deep net the running statistics of batch norm
        # are far from those of the batches, which multiplies up from layer to layer, and passes.
        check_loss(found["loss"], "test loss", epoch, trainee.settings.rate, limit=math.inf)
        row: Row = {
            "epoch": epoch,
            "lr": lr,
            "train_loss": loss,
            "train_accuracy": accuracy,
            "test_loss": found["loss"],
            "test_accuracy": found["accuracy"],
            **({TOP5: found["top5"]} if "top5" in found else {}),
            "seconds": round(time.perf_counter() - start, 3),
        }
        if self.place is not None:
            self._save(self.place, [*self.rows, row])
        self.rows.append(row)
        return row

    def _save(self, place: Path, rows: list[Row]) -> None:
        trainee = self.trainee
        randomness = trainee.group.gather(random_state(self.device))

        def write() -> None:
            if len(rows) == 1:
                cp.keep_previous(place)
            state = cp.Checkpoint(
                self.name,
                self.model.state_dict(),
                trainee.optimiser.state_dict(),
                self.identity,
                rows,
                trainee.shuffler.get_state(),
                randomness,
                trainee.precision.state(),
            )
            cp.save_checkpoint(place / cp.FILE, state)
            write_history(place / cp.HISTORY_FILE, rows)

        trainee.group.from_first(write)


def _fitting_checkpoint(path: Path, name: str, identity: dict[str, Any], epochs: int) -> cp.Checkpoint:
    """Load the checkpoint to go on from, if it is of the same run."""
    saved = cp.load_checkpoint(path)
    if saved.model_name != name:
        raise CsCnnError(f"{path} is a run of {saved.model_name!r}, not of {name!r}; choose another folder.")
    for key in [*identity, *saved.settings]:
        before, now = saved.settings.get(key), identity.get(key)
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
