"""A net as a picture: one block for each layer, as wide as it has channels and as high as its maps."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cs_cnn.account.rows import Operation, Row
from cs_cnn.account.shown.tables import shape_words
from cs_cnn.account.whole import Account

# Fill on light and on dark pages, and what the legend says. The colours of `cs_cnn.palette`, lightened for the dark.
_LOOK = {
    "input": ("#6b7280", "#9ca3af", "input"),
    "conv": ("#0072b2", "#56b4e9", "convolution"),
    "pool": ("#d55e00", "#e69f00", "pool"),
    "affine": ("#009e73", "#34d399", "affine"),
    "merge": ("#b0568a", "#cc79a7", "sum or concatenation"),
    "other": ("#8a7a00", "#f0e442", "other"),
}
_HEIGHT, _GAP, _LEGEND, _NAMES = 220.0, 5.0, 34.0, 168.0
_WIDEST, _PITCH, _LEAST = 900.0, 13.0, (3.0, 4.0)  # pixels of the picture; a name needs the pitch


def _blocks(account: Account) -> list[tuple[Operation, Row]]:
    """Choose what is drawn: the layers and where paths meet; of very deep nets, the stages."""
    for view in (account, account.detail("stages")):
        chosen = [
            (step, row)
            for step, row in zip(view.steps, view.rows, strict=True)
            if step.family in _LOOK and step.shape
        ]
        if len(chosen) <= 60:
            return chosen
    return chosen


def _sizes(shapes: Sequence[tuple[int, ...]]) -> list[tuple[float, float]]:
    """Return width and height of every block: proportional to channels and maps, but never too small to see."""
    tallest = max((shape[1] for shape in shapes if len(shape) > 1), default=1)
    room = _WIDEST - 2 * _GAP - _GAP * len(shapes)
    scale = room / max(sum(shape[0] for shape in shapes), 600)
    return [
        (
            max(_LEAST[0], scale * shape[0]),
            max(_LEAST[1], _HEIGHT * (shape[1] if len(shape) > 1 else 1) / tallest),
        )
        for shape in shapes
    ]


def _label(row: Row) -> str:
    """Name a block: its stage, and its shape where that leaves room."""
    name = row.name.removesuffix(".conv").removesuffix(".linear")
    label = f"{name} {shape_words(row.shape, '×')}"
    return label if len(label) <= 30 else name if len(name) <= 30 else f"{name[:29]}…"


def draw(account: Account) -> str:
    """Draw a net, see `Account.svg`.

    Parameters
    ----------
    account : Account

    Returns
    -------
    str
        SVG. Text and lines take the colour of the page around it; the fills have a version for dark pages.
    """
    blocks = _blocks(account)
    sizes = _sizes([step.shape for step, _ in blocks])
    middle = _LEGEND + _HEIGHT / 2 + 4
    below = middle + _HEIGHT / 2 + 8
    shapes: list[str] = []
    x = _GAP
    for (step, row), (width, height) in zip(blocks, sizes, strict=True):
        words = f"{row.name}: {row.kind}, {shape_words(row.shape, '×')}"
        if row.parameters:
            words += f", {row.parameters:,} parameters"
        slot = max(width + _GAP, _PITCH)
        centre = x + slot / 2
        shapes.append(
            f'<rect class="{step.family}" x="{centre - width / 2:.1f}" y="{middle - height / 2:.1f}"'
            f' width="{width:.1f}" height="{height:.1f}" rx="1.5"><title>{escape(words)}</title></rect>'
        )
        shapes.append(
            f'<text x="{centre:.1f}" y="{below:.1f}" text-anchor="end" dominant-baseline="middle"'
            f' transform="rotate(-90 {centre:.1f} {below:.1f})">{escape(_label(row))}</text>'
        )
        x += slot
    width_all, height_all = max(x + _GAP, 480.0), below + _NAMES
    families = [family for family in _LOOK if any(step.family == family for step, _ in blocks)]
    legend, at = [], _GAP
    for family in families:
        words = _LOOK[family][2]
        legend.append(f'<rect class="{family}" x="{at:.0f}" y="8" width="11" height="11" rx="1.5"/>')
        legend.append(f'<text x="{at + 16:.0f}" y="17.5">{words}</text>')
        at += 16 + 6.6 * len(words) + 14
    total = account.total
    title = f"{account.title}, drawn layer by layer"
    described = ", ".join(
        f"{row.name} ({row.kind}, {shape_words(row.shape, '×')})" for _, row in blocks[:40]
    ) + (f" and {len(blocks) - 40} more" if len(blocks) > 40 else "")
    description = (
        f"From left to right: {described}. {total.parameters:,} parameters and {total.multiply_adds:,} multiply-adds"
        " in all. Widths are proportional to channels or units, heights to the height of the maps."
    )
    identity = "net-" + "".join(char if char.isalnum() else "-" for char in account.title.lower())
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width_all:.0f} {height_all:.0f}" role="img"'
            f' aria-labelledby="{identity}-title {identity}-text" id="{identity}" fill="currentColor"'
            f' width="{width_all:.0f}" style="max-width:100%;height:auto" font-family="sans-serif" font-size="11">',
            f'<title id="{identity}-title">{escape(title)}</title>',
            f'<desc id="{identity}-text">{escape(description)}</desc>',
            f"<style>{_style(identity, families)}</style>",
            *legend,
            *shapes,
            "</svg>",
            "",
        ]
    )


def _style(identity: str, families: Sequence[str]) -> str:
    """Write the colours, for this picture alone: the reader's choice on the page goes before the system's."""

    def rules(dark: int, within: str) -> str:
        ink = ("#1f2430", "#e5e7eb")[dark]
        fills = (f"{within}#{identity} .{family}{{fill:{_LOOK[family][dark]}}}" for family in families)
        return f"{within}#{identity}{{color:{ink}}}" + "".join(fills)

    return (
        rules(0, "")
        + f"@media (prefers-color-scheme:dark){{{rules(1, '')}}}"
        + rules(0, '[data-theme="light"] ')
        + rules(1, '[data-theme="dark"] ')
    )
