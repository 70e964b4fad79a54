"""Known mistakes with counting weights and work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cs_cnn.checks.mistakes.mistake import Mistake


def _positions(shape: Any, kernel: Any, stride: int, pad: int) -> int:
    high, wide = ((n + 2 * pad - k) // stride + 1 for n, k in zip(shape[1:], kernel, strict=True))
    return int(high * wide)


def _conv(
    *,
    weights: Callable[..., int] = lambda c, f, k: f * c * k[0] * k[1],
    biases: Callable[[int, int], int] = lambda c, f: f,
    places: Callable[..., int] = _positions,
    work: Callable[..., int] = lambda w, places, c, f: w * places,
) -> Callable[..., Any]:
    """Build a count with one thing changed."""

    def conv_cost(shape: Any, filters: int, kernel: Any, stride: int = 1, pad: int = 0) -> Any:
        c = shape[0]
        count = weights(c, filters, kernel)
        right = filters * c * kernel[0] * kernel[1]
        return count, biases(c, filters), work(right, places(shape, kernel, stride, pad), c, filters)

    return conv_cost


def _separable(
    *,
    weights: Callable[..., int] = lambda c, f, k: c * k[0] * k[1] + f * c,
    work: Callable[..., int] = lambda c, f, k, places, image: (c * k[0] * k[1] + f * c) * places,
) -> Callable[..., Any]:
    """Build a count of both steps with one thing changed."""

    def separable_cost(shape: Any, filters: int, kernel: Any, stride: int = 1, pad: int = 0) -> Any:
        c, high, wide = shape
        places = _positions(shape, kernel, stride, pad)
        return weights(c, filters, kernel), work(c, filters, kernel, places, high * wide)

    return separable_cost


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a4.conv_cost and a4.separable_cost."""

    def conv(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a4.conv_cost", {"conv_cost": _conv(**changed)}, loses, hint)

    def separable(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a4.separable_cost", {"separable_cost": _separable(**changed)}, loses, hint)

    work = ("multiply_adds",)
    return [
        conv(
            "depth_forgotten",
            ("weights",),
            "A filter of 5 by 5 on an image with three channels has more than 25 weights. How deep is it?",
            weights=lambda c, f, k: f * k[0] * k[1],
        ),
        conv(
            "one_filter",
            ("weights",),
            "You counted one filter. How many are there?",
            weights=lambda c, f, k: c * k[0] * k[1],
        ),
        conv(
            "bias_among_the_weights",
            ("weights",),
            "The biases are counted by themselves here; yours are in the weights as well.",
            weights=lambda c, f, k: f * (c * k[0] * k[1] + 1),
        ),
        conv(
            "square_kernel",
            ("weights",),
            "A kernel need not be square.",
            weights=lambda c, f, k: f * c * k[0] ** 2,
        ),
        conv(
            "bias_for_every_channel",
            ("biases",),
            "A bias is added to an output map. How many output maps are there?",
            biases=lambda c, f: c,
        ),
        conv(
            "one_bias",
            ("biases",),
            "One bias serves a whole map, but not all maps.",
            biases=lambda c, f: 1,
        ),
        conv(
            "bias_for_every_filter_and_channel",
            ("biases",),
            "A filter sums over all channels before its bias is added. How many biases has one filter?",
            biases=lambda c, f: c * f,
        ),
        conv(
            "positions_forgotten",
            work,
            "Each weight is used once at every position. Where are the positions in your product?",
            work=lambda w, places, c, f: w,
        ),
        conv(
            "input_positions",
            work,
            "You count a window for every pixel of the image. How many output numbers does a map really have?",
            places=lambda shape, kernel, stride, pad: shape[1] * shape[2],
        ),
        conv(
            "stride_ignored",
            work,
            "With a stride of 2 there are about a quarter of the positions.",
            places=lambda shape, kernel, stride, pad: _positions(shape, kernel, 1, pad),
        ),
        conv(
            "padding_ignored",
            work,
            "With a border the window has more places to go, and each costs work.",
            places=lambda shape, kernel, stride, pad: _positions(shape, kernel, stride, 0),
        ),
        conv(
            "two_operations",
            work,
            "A multiplication with its addition counts as one here.",
            work=lambda w, places, c, f: 2 * w * places,
        ),
        conv(
            "biases_counted_as_work",
            work,
            "Multiply-adds are the products with weights; a bias is only added.",
            work=lambda w, places, c, f: (w + f) * places,
        ),
        separable(
            "weights_multiplied",
            ("weights",),
            "The steps come one after the other: do their weights multiply or add?",
            weights=lambda c, f, k: c * k[0] * k[1] * f,
        ),
        separable(
            "second_step_forgotten",
            ("weights", "multiply_adds"),
            "The first step leaves as many channels as there were. What makes the new ones, and with how many weights?",
            weights=lambda c, f, k: c * k[0] * k[1],
            work=lambda c, f, k, places, image: c * k[0] * k[1] * places,
        ),
        separable(
            "depth_in_the_first_step",
            ("weights", "multiply_adds"),
            "In the first step a filter sees one channel, so how deep is it?",
            weights=lambda c, f, k: c * c * k[0] * k[1] + f * c,
            work=lambda c, f, k, places, image: (c * c * k[0] * k[1] + f * c) * places,
        ),
        separable(
            "filters_in_the_first_step",
            ("weights", "multiply_adds"),
            "The first step makes one map for each channel of the image, not for each new channel.",
            weights=lambda c, f, k: f * k[0] * k[1] + f * c,
            work=lambda c, f, k, places, image: (f * k[0] * k[1] + f * c) * places,
        ),
        separable(
            "second_step_on_the_image",
            work,
            "The second step works on the maps of the first. How large are they after a stride?",
            work=lambda c, f, k, places, image: c * k[0] * k[1] * places + f * c * image,
        ),
        separable(
            "full_convolution",
            ("weights", "multiply_adds"),
            "This is the cost of the full layer. Taking it apart should make it cheaper.",
            weights=lambda c, f, k: f * c * k[0] * k[1],
            work=lambda c, f, k, places, image: f * c * k[0] * k[1] * places,
        ),
    ]
