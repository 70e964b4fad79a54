"""Where the windows of a convolution lie, and in which blocks they are worked through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cs_cnn.layers.arguments import match_shapes, pair
from cs_cnn.layers.padding import Borders, borders
from cs_cnn.layers.windows import Pair, place_windows

__all__: list[str] = []

Setting = int | Pair


@dataclass(frozen=True)
class Geometry:
    """Where the windows of a convolution lie: everything but the numbers.

    Attributes
    ----------
    stride, dilation : tuple of int
        As (height, width).
    ends : tuple of tuple of int
        Padding ((top, bottom), (left, right)).
    positions : tuple of int
        (H_out, W_out).
    groups : int
    """

    stride: Pair
    dilation: Pair
    ends: Borders
    positions: Pair
    groups: int


def geometry_of(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    stride: Setting,
    pad: Setting | Borders,
    dilation: Setting,
    groups: int,
    fit: str,
) -> Geometry:
    """Check the arguments of a convolution, and place its windows."""
    sizes = match_shapes(x=(x, "N C H W"), w=(w, "F C/groups HH WW"), b=(b, "F"))
    if not isinstance(groups, (int, np.integer)) or groups < 1 or sizes["C"] % groups or sizes["F"] % groups:
        raise ValueError(f"groups must divide C = {sizes['C']} and F = {sizes['F']}, got {groups!r}")
    if sizes["C/groups"] * groups != sizes["C"]:
        raise ValueError(
            f"w must have {sizes['C'] // groups} channels (C / groups = {sizes['C']} / {groups}),"
            f" got {sizes['C/groups']}"
        )
    s = pair("stride", stride, at_least=1)
    d = pair("dilation", dilation, at_least=1)
    image, kernel = (sizes["H"], sizes["W"]), (sizes["HH"], sizes["WW"])
    positions, ends = place_windows(image, kernel, s, borders(pad), d, fit)
    return Geometry(s, d, ends, positions, int(groups))


def overlap(start: int, size: int, length: int) -> tuple[slice, slice]:
    """Say which part of a stretch of pixels lies on an image; the rest of it is padding.

    Parameters
    ----------
    start, size : int
        The stretch begins at pixel `start`, which may be before the image, and has `size` pixels.
    length : int
        Pixels of the image.

    Returns
    -------
    tuple of slice
        The part as it is counted within the stretch, and within the image.

    Examples
    --------
    >>> overlap(-1, 4, 10), overlap(8, 4, 10)
    ((slice(1, 4, None), slice(0, 3, None)), (slice(0, 2, None), slice(8, 10, None)))
    """
    first = min(max(0, start), length)
    last = max(first, min(length, start + size))
    return slice(first - start, last - start), slice(first, last)


def pieces(length: int, size: int) -> Iterator[slice]:
    """Cut a range into slices of about the same length, at most `size` and at least 1.

    Examples
    --------
    >>> list(pieces(5, 2)), list(pieces(8, 7))
    ([slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)], [slice(0, 4, None), slice(4, 8, None)])
    """
    count = -(-length // max(1, size))
    step = -(-length // max(1, count))
    for start in range(0, length, max(1, step)):
        yield slice(start, min(start + step, length))


def blocks(images: int, rows: int, size: int) -> Iterator[tuple[slice, slice]]:
    """Cut a batch into blocks of at most `size` rows, so that memory does not grow with the batch.

    A block is several whole images, or some rows of one image where a whole one is too large.

    Parameters
    ----------
    images, rows : int
        How many images there are, and how many rows of output each has.
    size : int
        Rows that a block may have; it has at least 1.

    Yields
    ------
    tuple of slice
        The images and the rows of a block.

    Examples
    --------
    >>> list(blocks(3, 2, 4))
    [(slice(0, 2, None), slice(0, 2, None)), (slice(2, 3, None), slice(0, 2, None))]
    >>> list(blocks(1, 3, 2))
    [(slice(0, 1, None), slice(0, 2, None)), (slice(0, 1, None), slice(2, 3, None))]
    """
    for image in pieces(images, size // rows):
        for row in pieces(rows, size):
            yield image, row
