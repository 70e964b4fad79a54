"""The still of the pieces of two texts: for each pair and width, what the texts share and what tells them apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import paragraph, table, wide

from cs_cnn.layers import conv1d_forward

TITLE = "What filters with a maximum over time know of a text"
HEIGHTS = (43.2, 57.5, 58.6, 67.8)
ALPHABET = "abcdefghijklmnopqrstuvwxyz "
PAIRS = [  # name, first text, second text, width to begin with
    ("forwards and backwards", "the filter", "retlif eht", 1),
    ("two words swapped", " dog and cat ", " cat and dog ", 2),
    ("once more", "banana", "bananana", 3),
    ("a palindrome", "level", "level", 2),
]
STATE: dict[str, Any] = {
    "pairs": PAIRS,
    "pair": PAIRS[0][0],
    "first": PAIRS[0][1],
    "second": PAIRS[0][2],
    "width": 1,
    "piece": "",
}


def one_hot(text: str) -> np.ndarray:
    """Turn a text into an array, shape (27, L)."""
    places = np.array([ALPHABET.index(letter) for letter in text])
    return (np.arange(27)[:, None] == places).astype(float)


def search(text: str, piece: str) -> np.ndarray:
    """Return the rectified answers of the filter that searches for a piece."""
    bias = np.array([1.0 - len(piece)])
    out, _ = conv1d_forward(one_hot(text)[None], one_hot(piece)[None], bias)
    return np.maximum(0, out[0, 0])


def pieces(text: str, width: int) -> list[str]:
    """List the different pieces of a text."""
    return list(dict.fromkeys(text[t : t + width] for t in range(len(text) - width + 1)))


def apart(first: str, second: str, width: int) -> list[str]:
    """List the pieces whose search has another maximum over time in each text."""
    found = dict.fromkeys(pieces(first, width) + pieces(second, width))
    return [piece for piece in found if search(first, piece).max() != search(second, piece).max()]


def still(state: dict[str, Any]) -> str:
    """Write for each pair of texts and each width how many filters tell them apart."""
    rows = []
    for _, first, second, _ in state["pairs"]:
        texts = f"{first.replace(' ', '␣')} / {second.replace(' ', '␣')}"
        rows.append([texts, *(len(apart(first, second, width)) for width in range(1, 6))])
    first, second = state["first"], state["second"]
    lines = []
    for width in (1, 2):
        found = apart(first, second, width)
        listed = ", ".join(piece.replace(" ", "␣") for piece in found)
        lines.append(
            f"Width {width}: {listed or 'every piece stands in both, so no filter tells them apart'}."
        )
    return "\n".join(
        [
            paragraph(f"A: {first}. B: {second}. Pieces that stand in one text only. {' '.join(lines)}"),
            wide(
                table(
                    "Pieces that tell two texts apart, by the width K of the filters",
                    ["Texts", *(f"K = {width}" for width in range(1, 6))],
                    rows,
                ),
                "Pieces that tell two texts apart",
            ),
        ]
    )
