"""Known mistakes with the size of an output."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cs_cnn.checks.mistakes.mistake import Mistake

_BOTH = ("exact", "rounded down")


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the task a4.output_size."""

    def build(name: str, formula: Callable[..., Any], hint: str, loses: tuple[str, ...] = _BOTH) -> Mistake:
        def output_size(size: int, kernel: int, stride: int = 1, pad: int = 0) -> Any:
            return formula(size, kernel, stride, pad)

        return Mistake(name, "a4.output_size", {"output_size": output_size}, loses, hint)

    return [
        build(
            "first_position_not_counted",
            lambda n, k, s, p: (n + 2 * p - k) // s,
            "A window as large as the image has one position. How many do you get?",
        ),
        build(
            "padded_on_one_side",
            lambda n, k, s, p: (n + p - k) // s + 1,
            "The border is on both ends of the row: how long is the padded row?",
            ("exact",),
        ),
        build(
            "rounded_up",
            lambda n, k, s, p: math.ceil((n + 2 * p - k) / s) + 1,
            "The last window you count does not fit: part of it would hang over the edge.",
            ("rounded down",),
        ),
        build(
            "not_rounded",
            lambda n, k, s, p: (n + 2 * p - k) / s + 1,
            "A third of a window is no window. A size counts positions, and a count is a whole number.",
            ("rounded down",),
        ),
        build(
            "nearest_whole_number",
            lambda n, k, s, p: int((n + 2 * p - k) / s + 1.5),
            "A window that fits by more than a half still does not fit.",
            ("rounded down",),
        ),
        build(
            "padding_ignored",
            lambda n, k, s, p: (n - k) // s + 1,
            "Does a border of zeros give the window more places to go?",
            ("exact",),
        ),
        build(
            "stride_ignored",
            lambda n, k, s, p: n + 2 * p - k + 1,
            "With a stride of two, does the window stop at every pixel?",
        ),
        build(
            "divided_by_the_window",
            lambda n, k, s, p: (n + 2 * p) // k,
            "Your windows stand side by side, whatever the stride. How far apart do two windows start?",
        ),
        build(
            "precedence",
            lambda n, k, s, p: n + 2 * p - k // s + 1,
            "Which part of your line does // divide? Operators of one rank go from the left, and // before -.",
        ),
        build(
            "one_added_before_dividing",
            lambda n, k, s, p: (n + 2 * p - k + 1) // s,
            "With stride 3, a window that fits only once has how many positions? Follow your + 1.",
        ),
    ]
