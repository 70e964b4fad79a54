"""Linear readout: classes out of responses, neurons out of the units of a net, and how far noise lets that go."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cs_cnn.errors import CsCnnError
from cs_cnn.look.cortex.tables import Array, as_pair, correlations, standardised


def _ridge(x: Array, y: Array, penalty: float) -> Array:
    """Return the weights (D, K) with the least mean squared error plus `penalty` times their squares."""
    if not penalty > 0:
        raise CsCnnError(f"penalty must be above 0, got {penalty!r}.")
    n, d = x.shape
    if d <= n:
        return np.asarray(np.linalg.solve(x.T @ x / n + penalty * np.eye(d), x.T @ y / n))
    return np.asarray(x.T @ np.linalg.solve(x @ x.T / n + penalty * np.eye(n), y / n))


def readout(train: Any, labels: Any, test: Any, *, penalty: float = 0.1) -> NDArray[np.int64]:
    """Read the classes of images out of responses, linearly.

    One straight line for each class is fitted to the training images (ridge regression on standardised responses,
    target 1 for the class and 0 for all others); a test image gets the class whose line is highest.

    Parameters
    ----------
    train : array (N, D)
        Responses to the training images.
    labels : array of int (N,)
    test : array (M, D)
        Responses to other images, of the same units.
    penalty : float
        Of the squared weights.

    Returns
    -------
    ndarray of int (M,)
        The predicted labels.

    Raises
    ------
    CsCnnError
        When the shapes do not fit.

    Examples
    --------
    >>> readout([[0.0, 1], [1, 1], [5, 1]], [3, 3, 7], [[0.5, 1], [6, 1]])
    array([3, 7])
    """
    x, x_test = as_pair(train, test)
    y = np.asarray(labels)
    if y.shape != (len(x),) or not np.issubdtype(y.dtype, np.integer):
        raise CsCnnError(
            f"labels must be {len(x)} whole numbers, one for each training image, "
            f"got shape {y.shape} of {y.dtype}."
        )
    classes = np.unique(y)
    targets = (y[:, None] == classes).astype(float)
    weights = _ridge(standardised(x), targets - targets.mean(axis=0), penalty)
    scores = standardised(x_test, by=x) @ weights + targets.mean(axis=0)
    return np.asarray(classes[scores.argmax(axis=1)])


def predictivity(train: Any, neurons: Any, test: Any, neurons_test: Any, *, penalty: float = 0.1) -> Array:
    """Predict every neuron from the units of a net, linearly, and correlate with what it did at other images.

    Parameters
    ----------
    train, test : array (N, D), (M, D)
        Responses of the net's units to the training images, and to others.
    neurons, neurons_test : array (N, K), (M, K)
        Responses of the neurons to the same images.
    penalty : float
        Of the squared weights, see `readout`.

    Returns
    -------
    ndarray (K,)
        Pearson's correlation over the test images. Noise keeps it below 1 for a perfect model too: its ceiling is
        `ceiling`.

    Raises
    ------
    CsCnnError
        When the shapes do not fit.
    """
    x, x_test = as_pair(train, test)
    y, y_test = as_pair(neurons, neurons_test)
    if len(y) != len(x) or len(y_test) != len(x_test):
        raise CsCnnError(
            f"Net and neurons must have seen the same images, got {len(x)} and {len(y)} for training, "
            f"{len(x_test)} and {len(y_test)} for the test."
        )
    weights = _ridge(standardised(x), y - y.mean(axis=0), penalty)
    return correlations(standardised(x_test, by=x) @ weights, y_test)


def reliability(counts: Any, rng: np.random.Generator, *, splits: int = 20) -> Array:
    """Return for every neuron how well the mean over its presentations would agree with that over as many new ones.

    The presentations are split into halves, whose means are correlated over the images, r; by Spearman and Brown the
    whole has 2 r / (1 + r), where r is the mean over several splits.

    Parameters
    ----------
    counts : array (T, N, D)
        T at least 2; with an odd number one presentation stays out of each split.
    rng : numpy.random.Generator
        Draws the halves.
    splits : int

    Returns
    -------
    ndarray (D,)
        At most 1; near 0, and by chance below, for a neuron that tells nothing.

    Raises
    ------
    CsCnnError
        When there are fewer than two presentations.

    Examples
    --------
    >>> noiseless = np.stack([[[1.0], [2], [4]]] * 4)
    >>> reliability(noiseless, np.random.default_rng(0)).round(6).tolist()
    [1.0]
    """
    trials = np.asarray(counts, dtype=float)
    if trials.ndim != 3 or len(trials) < 2:
        raise CsCnnError(
            f"counts must have shape (T, N, D) with at least 2 presentations, got {trials.shape}."
        )
    half, found = len(trials) // 2, []
    for _ in range(splits):
        order = rng.permutation(len(trials))
        one, other = order[:half], order[half : 2 * half]
        found.append(correlations(trials[one].mean(axis=0), trials[other].mean(axis=0)))
    r = np.maximum(np.mean(found, axis=0), -0.9)  # the formula has no value at -1
    return np.asarray(2 * r / (1 + r))


def ceiling(counts: Any, rng: np.random.Generator, *, splits: int = 20) -> Array:
    """Return for every neuron the correlation that a perfect model would have with the mean over its presentations.

    Parameters
    ----------
    counts, rng, splits
        As for `reliability`, whose square root it is.

    Returns
    -------
    ndarray (D,)
        From 0 to 1.
    """
    return np.asarray(np.sqrt(np.clip(reliability(counts, rng, splits=splits), 0, 1)))
