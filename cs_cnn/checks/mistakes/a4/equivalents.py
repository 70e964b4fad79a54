"""Known mistakes with a layer in another form: fully connected as convolution, depthwise separable."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _separable(
    *,
    deep: Callable[[Any, Any], Any] = lambda seen, d: np.einsum("ncijkm,ckm->ncij", seen, d),
    point: Callable[[Any, Any], Any] = lambda maps, p: np.einsum("ncij,fc->nfij", maps, p),
    bias: Callable[[Any, Any], Any] = lambda out, b: out + b[:, None, None],
    padding: Callable[[int], int] = lambda p: p,
    step: Callable[[int], int] = lambda s: s,
    again: bool = False,
) -> Callable[..., Any]:
    """Build a depthwise separable convolution with one thing changed."""

    def depthwise_separable(
        x: Any, depthwise: Any, pointwise: Any, b: Any, stride: int = 1, pad: int = 0
    ) -> Any:
        p = padding(pad)
        xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
        seen = np.lib.stride_tricks.sliding_window_view(xp, depthwise.shape[1:], axis=(2, 3))
        maps = deep(seen[:, :, :: step(stride), :: step(stride)], depthwise)
        if again:
            maps = maps[:, :, ::stride, ::stride]
        return bias(point(maps, pointwise), b)

    return depthwise_separable


def _summed(seen: Any, d: Any) -> Any:
    # Every map gets the sum over all channels, as in a full convolution.
    total = np.einsum("ncijkm,ckm->nij", seen, d)
    return np.repeat(total[:, None], len(d), axis=1)


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a4.affine_to_conv2d and a4.depthwise_separable."""

    def convert(name: str, loses: tuple[str, ...], hint: str, function: Callable[..., Any]) -> Mistake:
        return Mistake(name, "a4.affine_to_conv2d", {"affine_to_conv2d": function}, loses, hint)

    def separable(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        functions = {"depthwise_separable": _separable(**changed)}
        return Mistake(name, "a4.depthwise_separable", functions, loses, hint)

    every = ("depthwise", "pointwise", "together")
    return [
        convert(
            "reshaped_without_transposing",
            ("filters",),
            "The shape is right, but filter 0 holds the first rows of w, and output 0 has a column of it.",
            lambda w, b, shape: (w.reshape(-1, *shape), b),
        ),
        convert(
            "rows_and_columns_exchanged",
            ("filters",),
            "In an image read as one row of numbers, is the neighbour on the right or the one below the next number?",
            lambda w, b, shape: (w.T.reshape(-1, shape[0], shape[2], shape[1]).swapaxes(2, 3), b),
        ),
        convert(
            "channels_last",
            ("filters",),
            "Your filters read the image pixel by pixel, all channels at once. In NCHW a channel ends before the "
            "next one starts.",
            lambda w, b, shape: (w.T.reshape(-1, *shape[1:], shape[0]).transpose(0, 3, 1, 2), b),
        ),
        convert(
            "filters_flipped",
            ("filters",),
            "The layers of this course do not flip a filter, so there is nothing to make up for.",
            lambda w, b, shape: (w.T.reshape(-1, *shape)[:, :, ::-1, ::-1], b),
        ),
        convert(
            "kernels_of_one",
            ("filters",),
            "A filter of one pixel does not see the whole image. How large must it be to have one position only?",
            lambda w, b, shape: (w.T[:, :, None, None], b),
        ),
        convert(
            "bias_for_every_pixel",
            ("biases",),
            "The affine layer adds each bias once. How often would a convolution add yours?",
            lambda w, b, shape: (w.T.reshape(-1, *shape), np.repeat(b, shape[0])),
        ),
        convert(
            "bias_dropped",
            ("biases",),
            "An image of zeros gives the biases in one layer and zeros in the other.",
            lambda w, b, shape: (w.T.reshape(-1, *shape), np.zeros_like(b)),
        ),
        convert(
            "bias_as_a_map",
            ("biases",),
            "conv2d_forward wants its biases with one axis.",
            lambda w, b, shape: (w.T.reshape(-1, *shape), b[:, None, None]),
        ),
        separable(
            "channels_summed_too_early",
            every,
            "In the first step channels do not meet: each has a filter and a map of its own.",
            deep=_summed,
        ),
        separable(
            "one_filter_for_all_channels",
            ("depthwise", "together"),
            "Every channel has a filter of its own. Which one do you use for channel 1?",
            deep=lambda seen, d: np.einsum("ncijkm,km->ncij", seen, d[0]),
        ),
        separable(
            "filters_flipped",
            ("depthwise", "together"),
            "Correlate, as everywhere in this notebook: the filter lies on the image as it is.",
            deep=lambda seen, d: np.einsum("ncijkm,ckm->ncij", seen, d[:, ::-1, ::-1]),
        ),
        separable(
            "padding_ignored",
            ("depthwise", "together"),
            "The first step moves windows, with stride and padding as always. Is your map too small?",
            padding=lambda p: 0,
        ),
        separable(
            "stride_ignored",
            ("depthwise", "together"),
            "Your maps are too large. Which of the two steps has the stride?",
            step=lambda s: 1,
        ),
        separable(
            "stride_twice",
            ("depthwise", "together"),
            "Your maps are too small. The stride belongs to one of the two steps only.",
            again=True,
        ),
        separable(
            "bias_forgotten",
            ("pointwise", "together"),
            "What does your layer give for an image of zeros?",
            bias=lambda out, b: out,
        ),
        separable(
            "second_step_left_out",
            ("pointwise", "together"),
            "Your output has as many maps as the image has channels. What mixes them?",
            point=lambda maps, p: maps,
            bias=lambda out, b: out + b[: out.shape[1], None, None],
        ),
        separable(
            "mixture_averaged",
            every,
            "The second step is a sum over channels, with the weights you were given.",
            point=lambda maps, p: np.einsum("ncij,fc->nfij", maps, p) / p.shape[1],
        ),
    ]
