"""The picture of a page that a message or a feed shows beside a link to it."""

from __future__ import annotations

import hashlib
import textwrap
from pathlib import Path

from cs_cnn import palette

WIDTH, HEIGHT = 1200, 630
FOLDER = "_images/cards"
LOOK = "2"
"""Belongs to the name of each picture: change it with the drawing, and all are drawn again."""


def draw(site: str | Path, title: str, text: str, book: str, where: str) -> str:
    """Draw the card of one page, unless it is there already.

    Parameters
    ----------
    site : path
        The folder of the built site.
    title, text : str
        The page's title and its description.
    book, where : str
        The title of the book and its address.

    Returns
    -------
    str
        The picture's path below `site`.
    """
    digest = hashlib.sha256("\0".join((LOOK, title, text, book, where)).encode()).hexdigest()[:16]
    name = f"{FOLDER}/{digest}.png"
    target = Path(site) / name
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        figure = compose(title, text, book, where)
        making = target.with_suffix(".part")
        figure.savefig(making, format="png", dpi=100)
        making.replace(target)
    return name


def evenly(text: str, width: int) -> list[str]:
    """Wrap a text into as few lines as `width` allows, of about the same length.

    Examples
    --------
    >>> evenly("one two three four", 14)
    ['one two', 'three four']
    """
    lines = textwrap.wrap(text, width)
    while width > 1 and len(narrower := textwrap.wrap(text, width - 1)) == len(lines):
        lines, width = narrower, width - 1
    return lines


def compose(title: str, text: str, book: str, where: str):
    """Lay the card out in pixels, the origin at the top left."""
    from matplotlib.figure import Figure  # a page without a card needs none of it
    from matplotlib.patches import FancyBboxPatch, Rectangle

    figure = Figure(figsize=(WIDTH / 100, HEIGHT / 100), facecolor="white")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(HEIGHT, 0))
    axes.axis("off")

    def box(x: float, y: float, size: float, colour: str, alpha: float = 1.0) -> None:
        style = f"round,pad=0,rounding_size={size / 5}"
        axes.add_patch(FancyBboxPatch((x, y), size, size, style, color=colour, alpha=alpha, lw=0))

    # The window over the grid, as in the course's logo.
    left, top, step = 962, 70, 32
    for row in range(5):
        for column in range(5 - max(0, row - 2)):
            seen = row < 3 and column < 3
            colour = palette.BLUE if (row, column) == (1, 1) else palette.SKY
            box(left + column * step, top + row * step, 26, colour, 1 if seen else 0.45)
    frame = 3 * step + 6
    axes.add_patch(
        FancyBboxPatch(
            (left - 6, top - 6),
            frame,
            frame,
            "round,pad=0,rounding_size=12",
            fill=False,
            lw=6,
            ec=palette.VERMILION,
        )
    )
    box(left + 3 * step + 10, top + 3 * step + 10, 50, palette.VERMILION)

    axes.text(70, 92, book, fontsize=20, color="#4a5663", va="center")
    lines = evenly(title, 21)[:3]
    size = 46 if len(lines) < 3 else 38
    head = {"fontsize": size, "weight": "bold", "color": palette.INK, "linespacing": 1.15}
    axes.text(70, 150, "\n".join(lines), va="top", **head)
    body = {"fontsize": 22, "color": "#35414d", "linespacing": 1.4}
    axes.text(70, 538, "\n".join(evenly(text, 66)[:4]), va="bottom", **body)
    axes.text(70, 588, where, fontsize=17, color=palette.BLUE, va="center", weight="bold")
    axes.add_patch(Rectangle((0, HEIGHT - 14), WIDTH * 0.62, 14, color=palette.BLUE, lw=0))
    axes.add_patch(Rectangle((WIDTH * 0.62, HEIGHT - 14), WIDTH * 0.38, 14, color=palette.VERMILION, lw=0))
    return figure
