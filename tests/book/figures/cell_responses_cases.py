"""Fields, stimuli and answers, as the library's cells have them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from cs_cnn.look import cells

UPRIGHT = cells.Tuning(orientation=math.pi / 2, wavelength=6)


def shown(kind: str, degrees: float, shift: float) -> np.ndarray:
    slant = math.radians(degrees)
    if kind == "bar":
        return cells.bar(29, slant, offset=shift)
    return cells.grating(29, slant, wavelength=6, phase=-math.pi * shift / 3)


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    for phase in (0, 90, 270):
        yield "field", [phase], cells.gabor(UPRIGHT, math.radians(phase)).tolist()
    for kind in ("bar", "grating"):
        for degrees, shift in ((90, 0), (90, 3), (75, -2.5), (0, 1), (135, 4)):
            image = shown(kind, degrees, shift)
            yield "stimulus", [kind, degrees, shift], image.tolist()
            sums = [(cells.gabor(UPRIGHT, turn * math.pi / 2) * image).sum() for turn in range(4)]
            wanted = {
                "sums": sums,
                "simple": [max(each, 0.0) for each in sums],
                "complex": float(cells.complex_cells(image[None], UPRIGHT)[0, 0, 0]),
            }
            yield "responses", [kind, degrees, shift], wanted
        images = np.stack([shown(kind, 80, shift) for shift in np.arange(-10, 10.5, 0.5)])
        curves = {
            "simple": cells.simple_cells(images, UPRIGHT, math.pi / 2)[:, 0, 0].tolist(),
            "complex": cells.complex_cells(images, UPRIGHT)[:, 0, 0].tolist(),
        }
        yield "sweep", [kind, 80, 1], curves
    yield "breadth", [[0, 1, 2, 4, 3, 2, 0]], 1.0
