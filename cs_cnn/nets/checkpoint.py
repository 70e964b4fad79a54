"""Checkpoints of the training loop: all that a run needs to go on, in one file that is whole or absent.

The file is NumPy's ``.npz``: arrays and two texts, and nothing in it is ever executed.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cs_cnn.errors import CsCnnError
from cs_cnn.files import atomic_write
from cs_cnn.nets.history import History
from cs_cnn.nets.net import Net
from cs_cnn.optim import Optimiser

FILE = "checkpoint.npz"
FORMAT = "cs_cnn.nets checkpoint 1"


@dataclass
class Run:
    """All that changes while a network is trained.

    Attributes
    ----------
    net : Net
        Its parameters, and its ``buffers`` where it has any (numbers it collects and does not learn).
    optimiser : Optimiser
    rng : numpy.random.Generator
        Source of the order of the examples.
    history : History
    best : dict of str to numpy.ndarray
        The parameters (and buffers) after the best epoch; empty when they are not asked for.
    """

    net: Net
    optimiser: Optimiser
    rng: np.random.Generator
    history: History = field(default_factory=History)
    best: dict[str, np.ndarray] = field(default_factory=dict)


def weights(net: Net) -> dict[str, np.ndarray]:
    """Return the arrays that make up a network, themselves and not copies: parameters, and buffers if any."""
    return {**net.params, **getattr(net, "buffers", {})}


def save(path: Path, run: Run, settings: Mapping[str, Any]) -> None:
    """Write a checkpoint; until the new file is complete the old one stays under its name.

    Parameters
    ----------
    path : pathlib.Path
    run : Run
    settings : mapping
        What must be the same when the run goes on, of types that JSON knows; ``"data"`` are check sums.

    Raises
    ------
    CsCnnError
        When the file cannot be written.
    """
    texts = {
        "format": FORMAT,
        "settings": json.dumps(dict(settings)),
        "rng": json.dumps(run.rng.bit_generator.state, default=lambda array: array.tolist()),
    }
    parts: dict[str, Mapping[str, Any]] = {
        "net": weights(run.net),
        "best": run.best,
        "optimiser": run.optimiser.state_dict(),
        "history": asdict(run.history),
    }
    content = {f"{part}/{name}": value for part, values in parts.items() for name, value in values.items()}
    with atomic_write(path, "wb") as file:
        np.savez(
            file, allow_pickle=False, **{name: np.asarray(value) for name, value in (texts | content).items()}
        )


def restore(path: Path, run: Run, settings: Mapping[str, Any]) -> None:
    """Put a run back to where a checkpoint was written.

    Parameters
    ----------
    path : pathlib.Path
    run : Run
        Changed in place; untouched when the checkpoint does not fit.
    settings : mapping
        As given to `save`; they must be the same.

    Raises
    ------
    CsCnnError
        When the file is missing, damaged, or of another run.
    """
    content = _read(path)
    before = json.loads(str(content["settings"]))
    for name, now in settings.items():
        if before.get(name) != now and name == "data":
            raise CsCnnError(
                f"{path} was trained on other data; resume with the same training and validation data."
            )
        if before.get(name) != now:
            raise CsCnnError(
                f"{path} was trained with {name} = {before.get(name)}, now it is {now}; resume with the same settings,"
                " or start anew in another folder."
            )
    parts: dict[str, dict[str, np.ndarray]] = {"net": {}, "best": {}, "optimiser": {}, "history": {}}
    for name, value in content.items():
        part, _, rest = name.partition("/")
        if rest:
            parts[part][rest] = value
    own = weights(run.net)
    shapes = {name: value.shape for name, value in own.items()}
    if shapes != {name: value.shape for name, value in parts["net"].items()}:
        raise CsCnnError(f"{path} is of a net with other parameters; build the net as it was built then.")
    state = json.loads(str(content["rng"]))
    if state["bit_generator"] != run.rng.bit_generator.state["bit_generator"]:
        raise CsCnnError(
            f"{path} was trained with the generator {state['bit_generator']}, and rng is a"
            f" {run.rng.bit_generator.state['bit_generator']}; pass one of the same kind."
        )
    try:
        run.optimiser.load_state_dict(parts["optimiser"])
    except ValueError as error:
        raise CsCnnError(f"Cannot go on from {path}: {error}.") from error
    put(own, parts["net"])
    run.best = parts["best"]
    run.history = History(**{name: value.tolist() for name, value in parts["history"].items()})
    run.rng.bit_generator.state = state


def put(own: Mapping[str, np.ndarray], values: Mapping[str, np.ndarray]) -> None:
    """Copy values into arrays that others hold on to, under the same names."""
    for name, value in own.items():
        value[...] = values[name]


def keep_previous(path: Path) -> None:
    """Rename the checkpoint of an earlier run, so that a forgotten ``resume=True`` loses nothing."""
    if path.exists():
        try:
            os.replace(path, path.with_name(f"{path.stem}.previous{path.suffix}"))
        except OSError as error:
            raise CsCnnError(
                f"Cannot rename {path}: {error.strerror or error}; nothing was changed."
            ) from error


def _read(path: Path) -> dict[str, np.ndarray]:
    """Read all arrays of a checkpoint, and run no code from it."""
    if not path.is_file():
        raise CsCnnError(f"There is no checkpoint {path}; train first, with resume=False.")
    try:
        with np.load(path, allow_pickle=False) as archive:
            content = {name: archive[name] for name in archive.files}
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise CsCnnError(
            f"Cannot read the checkpoint {path}: it is damaged or no checkpoint ({error}); delete it and train again."
        ) from error
    if str(content.get("format")) != FORMAT:
        raise CsCnnError(f"{path} is not a checkpoint of this version's cs_cnn.nets.fit; train again.")
    return content
