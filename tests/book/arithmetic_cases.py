"""Cases of the figures on channels, on im2col and on padding, stride and transposition, answered by cs_cnn."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import numpy as np

from cs_cnn.layers import conv2d_backward, conv2d_forward

from .training_cases import Case, half


def channel_cases() -> Iterable[Case]:
    figure = half("channels")
    layers = [
        figure.STATE
        | {"kind": kind, "channels": channels, "filters": filters, "kernel": kernel, "groups": groups}
        for kind in figure.KINDS
        for channels, filters, kernel, groups in (
            (4, 6, 3, 2),
            (6, 9, 2, 3),
            (1, 1, 1, 1),
            (4, 6, 3, 4),
            (6, 4, 5, 4),
        )
    ]
    for layer in layers:
        why = figure.refusal(layer)
        yield "refusal", [layer], why
        if why:
            continue
        reach = figure.reach(layer)
        weights, products = figure.cost(layer)
        usual, _ = figure.cost(layer | {"kind": "ordinary", "filters": len(reach)})
        yield "steps", [layer], [{"filters": f, "kernel": k, "groups": g} for f, k, g in figure.shapes(layer)]
        yield "weights", [layer], weights
        yield "multiplyAdds", [layer], products
        yield "ratio", [layer], weights / usual
        for output in range(len(reach)):
            seen = np.flatnonzero(reach[output]).tolist()
            between = [seen] if len(figure.shapes(layer)) == 2 else []
            yield "levels", [layer, output], [seen, *between, [output]]


def column_cases() -> Iterable[Case]:
    figure, rng = half("im2col_scatter"), np.random.default_rng(2)
    for side, kernel, stride in itertools.product((4, 5), (2, 3), (1, 2)):
        image, weights = rng.integers(-5, 6, (side, side)), rng.integers(-3, 4, (kernel, kernel))
        columns = figure.gather(image, kernel, stride)
        x, w = (each[None, None].astype(float) for each in (image, weights))
        out, cache = conv2d_forward(x, w, np.zeros(1), stride=stride)
        dout = rng.integers(-3, 4, columns.shape[1])
        dx, _, _ = conv2d_backward(dout.reshape(out.shape).astype(float), cache)
        dcolumns = np.outer(weights, dout)
        last = columns.shape[1] - 1
        given = [side, kernel, stride]
        numbers = figure.gather(np.arange(side * side).reshape(side, side), kernel, stride)
        yield "positions", given, [list(divmod(int(first), side)) for first in numbers[0]]
        yield "gather", [image.tolist(), kernel, stride], columns.tolist()
        yield "product", [weights.tolist(), columns.tolist()], out.ravel().tolist()
        yield "columnsGradient", [weights.tolist(), dout.tolist()], dcolumns.tolist()
        yield "scatter", [dcolumns.tolist(), *given, last], dx[0, 0].tolist()
        some = np.where(np.arange(last + 1) < 2, dcolumns, 0)
        yield "scatter", [dcolumns.tolist(), *given, 1], figure.scatter(some, side, kernel, stride).tolist()
        yield "uses", [*given, last], figure.scatter(np.ones_like(columns), side, kernel, stride).tolist()
        for pixel in (0, side + 1, side * side - 1):
            found = sorted(np.argwhere(numbers == pixel).tolist(), key=lambda entry: entry[1])
            yield "places", [*divmod(pixel, side), *given], found


def row_cases() -> Iterable[Case]:
    figure, rng = half("padding_stride"), np.random.default_rng(3)
    for transposed, size, kernel, stride, pad, dilation in itertools.product(
        (False, True), (1, 4, 7), (1, 2, 3), (1, 2, 3), (0, 1, 3), (1, 2)
    ):
        names = ("transposed", "size", "kernel", "stride", "pad", "dilation")
        values = (transposed, size, kernel, stride, pad, dilation)
        layer = (
            figure.STATE | dict(zip(names, values, strict=True)) | {"extra": int(transposed and size == 4)}
        )
        why = figure.refusal(layer)
        if why:
            yield "shape", [layer], {"refusal": why}
            continue
        x, weights = rng.integers(-5, 6, size).astype(float), rng.integers(-3, 4, kernel).astype(float)
        out = figure.apply(layer, x, weights)
        name = "stamped" if transposed else "convolution"
        yield name, [layer, weights.tolist(), x.tolist()], out.tolist()
        sizes = (size, len(out)) if transposed else (len(out), size)
        yield "shape", [layer], dict(zip(("map", "image"), sizes, strict=True))
        yield "readers", [layer], figure.readers(layer).tolist()


CASES = {"channels": channel_cases, "im2col_scatter": column_cases, "padding_stride": row_cases}
