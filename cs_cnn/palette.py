"""The colours and the look of every figure, in one place.

The categorical colours are those of Okabe and Ito (2008), which stay apart for readers with any of the
common forms of colour blindness; signed values get a scale that is white at zero.
"""

from __future__ import annotations

BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW = (
    "#0072b2",
    "#e69f00",
    "#009e73",
    "#d55e00",
    "#cc79a7",
    "#56b4e9",
    "#f0e442",
)
INK = "#1f2430"
"""Colour of text and lines."""

CATEGORICAL = [BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, YELLOW]
"""Colours of classes and curves, in the order of use."""

SEQUENTIAL = "cividis"
"""Colour map of values from none to much."""

DIVERGING = "PuOr"
"""Colour map of signed values; give it limits that are symmetric about zero."""

IMAGE = "gray"
"""Colour map of images with one channel."""


def use() -> None:
    """Give Matplotlib the look of the book for all figures that follow.

    The figures are drawn on white, with a resolution for sharp screens; the book puts them on a light plate
    when the page is dark.
    """
    import matplotlib as mpl
    from cycler import cycler

    mpl.rcParams.update(
        {
            "axes.prop_cycle": cycler(color=CATEGORICAL),
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.titlesize": "medium",
            "figure.constrained_layout.use": True,
            "figure.dpi": 110,
            "figure.figsize": (6.4, 3.4),
            "font.family": "DejaVu Sans",
            "font.size": 10,
            "image.cmap": SEQUENTIAL,
            "image.interpolation": "nearest",
            "legend.frameon": False,
            "lines.linewidth": 1.8,
            "savefig.dpi": 144,
            "text.color": INK,
            "xtick.color": INK,
            "ytick.color": INK,
        }
    )
