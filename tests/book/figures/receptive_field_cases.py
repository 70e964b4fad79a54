"""Cases of the receptive field: those of its arithmetic, and the paths and weights of VGG's variant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

STACKS = [
    [(3, 1, 1, 1)] * 3,
    [(7, 1, 3, 1)],
    [(3, 1, 3, 3)],
    [(5, 1, 2, 1), (3, 1, 1, 1)],
    [(3, 2, 1, 1), (2, 2, 0, 1), (3, 1, 1, 1)],
]


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    from .. import test_figures  # late: it collects these cases while it is loaded

    yield from test_figures.field_cases()
    for stack in STACKS:
        names = ("kernel", "stride", "pad", "dilation")
        layers = [dict(zip(names, layer, strict=True)) for layer in stack]
        net = nn.Sequential(
            *(nn.Conv1d(1, 1, k, stride=s, padding=p, dilation=d, bias=False) for k, s, p, d in stack)
        )
        for layer in net:
            nn.init.ones_(layer.weight)
        x = torch.zeros(1, 1, 11, requires_grad=True)
        out = net(x)[0, 0]
        for output in {0, len(out) // 2}:
            (slope,) = torch.autograd.grad(out[output], x, retain_graph=True)
            yield "pathCounts", [layers, 11, output], slope[0, 0].int().tolist()
        yield "weights", [layers, 7], {"own": sum(k * k for k, *_ in stack), "single": 49, "threes": 27}
    yield "pathCounts", [[], 4, 1], [0, 1, 0, 0]
    yield "weights", [[], 4], {"own": 0, "single": 16, "threes": None}
