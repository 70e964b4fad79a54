"""Assignment 4: how large the output of a window that moves is."""

from __future__ import annotations

from functools import partial

import numpy as np

from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.task import PartOfTask, Task


def _positions(size: int, kernel: int, stride: int, pad: int) -> Array:
    # Counted, not calculated: where may a window start?
    return np.asarray(float(len(range(0, size + 2 * pad - kernel + 1, stride))))


def grade_output_size(bench: Bench) -> None:
    """Ask for windows that fit exactly, and for windows that leave pixels over."""
    rng = bench.rng
    for _ in range(bench.rounds):
        for part, cases in (
            ("exact", ((1, 0, 0), (1, 2, 0), (2, 0, 0), (3, 1, 0), (4, 2, 0))),
            ("rounded down", ((2, 0, 1), (3, 0, 1), (4, 0, 3))),
        ):
            for stride, pad, left in cases:
                kernel, steps = int(rng.integers(1, 6)), int(rng.integers(5, 30))
                size = steps * stride + kernel + left - 2 * pad
                given = {"size": size, "kernel": kernel, "stride": stride, "pad": pad}
                outcome = bench.call("output_size", {"size": size, "kernel": kernel}, stride=stride, pad=pad)
                right = partial(_positions, **given)
                bench.expect(part, outcome, right, name="the output size")
                if isinstance(outcome.value, float):
                    bench.advice.setdefault("output_size returns a float; np.zeros and range want an int.")


_HINT = "Draw a row of seven pixels and a window of three, move the window by two, and count the positions."

TASKS = (
    Task(
        name="a4.output_size",
        number="4.1",
        asks="output_size",
        functions=("output_size",),
        parts=(
            PartOfTask("exact", 2, "windows that fit exactly, with stride and padding", _HINT),
            PartOfTask(
                "rounded down",
                2,
                "windows that leave pixels over",
                "With stride 2, a row of eight pixels and a window of three: where does the last window start?",
            ),
        ),
        grade=grade_output_size,
        section="convolution/convolution#convolution-size",
    ),
)
