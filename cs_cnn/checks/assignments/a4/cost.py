"""Assignment 4: what a layer costs, in weights, biases and multiply-adds."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a4.windows import draw
from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.pairs import sizes
from cs_cnn.checks.task import PartOfTask, Task


def _count(shape: Any, filters: int, kernel: Any, stride: int, pad: int) -> tuple[list[int], list[int]]:
    """Count by making the arrays: for a full layer, and for one in two steps."""
    c, h, w = shape
    positions = np.zeros((h + 2 * pad, w + 2 * pad))[
        : h + 2 * pad - kernel[0] + 1, : w + 2 * pad - kernel[1] + 1
    ]
    maps = positions[::stride, ::stride]
    full, deep, point = np.zeros((filters, c, *kernel)), np.zeros((c, *kernel)), np.zeros((filters, c))
    return (
        [full.size, filters, full.size * maps.size],
        [deep.size + point.size, (deep.size + point.size) * maps.size],
    )


def _entry(which: int, number: int, arguments: dict[str, Any]) -> Array:
    return np.asarray(float(_count(**arguments)[which][number]))


def _grade(bench: Bench, function: str, names: tuple[str, ...], which: int) -> None:
    rng = bench.rng
    for turn in range(bench.rounds):
        for stride, pad in ((1, 0), (1, 1), (2, 1 + turn % 2), (3, 0)):
            kernel, size = draw(rng, stride=stride, pad=pad, kernels=(2, 5), outputs=(4, 20))
            c, f = sizes(rng, 2, 3, 40)
            arguments: dict[str, Any] = {"shape": (c, *size), "filters": f, "kernel": kernel}
            outcome = bench.call(function, arguments, stride=stride, pad=pad)
            options = {**arguments, "stride": stride, "pad": pad}
            for number, value in enumerate(bench.unpack(outcome, names, function)):
                bench.expect(
                    names[number],
                    value,
                    partial(_entry, which, number, options),
                    name=names[number],
                    tolerance=1e-9,
                )


def grade_conv_cost(bench: Bench) -> None:
    """Count for several shapes, none of them square."""
    _grade(bench, "conv_cost", ("weights", "biases", "multiply_adds"), 0)


def grade_separable_cost(bench: Bench) -> None:
    """Count for several shapes, none of them square."""
    _grade(bench, "separable_cost", ("weights", "multiply_adds"), 1)


_WORK = "How many multiplications does one output number take, and how many output numbers are there?"

TASKS = (
    Task(
        name="a4.conv_cost",
        number="4.14",
        asks="conv_cost",
        functions=("conv_cost",),
        parts=(
            PartOfTask(
                "weights",
                1,
                "the number of weights",
                "How many numbers has one filter, and how many filters?",
            ),
            PartOfTask(
                "biases", 1, "the number of biases", "How many different biases does an output map need?"
            ),
            PartOfTask("multiply_adds", 2, "the multiply-adds for one image", _WORK),
        ),
        grade=grade_conv_cost,
        section="convolution/convolution#convolution-sharing",
    ),
    Task(
        name="a4.separable_cost",
        number="4.15",
        asks="separable_cost",
        functions=("separable_cost",),
        parts=(
            PartOfTask(
                "weights", 1, "the number of weights of both steps", "Count each step by itself, then add."
            ),
            PartOfTask("multiply_adds", 2, "the multiply-adds of both steps", _WORK),
        ),
        grade=grade_separable_cost,
        section="convolution/separable#separable-cost",
    ),
)
