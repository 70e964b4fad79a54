"""Eight bits for a sound: the logarithmic scale of the telephone, mu-law."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from cs_cnn.errors import CsCnnError

__all__ = ["mu_law_decode", "mu_law_encode"]


def mu_law_encode(x: ArrayLike, levels: int = 256) -> np.ndarray:
    r"""Quantise a signal, finely near zero and coarsely far from it.

    With mu = levels - 1, the sample is first bent to
    :math:`f(x) = \operatorname{sign}(x) \ln(1 + \mu |x|) / \ln(1 + \mu)`, and then rounded to the nearest of equally
    spaced levels between -1 and 1.

    Parameters
    ----------
    x : array-like
        Samples between -1 and 1.
    levels : int
        Number of levels, at least 2.

    Returns
    -------
    numpy.ndarray of int64, same shape
        Numbers from 0 to ``levels - 1``.

    Raises
    ------
    CsCnnError
        When a sample lies outside, or `levels` is no whole number of at least 2.

    Notes
    -----
    ITU-T recommendation G.711 approximates this curve by straight pieces.

    Examples
    --------
    >>> mu_law_encode([-1.0, -0.01, 0.0, 0.01, 1.0])
    array([  0,  98, 128, 157, 255])
    """
    mu = _mu(levels)
    samples = np.asarray(x, dtype=float)
    if samples.size and not np.abs(samples).max() <= 1:
        raise CsCnnError(
            f"x must lie between -1 and 1, got a sample of size {np.abs(samples).max():g}: divide by the largest."
        )
    bent = np.sign(samples) * np.log1p(mu * np.abs(samples)) / np.log1p(mu)
    numbers: np.ndarray = np.floor((bent + 1) / 2 * mu + 0.5).astype(np.int64)
    return numbers


def mu_law_decode(q: ArrayLike, levels: int = 256) -> np.ndarray:
    r"""Return the samples that levels stand for.

    A sample x comes back as x' with :math:`|x - x'| \le \frac{\ln(1 + \mu)}{\mu}
    \bigl(\frac{1}{\mu} + \max(|x|, |x'|)\bigr)`: for 256 levels, about 2 % of its size.

    Parameters
    ----------
    q : array-like of int
        Numbers from 0 to ``levels - 1``.
    levels : int
        Number of levels.

    Returns
    -------
    numpy.ndarray of float64, same shape

    Raises
    ------
    CsCnnError
        When something is no level.

    Examples
    --------
    >>> mu_law_decode([0, 98, 157, 255]).round(4)
    array([-1.    , -0.0102,  0.0102,  1.    ])
    """
    mu = _mu(levels)
    numbers = np.asarray(q)
    if numbers.size and not (
        np.issubdtype(numbers.dtype, np.integer) and numbers.min() >= 0 and numbers.max() <= mu
    ):
        raise CsCnnError(
            f"q must be whole numbers from 0 to {mu}, got {numbers.min()} to {numbers.max()} of type {numbers.dtype}."
        )
    bent = 2 * numbers.astype(float) / mu - 1
    samples: np.ndarray = np.sign(bent) * np.expm1(np.abs(bent) * np.log1p(mu)) / mu
    return samples.clip(-1, 1)  # rounding


def _mu(levels: int) -> int:
    if isinstance(levels, bool) or not isinstance(levels, int | np.integer) or levels < 2:
        raise CsCnnError(f"levels must be a whole number of at least 2, got {levels!r}.")
    return int(levels) - 1
