"""Cases of the wide kernels: MobileNet as a list of layers that `account` counts, and the published one of the zoo."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cs_cnn.account import Account, Spec, account, affine, conv, global_pool
from cs_cnn.zoo.families.mobilenet import BLOCKS


def network(kernel: int, width: float, size: int, *, separable: bool) -> Account:
    """Count MobileNet with such kernels in its blocks, or the usual convolutions in their place."""
    maps = round(32 * width)
    layers: list[Spec | str] = [conv(maps, 3, stride=2, pad=1, bias=False)]
    for published, stride in BLOCKS:
        out, looks = round(published * width), {"stride": stride, "pad": kernel // 2, "bias": False}
        if separable:
            layers += [conv(maps, kernel, groups=maps, **looks), conv(out, 1, bias=False)]
        else:
            layers.append(conv(out, kernel, **looks))
        maps = out
    return account([*layers, global_pool(), affine(1000, bias=False)], (3, size, size))


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    from ..test_figures import python_half

    published = {"work": 568_740_352, "weights": 4_209_088}  # as the zoo's docstring has them
    yield "totals", [{"kernel": 3, "width": 1, "size": 224}], {"separable": published}
    for kernel, width, size in ((3, 0.25, 96), (7, 1, 224), (7, 0.5, 160), (11, 0.75, 128)):
        setting = {"kernel": kernel, "width": width, "size": size}
        apart, usual = (network(kernel, width, size, separable=each) for each in (True, False))
        wanted = [{"work": each.multiply_adds, "weights": each.parameters} for each in (apart, usual)]
        yield "totals", [setting], dict(zip(("separable", "usual"), wanted, strict=True))
        steps = [row for row in apart.rows if "conv" in row.kind][1:]
        whole = [row for row in usual.rows if "conv" in row.kind][1:]
        rows = [
            {
                "side": row.shape[-1],
                "to": row.shape[0],
                "work": {
                    "depthwise": depth.multiply_adds,
                    "pointwise": point.multiply_adds,
                    "usual": row.multiply_adds,
                },
                "weights": {"depthwise": depth.weights, "pointwise": point.weights, "usual": row.weights},
            }
            for depth, point, row in zip(steps[::2], steps[1::2], whole, strict=True)
        ]
        yield "blocks", [setting], rows
        half = python_half("wide_kernels").work(kernel, width, size)
        assert half[2:] == (apart.multiply_adds, usual.multiply_adds), "the still's own formula"
        row = rows[7]
        cost = row["work"]["depthwise"] + row["work"]["pointwise"]
        yield "ratio", [row["to"], kernel], cost / row["work"]["usual"]
