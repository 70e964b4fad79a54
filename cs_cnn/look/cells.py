"""Simple, complex and end-stopped cells: what Hubel and Wiesel measured, as three functions of an image.

Each function returns a whole sheet of cells that share their tuning, one at every place where its field lies on the
image. `bar` and `grating` draw what the cells are shown.

>>> import numpy as np
>>> from cs_cnn.look import cells
>>> upright = cells.Tuning(orientation=np.pi / 2)
>>> stimuli = np.stack([cells.bar(upright.size, np.pi / 2), cells.bar(upright.size, 0.0)])
>>> cells.complex_cells(stimuli, upright)[:, 0, 0].round(2).tolist()
[0.47, 0.0]
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cs_cnn.errors import CsCnnError
from cs_cnn.layers.convolution.conv2d import conv2d_forward

Array = NDArray[np.float64]
_QUARTERS = tuple(turn * math.pi / 2 for turn in range(4))


@dataclass(frozen=True)
class Tuning:
    """What a cell likes best.

    Attributes
    ----------
    orientation : float
        The direction of the bars, in radians, anticlockwise from the horizontal; it means the same as itself plus π.
    wavelength : float
        From one bright stripe of the field to the next, in pixels; at least 2.
    elongation : float
        Length of the field along its bars over its width across them. The width, as a standard deviation, is half
        a wavelength.

    Raises
    ------
    CsCnnError
        When one of them is not a number that makes sense.
    """

    orientation: float
    wavelength: float = 8.0
    elongation: float = 1.5

    def __post_init__(self) -> None:
        if not math.isfinite(self.orientation):
            raise CsCnnError(f"orientation must be a finite angle in radians, got {self.orientation}.")
        if not (2 <= self.wavelength < math.inf):
            raise CsCnnError(f"wavelength must be at least 2 pixels, got {self.wavelength}.")
        if not (0 < self.elongation < math.inf):
            raise CsCnnError(f"elongation must be a positive number, got {self.elongation}.")

    @property
    def across(self) -> float:
        """Standard deviation of the field across its bars, in pixels."""
        return self.wavelength / 2

    @property
    def along(self) -> float:
        """Standard deviation of the field along its bars, in pixels."""
        return self.across * self.elongation

    @property
    def radius(self) -> int:
        """Pixels from the middle of the field to its border: three standard deviations."""
        return math.ceil(3 * max(self.across, self.along))

    @property
    def size(self) -> int:
        """Height and width of the field, in pixels; odd."""
        return 2 * self.radius + 1


def _frame(size: int, orientation: float) -> tuple[Array, Array]:
    """Return the coordinates of pixels along and across a direction, from the middle; rows count downwards."""
    place = np.arange(size) - (size - 1) / 2
    x, y = place[None, :], -place[:, None]
    cosine, sine = math.cos(orientation), math.sin(orientation)
    return x * cosine + y * sine, y * cosine - x * sine


def gabor(tuning: Tuning, phase: float = 0.0) -> Array:
    """Return the field of a simple cell: a wave under a bell.

    Parameters
    ----------
    tuning : Tuning
        Its stripes and its size.
    phase : float
        In radians: 0 has a bright stripe in the middle, π a dark one, π/2 and 3π/2 an edge.

    Returns
    -------
    ndarray (K, K)
        Weights that add up to 0, with ``K = tuning.size``. A wave of the same wavelength, orientation and phase
        and of amplitude 1 gives a response of about 1.

    Notes
    -----
    The form is that of Daugman (1985, J. Opt. Soc. Am. A 2, 1160-1169); the small sum of the cosine under its bell
    is subtracted, so that even light gives no response.
    """
    if not math.isfinite(phase):
        raise CsCnnError(f"phase must be a finite angle in radians, got {phase}.")
    along, across = _frame(tuning.size, tuning.orientation)
    bell = np.exp(-0.5 * ((along / tuning.along) ** 2 + (across / tuning.across) ** 2))
    wave = np.cos(2 * math.pi * across / tuning.wavelength + phase)
    wave = wave - (bell * wave).sum() / bell.sum()
    return np.asarray(2 * bell * wave / bell.sum())


def simple_cells(x: NDArray[np.floating], tuning: Tuning, phase: float = 0.0) -> Array:
    """Return the responses of simple cells: the product of field and image, where it is positive.

    Parameters
    ----------
    x : ndarray (N, H, W)
        Grey images.
    tuning : Tuning
        The same for all cells.
    phase : float
        See `gabor`.

    Returns
    -------
    ndarray (N, H - K + 1, W - K + 1)
        One cell for each place at which a field of K pixels lies on the image; never negative.

    Raises
    ------
    CsCnnError
        When these are no images, or smaller than the field.
    """
    return np.maximum(_filtered(x, gabor(tuning, phase)), 0.0)


def complex_cells(x: NDArray[np.floating], tuning: Tuning) -> Array:
    """Return the responses of complex cells: the root of the summed squares of four simple cells each.

    The four look at the same place, with their stripes moved by a quarter of a wavelength from one to the next.
    The sum knows how much of a wave there is, and not where its bright stripes lie.

    Parameters
    ----------
    x : ndarray (N, H, W)
        Grey images.
    tuning : Tuning
        That of the simple cells.

    Returns
    -------
    ndarray (N, H - K + 1, W - K + 1)
        As for `simple_cells`.

    Raises
    ------
    CsCnnError
        When these are no images, or smaller than the field.

    Notes
    -----
    The energy model of Adelson and Bergen (1985, J. Opt. Soc. Am. A 2, 284-299). Of two opposite simple cells one
    is always silent, so two filters suffice to compute it.
    """
    even, odd = (_filtered(x, gabor(tuning, phase)) for phase in _QUARTERS[:2])
    return np.asarray(np.sqrt(even**2 + odd**2))


def end_stopped_cells(x: NDArray[np.floating], tuning: Tuning, reach: int | None = None) -> Array:
    """Return the responses of end-stopped (once "hypercomplex") cells, which like bars that end.

    A complex cell excites it; the mean of the two complex cells ahead and behind, in the direction of the bar,
    holds it back. What remains is cut off at 0.

    Parameters
    ----------
    x : ndarray (N, H, W)
        Grey images.
    tuning : Tuning
        That of the complex cells.
    reach : int, optional
        Pixels from the middle to the cells ahead and behind, rounded to whole rows and columns; by default the
        radius of the field.

    Returns
    -------
    ndarray (N, H - K + 1 - 2 reach, W - K + 1 - 2 reach)
        Never negative.

    Raises
    ------
    CsCnnError
        When these are no images, or too small, or `reach` is not positive.

    Notes
    -----
    A model in the spirit of Hubel and Wiesel (1965, J. Neurophysiol. 28, 229-289), who explained such cells by
    inhibition from complex cells whose fields lie beside the excitatory one.
    """
    reach = tuning.radius if reach is None else reach
    if reach < 1:
        raise CsCnnError(f"reach must be at least 1 pixel, got {reach}.")
    _check(x, tuning.size + 2 * reach)
    excited = complex_cells(x, tuning)
    height, width = (length - 2 * reach for length in excited.shape[1:])
    down = -round(reach * math.sin(tuning.orientation))
    right = round(reach * math.cos(tuning.orientation))

    def moved(rows: int, columns: int) -> Array:
        top, left = reach + rows, reach + columns
        return excited[:, top : top + height, left : left + width]

    return np.maximum(moved(0, 0) - (moved(down, right) + moved(-down, -right)) / 2, 0.0)


def bar(
    size: int, orientation: float, *, offset: float = 0.0, length: float = math.inf, width: float = 4.0
) -> Array:
    """Draw a bright bar (1) on a dark ground (0).

    Parameters
    ----------
    size : int
        Height and width of the picture, in pixels.
    orientation : float
        Direction of the bar, as in `Tuning`.
    offset : float
        From the middle of the picture to that of the bar, across its direction and to the left of it, in pixels.
    length, width : float
        In pixels.

    Returns
    -------
    ndarray (size, size)
        Pixels that the bar covers in part are grey.

    Examples
    --------
    >>> bar(5, 0.0, width=1, length=3)[1:4]
    array([[0., 0., 0., 0., 0.],
           [0., 1., 1., 1., 0.],
           [0., 0., 0., 0., 0.]])
    """
    _check_size(size)
    if not (length > 0 and width > 0):
        raise CsCnnError(f"length and width must be positive, got {length} and {width}.")
    along, across = _frame(size, orientation)
    inside = np.clip(width / 2 - np.abs(across - offset) + 0.5, 0, 1)
    if math.isfinite(length):
        inside = inside * np.clip(length / 2 - np.abs(along) + 0.5, 0, 1)
    return np.asarray(inside)


def grating(size: int, orientation: float, *, wavelength: float = 8.0, phase: float = 0.0) -> Array:
    """Draw a wave of amplitude 1 around 0; with phase 0 a bright stripe runs through the middle.

    Parameters
    ----------
    size : int
        Height and width of the picture, in pixels.
    orientation : float
        Direction of the stripes, as in `Tuning`.
    wavelength : float
        In pixels.
    phase : float
        In radians.

    Returns
    -------
    ndarray (size, size)
    """
    _check_size(size)
    if not wavelength > 0:
        raise CsCnnError(f"wavelength must be positive, got {wavelength}.")
    across = _frame(size, orientation)[1]
    return np.asarray(np.cos(2 * math.pi * across / wavelength + phase))


def _filtered(x: NDArray[np.floating], field: Array) -> Array:
    images = _check(x, len(field))
    return np.asarray(conv2d_forward(images[:, None], field[None, None], np.zeros(1))[0][:, 0])


def _check(x: NDArray[np.floating], least: int) -> Array:
    images = np.asarray(x)
    if images.ndim != 3 or images.dtype.kind != "f":
        raise CsCnnError(
            f"x must be grey images of floating-point numbers, shape (N, H, W), got shape {images.shape} and"
            f" {images.dtype}."
        )
    if min(images.shape[1:]) < least:
        raise CsCnnError(
            f"x must have at least {least} by {least} pixels for these cells, got"
            f" {images.shape[1]} by {images.shape[2]}; take larger images or a shorter wavelength."
        )
    return images.astype(np.float64)


def _check_size(size: int) -> None:
    if size < 1:
        raise CsCnnError(f"size must be at least 1 pixel, got {size}.")
