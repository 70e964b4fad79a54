"""Two tables as they were printed, to lay beside what the nets really have.

The numbers are those of the page, roundings and errors included; nothing here is computed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from cs_cnn.account.rows import Row
from cs_cnn.account.shown.tables import grid, shape_words
from cs_cnn.account.whole import Account
from cs_cnn.errors import CsCnnError


class Vgg16Line(NamedTuple):
    """One line of the lectures' table of VGG-16: what it says of memory and of weights."""

    layer: str
    shape: tuple[int, ...]
    memory: str
    weights: int


def _vgg16() -> tuple[Vgg16Line, ...]:
    lines = [Vgg16Line("INPUT", (3, 224, 224), "150K", 0)]
    for channels, size, memory, pooled, weights in (
        (64, 224, "3.2M", "800K", (1728, 36864)),
        (128, 112, "1.6M", "400K", (73728, 147456)),
        (256, 56, "800K", "200K", (294912, 589824, 589824)),
        (512, 28, "400K", "100K", (1179648, 2359296, 2359296)),
        (512, 14, "100K", "25K", (2359296, 2359296, 2359296)),
    ):
        lines += [Vgg16Line(f"CONV3-{channels}", (channels, size, size), memory, each) for each in weights]
        lines.append(Vgg16Line("POOL2", (channels, size // 2, size // 2), pooled, 0))
    for units, weights_of in ((4096, 102760448), (4096, 16777216), (1000, 4096000)):
        lines.append(Vgg16Line("FC", (units,), str(units), weights_of))
    return tuple(lines)


VGG16 = _vgg16()
"""The lectures' table of VGG-16 (configuration D); its closing line says "24M * 4 bytes ~= 93MB" and "138M parameters".

The memory of its own rows adds to 15.2 M numbers, which is 61 MB.
"""


class GoogLeNetLine(NamedTuple):
    """One line of the table of GoogLeNet (Szegedy et al., 2015, Table 1): parameters in K, operations in M."""

    kind: str
    shape: tuple[int, ...]
    depth: int
    thousands: float | None
    millions: int | None


GOOGLENET = (
    GoogLeNetLine("convolution", (64, 112, 112), 1, 2.7, 34),
    GoogLeNetLine("max pool", (64, 56, 56), 0, None, None),
    GoogLeNetLine("convolution", (192, 56, 56), 2, 112, 360),
    GoogLeNetLine("max pool", (192, 28, 28), 0, None, None),
    GoogLeNetLine("inception (3a)", (256, 28, 28), 2, 159, 128),
    GoogLeNetLine("inception (3b)", (480, 28, 28), 2, 380, 304),
    GoogLeNetLine("max pool", (480, 14, 14), 0, None, None),
    GoogLeNetLine("inception (4a)", (512, 14, 14), 2, 364, 73),
    GoogLeNetLine("inception (4b)", (512, 14, 14), 2, 437, 88),
    GoogLeNetLine("inception (4c)", (512, 14, 14), 2, 463, 100),
    GoogLeNetLine("inception (4d)", (528, 14, 14), 2, 580, 119),
    GoogLeNetLine("inception (4e)", (832, 14, 14), 2, 840, 170),
    GoogLeNetLine("max pool", (832, 7, 7), 0, None, None),
    GoogLeNetLine("inception (5a)", (832, 7, 7), 2, 1072, 54),
    GoogLeNetLine("inception (5b)", (1024, 7, 7), 2, 1388, 71),
    GoogLeNetLine("avg pool", (1024, 1, 1), 0, None, None),
    GoogLeNetLine("dropout (40%)", (1024, 1, 1), 0, None, None),
    GoogLeNetLine("linear", (1000,), 1, 1000, 1),
    GoogLeNetLine("softmax", (1000,), 0, None, None),
)
"""The table as printed: K stands for 1024 weights and M for a million multiply-adds.

Conv1 has 9,408 weights (9.2 K) and takes 118 M multiply-adds; 4a, 4c, 4d, 4e, 5a and 5b have other numbers of weights
than their own columns give, and 5a takes 51 M.
"""


def _plain(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape[:1] if shape[1:] == (1, 1) else shape


def _check(rows: Sequence[Row], lines: Sequence[Vgg16Line] | Sequence[GoogLeNetLine], name: str) -> None:
    if [_plain(row.shape) for row in rows] != [_plain(line.shape) for line in lines]:
        raise CsCnnError(f"The printed table is that of {name} at its published size; count that net.")


def beside_vgg16(found: Account) -> str:
    """Lay the lectures' table of VGG-16 beside the true numbers.

    Parameters
    ----------
    found : Account
        Of VGG-16, configuration D, for images of 3 x 224 x 224.

    Returns
    -------
    str
        In Markdown; the last line compares the printed totals with the sums of the rows.

    Raises
    ------
    CsCnnError
        When it is the account of another net.
    """
    table = found.under("lectures").detail("layers")
    _check(table.rows, VGG16, "VGG-16")
    body = [
        (
            line.layer,
            shape_words(line.shape),
            line.memory,
            f"{row.activations:,}",
            f"{line.weights:,}",
            f"{row.weights:,}",
        )
        for line, row in zip(VGG16, table.rows, strict=True)
    ]
    sums = table.total
    body.append(("TOTAL", "", "24M", f"{sums.activations:,}", "138M", f"{sums.weights:,}"))
    head = ("layer", "output", "memory, printed", "memory", "weights, printed", "weights")
    return grid((head, *body), left=(True, False, False, False, False, False))


def beside_googlenet(found: Account) -> str:
    """Lay the printed table of GoogLeNet beside the true numbers: 19 rows.

    Parameters
    ----------
    found : Account
        Of GoogLeNet for images of 3 x 224 x 224.

    Returns
    -------
    str
        In Markdown: parameters (weights) in K of 1024, operations (multiply-adds) in millions.

    Raises
    ------
    CsCnnError
        When it is the account of another net.
    """
    counted = found.under("lectures").detail("stages")
    rows = [row for row in counted.rows if row.kind != "input"]
    if (
        rows and rows[-1].shape == GOOGLENET[-1].shape
    ):  # the softmax is part of the loss, and has nothing to count
        rows.append(dataclasses.replace(rows[-1], name="softmax", parameters=0, operations=0))
    _check(rows, GOOGLENET, "GoogLeNet")
    body = [
        (
            line.kind,
            shape_words(line.shape),
            str(line.depth),
            "" if line.thousands is None else f"{line.thousands:g}K",
            f"{row.parameters / 1024:.1f}K" if row.parameters else "",
            "" if line.millions is None else f"{line.millions}M",
            f"{row.operations / 1e6:.1f}M" if row.operations else "",
        )
        for line, row in zip(GOOGLENET, rows, strict=True)
    ]
    head = (
        "type",
        "output",
        "depth",
        "parameters, printed",
        "parameters",
        "operations, printed",
        "operations",
    )
    return grid((head, *body), left=(True, *[False] * 6))
