"""The still of a digit's code: the twelve numbers of four digits, and the error with the first few of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from moving_still import grid, number, paragraph, side_by_side, table, wide

from cs_cnn.transform.pca import Pca

TITLE = "A digit drawn from a few numbers"
HEIGHTS = (43.8, 40.5, 68.6, 66.3)
# Mean and axes of the chapter's training digits in ten-thousandths, and four of its test digits in sixteenths.
BASIS: dict[str, Any] = json.loads((Path(__file__).parent / "basis.json").read_text(encoding="utf-8"))
STATE: dict[str, Any] = {**BASIS, "digit": "2", "used": 4}


def basis(state: dict[str, Any]) -> Pca:
    """Return the mean and the axes in which the digits are coded."""
    mean, axes = (np.array(state[name]) / 10000 for name in ("mean", "axes"))
    return Pca(mean, axes, np.ones(len(axes)))


def errors(x: np.ndarray, found: Pca) -> list[float]:
    """Return the error with no number of the code, with the first, the first two, and so on."""
    code = found.encode(x[None])
    kept = (code * (np.arange(code.size) < k) for k in range(code.size + 1))
    return [float(np.mean((x - found.decode(each)) ** 2)) for each in kept]


def still(state: dict[str, Any]) -> str:
    """Write one digit and its drawing, the codes of all four, and their errors."""
    found, used = basis(state), state["used"]
    pictures = {name: np.array(values) / 16 for name, values in state["digits"].items()}
    x = pictures[state["digit"]]
    code = found.encode(x[None])
    drawn = found.decode(code * (np.arange(code.size) < used))[0]
    lost = {name: errors(each, found) for name, each in pictures.items()}
    codes = [
        [name, *(number(round(c, 2)) for c in found.encode(each[None])[0])] for name, each in pictures.items()
    ]
    counts = (0, 1, 2, 4, 6, 8, 12)
    rows = [[name, *(f"{each[k]:.4f}" for k in counts)] for name, each in lost.items()]
    most = int(np.abs(code).argmax())
    return "\n".join(
        [
            side_by_side(
                grid(x.reshape(8, 8).round(1), f"A {state['digit']}", largest=1),
                grid(drawn.reshape(8, 8).round(1), f"Drawn from {used} numbers", largest=1),
            ),
            wide(table("Codes", ["Digit", *range(1, code.size + 1)], codes), "Codes of four digits"),
            wide(table("Errors", ["Digit", *(f"{k} numbers" for k in counts)], rows), "Errors"),
            paragraph(
                f"A number c takes c²/64 off the error. Of this {state['digit']}, number {most + 1} says most:"
                f" {number(code[0, most])}²/64 = {code[0, most] ** 2 / 64:.4f}. A number that is off by d adds"
                " d²/64, whichever number it is."
            ),
        ]
    )
