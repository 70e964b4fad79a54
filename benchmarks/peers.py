"""The three ways in which convolution is usually written in NumPy, as baselines to compare with.

All take the whole batch at once, and only stride and zero padding: x (N, C, H, W), w (F, C, HH, WW), b (F,).
They are no part of the library. Each is two functions,

``forward(x, w, b, stride, pad) -> out, cache``
``backward(dout, cache) -> dx, dw, db``
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from cs_cnn.layers.windows import output_size

__all__ = ["PEERS", "Peer"]


class Peer(NamedTuple):
    """A way to convolve, there and back."""

    forward: Callable[..., tuple[np.ndarray, Any]]
    backward: Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


def _pad(x: np.ndarray, pad: int) -> np.ndarray:
    return np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad))) if pad else x


def _crop(x: np.ndarray, pad: int) -> np.ndarray:
    return x[:, :, pad:-pad, pad:-pad] if pad else x


def _positions(x: np.ndarray, w: np.ndarray, stride: int) -> tuple[int, int]:
    """Count the positions of the window on padded images."""
    height, width = (output_size(x.shape[a], w.shape[a], stride=stride) for a in (2, 3))
    return height, width


def _add_windows(dwindows: np.ndarray, shape: tuple[int, ...], stride: int) -> np.ndarray:
    """Add windows (C, HH, WW, N, H_out, W_out) back to the padded images, one entry of the window at a time."""
    dx = np.zeros(shape, dwindows.dtype)
    _, hh, ww, _, h_out, w_out = dwindows.shape
    for i in range(hh):
        for j in range(ww):
            seen = dx[:, :, i : i + stride * h_out : stride, j : j + stride * w_out : stride]
            seen += dwindows[:, i, j].swapaxes(0, 1)
    return dx


# --- Fancy indexing: arrays of indices say which pixel every entry of every column is.


def _indices(x: np.ndarray, w: np.ndarray, stride: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return channel, row and column of all entries: (C * HH * WW, 1), and twice (C * HH * WW, H_out * W_out)."""
    c, i, j = (entry.reshape(-1, 1) for entry in np.indices(w.shape[1:]))
    row, column = (place.reshape(1, -1) for place in np.indices(_positions(x, w, stride)))
    return c, i + stride * row, j + stride * column


def fancy_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int = 1, pad: int = 0
) -> tuple[np.ndarray, Any]:
    """Gather all columns by fancy indexing, and multiply."""
    padded = _pad(x, pad)
    c, i, j = _indices(padded, w, stride)
    columns = padded[:, c, i, j].transpose(1, 2, 0).reshape(len(c), -1)
    out = w.reshape(len(w), -1) @ columns + b[:, np.newaxis]
    shape = (len(w), *_positions(padded, w, stride), len(x))
    return out.reshape(shape).transpose(3, 0, 1, 2), (padded.shape, w, columns, stride, pad)


def fancy_backward(dout: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add the gradient of the columns back by `numpy.add.at`."""
    shape, w, columns, stride, pad = cache
    flat = dout.transpose(1, 2, 3, 0).reshape(len(w), -1)
    dw = (flat @ columns.T).reshape(w.shape)
    dpadded = np.zeros(shape, dout.dtype)
    c, i, j = _indices(dpadded, w, stride)
    dcolumns = (w.reshape(len(w), -1).T @ flat).reshape(len(c), -1, shape[0])
    places: Any = (slice(None), c, i, j)
    np.add.at(dpadded, places, dcolumns.transpose(2, 0, 1))
    return _crop(dpadded, pad), dw, dout.sum(axis=(0, 2, 3))


# --- Strides: the windows are a view, which a reshape copies.


def strided_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int = 1, pad: int = 0
) -> tuple[np.ndarray, Any]:
    """Gather all columns by a view with six axes, and multiply."""
    padded = _pad(x, pad)
    (n, c, height, width), (h_out, w_out) = padded.shape, _positions(padded, w, stride)
    steps = np.array([height * width, width, 1, c * height * width, stride * width, stride]) * x.itemsize
    shape = (*w.shape[1:], n, h_out, w_out)
    columns = np.ascontiguousarray(as_strided(np.ascontiguousarray(padded), shape, tuple(map(int, steps))))
    columns = columns.reshape(w[0].size, -1)
    out = w.reshape(len(w), -1) @ columns + b[:, np.newaxis]
    return (
        np.ascontiguousarray(out.reshape(len(w), n, h_out, w_out).swapaxes(0, 1)),
        (padded.shape, w, columns, stride, pad),
    )


def strided_backward(dout: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add the gradient of the columns back by slices."""
    shape, w, columns, stride, pad = cache
    flat = dout.swapaxes(0, 1).reshape(len(w), -1)
    dw = (flat @ columns.T).reshape(w.shape)
    dwindows = (w.reshape(len(w), -1).T @ flat).reshape(*w.shape[1:], len(dout), *dout.shape[2:])
    return _crop(_add_windows(dwindows, shape, stride), pad), dw, dout.sum(axis=(0, 2, 3))


# --- tensordot: NumPy gathers the columns by itself.


def tensordot_forward(
    x: np.ndarray, w: np.ndarray, b: np.ndarray, stride: int = 1, pad: int = 0
) -> tuple[np.ndarray, Any]:
    """Contract the view of all windows with the filters."""
    padded = _pad(x, pad)
    windows = sliding_window_view(padded, w.shape[2:], (2, 3))[:, :, ::stride, ::stride]
    out = np.tensordot(windows, w, ((1, 4, 5), (1, 2, 3))) + b
    return out.transpose(0, 3, 1, 2), (padded.shape, w, windows, stride, pad)


def tensordot_backward(dout: np.ndarray, cache: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Contract once more for the filters, and add the windows of the images back by slices."""
    shape, w, windows, stride, pad = cache
    dw = np.tensordot(dout, windows, ((0, 2, 3), (0, 2, 3)))
    dwindows = np.tensordot(w, dout, (0, 1))
    return _crop(_add_windows(dwindows, shape, stride), pad), dw, dout.sum(axis=(0, 2, 3))


PEERS = {
    "fancy indexing": Peer(fancy_forward, fancy_backward),
    "as_strided": Peer(strided_forward, strided_backward),
    "tensordot": Peer(tensordot_forward, tensordot_backward),
}
"""Each by the name that the tables show."""
