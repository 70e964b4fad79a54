"""Assignment 4, windows as columns and back: right solutions in many styles earn all points."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from .conftest import EarnsEverything

Function = Callable[..., Any]


def _padded(x, p):
    return np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))


def _columns(x, hh, ww, s, p):
    xp = np.ascontiguousarray(_padded(x, p))
    n, c, h, w = xp.shape
    high, wide = (h - hh) // s + 1, (w - ww) // s + 1
    t = xp.strides
    seen = as_strided(
        xp, (c, hh, ww, n, high, wide), (t[1], t[2], t[3], t[0], t[2] * s, t[3] * s), writeable=False
    )
    return seen.reshape(c * hh * ww, n * high * wide), high, wide


# --- a4.im2col ----------------------------------------------------------------------------------------------------


def im2col_strided(x, kernel, stride=1, pad=0):
    return _columns(x, *kernel, stride, pad)[0]


def im2col_view(x, kernel, stride=1, pad=0):
    seen = sliding_window_view(_padded(x, pad), kernel, (2, 3))[:, :, ::stride, ::stride]
    return np.moveaxis(seen, (1, 4, 5), (0, 1, 2)).reshape(x.shape[1] * kernel[0] * kernel[1], -1)


def im2col_stacked(x, kernel, stride=1, pad=0):
    xp, (hh, ww) = _padded(x, pad), kernel
    columns = [
        image[:, i : i + hh, j : j + ww].ravel()
        for image in xp
        for i in range(0, xp.shape[2] - hh + 1, stride)
        for j in range(0, xp.shape[3] - ww + 1, stride)
    ]
    return np.array(columns).T


def im2col_shifts(x, kernel, stride=1, pad=0):
    xp, (hh, ww) = _padded(x, pad), kernel
    rows = []
    for c, k, m in np.ndindex(x.shape[1], hh, ww):
        rows.append(
            xp[:, c, k : xp.shape[2] - hh + k + 1 : stride, m : xp.shape[3] - ww + m + 1 : stride].ravel()
        )
    return np.vstack(rows)


def im2col_indices(x, kernel, stride=1, pad=0):
    xp, (hh, ww), c = _padded(x, pad), kernel, x.shape[1]
    high, wide = (xp.shape[2] - hh) // stride + 1, (xp.shape[3] - ww) // stride + 1
    i = np.tile(np.repeat(np.arange(hh), ww), c)[:, None] + stride * np.repeat(np.arange(high), wide)
    j = np.tile(np.arange(ww), hh * c)[:, None] + stride * np.tile(np.arange(wide), high)
    return xp[:, np.repeat(np.arange(c), hh * ww)[:, None], i, j].transpose(1, 0, 2).reshape(c * hh * ww, -1)


def im2col_float32(x, kernel, stride=1, pad=0):
    return im2col_view(np.float32(x), kernel, stride, pad)


def im2col_in_place(x, kernel, stride=1, pad=0):
    columns = im2col_stacked(x, kernel, stride, pad)
    x[:] = 0
    return columns


def im2col_lists(x, kernel, stride=1, pad=0):
    print("windows", file=sys.stderr)
    return im2col_shifts(x, kernel, stride, pad).tolist()


GATHER = [
    im2col_strided,
    im2col_view,
    im2col_stacked,
    im2col_shifts,
    im2col_indices,
    im2col_float32,
    im2col_in_place,
    im2col_lists,
]

# --- a4.col2im ----------------------------------------------------------------------------------------------------


def col2im_shifts(columns, shape, kernel, stride=1, pad=0):
    n, c, h, w = shape
    hh, ww = kernel
    high, wide = (h + 2 * pad - hh) // stride + 1, (w + 2 * pad - ww) // stride + 1
    values = columns.reshape(c, hh, ww, n, high, wide)
    xp = np.zeros((n, c, h + 2 * pad, w + 2 * pad))
    for k in range(hh):
        for m in range(ww):
            xp[:, :, k : k + stride * high : stride, m : m + stride * wide : stride] += values[
                :, k, m
            ].swapaxes(0, 1)
    return xp[:, :, pad : pad + h, pad : pad + w]


def col2im_one_by_one(columns, shape, kernel, stride=1, pad=0):
    _, c, h, w = shape
    dx = np.zeros(shape)
    high = (h + 2 * pad - kernel[0]) // stride + 1
    wide = (w + 2 * pad - kernel[1]) // stride + 1
    for column in range(columns.shape[1]):
        a, rest = divmod(column, high * wide)
        i, j = divmod(rest, wide)
        for row in range(columns.shape[0]):
            ch, k, m = np.unravel_index(row, (c, *kernel))
            p, q = i * stride + k - pad, j * stride + m - pad
            if 0 <= p < h and 0 <= q < w:
                dx[a, ch, p, q] += columns[row, column]
    return dx


def col2im_add_at(columns, shape, kernel, stride=1, pad=0):
    numbers = np.arange(int(np.prod(shape)), dtype=float).reshape(shape) + 1
    where = im2col_view(numbers, kernel, stride, pad).astype(int)
    flat = np.zeros(numbers.size + 1)
    np.add.at(flat, where, columns)
    return flat[1:].reshape(shape)


def col2im_bincount(columns, shape, kernel, stride=1, pad=0):
    numbers = np.arange(int(np.prod(shape)), dtype=float).reshape(shape) + 1
    where = im2col_stacked(numbers, kernel, stride, pad).astype(int)
    return np.bincount(where.ravel(), columns.ravel(), numbers.size + 1)[1:].reshape(shape)


def col2im_transposed(columns, shape, kernel, stride=1, pad=0):
    """Apply the transpose of the matrix that im2col multiplies with."""
    units = np.eye(int(np.prod(shape))).reshape(-1, *shape)
    return np.array([(im2col_view(unit, kernel, stride, pad) * columns).sum() for unit in units]).reshape(
        shape
    )


def col2im_minus(columns, shape, kernel, stride=1, pad=0):
    xp = np.pad(np.zeros(shape), ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    inner = col2im_shifts(columns, (*shape[:2], *xp.shape[2:]), kernel, stride, 0)
    return inner[:, :, pad:-pad, pad:-pad] if pad > 0 else inner


def col2im_float32(columns, shape, kernel, stride=1, pad=0):
    return np.float32(col2im_shifts(np.float32(columns), shape, kernel, stride, pad))


def col2im_in_place(columns, shape, kernel, stride=1, pad=0):
    images = col2im_shifts(columns, shape, kernel, stride, pad)
    columns *= 0
    print("scattered", file=sys.stderr)
    return images.tolist()


SCATTER = [
    col2im_shifts,
    col2im_one_by_one,
    col2im_add_at,
    col2im_bincount,
    col2im_transposed,
    col2im_minus,
    col2im_float32,
    col2im_in_place,
]

CASES = [
    *(("a4.im2col", (f,)) for f in GATHER),
    *(("a4.col2im", (f,)) for f in SCATTER),
]


@pytest.mark.parametrize(
    ("task", "functions"), CASES, ids=lambda value: value if isinstance(value, str) else value[-1].__name__
)
def test_a_right_solution_earns_everything(
    task: str, functions: tuple[Function, ...], earns_everything: EarnsEverything
) -> None:
    earns_everything(task, functions, turns=((False, None), (True, 40410), (True, 987654321)))
