"""How good predictions are: accuracy, the top-k error of the ImageNet challenge, and how sure an error is."""

from __future__ import annotations

import math

import numpy as np


def accuracy(predicted: np.ndarray, y: np.ndarray) -> float:
    """Compute the share of predictions that are the true class.

    Parameters
    ----------
    predicted, y : numpy.ndarray of int, shape (N,)
        Predicted and true classes.

    Returns
    -------
    float
        From 0 to 1.

    Raises
    ------
    ValueError
        When there is no example, or the shapes differ.

    Examples
    --------
    >>> accuracy(np.array([2, 0, 1, 1]), np.array([2, 0, 1, 0]))
    0.75
    """
    predicted, y = np.asarray(predicted), np.asarray(y)
    if predicted.ndim != 1 or predicted.shape != y.shape or len(y) == 0:
        raise ValueError(
            "predicted and y must hold one class for each of the same examples, at least 1,"
            f" got shapes {predicted.shape} and {y.shape}"
        )
    return float(np.mean(predicted == y))


def rank(scores: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Count for each example how many classes are placed before the true one.

    Parameters
    ----------
    scores : numpy.ndarray, shape (N, C)
        One number per class; more is better. Probabilities serve as well.
    y : numpy.ndarray of int, shape (N,)
        True classes, from 0.

    Returns
    -------
    numpy.ndarray of int, shape (N,)
        0 where the true class is the first guess. Among equal scores the class with the lower number comes
        first, as with ``argmax``.

    Raises
    ------
    ValueError
        When the shapes do not fit, `y` is no class of the scores, or a score is not a number.

    Examples
    --------
    >>> rank(np.array([[0.1, 0.7, 0.2], [0.4, 0.4, 0.2]]), np.array([2, 1]))
    array([1, 1])
    """
    scores, y = np.asarray(scores), np.asarray(y)
    if scores.ndim != 2 or y.shape != scores.shape[:1] or len(y) == 0:
        raise ValueError(
            "scores must have shape (N, C) and y shape (N,) with N at least 1,"
            f" got {scores.shape} and {y.shape}"
        )
    if not np.issubdtype(y.dtype, np.integer) or y.min() < 0 or y.max() >= scores.shape[1]:
        raise ValueError(f"y must hold whole numbers between 0 and {scores.shape[1] - 1}")
    if np.isnan(scores).any():
        raise ValueError("scores must be numbers, got nan; a net that has diverged ranks nothing")
    true = np.take_along_axis(scores, y[:, np.newaxis], axis=1)
    tied_before = (scores == true) & (np.arange(scores.shape[1]) < y[:, np.newaxis])
    return np.asarray(((scores > true) | tied_before).sum(axis=1))


def top_k_error(scores: np.ndarray, y: np.ndarray, *, k: int = 5) -> float:
    """Compute the share of examples whose true class is not among the k highest scores.

    Parameters
    ----------
    scores : numpy.ndarray, shape (N, C)
        One number per class; more is better. Probabilities serve as well.
    y : numpy.ndarray of int, shape (N,)
        True classes, from 0.
    k : int
        Number of guesses, from 1 to C.

    Returns
    -------
    float
        From 0 to 1. Among equal scores the class with the lower number comes first, so that for ``k=1`` this is
        1 minus the accuracy of ``scores.argmax(axis=1)``.

    Raises
    ------
    ValueError
        As `rank`, and when `k` is out of its range.

    Notes
    -----
    Russakovsky et al., *ImageNet Large Scale Visual Recognition Challenge* (2015), where k is 5: an image shows
    more than the one thing it is labelled with.

    Examples
    --------
    >>> scores = np.array([[0.5, 0.3, 0.2], [0.5, 0.3, 0.2]])
    >>> [top_k_error(scores, np.array([1, 2]), k=k) for k in (1, 2, 3)]
    [1.0, 0.5, 0.0]
    """
    places = rank(scores, y)
    n_classes = np.shape(scores)[1]
    if not isinstance(k, (int, np.integer)) or isinstance(k, bool) or not 1 <= k <= n_classes:
        raise ValueError(f"k must be a whole number from 1 to the number of classes, {n_classes}, got {k!r}")
    return float(np.mean(places >= k))


def wilson_interval(wrong: int, count: int) -> tuple[float, float]:
    """Give the 95% interval for an error that was counted on a few examples, after Wilson.

    Unlike the usual ``p ± 1.96 sqrt(p (1 - p) / N)`` it stays between 0 and 1, and says something when nothing, or
    everything, is wrong.

    Parameters
    ----------
    wrong : int
        How many examples were wrong, from 0 to `count`.
    count : int
        How many examples there were, at least 1.

    Returns
    -------
    low, high : float
        From 0 to 1.

    Raises
    ------
    ValueError
        When the numbers cannot be counts.

    Notes
    -----
    Wilson, "Probable inference, the law of succession, and statistical inference", Journal of the American
    Statistical Association 22, 1927.

    Examples
    --------
    >>> low, high = wilson_interval(0, 50)
    >>> round(low, 3), round(high, 3)
    (0.0, 0.071)
    """
    if count < 1 or not 0 <= wrong <= count:
        raise ValueError(f"wrong must be from 0 to count, and count at least 1; got {wrong} of {count}")
    z, p = 1.96, wrong / count
    centre = (p + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(p * (1 - p) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return max(0.0, centre - half), min(1.0, centre + half)
