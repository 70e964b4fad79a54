"""The still of simple and complex cells: what they answer to a bar and to a grating at several places and slants."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from moving_still import paragraph, table, wide

from cs_cnn.look import cells

TITLE = "A bar or a grating in front of simple and complex cells"
HEIGHTS = (46.3, 50, 64.2, 66.5)
STATE: dict[str, Any] = {"kind": "bar", "degrees": 90, "shift": 0, "cell": 0}
UPRIGHT = cells.Tuning(orientation=math.pi / 2, wavelength=6)
PHASES = [turn * math.pi / 2 for turn in range(4)]


def stimulus(kind: str, degrees: float, shift: float) -> np.ndarray:
    """Draw what is shown, as large as a field."""
    size, slant = UPRIGHT.size, math.radians(degrees)
    if kind == "bar":
        return cells.bar(size, slant, offset=shift)
    phase = -2 * math.pi * shift / UPRIGHT.wavelength
    return cells.grating(size, slant, wavelength=UPRIGHT.wavelength, phase=phase)


def responses(kind: str, degrees: float, shift: float) -> tuple[list[float], float]:
    """Return the answers of the four simple cells and of the complex cell."""
    shown = stimulus(kind, degrees, shift)[None]
    simple = [float(cells.simple_cells(shown, UPRIGHT, phase)[0, 0, 0]) for phase in PHASES]
    return simple, float(cells.complex_cells(shown, UPRIGHT)[0, 0, 0])


def still(state: dict[str, Any]) -> str:
    """Write a table for pushing and one for turning."""
    head = ["Shown", "φ = 0", "φ = π/2", "φ = π", "φ = 3π/2", "Complex"]

    def row(name: str, kind: str, degrees: float, shift: float) -> list[str]:
        simple, whole = responses(kind, degrees, shift)
        return [name, *(f"{each:.2f}" for each in simple), f"{whole:.2f}"]

    pushed = [
        row(f"{kind}, {shift} px left", kind, 90, shift)
        for kind in ("bar", "grating")
        for shift in (0, 1.5, 3, 4.5, 6)
    ]
    turned = [row(f"{state['kind']}, {angle}°", state["kind"], angle, 0) for angle in (90, 75, 60, 45, 0)]
    return "\n".join(
        [
            paragraph(
                "Four simple cells for upright bars with wavelength 6, and the complex cell that pools them."
            ),
            wide(table("Pushed: upright, from the middle to the left", head, pushed), "Pushed"),
            wide(table("Turned: in the middle, 90° is upright", head, turned), "Turned"),
        ]
    )
