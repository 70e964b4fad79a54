"""Losses: layers whose output is the one number that training makes small."""

from __future__ import annotations

from typing import Any

import numpy as np

from cs_cnn.layers.arguments import match_shapes, positive
from cs_cnn.layers.registry import Layer, Pick, Sample, register

__all__ = [
    "softmax",
    "softmax_loss",
    "softmax_loss_backward",
    "softmax_loss_forward",
    "svm_loss",
    "svm_loss_backward",
    "svm_loss_forward",
]

Cache = tuple[np.ndarray, np.ndarray]
Number = float | np.ndarray | np.floating[Any]


def _labels(y: np.ndarray, n: int, n_classes: int) -> None:
    """Check that y holds one class number for every example."""
    if not isinstance(y, np.ndarray) or not np.issubdtype(y.dtype, np.integer) or y.shape != (n,):
        got = f"{y.dtype} of shape {y.shape}" if isinstance(y, np.ndarray) else type(y).__name__
        raise ValueError(f"y must be an array of whole numbers of shape (N,) with N = {n}, got {got}")
    if n == 0:
        raise ValueError("x holds no example; the mean of nothing is not defined")
    if y.min() < 0 or y.max() >= n_classes:
        raise ValueError(f"y must lie between 0 and {n_classes - 1}, got {y.min()} to {y.max()}")


def _one_number(dout: Number) -> None:
    """Check the gradient of a loss."""
    if np.ndim(dout):
        raise ValueError(f"dout must have no axis, like the loss, got shape {np.shape(dout)}")


def softmax(x: np.ndarray) -> np.ndarray:
    """Turn each row of scores into probabilities.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C)
        Scores of any size: each row is shifted by its own maximum, so that exp never overflows.

    Returns
    -------
    numpy.ndarray, shape (N, C)
        Positive numbers; each row adds to 1.

    Notes
    -----
    One of the source lectures prints ``exp(-x)``, which would rank the classes the wrong way round.

    Examples
    --------
    >>> softmax(np.array([[3.0, 1.0, 0.2]])).round(2)
    array([[0.84, 0.11, 0.05]])
    """
    match_shapes(x=(x, "N C"))
    exponential = np.exp(x - x.max(axis=1, keepdims=True))
    return np.asarray(exponential / exponential.sum(axis=1, keepdims=True))


def softmax_loss_forward(x: np.ndarray, y: np.ndarray) -> tuple[np.floating[Any], Cache]:
    """Compute the mean cross-entropy between the softmax of the scores and the true classes.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C)
        Scores.
    y : numpy.ndarray of int, shape (N,)
        True classes, from 0.

    Returns
    -------
    loss : numpy.floating
        ``mean(log(sum(exp(x))) - x[y])``, at least 0, and about log C for scores near 0.
    cache : tuple
        What `softmax_loss_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When the scores are not floats, or the labels are not classes of them.

    Examples
    --------
    >>> loss, _ = softmax_loss_forward(np.zeros((5, 10)), np.zeros(5, dtype=int))
    >>> bool(np.isclose(loss, np.log(10)))
    True
    """
    sizes = match_shapes(x=(x, "N C"))
    _labels(y, sizes["N"], sizes["C"])
    # log(softmax) written out: no probability is formed, so none can underflow to log(0).
    shifted = x - x.max(axis=1, keepdims=True)
    log_probability = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return -log_probability[np.arange(len(y)), y].mean(), (log_probability, y)


def softmax_loss_backward(dout: Number, cache: Cache) -> np.ndarray:
    """Carry the gradient back to the scores: ``(probability - one_hot(y)) / N``.

    Parameters
    ----------
    dout : float
        Gradient of what follows with respect to the loss; 1 when the loss is the end.
    cache : tuple
        From `softmax_loss_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C)
        Each row adds to 0.
    """
    _one_number(dout)
    log_probability, y = cache
    dx = np.exp(log_probability)
    dx[np.arange(len(y)), y] -= 1
    return np.asarray(dx * (np.asarray(dout, dx.dtype) / len(y)))


def softmax_loss(x: np.ndarray, y: np.ndarray) -> tuple[np.floating[Any], np.ndarray]:
    """Compute the loss and its gradient at once, as a training loop wants them.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C)
        Scores.
    y : numpy.ndarray of int, shape (N,)
        True classes, from 0.

    Returns
    -------
    loss : numpy.floating
    dx : numpy.ndarray, shape (N, C)

    Examples
    --------
    >>> loss, dx = softmax_loss(np.array([[2.0, 2.0]]), np.array([0]))
    >>> dx
    array([[-0.5,  0.5]])
    """
    loss, cache = softmax_loss_forward(x, y)
    return loss, softmax_loss_backward(1.0, cache)


def softmax_loss_twin(x: Any, y: Any) -> Any:
    """Compute the same in PyTorch."""
    import torch.nn.functional as F

    return F.cross_entropy(x, y)


