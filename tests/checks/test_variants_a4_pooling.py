"""Assignment 4, pooling: right solutions in many styles earn all points."""

from __future__ import annotations

import itertools
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from .conftest import EarnsEverything

Function = Callable[..., Any]

# --- the same solution with other manners -------------------------------------------------------------------------


def in_place(function: Function) -> Function:
    """Change the array arguments after the result is made."""

    def changed(*arguments: Any, **options: Any) -> Any:
        import copy

        own = copy.deepcopy([a for a in arguments if isinstance(a, np.ndarray)])
        copies = iter(own)
        result = function(*(next(copies) if isinstance(a, np.ndarray) else a for a in arguments), **options)
        for a in arguments:
            if isinstance(a, np.ndarray):
                a += 1
        return result

    changed.__name__ = f"{function.__name__}_in_place"
    return changed


def noisy(function: Function) -> Function:
    """Print, write to stderr and warn."""

    def changed(*arguments: Any, **options: Any) -> Any:
        print("hello")
        print("careful", file=sys.stderr)
        warnings.warn("numbers ahead", stacklevel=1)
        return function(*arguments, **options)

    changed.__name__ = f"{function.__name__}_noisy"
    return changed


def single(function: Function) -> Function:
    """Compute with float32."""

    def changed(*arguments: Any, **options: Any) -> Any:
        return function(*(np.float32(a) if isinstance(a, np.ndarray) else a for a in arguments), **options)

    changed.__name__ = f"{function.__name__}_float32"
    return changed


def manners(function: Function) -> list[Function]:
    return [in_place(function), noisy(function), single(function)]


# --- pooling ------------------------------------------------------------------------------------------------------


def _seen(x, size, stride):
    return sliding_window_view(x, tuple(size), axis=(2, 3))[:, :, ::stride, ::stride]


def max_view(x, size=(2, 2), stride=2):
    return _seen(x, size, stride).max((4, 5)), (x, size, stride)


def max_flat(x, size=(2, 2), stride=2):
    seen = _seen(x, size, stride)
    flat = seen.reshape(*seen.shape[:4], -1)
    winner = flat.argmax(axis=-1)
    out = np.take_along_axis(flat, winner[..., None], axis=-1)[..., 0]
    return out, {"winner": winner, "shape": x.shape, "size": size, "stride": stride}


def max_nested(x, size=(2, 2), stride=2):
    hh, ww = size
    high, wide = 1 + (x.shape[2] - hh) // stride, 1 + (x.shape[3] - ww) // stride
    out = np.full((*x.shape[:2], high, wide), -np.inf)
    for n, c, i, j in np.ndindex(*out.shape):
        for k in range(hh):
            for m in range(ww):
                if x[n, c, i * stride + k, j * stride + m] > out[n, c, i, j]:
                    out[n, c, i, j] = x[n, c, i * stride + k, j * stride + m]
    return out, [x, size, stride]


def max_shifts(x, size=(2, 2), stride=2):
    hh, ww = size
    h, w = x.shape[2] - hh + 1, x.shape[3] - ww + 1
    parts = [x[:, :, k : h + k : stride, m : w + m : stride] for k in range(hh) for m in range(ww)]
    return np.maximum.reduce(parts), (x, size, stride)


def max_lists(x, size=(2, 2), stride=2):
    out, cache = max_nested(x, size, stride)
    return [out.tolist(), cache]


def back_mask(dout, cache):
    x, (hh, ww), s = cache
    dx = np.zeros_like(x)
    for i, j in np.ndindex(*dout.shape[2:]):
        here = np.s_[:, :, i * s : i * s + hh, j * s : j * s + ww]
        dx[here] += (x[here] == x[here].max(axis=(2, 3))[:, :, None, None]) * dout[:, :, i : i + 1, j : j + 1]
    return dx


def back_winner(dout, cache):
    s, ww = cache["stride"], cache["size"][1]
    dx = np.zeros(cache["shape"])
    n, c, i, j = np.indices(dout.shape)
    k, m = np.divmod(cache["winner"], ww)
    np.add.at(dx, (n, c, i * s + k, j * s + m), dout)
    return dx


def back_unravel(dout, cache):
    x, size, s = cache
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*dout.shape):
        window = x[n, c, i * s : i * s + size[0], j * s : j * s + size[1]]
        k, m = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, i * s + k, j * s + m] += dout[n, c, i, j]
    return dx


