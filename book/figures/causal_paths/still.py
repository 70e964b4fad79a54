"""The still of the causal paths: how many paths reach each past sample, and the layers that long memories need."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import grid, paragraph, table, wide

from cs_cnn.sequence import receptive_field

TITLE = "Which samples of the past an output hears, and along how many paths"
HEIGHTS = (33.1, 36, 37.6, 41.3)
STATE: dict[str, Any] = {"schedule": "all 1", "layers": 5, "taps": 2, "causal": True}
SCHEDULES = {
    "all 1": lambda layer: 1,
    "doubling": lambda layer: 2**layer,
    "tripling": lambda layer: 3**layer,
    "blocks of 1, 2, 4": lambda layer: 2 ** (layer % 3),
}
GOALS = (67, 2000, 8000)


def dilations(schedule: str, layers: int) -> list[int]:
    """Return the dilation of each layer, from the input up."""
    return [SCHEDULES[schedule](layer) for layer in range(layers)]


def paths(found: list[int], taps: int) -> np.ndarray:
    """Count the paths of causal layers to each sample back: kernels of ones, convolved with each other."""
    counts = np.ones(1, int)
    for dilation in found:
        kernel = np.zeros(dilation * (taps - 1) + 1, int)
        kernel[::dilation] = 1
        counts = np.convolve(counts, kernel)
    return counts


def needed(schedule: str, taps: int, samples: int) -> int:
    """Return how many layers span so many samples."""
    layers, span = 0, 1
    while span < samples:
        span += (taps - 1) * SCHEDULES[schedule](layers)
        layers += 1
    return layers


def still(state: dict[str, Any]) -> str:
    """Write the paths of two schedules, and the layers that each schedule needs."""
    layers, taps = state["layers"], state["taps"]
    rows = []
    for schedule in SCHEDULES:
        found = dilations(schedule, layers)
        counts = paths(found, taps)
        rows.append(
            [
                schedule,
                receptive_field(found, taps),
                int((counts > 0).sum()),
                int(counts.max()),
                *(f"{needed(schedule, taps, goal):,}" for goal in GOALS),
            ]
        )
    head = ["Dilations", "Field", "Samples read", "Most paths to one", *(f"Layers for {n:,}" for n in GOALS)]
    caption = f"{layers} layers with {taps} taps, and the layers for longer fields"
    crowd = paths(dilations(state["schedule"], layers), taps)
    return "\n".join(
        [
            paragraph(
                f"Every output of {layers} causal layers with {taps} taps is the end of {taps**layers} paths."
            ),
            grid(crowd[None], f"Dilations {state['schedule']}: paths to each sample, now on the left"),
            paragraph(f"With doubling, there is one path to each of {taps**layers} samples."),
            wide(table(caption, head, rows), "Four schedules"),
        ]
    )
