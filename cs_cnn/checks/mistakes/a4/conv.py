"""Known mistakes with the forward pass of a convolution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake

_ALL = ("window", "stride", "pad", "together")


def _zeros(x: Any, p: int) -> Any:
    return np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))


def _dot(window: Any, w: Any) -> Any:
    return np.einsum("nckm,fckm->nf", window, w)


def _positions(padded: int, k: int, s: int, original: int, p: int) -> int:
    return (padded - k) // s + 1


def _forward(
    *,
    padding: Callable[[Any, int], Any] = _zeros,
    positions: Callable[[int, int, int, int, int], int] = _positions,
    start: Callable[[int, int], int] = lambda i, s: i * s,
    start_column: Callable[[int, int], int] | None = None,
    dot: Callable[[Any, Any], Any] = _dot,
    bias: Callable[[Any, Any, Any], Any] = lambda out, w, b: out + b[:, None, None],
    square: bool = False,
    channels_last: bool = False,
) -> Callable[..., Any]:
    """Build a forward pass with one thing changed."""

    def conv2d_forward(x: Any, w: Any, b: Any, stride: int = 1, pad: int = 0) -> Any:
        hh, ww = w.shape[2:]
        xp = padding(x, pad)
        high = positions(xp.shape[2], hh, stride, x.shape[2], pad)
        wide = high if square else positions(xp.shape[3], ww, stride, x.shape[3], pad)
        out = np.zeros((len(x), len(w), high, wide))
        for i in range(high):
            for j in range(wide):
                top, left = start(i, stride), (start_column or start)(j, stride)
                out[:, :, i, j] = dot(xp[:, :, top : top + hh, left : left + ww], w)
        out = bias(out, w, b)
        return (out.transpose(0, 2, 3, 1) if channels_last else out), None

    return conv2d_forward


def _one_side(x: Any, p: int) -> Any:
    return np.pad(x, ((0, 0), (0, 0), (2 * p, 0), (2 * p, 0)))


def _also_channels(x: Any, p: int) -> Any:
    return np.pad(x, ((0, 0), (p, p), (p, p), (0, 0)))


def _only_if_padded(x: Any, p: int) -> Any:
    if p > 0:
        xp = _zeros(x, p)
    return xp  # the point of the mistake: nothing was made for pad 0


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the task a4.conv2d_forward."""

    def build(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a4.conv2d_forward", {"conv2d_forward": _forward(**changed)}, loses, hint)

    stride, pad, bias = ("stride", "together"), ("pad", "together"), ("bias", "together")
    return [
        build(
            "kernel_flipped",
            _ALL,
            "Networks call a correlation a convolution: the filter lies on the image as it is. Is yours turned round?",
            dot=lambda v, w: _dot(v, w[:, :, ::-1, ::-1]),
        ),
        build(
            "filter_transposed",
            _ALL,
            "Two indices of the filter have changed places. Which of them goes with the rows of the image?",
            dot=lambda v, w: np.einsum("nck,fck->nf", v.reshape(*v.shape[:2], -1), _turned(w)),
        ),
        build(
            "first_channel_only",
            _ALL,
            "Your output does not change when the second channel does. How deep is a filter?",
            dot=lambda v, w: _dot(v[:, :1], w[:, :1]),
        ),
        build(
            "mean_for_sum",
            _ALL,
            "Your output is too small by the number of weights in a filter. Does the formula average?",
            dot=lambda v, w: _dot(v, w) / w[0].size,
        ),
        build(
            "first_filter_only",
            _ALL,
            "All your maps are equal. Which filter makes map f?",
            dot=lambda v, w: np.repeat(_dot(v, w[:1]), len(w), axis=1),
        ),
        build(
            "bias_forgotten",
            bias,
            "What does your layer give when all weights are zero?",
            bias=lambda out, w, b: out,
        ),
        build(
            "bias_for_every_weight",
            bias,
            "How often do you add the bias to one output number? Look at the loop it stands in.",
            bias=lambda out, w, b: out + (b * w[0].size)[:, None, None],
        ),
        build(
            "bias_of_the_first_filter",
            bias,
            "All maps get the same bias. To which axis of the output does b belong?",
            bias=lambda out, w, b: out + b[0],
        ),
        build(
            "biases_summed",
            bias,
            "A map gets one bias, the one of its own filter; yours gets all of them.",
            bias=lambda out, w, b: out + b.sum(),
        ),
        build(
            "bias_subtracted",
            bias,
            "The sign of the bias is wrong.",
            bias=lambda out, w, b: out - b[:, None, None],
        ),
        build(
            "stride_ignored_in_the_window",
            stride,
            "The size is right, but neighbouring windows are one pixel apart. At which pixel does window i start?",
            start=lambda i, s: i,
        ),
        build(
            "stride_for_rows_only",
            stride,
            "The rows are right, the columns are not: does j count windows or pixels?",
            start_column=lambda j, s: j,
        ),
        build(
            "stride_ignored_in_the_size",
            stride,
            "A larger stride has fewer positions. Does your size know the stride?",
            positions=lambda n, k, s, o, p: n - k + 1,
            start=lambda i, s: i,
        ),
        build(
            "windows_side_by_side",
            stride,
            "Your windows stop where the stride would let them start again: the stride is the distance of their "
            "beginnings.",
            positions=lambda n, k, s, o, p: (n - k) // (s if s == 1 else k) + 1,
            start=lambda i, s: i * s,
        ),
        build(
            "padding_forgotten",
            pad,
            "The size of your output does not change with pad. What stands beyond the border of an image?",
            padding=lambda x, p: x,
        ),
        build(
            "padding_of_one",
            pad,
            "Your border is one pixel wide whenever there is one. Which argument says how wide it should be?",
            padding=lambda x, p: _zeros(x, min(p, 1)),
        ),
        build(
            "edge_for_zeros",
            pad,
            "The size is right; look at the first row. The border repeats the image, and it should be empty.",
            padding=lambda x, p: np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), mode="edge"),
        ),
        build(
            "ones_for_zeros",
            pad,
            "The size is right, but the border adds something to the sums. Which number adds nothing?",
            padding=lambda x, p: np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=1.0),
        ),
        build(
            "padded_on_one_side",
            pad,
            "The size is right, and the image has slid into a corner: how many zeros stand at each end?",
            padding=_one_side,
        ),
        build(
            "wrong_axes_padded",
            pad,
            "Which axes of x are rows and columns? Print the shape of the padded array.",
            padding=_also_channels,
        ),
        build(
            "padding_counted_once",
            pad,
            "Your output is too small by pad: the border has two ends.",
            positions=lambda n, k, s, o, p: (o + p - k) // s + 1,
        ),
        build(
            "undefined_without_padding",
            ("window", "bias", "stride"),
            "Your padded image exists only when there is something to pad. What is its name when pad is 0?",
            padding=_only_if_padded,
        ),
        build(
            "padding_after_the_stride",
            ("together",),
            "Stride and padding are right alone and wrong together: does the stride also divide the border?",
            positions=lambda n, k, s, o, p: (o - k) // s + 1 + 2 * p,
        ),
        build(
            "square_assumed",
            ("window", "bias", *_ALL[1:]),
            "Your output is as wide as it is high. Try an image of 5 by 8 pixels.",
            square=True,
        ),
        build(
            "first_position_not_counted",
            ("window", "bias", *_ALL[1:]),
            "A window as large as the image has one position. How many do you get?",
            positions=lambda n, k, s, o, p: (n - k) // s,
        ),
        build(
            "channels_last",
            ("window", "bias", *_ALL[1:]),
            "The numbers are there, in another order: here, channels come before rows and columns.",
            channels_last=True,
        ),
    ]


def _turned(w: Any) -> Any:
    return w.transpose(0, 1, 3, 2).reshape(*w.shape[:2], -1)
