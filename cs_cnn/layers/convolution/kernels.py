"""The ways to compute a convolution, and the rule that chooses one.

Every way is a module with the same two functions, for images that are not padded yet:

``forward(x, w, b, geometry) -> out``
``backward(dout, x, w, geometry) -> dx, dw``

Each works through the batch in blocks, so that beyond its results it needs memory for one block only.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from cs_cnn.layers.convolution import direct, fft, im2col, winograd
from cs_cnn.layers.convolution.geometry import Geometry

__all__: list[str] = []

MANY_CHANNELS = 24
"""Channels, and filters, from which on the transforms of a tile are small beside its products."""
MANY_PIXELS = 512
"""Pixels of output, of all images together, that pay for transforming the filters."""
LARGE = 11
"""Side of a filter from which on the Fourier transforms are less work than the filter itself."""


def choose(x: np.ndarray, w: np.ndarray, geometry: Geometry) -> ModuleType:
    """Choose how to compute a convolution, by its shape and precision.

    ======== =============================================== =================================================
    module   when                                            because
    ======== =============================================== =================================================
    direct   1x1, stride 1, no border                        nothing has to be gathered
    winograd float32, 3x3 to 5x5 once the stride is undone,  down to a quarter of the multiplications; but
             many channels, filters and pixels               less exact than float64 must be
    fft      11x11 to 16x16, stride 1, many channels and     an output costs the same, however large the
             filters, images of more than a tile             filter is
    im2col   all else                                        it knows every stride, dilation and group
    ======== =============================================== =================================================

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
    w : numpy.ndarray, shape (F, C / groups, HH, WW)
    geometry : Geometry

    Returns
    -------
    module
    """
    stride, kernel, positions = geometry.stride, (w.shape[2], w.shape[3]), geometry.positions
    if kernel == stride == (1, 1) and not np.any(geometry.ends):
        return direct
    # With its stride undone a filter has fewer entries along each axis, on as many more channels.
    reach = (-(-kernel[0] // stride[0]), -(-kernel[1] // stride[1]))
    channels = min(w.shape[1] * stride[0] * stride[1], len(w) // geometry.groups)
    if channels < MANY_CHANNELS or geometry.dilation != (1, 1):
        return im2col
    if x.dtype == w.dtype == np.float32 and 3 <= min(reach) <= max(reach) <= 5:
        return winograd if len(x) * positions[0] * positions[1] >= MANY_PIXELS else im2col
    if stride == (1, 1) and LARGE <= min(kernel) <= max(kernel) <= fft.TILE // 2 <= min(positions) // 2:
        return fft
    return im2col


def forward(x: np.ndarray, w: np.ndarray, b: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Slide filters over images.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
    w : numpy.ndarray, shape (F, C / groups, HH, WW)
    b : numpy.ndarray, shape (F,)
    geometry : Geometry
        Its border shows zeros.

    Returns
    -------
    numpy.ndarray, shape (N, F, H_out, W_out)
    """
    out: np.ndarray = choose(x, w, geometry).forward(x, w, b, geometry)
    return out


def backward(
    dout: np.ndarray, x: np.ndarray, w: np.ndarray, geometry: Geometry
) -> tuple[np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back to the images and to the filters.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, F, H_out, W_out)
    x, w, geometry
        As given to `forward`.

    Returns
    -------
    dx : numpy.ndarray, shape of x
    dw : numpy.ndarray, shape of w
    """
    dx, dw = choose(x, w, geometry).backward(dout, x, w, geometry)
    return dx, dw
