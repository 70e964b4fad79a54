"""The training loop: shuffle, take a batch, follow the gradient, and write down what happened."""

from __future__ import annotations

import functools
import math
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import trange

from cs_cnn import metrics
from cs_cnn.augment import Augmentation
from cs_cnn.layers.losses import softmax_loss_forward
from cs_cnn.nets import checkpoint as cp
from cs_cnn.nets.history import History
from cs_cnn.nets.net import Net
from cs_cnn.optim import SGD, Exponential, Optimiser, Schedule
from cs_cnn.optim.schedules import rises

Data = tuple[np.ndarray, np.ndarray]
OptimiserMaker = Callable[[dict[str, np.ndarray], float], Optimiser]


def accuracy(net: Net, x: np.ndarray, y: np.ndarray) -> float:
    """Compute the share of examples whose highest score is the true class.

    Parameters
    ----------
    net : Net
    x : numpy.ndarray, shape (N, ...)
    y : numpy.ndarray of int, shape (N,)

    Returns
    -------
    float
        From 0 to 1.
    """
    return metrics.accuracy(net.predict(x), y)


def evaluate(net: Net, x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Compute the mean cross-entropy, without a penalty, and the accuracy, and no gradient.

    Parameters
    ----------
    net : Net
    x : numpy.ndarray, shape (N, ...)
    y : numpy.ndarray of int, shape (N,)

    Returns
    -------
    loss, accuracy : float
    """
    scores = net.scores(x)
    return float(softmax_loss_forward(scores, y)[0]), metrics.accuracy(scores.argmax(axis=1), y)


def fit(
    net: Net,
    x: np.ndarray,
    y: np.ndarray,
    *,
    rng: np.random.Generator,
    validation: Data | None = None,
    epochs: int = 10,
    batch_size: int = 32,
    lr: float = 0.1,
    momentum: float = 0.9,
    lr_decay: float = 1.0,
    reg: float = 0.0,
    optimiser: OptimiserMaker | None = None,
    schedule: Schedule | None = None,
    augment: Augmentation | None = None,
    patience: int | None = None,
    watch: str = "val_loss",
    keep_best: bool = False,
    on_epoch: Callable[[dict[str, float]], object] | None = None,
    folder: str | os.PathLike[str] | None = None,
    resume: bool = False,
    progress: bool = True,
) -> History:
    """Train a network by gradient descent on batches of examples.

    Every epoch sees each example once, in a new random order. ``batch_size=len(x)`` is batch gradient descent,
    ``batch_size=1`` stochastic gradient descent, and anything between mini-batch gradient descent. The loss is the
    *mean* over the batch, so the length of a step does not grow with the batch (textbooks that print the sum mean
    another, smaller learning rate for every batch size).

    Parameters
    ----------
    net : Net
        Its parameters are changed in place.
    x : numpy.ndarray, shape (N, ...)
    y : numpy.ndarray of int, shape (N,)
        True classes, from 0.
    rng : numpy.random.Generator
        Source of the order of the examples; the same seed gives the same training.
    validation : tuple of numpy.ndarray, optional
        Examples and classes that are only looked at, after every epoch.
    epochs, batch_size : int
    lr : float
        Learning rate of the first epoch.
    momentum : float
        See `cs_cnn.optim.SGD`, which is used unless `optimiser` says otherwise.
    lr_decay : float
        Factor on the learning rate after every epoch; short for ``schedule=Exponential(lr_decay)``.
    reg : float
        Strength of the penalty on the weights, see the network's ``loss``.
    optimiser : callable, optional
        ``optimiser(params, lr)`` makes the step rule: a class such as `cs_cnn.optim.Adam`, or
        ``functools.partial(Adam, beta2=0.99)``. `momentum` has no effect then.
    schedule : callable, optional
        How the learning rate moves from epoch to epoch, see `cs_cnn.optim.schedules`.
    augment : callable, optional
        ``augment(x, rng)`` makes other views of a batch, see `cs_cnn.augment`; the accuracies are those of the
        examples as they are.
    patience : int, optional
        Stop early when so many epochs in a row bring no better value of `watch`.
    watch : {"val_loss", "val_accuracy", "loss", "train_accuracy"}
        What the best epoch is the best of.
    keep_best : bool
        Whether the network shall end with the parameters of the best epoch, and not of the last one.
    on_epoch : callable, optional
        Called with the epoch's row of the history, after the checkpoint is written.
    folder : path-like, optional
        Where ``checkpoint.npz`` is renewed after every epoch. One of an earlier run there is kept as
        ``checkpoint.previous.npz``.
    resume : bool
        Go on from the checkpoint in `folder`, with the same data and settings (more epochs are welcome): the
        result is, bit for bit, that of a run that was never interrupted. The network must be built as it was, and
        `rng` is put into the state it was in.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    History
        Of all epochs, those before `resume` included.

    Raises
    ------
    ValueError
        When the examples and classes differ in number, or a setting is out of its range.
    FloatingPointError
        When the loss is no longer finite.
    CsCnnError
        When a checkpoint cannot be written or read, or is of another run.

    Examples
    --------
    >>> from cs_cnn.nets import LinearClassifier
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(200, 2)); y = (x[:, 0] > 0).astype(int)
    >>> net = LinearClassifier(2, 2, rng=rng)
    >>> history = fit(net, x, y, rng=rng, epochs=5, progress=False)
    >>> history.train_accuracy[-1] > 0.95
    True
    """
    _check_data(x, y, validation, watch if keep_best or patience is not None else None)
    counts = {"epochs": epochs, "batch_size": batch_size} | (
        {} if patience is None else {"patience": patience}
    )
    for name, value in counts.items():
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"{name} must be a whole number, at least 1, got {value!r}")
    if not lr_decay > 0:
        raise ValueError(f"lr_decay must be positive, got {lr_decay}")
    if schedule is not None and lr_decay != 1:
        raise ValueError("give either schedule or lr_decay, which is short for a schedule of its own")
    plan: Schedule = Exponential(lr_decay) if schedule is None else schedule
    rule = SGD(net.params, lr, momentum=momentum) if optimiser is None else optimiser(net.params, lr)
    run = cp.Run(net, rule, rng)
    settings: dict[str, Any] = {
        "batch_size": int(batch_size),
        "lr": float(lr),
        "reg": float(reg),
        "keep_best": keep_best,
    }
    settings |= {
        "watch": watch,
        "schedule": _name(plan),
        "augment": _name(augment),
        "optimiser": _rule_name(rule),
    }
    path = _start(run, settings, (x, y), validation, folder, resume, epochs)

    with trange(run.history.n_epochs, epochs, desc="epochs", disable=not progress) as bar:
        for epoch in bar:
            history = run.history
            if patience is not None and epoch - history.best_epoch(watch) >= patience:
                break
            rule.lr = lr * plan(epoch, history.curves())
            losses = []
            for batch in _batches(len(x), batch_size, rng):
                seen = x[batch] if augment is None else augment(x[batch], rng)
                loss, grads = net.loss(seen, y[batch], reg=reg)
                if not math.isfinite(loss):
                    raise FloatingPointError(
                        f"the loss is {loss} in epoch {epoch + 1}: the learning rate {rule.lr:g} is too high"
                    )
                rule.step(grads)
                losses.append(loss)
            history.loss += losses
            history.epoch_loss.append(float(np.mean(losses)))
            history.train_accuracy.append(accuracy(net, x, y))
            history.lr.append(rule.lr)
            if validation is not None:
                val_loss, val_accuracy = evaluate(net, *validation)
                history.val_loss.append(val_loss)
                history.val_accuracy.append(val_accuracy)
            if keep_best and history.best_epoch(watch) == epoch + 1:
                run.best = {name: value.copy() for name, value in cp.weights(net).items()}
            if path is not None:
                cp.save(path, run, settings)
            row = history.rows()[-1]
            bar.set_postfix(
                {name: f"{value:.3f}" for name, value in row.items() if name not in ("epoch", "lr")}
            )
            if on_epoch is not None:
                on_epoch(row)
    if keep_best:
        cp.put(cp.weights(net), run.best)
    return run.history


def _batches(n: int, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Cut a new random order of the examples into batches; the last one may be smaller."""
    order = rng.permutation(n)
    for start in range(0, n, size):
        yield order[start : start + size]


