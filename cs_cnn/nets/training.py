"""The training loop: shuffle, take a batch, follow the gradient, and write down what happened."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from tqdm.auto import trange

from cs_cnn.nets.net import Net
from cs_cnn.optim import SGD


@dataclass
class History:
    """What happened during training.

    Attributes
    ----------
    loss : list of float
        Loss of the batch at every step.
    epoch_loss : list of float
        Mean of those losses over every epoch.
    train_accuracy, val_accuracy : list of float
        Share of right answers after every epoch, from 0 to 1; the second is empty without validation data.
    lr : list of float
        Learning rate of every epoch.
    """

    loss: list[float] = field(default_factory=list)
    epoch_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    val_accuracy: list[float] = field(default_factory=list)
    lr: list[float] = field(default_factory=list)

    def rows(self) -> list[dict[str, float]]:
        """Return one dictionary for every epoch, as a table wants it."""
        columns = {"lr": self.lr, "loss": self.epoch_loss, "train_accuracy": self.train_accuracy}
        if self.val_accuracy:
            columns["val_accuracy"] = self.val_accuracy
        names = ["epoch", *columns]
        return [
            dict(zip(names, (epoch, *values), strict=True))
            for epoch, values in enumerate(zip(*columns.values(), strict=True), start=1)
        ]


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
    return float(np.mean(net.predict(x) == y))


def _batches(n: int, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Cut a new random order of the examples into batches; the last one may be smaller."""
    order = rng.permutation(n)
    for start in range(0, n, size):
        yield order[start : start + size]


def fit(
    net: Net,
    x: np.ndarray,
    y: np.ndarray,
    *,
    rng: np.random.Generator,
    validation: tuple[np.ndarray, np.ndarray] | None = None,
    epochs: int = 10,
    batch_size: int = 32,
    lr: float = 0.1,
    momentum: float = 0.9,
    lr_decay: float = 1.0,
    reg: float = 0.0,
    progress: bool = True,
) -> History:
    """Train a network by mini-batch gradient descent with momentum.

    Every epoch sees each example once, in a new random order. ``batch_size=len(x)`` is batch gradient
    descent, ``batch_size=1`` the stochastic kind.

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
        See `cs_cnn.optim.SGD`.
    lr_decay : float
        Factor on the learning rate after every epoch.
    reg : float
        Strength of the penalty on the weights, see the network's ``loss``.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        When the examples and classes differ in number, or a setting is out of its range.
    FloatingPointError
        When the loss is no longer finite.

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
    if len(x) != len(y) or len(x) == 0:
        raise ValueError(
            f"x and y must hold the same number of examples, at least 1, got {len(x)} and {len(y)}"
        )
    for name, value in {"epochs": epochs, "batch_size": batch_size}.items():
        if not isinstance(value, (int, np.integer)) or value < 1:
            raise ValueError(f"{name} must be a whole number, at least 1, got {value!r}")
    if not lr_decay > 0:
        raise ValueError(f"lr_decay must be positive, got {lr_decay}")
    optimiser = SGD(net.params, lr, momentum=momentum)
    history = History()
    with trange(epochs, desc="epochs", disable=not progress) as bar:
        for epoch in bar:
            optimiser.lr = lr * lr_decay**epoch
            losses = []
            for batch in _batches(len(x), batch_size, rng):
                loss, grads = net.loss(x[batch], y[batch], reg=reg)
                if not math.isfinite(loss):
                    raise FloatingPointError(
                        f"the loss is {loss} in epoch {epoch + 1}: the learning rate {optimiser.lr:g} is too high"
                    )
                optimiser.step(grads)
                losses.append(loss)
            history.loss += losses
            history.epoch_loss.append(float(np.mean(losses)))
            history.train_accuracy.append(accuracy(net, x, y))
            history.lr.append(optimiser.lr)
            if validation is not None:
                history.val_accuracy.append(accuracy(net, *validation))
            bar.set_postfix(
                loss=f"{history.epoch_loss[-1]:.3f}", accuracy=f"{history.train_accuracy[-1]:.3f}"
            )
    return history
