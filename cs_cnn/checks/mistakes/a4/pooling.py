"""Known mistakes with pooling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _positions(n: int, k: int, s: int) -> int:
    return (n - k) // s + 1


def _pool(
    *,
    positions: Callable[[int, int, int], int] = _positions,
    reduce: Callable[[Any], Any] = lambda v: v.max(axis=(2, 3)),
    at: Callable[[int, int, int], int] = lambda i, k, s: i * s,
    window: Callable[[Any], Any] = lambda size: size,
    floor: float = -np.inf,
) -> Callable[..., Any]:
    """Build a pooling layer with one thing changed."""

    def pool(x: Any, size: Any = (2, 2), stride: int = 2) -> Any:
        hh, ww = window(size)
        high, wide = positions(x.shape[2], hh, stride), positions(x.shape[3], ww, stride)
        out = np.zeros((*x.shape[:2], high, wide))
        for i in range(high):
            for j in range(wide):
                top, left = at(i, hh, stride), at(j, ww, stride)
                part = x[:, :, top : top + hh, left : left + ww]
                out[:, :, i, j] = np.maximum(reduce(part), floor)
        return out, (x, tuple(size), stride)

    return pool


_max_forward = _pool()
_mean_forward = _pool(reduce=lambda v: v.mean(axis=(2, 3)))


def _back(
    share: Callable[[Any, Any, Any], Any],
    *,
    add: Callable[[Any, Any], Any] = lambda old, new: old + new,
    at: Callable[[int, int, int], int] = lambda i, k, s: i * s,
) -> Callable[..., Any]:
    """Build a backward pass: `share` says what a window (N, C, HH, WW) gets of its gradient (N, C, 1, 1)."""

    def backward(dout: Any, cache: Any) -> Any:
        x, (hh, ww), stride = cache
        dx = np.zeros(x.shape)
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                top, left = i * stride, j * stride
                window = x[:, :, top : top + hh, left : left + ww]
                top, left = at(i, hh, stride), at(j, ww, stride)
                here = (slice(None), slice(None), slice(top, top + hh), slice(left, left + ww))
                new = share(dout[:, :, i, j, None, None], window, dx[here])
                dx[here] = add(dx[here], new[:, :, : dx[here].shape[2], : dx[here].shape[3]])
        return dx

    return backward


def _won(v: Any) -> Any:
    return v == v.max(axis=(2, 3), keepdims=True)


def _by_index(*, divide: str = "ww", shift: bool = True, add: bool = True) -> Callable[..., Any]:
    """Build a backward pass of max pooling that finds the winner by its index, with one thing changed."""

    def backward(dout: Any, cache: Any) -> Any:
        x, (hh, ww), stride = cache
        dx = np.zeros(x.shape)
        for n, c, i, j in np.ndindex(*dout.shape):
            window = x[n, c, i * stride : i * stride + hh, j * stride : j * stride + ww]
            k, m = divmod(int(window.argmax()), ww if divide == "ww" else hh)
            row, column = (i * stride + k, j * stride + m) if shift else (k, m)
            row, column = min(row, x.shape[2] - 1), min(column, x.shape[3] - 1)
            dx[n, c, row, column] = dout[n, c, i, j] + (dx[n, c, row, column] if add else 0.0)
        return dx

    return backward


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks on pooling."""

    def forward(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a4.max_pool2d_forward", {"max_pool2d_forward": _pool(**changed)}, loses, hint)

    def backward(name: str, loses: tuple[str, ...], hint: str, function: Callable[..., Any]) -> Mistake:
        functions = {"max_pool2d_forward": _max_forward, "max_pool2d_backward": function}
        return Mistake(name, "a4.max_pool2d_backward", functions, loses, hint)

    def average(name: str, loses: tuple[str, ...], hint: str, **functions: Any) -> Mistake:
        mean = {
            "avg_pool2d_forward": _mean_forward,
            "avg_pool2d_backward": _back(lambda d, v, old: np.ones_like(v) * d / v[0, 0].size),
        }
        return Mistake(name, "a4.avg_pool2d", {**mean, **functions}, loses, hint)

    every, both = ("tiles", "overlapping", "negative"), ("tiles", "overlapping")
    slopes = ("dx (tiles)", "dx (overlapping)")
    return [
        forward(
            "mean_for_maximum",
            every,
            "Your output lies in the middle of each window. Which of its numbers should come out?",
            reduce=lambda v: v.mean(axis=(2, 3)),
        ),
        forward(
            "minimum",
            every,
            "You keep the weakest answer of each window. Which one says that the pattern was found?",
            reduce=lambda v: v.min(axis=(2, 3)),
        ),
        forward(
            "not_below_zero",
            ("negative",),
            "What is the maximum of numbers that are all negative, and what did your output start with?",
            floor=0.0,
        ),
        forward(
            "largest_in_size",
            ("negative",),
            "The largest number, not the one furthest from zero.",
            reduce=lambda v: np.take_along_axis(
                v.reshape(*v.shape[:2], -1),
                np.abs(v).reshape(*v.shape[:2], -1).argmax(axis=2)[..., None],
                axis=2,
            )[..., 0],
        ),
        forward(
            "over_the_channels_too",
            every,
            "All your channels are equal. Each one is pooled by itself.",
            reduce=lambda v: np.broadcast_to(v.max(axis=(1, 2, 3))[:, None], v.shape[:2]),
        ),
        forward(
            "divided_by_the_window",
            ("overlapping",),
            "How many windows are there when they overlap? The window alone does not say it.",
            positions=lambda n, k, s: n // k,
        ),
        forward(
            "windows_side_by_side",
            ("overlapping",),
            "Your windows stand side by side. How far apart do they start?",
            positions=lambda n, k, s: (n - k) // k + 1,
            at=lambda i, k, s: i * k,
        ),
        forward(
            "window_turned",
            ("overlapping",),
            "Which number of size belongs to the rows? Try a window of 1 by 3.",
            window=lambda size: (size[1], size[0]),
        ),
        forward(
            "square_window",
            ("overlapping",),
            "Your windows are as wide as they are high. size has two numbers.",
            window=lambda size: (size[0], size[0]),
        ),
        forward(
            "one_position_short",
            every,
            "How many positions has a window as large as the image?",
            positions=lambda n, k, s: (n - k) // s,
        ),
        backward(
            "assigned_not_added",
            ("overlapping",),
            "One pixel can be the largest of several windows. What becomes of what the first one gave it?",
            _by_index(add=False),
        ),
        backward(
            "later_windows_erase",
            ("overlapping",),
            "You write a whole window at a time, zeros included. Whose gradient do these zeros replace?",
            _back(lambda d, v, old: d * _won(v), add=lambda old, new: new),
        ),
        backward(
            "index_divided_by_the_height",
            ("overlapping",),
            "argmax counts the window row by row. How long is a row?",
            _by_index(divide="hh"),
        ),
        backward(
            "window_not_shifted",
            both,
            "argmax counts from the corner of its window. Where is that corner in the image?",
            _by_index(shift=False),
        ),
        backward(
            "to_every_pixel",
            both,
            "If a pixel that is not the largest grows a little, does the output notice?",
            _back(lambda d, v, old: d * np.ones_like(v)),
        ),
        backward(
            "shared_like_a_mean",
            both,
            "You share the gradient among all pixels. Which of them decided the output?",
            _back(lambda d, v, old: d * np.ones_like(v) / v[0, 0].size),
        ),
        backward(
            "times_the_maximum",
            both,
            "When the largest pixel grows by 0.1, by how much does the output grow? Its value does not matter.",
            _back(lambda d, v, old: d * _won(v) * v),
        ),
        backward(
            "upstream_ignored",
            both,
            "You mark the winners with 1. Each of them should get what came back for its window.",
            _back(lambda d, v, old: _won(v) * 1.0),
        ),
        average(
            "sum_for_mean",
            ("forward",),
            "Your output is too large by the number of pixels in a window.",
            avg_pool2d_forward=_pool(reduce=lambda v: v.sum(axis=(2, 3))),
        ),
        average(
            "divided_by_one_side",
            ("forward",),
            "How many pixels has a window of 2 by 3?",
            avg_pool2d_forward=_pool(reduce=lambda v: v.sum(axis=(2, 3)) / v.shape[2]),
        ),
        average(
            "divided_by_the_stride",
            ("forward",),
            "You divide by the square of the stride, which counts pixels only when windows tile. What is in a window?",
            avg_pool2d_forward=_divided_by_the_stride,
        ),
        average(
            "maximum_for_mean",
            ("forward",),
            "This one is the mean of a window, not its maximum.",
            avg_pool2d_forward=_max_forward,
        ),
        average(
            "gradient_not_divided",
            slopes,
            "When one pixel of a window grows by 1, by how much does the mean grow?",
            avg_pool2d_backward=_back(lambda d, v, old: d * np.ones_like(v)),
        ),
        average(
            "gradient_assigned_not_added",
            ("dx (overlapping)",),
            "A pixel lies in several windows, and each of them hands it something back.",
            avg_pool2d_backward=_back(
                lambda d, v, old: d * np.ones_like(v) / v[0, 0].size, add=lambda old, new: new
            ),
        ),
        average(
            "gradient_to_the_largest",
            slopes,
            "In a mean all pixels have the same say. Who gets the gradient?",
            avg_pool2d_backward=_back(lambda d, v, old: d * _won(v)),
        ),
        average(
            "gradient_windows_side_by_side",
            ("dx (overlapping)",),
            "Where did window (i, j) of the forward pass start? Not where the last one ended.",
            avg_pool2d_backward=_back(
                lambda d, v, old: d * np.ones_like(v) / v[0, 0].size, at=lambda i, k, s: i * k
            ),
        ),
    ]


def _divided_by_the_stride(x: Any, size: Any = (2, 2), stride: int = 2) -> Any:
    out, cache = _mean_forward(x, size, stride)
    return out * size[0] * size[1] / stride**2, cache
