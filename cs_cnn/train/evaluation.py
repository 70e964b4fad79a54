"""What a trained net says: its logits, its loss and its accuracy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from cs_cnn.errors import CsCnnError
from cs_cnn.train.processes import Group

Array = NDArray[Any] | Tensor

# Large enough to be quick, small enough that the maps of the early layers stay in memory.
BATCH = 500


def _tensor(array: Array) -> Tensor:
    # torch shares memory with NumPy arrays, and warns about those that are write-protected.
    if isinstance(array, np.ndarray) and not array.flags.writeable:
        array = array.copy()
    return torch.as_tensor(array)


def images_as_tensor(x: Array, model: nn.Module, name: str = "x") -> Tensor:
    """Return `x` as a floating tensor in the model's precision, where it lies (not copied if it fits already)."""
    tensor = _tensor(x)
    if not tensor.is_floating_point():
        raise CsCnnError(
            f"{name} must hold floating-point numbers, got {tensor.dtype}: "
            "load the data with dtype=np.float32, or divide the bytes by 255."
        )
    if len(tensor) == 0:
        raise CsCnnError(f"{name} is empty: there is nothing to train on or to evaluate.")
    parameter = next(model.parameters(), None)
    return tensor if parameter is None else tensor.to(parameter.dtype)


def labels_as_tensor(y: Array, count: int, name: str = "y") -> Tensor:
    """Return labels as an int64 tensor of length `count`, none below zero."""
    tensor = _tensor(y)
    if tensor.is_floating_point() or tensor.dtype == torch.bool or tensor.shape != (count,):
        raise CsCnnError(
            f"{name} must hold {count} whole numbers, one label for each image, "
            f"got shape {tuple(tensor.shape)} of {tensor.dtype}."
        )
    tensor = tensor.long()
    if int(tensor.min()) < 0:
        raise CsCnnError(f"{name} must hold labels from 0, got {int(tensor.min())}.")
    return tensor


def check_labels(logits: Tensor, highest: int, name: str = "y") -> None:
    """Raise a sentence when a label has no logit: on a GPU torch would only stop with an assertion."""
    if logits.ndim != 2:
        raise CsCnnError(
            f"The model must map images to logits (N, classes), got shape {tuple(logits.shape)}."
        )
    if highest >= logits.shape[1]:
        raise CsCnnError(
            f"{name} holds the label {highest}, but the model scores only {logits.shape[1]} classes: "
            f"build it with classes={highest + 1}."
        )


@contextlib.contextmanager
def _evaluating(model: nn.Module) -> Iterator[torch.device]:
    """Put a model into evaluation mode without gradients, and back into the mode it was in."""
    training = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.no_grad():
            yield next((p.device for p in model.parameters()), torch.device("cpu"))
    finally:
        for module, mode in training.items():
            module.training = mode


def predict(model: nn.Module, x: Array, *, batch_size: int = BATCH) -> Tensor:
    """Return the logits of a net for images.

    Parameters
    ----------
    model : torch.nn.Module
        Maps images (N, C, H, W) to logits (N, K).
    x : ndarray or Tensor (N, C, H, W)
        Images, floating-point, on any device.
    batch_size : int
        How many images pass at a time; it does not change the result beyond rounding.

    Returns
    -------
    Tensor (N, K)
        Logits, on the CPU; the predicted labels are ``predict(model, x).argmax(1)``.

    Raises
    ------
    CsCnnError
        When `x` is empty or holds integers.
    """
    images = images_as_tensor(x, model)
    with _evaluating(model) as device:
        return torch.cat([model(batch.to(device)).cpu() for batch in torch.split(images, batch_size)])


def evaluate(model: nn.Module, x: Array, y: Array, *, batch_size: int = BATCH) -> tuple[float, float]:
    """Return the mean loss and the accuracy of a net on labelled images.

    Parameters
    ----------
    model : torch.nn.Module
        Maps images (N, C, H, W) to logits (N, K); evaluated in evaluation mode, and left in the mode it was in.
    x : ndarray or Tensor (N, C, H, W)
        Images, floating-point.
    y : ndarray or Tensor of int, shape (N,)
        Labels from 0 to K-1.
    batch_size : int
        How many images pass at a time.

    Returns
    -------
    loss : float
        Mean softmax cross-entropy, in nats.
    accuracy : float
        Fraction of images whose highest logit is that of the label.

    Raises
    ------
    CsCnnError
        When arrays do not fit each other or the model.
    """
    found = measures(model, x, y, batch_size=batch_size)
    return found["loss"], found["accuracy"]


def measures(
    model: nn.Module, x: Array, y: Array, *, batch_size: int = BATCH, group: Group | None = None
) -> dict[str, float]:
    """Return loss and accuracy as `evaluate` does, and the top-5 accuracy where there are more than five classes.

    Parameters
    ----------
    model, x, y, batch_size
        As for `evaluate`.
    group : Group, optional
        The processes that share the images; each passes all of them and gets the measures of all.

    Returns
    -------
    dict of str to float
        "loss", "accuracy", and "top5": the fraction of images whose label is among the five highest logits.
    """
    group = group or Group()
    labels = labels_as_tensor(y, len(x)).cpu()
    mine = slice(group.rank, None, group.size)
    # A process for which no image is left looks at one for nothing: the sums below count it with weight 0.
    weight = 1.0 if group.rank < len(x) else 0.0
    logits = predict(model, x[mine] if weight else x[:1], batch_size=batch_size)
    check_labels(logits, int(labels.max()))
    labels = labels[mine] if weight else labels[:1]
    five = logits.topk(min(5, logits.shape[1])).indices
    sums = torch.stack(
        [
            F.cross_entropy(logits.double(), labels, reduction="sum"),
            (logits.argmax(1) == labels).sum().double(),
            (five == labels[:, None]).sum().double(),
        ]
    )
    loss, accuracy, top5 = (group.sum(sums * weight) / len(x)).tolist()
    found = {"loss": loss, "accuracy": accuracy}
    return {**found, "top5": top5} if logits.shape[1] > 5 else found
