"""Assignment 4: max pooling and average pooling, forward and backward."""

from __future__ import annotations

import numpy as np

from cs_cnn.checks.assignments.a4.windows import draw, spread, windows
from cs_cnn.checks.assignments.a4.windows import image as image_of
from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.pairs import (
    Case,
    Pair,
    away_from_zero,
    distinct,
    grade_backward,
    grade_forward,
    grade_pair,
    sizes,
)
from cs_cnn.checks.task import PartOfTask, Task


def _max_pool(x: Array, size: tuple[int, int], stride: int) -> Array:
    return np.asarray(windows(x, size, stride).max(axis=(4, 5)))


def _average_pool(x: Array, size: tuple[int, int], stride: int) -> Array:
    return np.asarray(windows(x, size, stride).mean(axis=(4, 5)))


def _max_slopes(dout: Array, x: Array, size: tuple[int, int], stride: int) -> tuple[Array]:
    seen = windows(x, size, stride)
    won = seen == seen.max(axis=(4, 5), keepdims=True)  # one pixel of each window: no two are equal
    return (spread(dout[..., None, None] * won, x.shape, stride),)


def _average_slopes(dout: Array, x: Array, size: tuple[int, int], stride: int) -> tuple[Array]:
    return (spread(dout[..., None, None] * np.full(size, 1 / (size[0] * size[1])), x.shape, stride),)


MAXIMUM = Pair("max_pool2d_forward", "max_pool2d_backward", _max_pool, wrt=("x",), slopes=_max_slopes)
AVERAGE = Pair("avg_pool2d_forward", "avg_pool2d_backward", _average_pool, wrt=("x",), slopes=_average_slopes)


def _tiles(rng: np.random.Generator) -> tuple[tuple[int, int, int, int], tuple[int, int], int]:
    """Draw square windows side by side, on an image that is not square."""
    n, c = sizes(rng, 2, 2, 3)
    side = int(rng.integers(2, 4))
    return (n, c, *image_of((2, 3) if rng.random() < 0.5 else (3, 2), (side, side), side)), (side, side), side


def _overlap(rng: np.random.Generator, stride: int) -> tuple[tuple[int, int, int, int], tuple[int, int], int]:
    """Draw windows that overlap along both axes and are not square."""
    n, c = sizes(rng, 2, 2, 3)
    kernel, image = draw(rng, stride=stride, kernels=(stride + 1, stride + 2))
    return (n, c, *image), kernel, stride


def grade_max_forward(bench: Bench) -> None:
    """Windows side by side, windows that overlap, and numbers that are all negative."""
    rng = bench.rng
    for turn in range(bench.rounds):
        for part, (shape, size, stride) in (
            ("tiles", _tiles(rng)),
            ("overlapping", _overlap(rng, 1 + turn % 2)),
            ("overlapping", _overlap(rng, 2)),
            ("negative", _tiles(rng)),
        ):
            x = np.abs(distinct(rng, shape))
            x = -x if part == "negative" else x
            grade_forward(bench, MAXIMUM, Case({"x": x}, {"size": size, "stride": stride}, part))


def grade_max_backward(bench: Bench) -> None:
    """Compare with the slope of the output; no two pixels are equal."""
    rng = bench.rng
    for turn in range(bench.rounds):
        for part, (shape, size, stride) in (
            ("tiles", _tiles(rng)),
            ("overlapping", _overlap(rng, 1 + turn % 2)),
            ("overlapping", _overlap(rng, 2)),
        ):
            x = _a_common_winner(rng, shape, size, stride) if part == "overlapping" else distinct(rng, shape)
            options = {"size": size, "stride": stride}
            grade_backward(bench, MAXIMUM, Case({"x": x}, options, gradients={"x": part}))


def _a_common_winner(
    rng: np.random.Generator, shape: tuple[int, ...], size: tuple[int, int], stride: int
) -> Array:
    """Draw distinct numbers in which one pixel wins two windows, so that contributions must add up."""
    x = distinct(rng, shape)
    x[0, 0, stride, stride] = (
        np.abs(x).max() + 1.0
    )  # in the windows (0, 0) and (1, 1), for every size > stride
    return x


def grade_average(bench: Bench) -> None:
    """Compare output and gradient, for windows side by side and for windows that overlap."""
    rng = bench.rng
    for turn in range(bench.rounds):
        for part, (shape, size, stride) in (
            ("tiles", _tiles(rng)),
            ("overlapping", _overlap(rng, 1 + turn % 2)),
            ("overlapping", _overlap(rng, 2)),
        ):
            options = {"size": size, "stride": stride}
            case = Case({"x": away_from_zero(rng, shape)}, options, gradients={"x": f"dx ({part})"})
            grade_pair(bench, AVERAGE, case)


_FORWARD_HINT = (
    "Take one channel of 4 by 4 numbers and mark the windows with a pencil, each in another colour."
)
_OVERLAP_HINT = "One pixel can lie in several windows. What happens to it in your loop the second time?"
_SECTION = "convolution/pooling#pooling"

TASKS = (
    Task(
        name="a4.max_pool2d_forward",
        number="4.7",
        asks="max_pool2d_forward",
        functions=("max_pool2d_forward",),
        parts=(
            PartOfTask("tiles", 2, "windows side by side", _FORWARD_HINT),
            PartOfTask(
                "overlapping",
                2,
                "windows that overlap, and that are not square",
                "Where does the next window start: after the last one, or a stride further?",
            ),
            PartOfTask("negative", 1, "only negative numbers", "What is the largest of -3 and -2?"),
        ),
        grade=grade_max_forward,
        section=f"{_SECTION}-max",
    ),
    Task(
        name="a4.max_pool2d_backward",
        number="4.8",
        asks="max_pool2d_backward",
        functions=("max_pool2d_forward", "max_pool2d_backward"),
        parts=(
            PartOfTask(
                "tiles",
                3,
                "the gradient for windows side by side",
                "Raise one pixel of a window a little: when does the maximum notice?",
            ),
            PartOfTask("overlapping", 4, "the gradient for windows that overlap", _OVERLAP_HINT),
        ),
        grade=grade_max_backward,
        section=f"{_SECTION}-backward",
    ),
    Task(
        name="a4.avg_pool2d",
        number="4.9",
        asks="avg_pool2d_forward and avg_pool2d_backward",
        functions=("avg_pool2d_forward", "avg_pool2d_backward"),
        parts=(
            PartOfTask("forward", 2, "means of windows of several shapes", _FORWARD_HINT),
            PartOfTask(
                "dx (tiles)",
                2,
                "the gradient for windows side by side",
                "Raise one pixel of a window of six by 1: by how much does the mean grow?",
            ),
            PartOfTask("dx (overlapping)", 3, "the gradient for windows that overlap", _OVERLAP_HINT),
        ),
        grade=grade_average,
        section=f"{_SECTION}-average",
    ),
)
