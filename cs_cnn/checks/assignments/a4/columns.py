"""Assignment 4: windows as the columns of a matrix, and back."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.assignments.a4.windows import draw, image, spread, windows
from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.pairs import away_from_zero, sizes
from cs_cnn.checks.task import PartOfTask, Task


def _im2col(x: Array, kernel: tuple[int, int], stride: int, pad: int) -> Array:
    seen = windows(x, kernel, stride, pad).transpose(1, 4, 5, 0, 2, 3)
    return np.asarray(seen.reshape(int(np.prod(seen.shape[:3])), -1))


def _col2im(columns: Array, shape: Any, kernel: tuple[int, int], stride: int, pad: int) -> Array:
    n, c = shape[:2]
    high, wide = windows(np.zeros(shape), kernel, stride, pad).shape[2:4]
    values = columns.reshape(c, *kernel, n, high, wide).transpose(3, 0, 4, 5, 1, 2)
    return spread(values, shape, stride, pad)


def grade_im2col(bench: Bench) -> None:
    """Compare the matrix for plain windows, for strides and for padding."""
    rng = bench.rng
    for turn in range(bench.rounds):
        many, border = 2 + turn % 2, 1 + turn % 2
        for part, stride, pad in (("windows", 1, 0), ("stride", many, 0), ("pad", 1, border)):
            n, c = sizes(rng, 2, 2, 3)
            kernel, size = draw(rng, stride=stride, pad=pad)
            x = away_from_zero(rng, (n, c, *size))
            outcome = bench.call("im2col", {"x": x, "kernel": kernel}, stride=stride, pad=pad)
            bench.expect(part, outcome, partial(_im2col, x, kernel, stride, pad), name="the matrix")


def grade_col2im(bench: Bench) -> None:
    """Compare the images for windows that share no pixel, for windows that do, and for padding."""
    rng = bench.rng
    for turn in range(bench.rounds):
        for part, pad in (("apart", 0), ("overlapping", 0), ("pad", 1 + turn % 2)):
            n, c = sizes(rng, 2, 2, 3)
            if part == "apart":
                kernel, stride = (2, 2), 2
                size = image((2, 3), kernel, stride)
            else:
                stride = 1 + turn % 2 if part == "overlapping" else 1
                kernel, size = draw(rng, stride=stride, pad=pad, kernels=(2, 3))
            shape = (n, c, *size)
            columns = away_from_zero(rng, _im2col(np.zeros(shape), kernel, stride, pad).shape)
            given = {"columns": columns, "shape": shape, "kernel": kernel}
            outcome = bench.call("col2im", given, stride=stride, pad=pad)
            bench.expect(
                part, outcome, partial(_col2im, columns, shape, kernel, stride, pad), name="the images"
            )


_HINT = "Number the pixels of a 3 by 4 image from 0 to 11, and write down the matrix for windows of 2 by 2."
_SECTION = "convolution/computed_fast"

TASKS = (
    Task(
        name="a4.im2col",
        number="4.10",
        asks="im2col",
        functions=("im2col",),
        parts=(
            PartOfTask("windows", 3, "stride 1 without padding", _HINT),
            PartOfTask(
                "stride", 1, "strides 2 and 3", "Which window does column number 1 hold when the stride is 2?"
            ),
            PartOfTask("pad", 2, "padding of 1 and 2", "How many zeros stand in column 0 of a padded image?"),
        ),
        grade=grade_im2col,
        section=f"{_SECTION}#computed-fast",
    ),
    Task(
        name="a4.col2im",
        number="4.11",
        asks="col2im",
        functions=("col2im",),
        parts=(
            PartOfTask("apart", 2, "windows that share no pixel", _HINT),
            PartOfTask(
                "overlapping",
                2,
                "windows that share pixels",
                "In how many columns does a pixel in the middle occur? All of them come back to it.",
            ),
            PartOfTask(
                "pad",
                2,
                "padding of 1 and 2",
                "Some entries were read from the border of zeros. Where do they go?",
            ),
        ),
        grade=grade_col2im,
        section=f"{_SECTION}#computed-fast-adjoint",
    ),
)
