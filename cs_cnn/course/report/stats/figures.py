"""The plots of the statistics, as SVG that stands in the page itself."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from cs_cnn import palette
from cs_cnn.course.grading.marks import number
from cs_cnn.course.report.stats.counting import Statistics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH = 4.6  # inches; on a phone the text is then about as large as that of the page
_DAY = 24


def _svg(name: str, alt: str, height: float, draw: Callable[[Axes], object]) -> Markup:
    """Draw a figure; `name` keeps the ids of several figures in one page apart."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context():
        palette.use()
        mpl.rcParams["svg.hashsalt"] = name  # the same numbers make the same bytes
        figure = Figure(figsize=(_WIDTH, height), layout="constrained")
        draw(figure.subplots())
        buffer = io.StringIO()
        none: dict[str, Any] = dict.fromkeys(("Creator", "Date", "Format", "Type"))
        figure.savefig(buffer, format="svg", metadata=none, transparent=True)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*|<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{name}-", text)
    label = f'<svg role="img" aria-label="{escape(alt)}" class="figure"'
    return Markup(text.replace("<svg", label, 1).strip())


def _whole(axes: Axes) -> None:
    """Count students in whole numbers."""
    from matplotlib.ticker import MaxNLocator

    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))


def points(counted: Statistics) -> Markup:
    """Draw the distribution of the points."""
    import numpy as np

    low, middle, high = counted.quartiles
    people = len(counted.points)
    alt = (
        f"Histogram of the points of {people} {'student' if people == 1 else 'students'}, from "
        f"{number(min(counted.points))} to {number(max(counted.points))} of {number(counted.max_points)}: "
        f"a quarter has at most {number(low)}, half at most {number(middle)}, three quarters at most {number(high)}."
    )

    def draw(axes: Axes) -> None:
        axes.hist(
            counted.points,
            bins=np.linspace(0, counted.max_points, 21).tolist(),
            color=palette.BLUE,
            edgecolor="white",
        )
        axes.axvline(middle, color=palette.INK, linestyle="--", linewidth=1.2)
        axes.annotate(
            f"median {number(middle)}",
            (middle, 1),
            xycoords=("data", "axes fraction"),
            ha="right" if middle > counted.max_points / 2 else "left",
            va="bottom",
        )
        axes.set_xlabel(f"points, of {number(counted.max_points)}")
        axes.set_ylabel("students")
        _whole(axes)

    return _svg("points", alt, 2.6, draw)


def tasks(counted: Statistics) -> Markup:
    """Draw the share of points that each task earned."""
    shown = [(task, task.share) for task in counted.tasks if task.share is not None]
    said = ", ".join(f"{task.cell.name} {100 * share:.0f} %" for task, share in shown if share is not None)
    alt = f"Bars of the points that the class earned in each task: {said}."

    def draw(axes: Axes) -> None:
        names = [task.cell.name.replace("_", " ") for task, _ in shown]
        shares = [100 * (share or 0) for _, share in shown]
        everybody = len(counted.points)
        labels = [
            f"{share:.0f} %" + (f" of {task.marked} marked" if task.marked < everybody else "")
            for share, (task, _) in zip(shares, shown, strict=True)
        ]
        bars = axes.barh(range(len(names)), shares, color=palette.BLUE, height=0.7)
        axes.bar_label(bars, labels=labels, padding=3)
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.set_xlim(0, 118)
        axes.set_xticks(range(0, 101, 25))
        axes.set_xlabel("per cent of the points")

    return _svg("tasks", alt, 0.9 + 0.3 * len(shown), draw)


def times(counted: Statistics) -> Markup:
    """Draw when work came, in days before the due date."""
    import numpy as np

    days = [-hours / _DAY for hours in counted.early]
    first, last = min(-1.0, *days), max(1.0, *days)
    last_day = sum(0 <= hours < _DAY for hours in counted.early)
    after = sum(hours < 0 for hours in counted.early)
    alt = (
        f"Histogram of when {len(days)} submissions came: {last_day} on the last day before the due date, "
        f"{after} after it, the first {number(round(-min(days), 1))} days before."
    )

    def draw(axes: Axes) -> None:
        steps = np.arange(np.floor(max(first, -21)), np.ceil(min(last, 14)) + 1)
        axes.hist(
            np.clip(days, steps[0], steps[-1]), bins=steps.tolist(), color=palette.SKY, edgecolor="white"
        )
        axes.axvline(0, color=palette.INK, linestyle="--", linewidth=1.2)
        axes.annotate("due", (0, 1), xycoords=("data", "axes fraction"), ha="center", va="bottom")
        axes.set_xlabel("days after the due date")
        axes.set_ylabel("submissions")
        _whole(axes)

    return _svg("times", alt, 2.4, draw)
