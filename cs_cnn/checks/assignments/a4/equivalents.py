"""Assignment 4: a fully connected layer as a convolution, and a convolution in two cheaper steps."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a4.conv import convolve
from cs_cnn.checks.assignments.a4.windows import draw, windows
from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.pairs import away_from_zero, sizes
from cs_cnn.checks.task import PartOfTask, Task


def _filters(w: Array, shape: tuple[int, int, int]) -> Array:
    # What the layer says about an image with a single 1 in it is the weight of that pixel.
    pixels = np.eye(len(w)).reshape(-1, *shape)
    return np.asarray(np.einsum("dchw,dm->mchw", pixels, w))


def grade_affine_to_conv2d(bench: Bench) -> None:
    """Compare the filters with the weights that the layer gives to every pixel."""
    rng = bench.rng
    for _ in range(bench.rounds):
        c, h, w_ = sizes(rng, 3, 2, 4)
        m = int(rng.integers(5, 8))
        weights, b = away_from_zero(rng, (c * h * w_, m)), away_from_zero(rng, m)
        outcome = bench.call("affine_to_conv2d", {"w": weights, "b": b, "shape": (c, h, w_)})
        filters, biases = bench.unpack(outcome, ("filters", "biases"), "affine_to_conv2d")
        bench.expect("filters", filters, partial(_filters, weights, (c, h, w_)), name="filters")
        bench.expect("biases", biases, partial(np.copy, b), name="biases")


def _separable(x: Array, depthwise: Array, pointwise: Array, b: Array, stride: int, pad: int) -> Array:
    seen = windows(x, (depthwise.shape[1], depthwise.shape[2]), stride, pad)
    maps = np.einsum("ncijkm,ckm->ncij", seen, depthwise)
    return convolve(maps, pointwise[:, :, None, None], b)


def grade_depthwise_separable(bench: Bench) -> None:
    """Look at each step alone, by a second step that changes nothing, and at both."""
    rng = bench.rng
    for turn in range(bench.rounds):
        stride, pad = ((2, 1), (1, 2), (3, 0))[turn % 3]
        for part in ("depthwise", "pointwise", "together"):
            n, c = sizes(rng, 2, 2, 4)
            f = int(rng.integers(5, 7))
            strides, border = (1, 0) if part == "pointwise" else (stride, pad)
            kernel, size = draw(rng, stride=strides, pad=border)
            x, b = away_from_zero(rng, (n, c, *size)), away_from_zero(rng, f)
            depthwise, pointwise = away_from_zero(rng, (c, *kernel)), away_from_zero(rng, (f, c))
            if part == "depthwise":
                pointwise, b = np.eye(c), np.zeros(c)
            elif part == "pointwise":
                depthwise = np.ones((c, 1, 1))
            given: dict[str, Any] = {"x": x, "depthwise": depthwise, "pointwise": pointwise, "b": b}
            outcome = bench.call("depthwise_separable", given, stride=strides, pad=border)
            right = partial(_separable, x, depthwise, pointwise, b, strides, border)
            bench.expect(part, outcome, right, name="out")


TASKS = (
    Task(
        name="a4.affine_to_conv2d",
        number="4.12",
        asks="affine_to_conv2d",
        functions=("affine_to_conv2d",),
        parts=(
            PartOfTask(
                "filters",
                3,
                "the weight of every pixel for every output",
                "Column m of w has one weight for each pixel. What does filter m hold?",
            ),
            PartOfTask(
                "biases",
                1,
                "one bias for each output",
                "Does a bias know whether its layer is a convolution?",
            ),
        ),
        grade=grade_affine_to_conv2d,
        section="convolution/conversions#conversions-affine",
    ),
    Task(
        name="a4.depthwise_separable",
        number="4.13",
        asks="depthwise_separable",
        functions=("depthwise_separable",),
        parts=(
            PartOfTask(
                "depthwise",
                2,
                "one filter for each channel, with stride and padding",
                "The first step has as many maps as the image has channels: which channels does map 0 see?",
            ),
            PartOfTask(
                "pointwise",
                2,
                "new channels as mixtures of the old, and the bias",
                "The second step is a small matrix product at every pixel. Which axis does it sum over?",
            ),
            PartOfTask(
                "together", 1, "both steps", "In which order do the steps come, and where is the bias added?"
            ),
        ),
        grade=grade_depthwise_separable,
        section="convolution/separable#separable-depthwise",
    ),
)
