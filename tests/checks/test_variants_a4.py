"""Assignment 4, sizes and convolution: right solutions in many styles earn all points."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from scipy.signal import correlate

from .conftest import EarnsEverything

Function = Callable[..., Any]

# --- a4.output_size -----------------------------------------------------------------------------------------------


def size_floor(size, kernel, stride=1, pad=0):
    return math.floor((size + 2 * pad - kernel) / stride) + 1


def size_counted(size, kernel, stride=1, pad=0):
    return sum(1 for _ in range(-pad, size + pad - kernel + 1, stride))


def size_numpy(size, kernel, stride=1, pad=0):
    return np.floor_divide(np.int64(size + 2 * pad - kernel + stride), stride)


def size_float(size, kernel, stride=1, pad=0):
    return np.floor((size + 2 * pad - kernel) / stride + 1)


def size_loop(size, kernel, stride=1, pad=0):
    count, start = 0, 0
    while start + kernel <= size + pad + pad:
        count, start = count + 1, start + stride
    return count


def size_divmod(size, kernel, stride=1, pad=0):
    return 1 + divmod(size - kernel + 2 * pad, stride)[0]


def size_array(size, kernel, stride=1, pad=0):
    return np.array(int((size - kernel + 2 * pad) / stride) + 1)


def size_noisy(size, kernel, stride=1, pad=0):
    print(size, file=sys.stderr)
    warnings.warn("a size", stacklevel=1)
    return len(np.zeros(size + 2 * pad)[: size + 2 * pad - kernel + 1 : stride])


SIZES = [
    size_floor,
    size_counted,
    size_numpy,
    size_float,
    size_loop,
    size_divmod,
    size_array,
    size_noisy,
]

# --- a4.conv2d_forward and a4.conv2d_backward: pairs, each with a cache of its own --------------------------------


def _padded(x, p):
    return np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))


def forward_nested(x, w, b, stride=1, pad=0):
    n, c, h, wide = x.shape
    f, _, hh, ww = w.shape
    xp = _padded(x, pad)
    out = np.zeros((n, f, 1 + (h + 2 * pad - hh) // stride, 1 + (wide + 2 * pad - ww) // stride))
    for a in range(n):
        for g in range(f):
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    s = b[g]
                    for ch in range(c):
                        for k in range(hh):
                            for m in range(ww):
                                s = s + xp[a, ch, i * stride + k, j * stride + m] * w[g, ch, k, m]
                    out[a, g, i, j] = s
    return out, (x, w, b, {"stride": stride, "pad": pad})


def backward_nested(dout, cache):
    x, w, b, param = cache
    stride, pad = param["stride"], param["pad"]
    xp = _padded(x, pad)
    dxp, dw, db = np.zeros_like(xp), np.zeros_like(w), np.zeros_like(b)
    for a, g, i, j in np.ndindex(*dout.shape):
        d = dout[a, g, i, j]
        rows, columns = i * stride, j * stride
        here = (a, slice(None), slice(rows, rows + w.shape[2]), slice(columns, columns + w.shape[3]))
        dxp[here] += d * w[g]
        dw[g] += d * xp[here]
        db[g] += d
    return dxp[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]], dw, db


def forward_einsum(x, w, b, stride=1, pad=0):
    seen = sliding_window_view(_padded(x, pad), w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    out = np.einsum("ncijkm,fckm->nfij", seen, w, optimize=True) + b.reshape(1, -1, 1, 1)
    return out, {"x": x, "seen": seen, "w": w, "stride": stride, "pad": pad}


def backward_einsum(dout, cache):
    x, w, s, p = (cache[key] for key in ("x", "w", "stride", "pad"))
    dw = np.einsum("ncijkm,nfij->fckm", cache["seen"], dout)
    dxp = np.zeros((*x.shape[:2], x.shape[2] + 2 * p, x.shape[3] + 2 * p))
    for k in range(w.shape[2]):
        for m in range(w.shape[3]):
            there = dxp[:, :, k : k + dout.shape[2] * s : s, m : m + dout.shape[3] * s : s]
            there += np.einsum("nfij,fc->ncij", dout, w[:, :, k, m])
    dx = dxp[:, :, p:-p, p:-p] if p else dxp
    return [dx, dw, np.einsum("nfij->f", dout)]


def _columns(x, hh, ww, s, p):
    xp = np.ascontiguousarray(_padded(x, p))
    n, c, h, w = xp.shape
    high, wide = (h - hh) // s + 1, (w - ww) // s + 1
    t = xp.strides
    seen = as_strided(
        xp, (c, hh, ww, n, high, wide), (t[1], t[2], t[3], t[0], t[2] * s, t[3] * s), writeable=False
    )
    return seen.reshape(c * hh * ww, n * high * wide), high, wide


def forward_strided(x, w, b, stride=1, pad=0):
    columns, high, wide = _columns(x, w.shape[2], w.shape[3], stride, pad)
    out = (w.reshape(len(w), -1) @ columns + b[:, None]).reshape(len(w), len(x), high, wide)
    return out.transpose(1, 0, 2, 3), [x.shape, columns, w, stride, pad]


def backward_strided(dout, cache):
    shape, columns, w, s, p = cache
    n, c, h, wide = shape
    rows = dout.transpose(1, 0, 2, 3).reshape(len(w), -1)
    spread = (w.reshape(len(w), -1).T @ rows).reshape(c, *w.shape[2:], n, *dout.shape[2:])
    dxp = np.zeros((n, c, h + 2 * p, wide + 2 * p))
    i0 = np.arange(dout.shape[2]) * s
    j0 = np.arange(dout.shape[3]) * s
    for k, m in np.ndindex(*w.shape[2:]):
        np.add.at(
            dxp,
            (slice(None), slice(None), (i0 + k)[:, None], (j0 + m)[None]),
            spread[:, k, m].transpose(1, 0, 2, 3),
        )
    return dxp[:, :, p : h + p, p : wide + p], (rows @ columns.T).reshape(w.shape), rows.sum(1)


def forward_scipy(x, w, b, stride=1, pad=0):
    xp = _padded(x, pad)
    out = np.stack([np.stack([correlate(image, f, mode="valid")[0] for f in w]) for image in xp])
    out = out[:, :, ::stride, ::stride] + b[None, :, None, None]
    return out, (xp, w, out.shape, stride, pad)


def backward_flipped(dout, cache):
    """Write dx as a convolution with the flipped filters, after putting zeros between the outputs."""
    xp, w, shape, s, p = cache
    hh, ww = w.shape[2:]
    wide = np.zeros((*shape[:2], xp.shape[2] - hh + 1, xp.shape[3] - ww + 1))
    wide[:, :, ::s, ::s] = dout
    ends = np.pad(wide, ((0, 0), (0, 0), (hh - 1, hh - 1), (ww - 1, ww - 1)))
    dxp = forward_einsum(ends, w[:, :, ::-1, ::-1].swapaxes(0, 1), np.zeros(w.shape[1]))[0]
    dw = forward_einsum(xp.swapaxes(0, 1), wide.swapaxes(0, 1), np.zeros(shape[1]))[0].swapaxes(0, 1)
    return dxp[:, :, p : xp.shape[2] - p, p : xp.shape[3] - p], dw, dout.sum(axis=-1).sum(axis=-1).sum(axis=0)


def forward_float32(x, w, b, stride=1, pad=0):
    return forward_einsum(np.float32(x), np.float32(w), np.float32(b), stride, pad)


def backward_float32(dout, cache):
    return tuple(np.float32(gradient) for gradient in backward_einsum(np.float32(dout), cache))


def forward_in_place(x, w, b, stride=1, pad=0):
    kept = (x.copy(), w.copy(), b.copy(), {"stride": stride, "pad": pad})
    out, _ = forward_einsum(x, w, b, stride, pad)
    x *= 0
    w += 1
    b[:] = np.nan
    return out, kept


def backward_in_place(dout, cache):
    gradients = backward_nested(dout, cache)
    dout *= 0
    return gradients


def forward_noisy(x, w, b, stride=1, pad=0):
    print("forward", x.shape)
    print("careful", file=sys.stderr)
    np.log(np.zeros(1))
    return [*forward_strided(x, w, b, stride=stride, pad=pad)]


def backward_noisy(dout, cache):
    warnings.warn("backward", RuntimeWarning, stacklevel=1)
    return backward_strided(dout, cache)


class Layer:
    """Keeps what it needs in itself; the cache is the layer."""

    def forward(self, x, w, b, stride=1, pad=0):
        kept = Layer()
        out, kept.cache = forward_nested(x, w, b, stride, pad)
        return out.tolist(), kept

    @staticmethod
    def backward(dout, cache):
        return tuple(gradient.tolist() for gradient in backward_nested(dout, cache.cache))


def forward_over_filters(x, w, b, stride=1, pad=0):
    xp = np.zeros((x.shape[0], x.shape[1], x.shape[2] + 2 * pad, x.shape[3] + 2 * pad))
    xp[:, :, pad : pad + x.shape[2], pad : pad + x.shape[3]] = x
    maps = []
    for f in range(w.shape[0]):
        total = 0
        for k in range(w.shape[2]):
            for m in range(w.shape[3]):
                high = xp.shape[2] - w.shape[2] + k + 1
                wide = xp.shape[3] - w.shape[3] + m + 1
                part = xp[:, :, k:high:stride, m:wide:stride]
                total = total + (part * w[f, :, k, m][None, :, None, None]).sum(1)
        maps.append(total + b[f])
    return np.stack(maps, axis=1), (x, w, b, {"stride": stride, "pad": pad})


PAIRS = [
    (forward_nested, backward_nested),
    (forward_einsum, backward_einsum),
    (forward_strided, backward_strided),
    (forward_scipy, backward_flipped),
    (forward_float32, backward_float32),
    (forward_in_place, backward_in_place),
    (forward_noisy, backward_noisy),
    (Layer().forward, Layer.backward),
    (forward_over_filters, backward_nested),
]

CASES = [
    *(("a4.output_size", (f,)) for f in SIZES),
    *(("a4.conv2d_forward", (f,)) for f, _ in PAIRS),
    *(("a4.conv2d_backward", pair) for pair in PAIRS),
]


@pytest.mark.parametrize(
    ("task", "functions"), CASES, ids=lambda value: value if isinstance(value, str) else value[-1].__name__
)
def test_a_right_solution_earns_everything(
    task: str, functions: tuple[Function, ...], earns_everything: EarnsEverything
) -> None:
    earns_everything(task, functions, turns=((False, None), (True, 40401), (True, 987654321)))
