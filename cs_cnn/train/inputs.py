"""What a run is given: images, labels, a folder; looked at before anything is trained."""

from __future__ import annotations

import os
import tempfile
import zlib
from pathlib import Path

import numpy as np
from torch import Tensor, nn

from cs_cnn.errors import CsCnnError
from cs_cnn.train.evaluation import Array, check_labels, images_as_tensor, labels_as_tensor, predict


def as_tensors(model: nn.Module, pair: tuple[Array, Array], what: str) -> tuple[Tensor, Tensor]:
    """Return images in the model's precision and their labels, or say what is wrong with them."""
    x = images_as_tensor(pair[0], model, f"the images of `{what}`")
    return x, labels_as_tensor(pair[1], len(x), f"the labels of `{what}`")


def check_sum(x: Tensor, y: Tensor) -> int:
    """Return a number that changes when an image or a label does."""
    images, labels = (np.ascontiguousarray(tensor.cpu().numpy()) for tensor in (x, y))
    return zlib.crc32(labels.data, zlib.crc32(images.data))


def writable_folder(folder: str | os.PathLike[str]) -> Path:
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


def try_out(model: nn.Module, image: Tensor, highest_label: int) -> None:
    """Pass one image through the net, and say it in a sentence when it does not fit."""
    try:
        logits = predict(model, image)
    except (ValueError, RuntimeError) as error:
        reason = str(error).strip().split("\n")[0].rstrip(".")
        raise CsCnnError(
            f"The net cannot take images of shape {tuple(image.shape[1:])}: {reason}."
        ) from error
    check_labels(logits, highest_label)