def back_loops(dout, cache):
    x, (hh, ww), s = cache
    dx = np.zeros(x.shape).tolist()
    for n, c, i, j in np.ndindex(*dout.shape):
        places = itertools.product(range(i * s, i * s + hh), range(j * s, j * s + ww))
        p, q = max(places, key=lambda place, n=n, c=c: x[n, c, place[0], place[1]])
        dx[n][c][p][q] += dout[n, c, i, j]
    return dx


MAX_PAIRS = [
    (max_view, back_mask),
    (max_flat, back_winner),
    (max_nested, back_unravel),
    (max_shifts, back_loops),
    (max_lists, back_mask),
    *((forward, back_unravel) for forward in manners(max_view)),
]


def mean_view(x, size=(2, 2), stride=2):
    return _seen(x, size, stride).mean((4, 5)), (x.shape, size, stride)


def mean_shifts(x, size=(2, 2), stride=2):
    hh, ww = size
    h, w = x.shape[2] - hh + 1, x.shape[3] - ww + 1
    total = sum(x[:, :, k : h + k : stride, m : w + m : stride] for k in range(hh) for m in range(ww))
    return total / (hh * ww), {"shape": x.shape, "size": size, "stride": stride}


def mean_integral(x, size=(2, 2), stride=2):
    total = np.pad(x.cumsum(2).cumsum(3), ((0, 0), (0, 0), (1, 0), (1, 0)))
    (hh, ww), s = size, stride
    out = total[:, :, hh:, ww:] - total[:, :, :-hh, ww:] - total[:, :, hh:, :-ww] + total[:, :, :-hh, :-ww]
    return out[:, :, ::s, ::s] / np.prod(size), (x.shape, size, stride)


def mean_nested(x, size=(2, 2), stride=2):
    high, wide = (1 + (x.shape[2 + a] - size[a]) // stride for a in (0, 1))
    out = np.zeros((*x.shape[:2], high, wide))
    for n, c, i, j in np.ndindex(*out.shape):
        window = x[n, c, i * stride : i * stride + size[0], j * stride : j * stride + size[1]]
        out[n, c, i, j] = sum(window.ravel()) / window.size
    return out, (x.shape, size, stride)


def share_loops(dout, cache):
    shape, size, s = cache
    dx = np.zeros(shape)
    for n, c, i, j in np.ndindex(*dout.shape):
        dx[n, c, i * s : i * s + size[0], j * s : j * s + size[1]] += dout[n, c, i, j] / np.prod(size)
    return dx


def share_shifts(dout, cache):
    (hh, ww), s = cache["size"], cache["stride"]
    dx = np.zeros(cache["shape"])
    for k, m in np.ndindex(hh, ww):
        dx[:, :, k : k + s * dout.shape[2] : s, m : m + s * dout.shape[3] : s] += dout / hh / ww
    return dx


def share_kron(dout, cache):
    shape, size, s = cache
    dx = np.zeros(shape)
    for i, j in np.ndindex(*dout.shape[2:]):
        block = np.kron(dout[:, :, i : i + 1, j : j + 1], np.full((1, 1, *size), 1 / np.prod(size)))
        dx[:, :, i * s : i * s + size[0], j * s : j * s + size[1]] += block
    return dx.tolist()


MEAN_PAIRS = [
    (mean_view, share_loops),
    (mean_shifts, share_shifts),
    (mean_integral, share_kron),
    (mean_nested, share_loops),
    *((forward, share_kron) for forward in manners(mean_view)),
    (mean_view, in_place(share_kron)),
]

CASES = [
    *(("a4.max_pool2d_forward", (forward,)) for forward, _ in MAX_PAIRS),
    *(("a4.max_pool2d_backward", pair) for pair in MAX_PAIRS),
    *(("a4.avg_pool2d", pair) for pair in MEAN_PAIRS),
]


def _name(value: Any) -> str:
    return value if isinstance(value, str) else "-".join(function.__name__ for function in value)


@pytest.mark.parametrize(("task", "functions"), CASES, ids=_name)
def test_a_right_solution_earns_everything(
    task: str, functions: tuple[Function, ...], earns_everything: EarnsEverything
) -> None:
    earns_everything(task, functions, turns=((False, None), (True, 40407), (True, 987654321)))
