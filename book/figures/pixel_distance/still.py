"""The still of the moved digit: its grey levels, and its distance from each of ten stored digits, moved and unmoved."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import grid, number, paragraph, side_by_side, table, wide

from cs_cnn import data

TITLE = "A digit, moved by a pixel, and its nearest neighbour"
HEIGHTS = (40.3, 55.5, 54, 61.2)
DIGITS = data.load("digits", dtype=np.uint8)
STORED = [DIGITS.x_train[DIGITS.y_train == digit][0, 0] for digit in range(10)]
STATE: dict[str, Any] = {
    "stored": [image.tolist() for image in STORED],
    "digit": 1,
    "right": 0,
    "down": 0,
    "shuffle": False,
    "compare": None,
}
WAYS = {"in place": (0, 0), "1 right": (1, 0), "1 left": (-1, 0), "1 down": (0, 1), "1 up": (0, -1)}


def moved(image: np.ndarray, right: int, down: int) -> np.ndarray:
    """Move an image by whole pixels; what appears at the border is black."""
    height, width = image.shape
    padded = np.pad(image, 8)
    return padded[8 - down : 8 - down + height, 8 - right : 8 - right + width]


def distances(image: np.ndarray, stored: np.ndarray) -> np.ndarray:
    """Return the distance of an image from each stored one."""
    return np.sqrt(((stored - image) ** 2).sum(axis=(1, 2)))


def still(state: dict[str, Any]) -> str:
    """Write the digit moved by one pixel, the stored one that is nearest, and a table of all ten digits."""
    stored, digit = np.array(state["stored"]), state["digit"]
    copy = moved(stored[digit], 1, 0)
    far = distances(copy, stored)
    closest = int(far.argmin())
    rows = []
    for n, image in enumerate(stored):
        entries = []
        for way in WAYS.values():
            found = distances(moved(image, *way), stored)
            entries.append(f"{found[n]:.1f} / {found.min():.1f} ({found.argmin()})")
        rows.append([n, *entries])
    return "\n".join(
        [
            side_by_side(
                grid(copy, f"The {digit}, moved 1 to the right"),
                grid(stored[closest], f"The stored {closest}"),
                grid(copy - stored[closest], "Their difference"),
            ),
            paragraph(
                f"The squares of the differences add up to {number(far[closest] ** 2)}, so the distance is"
                f" {far[closest]:.1f}; from the {digit} in its place it is {far[digit]:.1f}. Pixels shuffled in the"
                " same way in all images give the same distances."
            ),
            wide(
                table(
                    "Distance from itself / from the nearest stored digit (which one)", ["Digit", *WAYS], rows
                ),
                "Distances",
            ),
        ]
    )
