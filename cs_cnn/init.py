"""Initial weights: random, centred, and of the right size."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

Initialiser = Callable[[tuple[int, ...], np.random.Generator], np.ndarray]
"""Draws weights of a shape from a generator, such as `he_normal`."""

Mode = Literal["fan_avg", "fan_in"]


def fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """Count the inputs of one output of a layer, and the outputs that one input reaches.

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights: (D, M) of an affine layer or (F, C, ...) of a convolution with any number of axes.

    Returns
    -------
    fan_in, fan_out : int

    Raises
    ------
    ValueError
        When the shape is neither.

    Examples
    --------
    >>> fans((500, 400)), fans((16, 3, 5, 5))
    ((500, 400), (75, 400))
    """
    if len(shape) < 2 or min(shape) < 1:
        raise ValueError(
            f"shape must be (D, M) of an affine layer or (F, C, ...) of a convolution, without 0, got {shape};"
            " biases start at zero"
        )
    if len(shape) == 2:
        return shape[0], shape[1]
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


def small_normal(shape: tuple[int, ...], rng: np.random.Generator, *, std: float = 0.01) -> np.ndarray:
    """Draw small weights: normal, with one standard deviation for layers of every size.

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights.
    rng : numpy.random.Generator
    std : float
        Standard deviation, at least 0.

    Returns
    -------
    numpy.ndarray of float64

    Raises
    ------
    ValueError
        When `std` is negative.

    Notes
    -----
    Good enough for one or two layers. In a deep net the signal shrinks by the same factor in every layer, and
    vanishes.

    Examples
    --------
    >>> round(float(small_normal((500, 400), np.random.default_rng(0)).std()), 4)
    0.01
    """
    if not (math.isfinite(std) and std >= 0):
        raise ValueError(f"std must be at least 0, got {std}")
    return rng.normal(scale=std, size=shape)


def xavier_normal(shape: tuple[int, ...], rng: np.random.Generator, *, mode: Mode = "fan_avg") -> np.ndarray:
    """Draw weights that keep the size of the signal through layers that are linear near 0, such as tanh.

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights: (D, M) of an affine layer or (F, C, ...) of a convolution.
    rng : numpy.random.Generator
    mode : {"fan_avg", "fan_in"}
        Standard deviation ``sqrt(2 / (fan_in + fan_out))``, a compromise between the way forward and the way
        back, which is the rule that Glorot and Bengio published; or ``1 / sqrt(fan_in)``, which keeps the way
        forward only. The lectures and many courses print the second under the name of Xavier; it is older
        (LeCun et al. 1998).

    Returns
    -------
    numpy.ndarray of float64

    Raises
    ------
    ValueError
        When the shape is not that of weights, or the mode is unknown.

    Notes
    -----
    Glorot & Bengio (2010); Xavier is the first name of the first author.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> for mode in ("fan_in", "fan_avg"):
    ...     print(mode, round(float(xavier_normal((400, 1200), rng, mode=mode).std()), 3))
    fan_in 0.05
    fan_avg 0.035
    """
    if mode not in get_args(Mode):
        raise ValueError(f'mode must be "fan_avg" or "fan_in", got {mode!r}')
    fan_in, fan_out = fans(shape)
    variance = 1 / fan_in if mode == "fan_in" else 2 / (fan_in + fan_out)
    return rng.normal(scale=math.sqrt(variance), size=shape)


def he_normal(shape: tuple[int, ...], rng: np.random.Generator, *, fan_in: int | None = None) -> np.ndarray:
    """Draw weights for a layer that feeds ReLUs: normal, with standard deviation ``sqrt(2 / fan_in)``.

    A ReLU lets half of the signal's power through; the 2 makes up for it.

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights: (D, M) of an affine layer or (F, C, ...) of a convolution.
    rng : numpy.random.Generator
    fan_in : int, optional
        Number of inputs of one output; found from `shape` when left out.

    Returns
    -------
    numpy.ndarray of float64

    Raises
    ------
    ValueError
        When the shape is not that of weights, or `fan_in` is below 1.

    Notes
    -----
    He, Zhang, Ren & Sun (2015). One of the source lectures *divides* by ``sqrt(2 / fan_in)``: that is the
    reciprocal, and makes the signal grow by orders of magnitude in every layer.

    Examples
    --------
    >>> w = he_normal((500, 400), np.random.default_rng(0))
    >>> round(float(w.std() / np.sqrt(2 / 500)), 2)
    1.0
    """
    inputs = fans(shape)[0] if fan_in is None else fan_in
    if inputs < 1:
        raise ValueError(f"fan_in must be at least 1, got {fan_in}")
    return rng.normal(scale=math.sqrt(2 / inputs), size=shape)
