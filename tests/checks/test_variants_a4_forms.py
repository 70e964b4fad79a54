"""Assignment 4, other forms of a layer and what they cost: right solutions in many styles earn all points."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import correlate2d

from .conftest import EarnsEverything

Function = Callable[..., Any]


def _seen(x, kernel, s, p):
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    return sliding_window_view(xp, tuple(kernel), axis=(2, 3))[:, :, ::s, ::s]


# --- a4.affine_to_conv2d ------------------------------------------------------------------------------------------


def filters_reshaped(w, b, shape):
    return w.T.reshape(w.shape[1], *shape), b


def filters_moved(w, b, shape):
    return np.moveaxis(w.reshape(*shape, -1), -1, 0), b.copy()


def filters_einsum(w, b, shape):
    return [np.einsum("chwm->mchw", w.reshape((*shape, len(b)))), list(b)]


def filters_stacked(w, b, shape):
    return np.stack([w[:, m].reshape(shape) for m in range(w.shape[1])]), b


def filters_loops(w, b, shape):
    filters = np.zeros((len(b), *shape))
    for m in range(len(b)):
        for d, (c, k, j) in enumerate(np.ndindex(*shape)):
            filters[m, c, k, j] = w[d, m]
    return filters, 1.0 * b


def filters_resized(w, b, shape):
    return np.array([np.resize(column, shape) for column in w.T]), b


def filters_float32(w, b, shape):
    return np.float32(w).T.reshape(-1, *shape), np.float32(b)


def filters_noisy(w, b, shape):
    print("filters", file=sys.stderr)
    warnings.warn("filters", stacklevel=1)
    result = w.T.reshape(-1, *shape).copy(), b.copy()
    w *= 0
    b *= 0
    return result


FILTERS = [
    filters_reshaped,
    filters_moved,
    filters_einsum,
    filters_stacked,
    filters_loops,
    filters_resized,
    filters_float32,
    filters_noisy,
]

# --- a4.depthwise_separable ---------------------------------------------------------------------------------------


def separable_einsum(x, depthwise, pointwise, b, stride=1, pad=0):
    maps = np.einsum("ncijkm,ckm->ncij", _seen(x, depthwise.shape[1:], stride, pad), depthwise)
    return np.einsum("ncij,fc->nfij", maps, pointwise) + b[None, :, None, None]


def separable_at_once(x, depthwise, pointwise, b, stride=1, pad=0):
    w = pointwise[:, :, None, None] * depthwise
    seen = _seen(x, depthwise.shape[1:], stride, pad)
    return np.tensordot(seen, w, ((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2) + b.reshape(-1, 1, 1)


def separable_nested(x, depthwise, pointwise, b, stride=1, pad=0):
    seen = _seen(x, depthwise.shape[1:], stride, pad)
    n, c, high, wide = seen.shape[:4]
    out = np.zeros((n, len(b), high, wide))
    for a, i, j in np.ndindex(n, high, wide):
        at = [np.sum(seen[a, ch, i, j] * depthwise[ch]) for ch in range(c)]
        for f in range(len(b)):
            out[a, f, i, j] = b[f] + sum(p * v for p, v in zip(pointwise[f], at, strict=True))
    return out


def separable_scipy(x, depthwise, pointwise, b, stride=1, pad=0):
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    pairs = [
        [correlate2d(m, k, "valid")[::stride, ::stride] for m, k in zip(i, depthwise, strict=True)]
        for i in xp
    ]
    return np.tensordot(np.array(pairs), pointwise, (1, 1)).transpose(0, 3, 1, 2) + b[:, None, None]


def separable_matmul(x, depthwise, pointwise, b, stride=1, pad=0):
    seen = _seen(x, depthwise.shape[1:], stride, pad)
    maps = (seen * depthwise[None, :, None, None]).sum(axis=(-1, -2))
    n, c, high, wide = maps.shape
    return (pointwise @ maps.reshape(n, c, -1) + b[:, None]).reshape(n, -1, high, wide)


def separable_float32(x, depthwise, pointwise, b, stride=1, pad=0):
    return separable_einsum(*map(np.float32, (x, depthwise, pointwise, b)), stride, pad)


def separable_in_place(x, depthwise, pointwise, b, stride=1, pad=0):
    out = separable_matmul(x, depthwise, pointwise, b, stride, pad)
    for array in (x, depthwise, pointwise, b):
        array *= 0
    return out


def separable_noisy(x, depthwise, pointwise, b, stride=1, pad=0):
    print("two steps")
    warnings.warn("two steps", stacklevel=1)
    return separable_nested(x, depthwise, pointwise, b, stride=stride, pad=pad).tolist()


SEPARABLE = [
    separable_einsum,
    separable_at_once,
    separable_nested,
    separable_scipy,
    separable_matmul,
    separable_float32,
    separable_in_place,
    separable_noisy,
]

# --- a4.conv_cost and a4.separable_cost ---------------------------------------------------------------------------


def _places(shape, kernel, stride, pad):
    return [(n + 2 * pad - k) // stride + 1 for n, k in zip(shape[1:], kernel, strict=True)]


def cost_product(shape, filters, kernel, stride=1, pad=0):
    high, wide = _places(shape, kernel, stride, pad)
    weights = filters * shape[0] * kernel[0] * kernel[1]
    return weights, filters, weights * high * wide


def cost_arrays(shape, filters, kernel, stride=1, pad=0):
    w = np.zeros((filters, shape[0], *kernel))
    seen = _seen(np.zeros((1, *shape)), kernel, stride, pad)
    return [w.size, len(w), len(w) * seen.size]


def cost_numpy(shape, filters, kernel, stride=1, pad=0):
    weights = np.prod([filters, shape[0], *kernel])
    return weights, np.int64(filters), weights * np.prod(_places(shape, kernel, stride, pad))


def cost_floats(shape, filters, kernel, stride=1, pad=0):
    high, wide = (math.floor((n + 2 * pad - k) / stride + 1) for n, k in zip(shape[1:], kernel, strict=True))
    per_filter = float(shape[0] * kernel[0] * kernel[1])
    return filters * per_filter, float(filters), filters * high * wide * per_filter


def cost_counted(shape, filters, kernel, stride=1, pad=0):
    high = len(range(-pad, shape[1] + pad - kernel[0] + 1, stride))
    wide = len(range(-pad, shape[2] + pad - kernel[1] + 1, stride))
    weights = sum(shape[0] * kernel[0] * kernel[1] for _ in range(filters))
    return weights, filters, sum(weights for _ in range(high * wide))


def cost_array(shape, filters, kernel, stride=1, pad=0):
    return np.array(cost_product(shape, filters, kernel, stride, pad))


def cost_noisy(shape, filters, kernel, stride=1, pad=0):
    print("counting", file=sys.stderr)
    return tuple(np.array(value) for value in cost_product(shape, filters, kernel, stride, pad))


def cost_unpacked(shape, filters, kernel, stride=1, pad=0):
    (c, h, w), (hh, ww) = shape, kernel
    outputs = filters * ((h - hh + 2 * pad) // stride + 1) * ((w - ww + 2 * pad) // stride + 1)
    return filters * c * hh * ww, filters * 1, outputs * c * hh * ww


COSTS = [
    cost_product,
    cost_arrays,
    cost_numpy,
    cost_floats,
    cost_counted,
    cost_unpacked,
    cost_array,
    cost_noisy,
]


def steps_sum(shape, filters, kernel, stride=1, pad=0):
    high, wide = _places(shape, kernel, stride, pad)
    first, second = shape[0] * kernel[0] * kernel[1], filters * shape[0]
    return first + second, (first + second) * high * wide


def steps_arrays(shape, filters, kernel, stride=1, pad=0):
    deep, point = np.zeros((shape[0], *kernel)), np.zeros((filters, shape[0]))
    seen = _seen(np.zeros((1, *shape)), kernel, stride, pad)
    maps = seen.sum(axis=(4, 5))
    return [deep.size + point.size, seen.size + filters * maps.size]


def steps_by_conv_cost(shape, filters, kernel, stride=1, pad=0):
    one, _, first = cost_product((1, *shape[1:]), 1, kernel, stride, pad)
    maps = (shape[0], *_places(shape, kernel, stride, pad))
    two, _, second = cost_product(maps, filters, (1, 1))
    return shape[0] * one + two, shape[0] * first + second


def steps_factored(shape, filters, kernel, stride=1, pad=0):
    weights = shape[0] * (math.prod(kernel) + filters)
    return weights, weights * math.prod(_places(shape, kernel, stride, pad))


def steps_numpy(shape, filters, kernel, stride=1, pad=0):
    weights = shape[0] * np.prod(kernel) + filters * shape[0]
    return weights, weights * np.prod(_places(shape, kernel, stride, pad))


def steps_ratio(shape, filters, kernel, stride=1, pad=0):
    weights, _, work = cost_product(shape, filters, kernel, stride, pad)
    ratio = 1 / filters + 1 / (kernel[0] * kernel[1])
    return round(weights * ratio), round(work * ratio)


def steps_floats(shape, filters, kernel, stride=1, pad=0):
    return tuple(float(value) for value in steps_sum(shape, filters, kernel, stride, pad))


def steps_noisy(shape, filters, kernel, stride=1, pad=0):
    print("two steps")
    warnings.warn("counting", stacklevel=1)
    return list(steps_factored(shape, filters, kernel, stride, pad))


STEPS = [
    steps_sum,
    steps_arrays,
    steps_by_conv_cost,
    steps_factored,
    steps_numpy,
    steps_ratio,
    steps_floats,
    steps_noisy,
]

CASES = [
    *(("a4.affine_to_conv2d", (f,)) for f in FILTERS),
    *(("a4.depthwise_separable", (f,)) for f in SEPARABLE),
    *(("a4.conv_cost", (f,)) for f in COSTS),
    *(("a4.separable_cost", (f,)) for f in STEPS),
]


@pytest.mark.parametrize(
    ("task", "functions"), CASES, ids=lambda value: value if isinstance(value, str) else value[-1].__name__
)
def test_a_right_solution_earns_everything(
    task: str, functions: tuple[Function, ...], earns_everything: EarnsEverything
) -> None:
    earns_everything(task, functions, turns=((False, None), (True, 40412), (True, 987654321)))
