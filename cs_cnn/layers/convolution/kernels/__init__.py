"""The ways to compute a convolution, and the rule that chooses one.

Every way is a module with the same two functions, for images that are not padded yet:

``forward(x, w, b, geometry) -> out``
``backward(dout, x, w, geometry, only_filters=False) -> dx, dw``

Each works through the batch in blocks, so that what it needs beyond its results does not grow with the batch:

- im2col, lines and direct: two times the module's BLOCK, or two rows of output where a row alone is more;
- depthwise: four times its BLOCK, or four planes;
- winograd and fft: two times (fft: four times) `tiles.BLOCK` and the numbers of `at_once` tiles in all channels
  and all filters of a group, which is 36 KiB (136 KiB) for each of them.
"""

from __future__ import annotations

from types import ModuleType

import numpy as np

from cs_cnn.layers.convolution.kernels import depthwise, direct, fft, im2col, lines, winograd
from cs_cnn.layers.convolution.kernels.geometry import Geometry

__all__: list[str] = []

MANY_CHANNELS = 24
"""Channels, and filters, from which on the transforms of a tile are small beside its products."""
MANY_PIXELS = 512
"""Pixels of output, of all images together, that pay for transforming the filters."""
LARGE = 11
"""Side of a filter from which on the Fourier transforms are less work than the filter itself."""
FEW = 16
"""Channels, and filters, up to which gathering a column takes as long as its product."""
WIDE = 256
"""Entries of a row of output, of all images together, that are worth a product of their own."""


def choose(x: np.ndarray, w: np.ndarray, geometry: Geometry) -> ModuleType:
    """Choose how to compute a convolution, by its shape and precision: the first line that holds.

    ========= ============================================== =================================================
    module    when                                           because
    ========= ============================================== =================================================
    direct    1x1, stride 1, no border                       nothing has to be gathered
    depthwise one channel and one filter in each group       there is nothing to multiply as matrices
    winograd  float32, 3x3 to 5x5 once the stride is undone, down to a quarter of the multiplications; but
              many channels, filters and pixels              less exact than float64 must be
    fft       11x11 to 16x16, stride 1, many channels and    an output costs the same, however large the
              filters, images of more than a tile            filter is
    lines     few channels and filters, one group, wide rows columns that overlap need not be copied
    im2col    all else                                       it knows every stride, dilation and group
    ========= ============================================== =================================================

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
    if kernel == stride == (1, 1) and not np.any(geometry.ends):  # only saves time
        return direct  # only saves time
    if geometry.groups == len(w) == x.shape[1] > 1:  # only saves time
        return depthwise  # only saves time
    if geometry.dilation != (1, 1):
        return im2col
    # With its stride undone a filter has fewer entries along each axis, on as many more channels.
    reach = (-(-kernel[0] // stride[0]), -(-kernel[1] // stride[1]))
    many = min(w.shape[1] * stride[0] * stride[1], len(w) // geometry.groups) >= MANY_CHANNELS
    pixels = len(x) * positions[0] * positions[1]
    if many and x.dtype == w.dtype == np.float32 and 3 <= min(reach) <= max(reach) <= 5:  # only saves time
        return winograd if pixels >= MANY_PIXELS else im2col  # only saves time
    large = LARGE <= min(kernel) <= max(kernel) <= fft.TILE // 2 <= min(positions) // 2
    if many and stride == (1, 1) and large:  # only saves time
        return fft  # only saves time
    few = max(x.shape[1], len(w)) <= FEW and len(x) * positions[1] >= WIDE
    if geometry.groups == 1 and few:  # only saves time
        return lines  # only saves time
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
    dout: np.ndarray, x: np.ndarray, w: np.ndarray, geometry: Geometry, *, only_filters: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Carry the gradient of the loss back to the images and to the filters.

    Parameters
    ----------
    dout : numpy.ndarray, shape (N, F, H_out, W_out)
    x, w, geometry
        As given to `forward`.
    only_filters : bool
        Leave `dx` zero, and do without the work for it.

    Returns
    -------
    dx : numpy.ndarray, shape of x
    dw : numpy.ndarray, shape of w
    """
    dx, dw = choose(x, w, geometry).backward(dout, x, w, geometry, only_filters=only_filters)
    return dx, dw
