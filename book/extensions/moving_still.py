"""Parts of the stills of moving figures: tables of numbers, the signed ones on the scale of ``course.css``."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence

import numpy as np


def number(value: float) -> str:
    """Write a number with at most three decimals and a real minus sign.

    Examples
    --------
    >>> number(-2.0), number(0.12345), number(-0.0)
    ('−2', '0.123', '0')
    """
    return f"{round(float(value), 3) + 0.0:g}".replace("-", "−")


def factor(value: float) -> str:
    """Write a number as a factor of a product, a negative one in brackets.

    Examples
    --------
    >>> factor(2.0), factor(-0.5)
    ('2', '(−0.5)')
    """
    return f"({number(value)})" if value < 0 else number(value)


def level(value: float, largest: float) -> int:
    """Put a signed value on the scale from -3 to 3, with 0 for nothing but zero.

    Examples
    --------
    >>> [level(v, 6.0) for v in (-6, -2, 0, 0.1, 3)]
    [-3, -1, 0, 1, 2]
    >>> level(0.1, 0.1)  # 3 * 0.1 / 0.1 would be above 3
    3
    """
    return 0 if not value or not largest else int(math.copysign(math.ceil(3 * (abs(value) / largest)), value))


def grid(
    values: np.ndarray,
    caption: str,
    *,
    frame: tuple[int, int, int, int] = (0, 0, 0, 0),
    largest: float | None = None,
) -> str:
    """Write a map of numbers as a table, with a frame (top, left, height, width) around some entries.

    The scale of the colours ends at the largest number of the map, or at `largest`, so that maps can share it.
    """
    values = np.asarray(values, float)
    largest = float(np.abs(values).max()) if largest is None else largest
    top, left, height, width = frame
    rows = []
    for i, row in enumerate(values):
        cells = []
        for j, value in enumerate(row):
            inside = top <= i < top + height and left <= j < left + width
            kind = ' class="moving-framed"' if inside else ""
            cells.append(f'<td data-level="{level(value, largest)}"{kind}>{number(value)}</td>')
        rows.append(f"<tr>{''.join(cells)}</tr>")
    small = " moving-small" if values.shape[1] >= 8 else ""
    body = f"<caption>{html.escape(caption)}</caption><tbody>{''.join(rows)}</tbody>"
    return f'<table class="moving-grid{small}">{body}</table>'


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write an ordinary table; the first entry of each row is its header."""
    top = "".join(f'<th scope="col">{html.escape(str(each))}</th>' for each in head)
    body = "".join(
        f'<tr><th scope="row">{html.escape(str(first))}</th>'
        + "".join(f"<td>{html.escape(str(each))}</td>" for each in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return (
        f'<table class="moving-table"><caption>{html.escape(caption)}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    )


def side_by_side(*parts: str) -> str:
    """Set tables in a row that wraps."""
    return f'<div class="moving-row">{"".join(parts)}</div>'


def paragraph(text: str) -> str:
    """Write a paragraph of plain text."""
    return f"<p>{html.escape(text)}</p>"


def wide(part: str, label: str) -> str:
    """Let a part scroll sideways in its own frame, with the keyboard too."""
    return (
        f'<div class="moving-wide" tabindex="0" role="region" aria-label="{html.escape(label)}">{part}</div>'
    )
