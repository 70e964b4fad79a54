"""The still of the views of one picture: what digits and letters show when they are mirrored and turned."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from moving_still import grid, paragraph, side_by_side, table, wide

TITLE = "Views of one picture, and the label that they keep"
HEIGHTS = (36.8, 51.4, 59, 71)
FRAME = 9
SETS = {
    "digits": {
        "0": "111/101/101/101/111",
        "1": "1/1/1/1/1",
        "2": "111/001/111/100/111",
        "3": "111/001/111/001/111",
        "4": "101/101/111/001/001",
        "5": "111/100/111/001/111",
        "6": "111/100/111/101/111",
        "7": "111/001/001/001/001",
        "8": "111/101/111/101/111",
        "9": "111/101/111/001/111",
    },
    "letters": {
        "b": "100/100/111/101/111",
        "d": "001/001/111/101/111",
        "p": "111/101/111/100/100",
        "q": "111/101/111/001/001",
        "n": "111/101/101",
        "u": "101/101/111",
        "c": "111/100/111",
        "o": "111/101/111",
        "x": "101/010/101",
    },
}
STATE: dict[str, Any] = {
    "sets": {kind: {name: rows.split("/") for name, rows in each.items()} for kind, each in SETS.items()},
    "set": "digits",
    "name": "2",
    "mirror": True,
    "upside": False,
    "quarters": False,
    "by": 2,
    "seed": 1,
}
SINGLE = {
    "mirrored": np.fliplr,
    "upside down": np.flipud,
    "half turn": lambda picture: np.rot90(picture, 2),
    "quarter turn": lambda picture: np.rot90(picture, -1),
}


def picture(rows: list[str]) -> np.ndarray:
    """Return a shape as an array of zeros and ones."""
    return np.array([[int(value) for value in row] for row in rows])


def label(shape: np.ndarray, classes: dict[str, list[str]]) -> str | None:
    """Return the class that looks exactly like this, if there is one."""
    return next((name for name, rows in classes.items() if np.array_equal(picture(rows), shape)), None)


def views(state: dict[str, Any]) -> tuple[int, dict[bytes, str | None]]:
    """Draw every view once on its frame: the number of draws, and for each different picture what it shows."""
    classes, by = state["sets"][state["set"]], state["by"]
    drawn, seen = 0, {}
    for mirror, upside, quarters in product(
        (0, 1)[: 1 + state["mirror"]], (0, 1)[: 1 + state["upside"]], range(4 if state["quarters"] else 1)
    ):
        shape = picture(classes[state["name"]])
        shape = shape[:: -1 if upside else 1, :: -1 if mirror else 1]
        shape = np.rot90(shape, -quarters)
        top, left = ((FRAME - size) // 2 for size in shape.shape)
        for down, right in product(range(-by, by + 1), repeat=2):
            frame = np.zeros((FRAME, FRAME), np.uint8)
            i, j = top + down, left + right
            frame[i : i + shape.shape[0], j : j + shape.shape[1]] = shape
            seen[frame.tobytes()] = label(shape, classes)
            drawn += 1
    return drawn, seen


def still(state: dict[str, Any]) -> str:
    """Write what single views make of every class, and count the pictures that come of one."""
    classes = state["sets"][state["set"]]
    rows = []
    for name, shape in classes.items():
        drawn, seen = views(state | {"name": name})
        same = sum(each == name for each in seen.values())
        becomes = [label(change(picture(shape)), classes) or "none" for change in SINGLE.values()]
        rows.append([name, *becomes, f"{len(seen)} of {drawn}", same])
    chosen = picture(classes[state["name"]])
    drawn, seen = views(state)
    return "\n".join(
        [
            side_by_side(
                grid(chosen, f"The {state['name']}"),
                *(grid(change(chosen), way.capitalize()) for way, change in SINGLE.items()),
            ),
            paragraph(
                f"Mirror images and moves by up to {state['by']} pixels: {drawn} draws, {len(seen)} different"
                f" pictures. All would be learned as {state['name']}."
            ),
            wide(
                table(
                    "What each class shows, and how many pictures come of it by mirroring and moving",
                    ["Class", *SINGLE, "Different", "With its label"],
                    rows,
                ),
                "What each class shows",
            ),
        ]
    )