def _check_data(x: np.ndarray, y: np.ndarray, validation: Data | None, watch: str | None) -> None:
    """Check that there is a class for every example, and what is watched."""
    for name, (images, classes) in {"": (x, y), " of the validation": validation or (x, y)}.items():
        if len(images) != len(classes) or len(images) == 0:
            raise ValueError(
                f"x and y{name} must hold the same number of examples, at least 1,"
                f" got {len(images)} and {len(classes)}"
            )
    if watch is not None:
        rises(watch)
        if watch.startswith("val") and validation is None:
            raise ValueError(f"patience and keep_best go by {watch}: pass validation data, or another watch")


def _start(
    run: cp.Run,
    settings: dict[str, Any],
    data: Data,
    validation: Data | None,
    folder: str | os.PathLike[str] | None,
    resume: bool,
    epochs: int,
) -> Path | None:
    """Find the checkpoint's place, and go back to where it was written if asked for."""
    if folder is None:
        if resume:
            raise ValueError("resume needs the folder of the run to go on with, got folder=None")
        return None
    settings["data"] = [_check_sum(array) for array in (*data, *(validation or ()))]
    path = Path(folder) / cp.FILE
    if not resume:
        cp.keep_previous(path)
        return path
    cp.restore(path, run, settings)
    if run.history.n_epochs > epochs:
        raise ValueError(f"epochs must be at least the {run.history.n_epochs} of {path}, got {epochs}")
    return path


def _check_sum(array: np.ndarray) -> str:
    return f"{array.dtype}{list(array.shape)} {zlib.crc32(np.ascontiguousarray(array).data):08x}"


def _name(function: object) -> str:
    """Name a function or describe an object, without its address in memory."""
    if isinstance(function, functools.partial):
        return f"{_name(function.func)}{function.args}{function.keywords}"
    if type(function).__repr__ is not object.__repr__ and not hasattr(function, "__qualname__"):
        return repr(function)
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def _rule_name(rule: Optimiser) -> str:
    settings = ", ".join(f"{name}={getattr(rule, name)}" for name in rule.settings)
    return f"{type(rule).__name__}({settings})"
