"""Checkpoints: everything that a run needs to go on, in one file that is whole or absent."""

from __future__ import annotations

import dataclasses
import os
import pickle
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write
from cs_cnn.train.devices import RandomState
from cs_cnn.train.history import Row

FORMAT = "cs_cnn.train checkpoint"
VERSION = 2
FILE = "checkpoint.pt"
HISTORY_FILE = "history.csv"


@dataclass(frozen=True)
class Checkpoint:
    """The state of a run after an epoch.

    Attributes
    ----------
    model_name : str
        Which net this is, for instance "lenet5".
    model : dict of str to Tensor
        The net's state dictionary.
    optimiser : dict
        The optimiser's state dictionary (momentum, and what else it keeps).
    settings : dict
        What must be the same when the run goes on: batch size, learning rate, seed, data and so on.
    history : list of dict
        The rows so far; the run has finished ``len(history)`` epochs.
    shuffler : Tensor
        State of the generator that shuffles the images and draws their augmentation.
    randomness : list of dict of str to Tensor
        States of the generators that layers such as dropout draw from, for each process.
    scaler : dict
        The scale of the loss in float16; else empty.
    """

    model_name: str
    model: dict[str, Tensor]
    optimiser: dict[str, Any]
    settings: dict[str, Any]
    history: list[Row]
    shuffler: Tensor
    randomness: list[RandomState]
    scaler: dict[str, Any]

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return len(self.history)


def save_checkpoint(path: str | os.PathLike[str], checkpoint: Checkpoint) -> None:
    """Write a checkpoint; until the new file is complete the old one stays under its name.

    Parameters
    ----------
    path : path-like
        The file, usually ``<folder>/checkpoint.pt``.
    checkpoint : Checkpoint
        The state of the run.

    Raises
    ------
    CsCnnError
        When it cannot be written, for instance on a full disk.
    """
    fields = {field.name: getattr(checkpoint, field.name) for field in dataclasses.fields(checkpoint)}
    with atomic_write(path, "wb") as file:
        try:
            torch.save({"format": FORMAT, "version": VERSION, **fields}, file)
        except RuntimeError as error:
            # torch's writer turns a failed write into a RuntimeError of its own, with the cause behind it.
            raise CsCnnError(
                f"Cannot write {path}: {_first_line(error)}; the file is as it was before."
            ) from error


def _first_line(error: BaseException) -> str:
    text = str(error).strip()
    return text.splitlines()[0].rstrip(".") if text else type(error).__name__


def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read a checkpoint, and run no code from it.

    Parameters
    ----------
    path : path-like
        A file that `fit` wrote, usually ``<folder>/checkpoint.pt``.

    Returns
    -------
    Checkpoint
        With all tensors on the CPU.

    Raises
    ------
    CsCnnError
        When the file is missing, cut short, altered, or not a checkpoint of this package and version.
    """
    path = Path(path)
    if not path.is_file():
        raise CsCnnError(f"There is no checkpoint {path}; train first, without --resume.")
    try:
        # torch.load does not compare the check sums of the archive, so a flipped bit would pass unseen.
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
        if damaged:
            raise zipfile.BadZipFile(f"{damaged} does not match its check sum")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (
        OSError,
        EOFError,
        RuntimeError,
        ValueError,
        KeyError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
    ) as error:
        raise CsCnnError(
            f"Cannot read the checkpoint {path}: it is damaged or no checkpoint ({_first_line(error)}); "
            "delete it and train again."
        ) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CsCnnError(f"{path} is not a checkpoint of cs_cnn.train; give the folder of a run as --out.")
    if content.get("version") != VERSION:
        raise CsCnnError(
            f"The checkpoint {path} has version {content.get('version')}, and this cs_cnn reads version {VERSION}; "
            "train again, or use the cs_cnn that wrote it."
        )
    names = [field.name for field in dataclasses.fields(Checkpoint)]
    missing = [name for name in names if name not in content]
    if missing:
        raise CsCnnError(f"The checkpoint {path} lacks {', '.join(missing)}; delete it and train again.")
    return Checkpoint(**{name: content[name] for name in names})


def put_weights(model: nn.Module, weights: dict[str, Tensor], where: object) -> None:
    """Copy a state dictionary into a model after comparing every name and shape; on a mismatch change nothing."""
    own = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    other = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    if own != other:
        name = next(name for name in [*own, *other] if own.get(name) != other.get(name))
        raise CsCnnError(
            f"The weights in {where} are those of another net: {name} has shape {other.get(name, 'none')} there "
            f"and {own.get(name, 'none')} here; build the net with the same options."
        )
    model.load_state_dict(weights)


def load_weights(model: nn.Module, path: str | os.PathLike[str]) -> Checkpoint:
    """Put the weights of a checkpoint into a net.

    Parameters
    ----------
    model : torch.nn.Module
        A net built with the same options as the one that was trained. It is changed in place.
    path : path-like
        A checkpoint file.

    Returns
    -------
    Checkpoint
        What was read, for its history and settings.

    Raises
    ------
    CsCnnError
        When the file cannot be used, or a name or a shape differs; the net is then as it was.
    """
    checkpoint = load_checkpoint(path)
    put_weights(model, checkpoint.model, path)
    return checkpoint


def keep_previous(folder: Path) -> None:
    """Rename an earlier run's files in `folder` to *.previous.*, so that a forgotten --resume loses nothing."""
    for name in (FILE, HISTORY_FILE):
        old = folder / name
        if old.exists():
            try:
                os.replace(old, old.with_name(f"{old.stem}.previous{old.suffix}"))
            except OSError as error:
                raise CsCnnError(
                    f"Cannot rename {old}: {error.strerror or error}; nothing was changed."
                ) from error
