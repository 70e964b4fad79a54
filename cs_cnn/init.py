"""Initial weights: random, centred, and of the right size."""

from __future__ import annotations

import math

import numpy as np


def he_normal(shape: tuple[int, ...], rng: np.random.Generator, *, fan_in: int | None = None) -> np.ndarray:
    """Draw weights for a layer that feeds ReLUs: normal, with standard deviation ``sqrt(2 / fan_in)``.

    Parameters
    ----------
    shape : tuple of int
        Shape of the weights: (D, M) of an affine layer or (F, C, HH, WW) of a convolution.
    rng : numpy.random.Generator
    fan_in : int, optional
        Number of inputs of one output; found from `shape` when left out.

    Returns
    -------
    numpy.ndarray of float64

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
    inputs = fan_in or (shape[0] if len(shape) == 2 else math.prod(shape[1:]))
    return rng.normal(scale=math.sqrt(2 / inputs), size=shape)
