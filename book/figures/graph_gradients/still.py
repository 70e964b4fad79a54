"""The still of the graph's way back: the values, every message, and the gradients beside numerical ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import factor, number, paragraph, side_by_side, table

from cs_cnn.gradcheck import numerical_gradient

TITLE = "A graph, forward and back"
HEIGHTS = (30.5, 34, 49.8, 54)
STATE: dict[str, Any] = {"a": 2, "b": -3, "c": 10, "d": 7}


def f(v: np.ndarray) -> float:
    """Compute the formula itself."""
    return float((v[0] * v[1] + v[2]) * max(v[2], v[3]))


def still(state: dict[str, Any]) -> str:
    """Write the three tables."""
    a, b, c, d = (float(state[name]) for name in "abcd")
    product, total, most = a * b, a * b + c, max(c, d)
    wins = float(c >= d)
    messages = [
        ("last × to +", 1.0, most),
        ("last × to max", 1.0, total),
        ("+ to first ×", most, 1.0),
        ("+ to c", most, 1.0),
        ("max to c", total, wins),
        ("max to d", total, 1 - wins),
        ("first × to a", most, b),
        ("first × to b", most, a),
    ]
    rows = [[name, number(got), number(local), number(got * local)] for name, got, local in messages]
    numeric = numerical_gradient(f, np.array([a, b, c, d]))
    sums = [f"{factor(most)} · {factor(b)}", f"{factor(most)} · {factor(a)}"]
    sums += [f"{factor(most)} + {factor(total * wins)}", number(total * (1 - wins))]
    values = [("ab", product), ("ab + c", total), ("max(c, d)", most), ("f", total * most)]
    return "\n".join(
        [
            paragraph("f = (ab + c) max(c, d), with values going forward and gradients of f coming back."),
            side_by_side(
                table(
                    "Forward",
                    ["Node", "Value"],
                    [[name, number(value)] for name, value in values],
                ),
                table("Backward", ["From, to", "Received", "Local", "Handed on"], rows),
                table(
                    "In all",
                    ["Input", "Sum over its ways", "By moving it"],
                    [
                        [name, each, number(round(value, 6))]
                        for name, each, value in zip("abcd", sums, numeric, strict=True)
                    ],
                ),
            ),
        ]
    )
