"""Windows that slide over an image: how many there are, how to see them, and how to add them back.

Convolution and pooling both look through the same windows; this module is the arithmetic they share.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

__all__ = ["output_size", "same_padding"]

Pair = tuple[int, int]


def output_size(
    size: int,
    kernel: int,
    *,
    stride: int = 1,
    pad: int | Pair = 0,
    dilation: int = 1,
    fit: str = "floor",
) -> int:
    """Count the positions of a window along one axis.

    A window of `kernel` entries, `dilation` apart, spans ``dilation * (kernel - 1) + 1`` pixels. It moves in
    steps of `stride` over ``size + 2 * pad`` pixels, so there are ``(size + 2 * pad - span) / stride + 1``
    positions.

    Parameters
    ----------
    size, kernel : int
        Length of the input and of the window, in pixels and in entries.
    stride, dilation : int
        Step, and distance between the entries of the window.
    pad : int or (int, int)
        Pixels added at either end, or (before, after).
    fit : {"floor", "strict", "ceil"}
        What to do when the last step does not reach the border exactly: leave the rest out, refuse, or let a
        last window reach over the border (it must still begin within the image or the padding before it).

    Returns
    -------
    int
        Number of positions, at least 1.

    Raises
    ------
    ValueError
        When the window is larger than the padded input, or does not fit exactly under ``fit="strict"``.

    Notes
    -----
    Dumoulin & Visin, *A guide to convolution arithmetic for deep learning* (2016).

    Examples
    --------
    >>> output_size(32, 5), output_size(227, 11, stride=4), output_size(7, 3, stride=2, pad=1)
    (28, 55, 4)
    >>> output_size(112, 3, stride=2), output_size(112, 3, stride=2, fit="ceil")
    (55, 56)
    >>> output_size(7, 3, stride=3, fit="strict")
    Traceback (most recent call last):
        ...
    ValueError: a window of 3 with stride 3 does not fit 7 pixels: (7 - 3) / 3 + 1 = 2.33 is not a whole number;
    change the stride or the padding, or pass fit="floor"
    """
    if fit not in ("floor", "strict", "ceil"):
        raise ValueError(f'fit must be "floor", "strict" or "ceil", got {fit!r}')
    before, after = pad if isinstance(pad, tuple) else (pad, pad)
    span = dilation * (kernel - 1) + 1
    padded = size + before + after
    if span > padded:
        raise ValueError(
            f"a window that spans {span} pixels is larger than the input of {padded}"
            f" ({size}, and padding {before} before and {after} after)"
        )
    steps, rest = divmod(padded - span, stride)
    if fit == "strict" and rest:
        raise ValueError(
            f"a window of {span} with stride {stride} does not fit {padded} pixels: ({padded} - {span}) / {stride}"
            f" + 1 = {(padded - span) / stride + 1:.2f} is not a whole number; change the stride or the padding,"
            ' or pass fit="floor"'
        )
    if fit == "ceil" and rest and (steps + 1) * stride < size + before:
        steps += 1
    return steps + 1


def same_padding(
    size: int, kernel: int, *, stride: int = 1, dilation: int = 1, extra: str = "after"
) -> tuple[int, int]:
    """Find the padding of one axis that gives ``ceil(size / stride)`` positions.

    With stride 1 and an odd kernel it is ``(kernel - 1) / 2`` at either end, and the size stays as it is.

    Parameters
    ----------
    size, kernel, stride, dilation : int
        As in `output_size`.
    extra : {"after", "before"}
        Where an odd pixel goes: TensorFlow's SAME and ONNX's SAME_UPPER put it after, SAME_LOWER before.

    Returns
    -------
    tuple of int
        (before, after), in pixels.

    Raises
    ------
    ValueError
        When `extra` is neither.

    Examples
    --------
    >>> [same_padding(32, kernel) for kernel in (3, 5, 7)]
    [(1, 1), (2, 2), (3, 3)]
    >>> same_padding(224, 3, stride=2), same_padding(224, 3, stride=2, extra="before")
    ((0, 1), (1, 0))
    """
    if extra not in ("after", "before"):
        raise ValueError(f'extra must be "after" or "before", got {extra!r}')
    positions = -(-size // stride)
    total = max((positions - 1) * stride + dilation * (kernel - 1) + 1 - size, 0)
    small, large = total // 2, total - total // 2
    return (small, large) if extra == "after" else (large, small)


def place_windows(
    size: Pair, kernel: Pair, stride: Pair, ends: tuple[Pair, Pair], dilation: Pair, fit: str
) -> tuple[Pair, tuple[Pair, Pair]]:
    """Find how many windows there are, and the padding that all of them together need.

    Parameters
    ----------
    size, kernel, stride, dilation : tuple of int
        Each as (height, width).
    ends : tuple of tuple of int
        Padding ((top, bottom), (left, right)).
    fit : str
        As in `output_size`.

    Returns
    -------
    positions : tuple of int
        (H_out, W_out).
    ends : tuple of tuple of int
        The padding, larger at the bottom or the right where a last window reaches over the border.
    """
    positions, needed = [], []
    for axis in (0, 1):
        before, after = ends[axis]
        n = output_size(
            size[axis],
            kernel[axis],
            stride=stride[axis],
            pad=ends[axis],
            dilation=dilation[axis],
            fit=fit,
        )
        reach = (n - 1) * stride[axis] + dilation[axis] * (kernel[axis] - 1) + 1
        positions.append(n)
        needed.append((before, max(after, reach - size[axis] - before)))
    return (positions[0], positions[1]), (needed[0], needed[1])


def view_windows(x: np.ndarray, size: Pair, stride: Pair, dilation: Pair = (1, 1)) -> np.ndarray:
    """Show every window of the images without copying a pixel.

    Parameters
    ----------
    x : numpy.ndarray, shape (N, C, H, W)
        Images, padded already.
    size, stride, dilation : tuple of int
        Entries of the window, step and distance of the entries, each as (height, width).

    Returns
    -------
    numpy.ndarray, shape (N, C, H_out, W_out, HH, WW)
        A read-only view: entry [n, c, i, j] is the window at position (i, j).
    """
    span = tuple(d * (s - 1) + 1 for d, s in zip(dilation, size, strict=True))
    every_step = sliding_window_view(x, span, axis=(2, 3))
    return every_step[:, :, :: stride[0], :: stride[1], :: dilation[0], :: dilation[1]]


def add_windows(
    windows: np.ndarray, shape: tuple[int, ...], stride: Pair, dilation: Pair = (1, 1)
) -> np.ndarray:
    """Add every window back to the place it was seen at: the adjoint of `view_windows`.

    Parameters
    ----------
    windows : numpy.ndarray, shape (N, C, H_out, W_out, HH, WW)
    shape : tuple of int
        Shape (N, C, H, W) of the padded images.
    stride, dilation : tuple of int

    Returns
    -------
    numpy.ndarray, shape (N, C, H, W)
        A pixel seen by several windows receives the sum of their entries.
    """
    out = np.zeros(shape, windows.dtype)
    h_out, w_out, hh, ww = windows.shape[2:]
    # One slice assignment per entry of the window: few Python steps, however many pixels.
    for i in range(hh):
        rows = slice(i * dilation[0], i * dilation[0] + stride[0] * (h_out - 1) + 1, stride[0])
        for j in range(ww):
            columns = slice(j * dilation[1], j * dilation[1] + stride[1] * (w_out - 1) + 1, stride[1])
            out[:, :, rows, columns] += windows[:, :, :, :, i, j]
    return out