def svm_loss_forward(
    x: np.ndarray, y: np.ndarray, *, delta: float = 1.0
) -> tuple[np.floating[Any], tuple[np.ndarray, np.ndarray]]:
    """Compute the mean multiclass hinge loss: how far wrong classes come within `delta` of the true one.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C)
        Scores.
    y : numpy.ndarray of int, shape (N,)
        True classes, from 0.
    delta : float
        The margin by which the true class has to lead, positive.

    Returns
    -------
    loss : numpy.floating
        Mean over the examples of the **sum** over the wrong classes j of ``max(0, x[j] - x[y] + delta)``; 0
        when every true class leads by the margin, and ``(C - 1) * delta`` for equal scores.
    cache : tuple
        What `svm_loss_backward` needs.

    Raises
    ------
    TypeError, ValueError
        When the scores are not floats, the labels are not classes of them, or the margin is not positive.

    Notes
    -----
    Weston & Watkins (1999). PyTorch's ``F.multi_margin_loss`` divides by C as well: ours is C times as large.

    Examples
    --------
    >>> scores = np.array([[3.2, 5.1, -1.7]])
    >>> loss, _ = svm_loss_forward(scores, np.array([0]))
    >>> round(float(loss), 6)  # max(0, 5.1 - 3.2 + 1) + max(0, -1.7 - 3.2 + 1)
    2.9
    """
    sizes = match_shapes(x=(x, "N C"))
    _labels(y, sizes["N"], sizes["C"])
    positive("delta", delta)
    rows = np.arange(len(y))
    margins = np.maximum(x - x[rows, y][:, np.newaxis] + np.asarray(delta, x.dtype), 0)
    margins[rows, y] = 0  # the true class is not compared with itself
    return margins.sum(axis=1).mean(), ((margins > 0).astype(x.dtype), y)


def svm_loss_backward(dout: Number, cache: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Carry the gradient back to the scores.

    Parameters
    ----------
    dout : float
        Gradient of what follows with respect to the loss; 1 when the loss is the end.
    cache : tuple
        From `svm_loss_forward`.

    Returns
    -------
    dx : numpy.ndarray, shape (N, C)
        ``1 / N`` for each wrong class within the margin, minus their number ``/ N`` for the true one; each
        row adds to 0.
    """
    _one_number(dout)
    within, y = cache
    dx = within.copy()
    dx[np.arange(len(y)), y] = -within.sum(axis=1)
    return dx * (np.asarray(dout, dx.dtype) / len(y))


def svm_loss(x: np.ndarray, y: np.ndarray, *, delta: float = 1.0) -> tuple[np.floating[Any], np.ndarray]:
    """Compute the hinge loss and its gradient at once, as a training loop wants them.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C)
        Scores.
    y : numpy.ndarray of int, shape (N,)
        True classes, from 0.
    delta : float
        The margin, as in `svm_loss_forward`.

    Returns
    -------
    loss : numpy.floating
    dx : numpy.ndarray, shape (N, C)

    Examples
    --------
    >>> loss, dx = svm_loss(np.array([[1.0, 1.5, -4.0]]), np.array([0]))
    >>> float(loss), dx.tolist()
    (1.5, [[-1.0, 1.0, 0.0]])
    """
    loss, cache = svm_loss_forward(x, y, delta=delta)
    return loss, svm_loss_backward(1.0, cache)


def svm_loss_twin(x: Any, y: Any, *, delta: float = 1.0) -> Any:
    """Compute the same in PyTorch, whose loss is the mean over the classes instead of the sum."""
    import torch.nn.functional as F

    return F.multi_margin_loss(x, y, margin=delta) * x.shape[1]


def _sample(pick: Pick, rng: np.random.Generator) -> Sample:
    n, c = pick(1, 5), pick(2, 6)
    offsets = rng.choice([-1000.0, 0.0, 1000.0], size=(n, 1))
    return Sample({"x": rng.normal(size=(n, c)) + offsets, "y": rng.integers(c, size=n)})


def _sample_svm(pick: Pick, rng: np.random.Generator) -> Sample:
    n, c = pick(1, 5), pick(2, 6)
    # Differences of multiples of 0.3 never lie at the margin, where the loss has a kink.
    x = rng.permuted(np.tile(0.3 * np.arange(c), (n, 1)), axis=1)
    return Sample({"x": x, "y": rng.integers(c, size=n)}, {"delta": (1.0, 0.5)[pick(0, 1)]})


register(
    Layer(
        name="softmax_loss",
        forward=softmax_loss_forward,
        backward=softmax_loss_backward,
        twin=softmax_loss_twin,
        wrt=("x",),
        sample=_sample,
        source="Bridle (1990)",
    )
)
register(
    Layer(
        name="svm_loss",
        forward=svm_loss_forward,
        backward=svm_loss_backward,
        twin=svm_loss_twin,
        wrt=("x",),
        sample=_sample_svm,
        source="Weston & Watkins (1999)",
    )
)
