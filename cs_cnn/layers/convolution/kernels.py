"""The ways to compute a convolution, and the rule that chooses one.

Every way is a module with the same two functions, which get images that need not be padded yet:

``forward(x, w, b, geometry) -> out``
``backward(dout, x, w, geometry) -> dx, dw``
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from cs_cnn.layers.convolution import direct, im2col, winograd
from cs_cnn.layers.convolution.geometry import Geometry

__all__: list[str] = []


ENOUGH_CHANNELS = 32
"""Below this, Winograd's transforms cost more than the multiplications they save."""


def choose(x: np.ndarray, w: np.ndarray, geometry: Geometry) -> ModuleType:
    """Choose the way to compute a convolution by its shape.

    A 1x1 filter with stride 1 and no border is one matrix product (`direct`). In float32, filters of 3 to 5 entries
    on enough channels go through `winograd`; so do larger ones with a stride, which are small filters on more
    channels. Everything else, and everything in float64, is gathered into columns (`im2col`).

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
    w : numpy.ndarray, shape (F, C / groups, HH, WW)
    geometry : Geometry

    Returns
    -------
    module
        With the functions ``forward`` and ``backward``.
    """
    stride, kernel = geometry.stride, w.shape[2:]
    if kernel == (1, 1) and stride == (1, 1) and geometry.ends == ((0, 0), (0, 0)):
        return direct
    reach = [-(-k // s) for k, s in zip(kernel, stride, strict=True)]
    channels, filters = w.shape[1] * stride[0] * stride[1], len(w) // geometry.groups
    if (
        x.dtype == w.dtype == np.float32
        and geometry.dilation == (1, 1)
        and all(3 <= r <= 5 for r in reach)
        and min(channels, filters) >= ENOUGH_CHANNELS
    ):
        return winograd
    return im2col


def forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Return the output (N, F, H_out, W_out), bias included."""
    out: np.ndarray = choose(x, w, geometry).forward(x, w, b, geometry)
    return out


def backward(
    dout: np.ndarray, x: np.ndarray, w: np.ndarray, geometry: Geometry
) -> tuple[np.ndarray, np.ndarray]:
    """Return the gradients of the images and of the filters."""
    gradients: tuple[np.ndarray, np.ndarray] = choose(x, w, geometry).backward(dout, x, w, geometry)
    return gradients
