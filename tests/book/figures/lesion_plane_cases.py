"""Cases of the lesions on a plane: the networks as PyTorch computes them, and orders by hand."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from cs_cnn.studies import lesion


def network(net: dict[str, Any], x: Tensor, order: list[int], *, shortcuts: bool) -> Tensor:
    """Return the scores of points, with weights in hundredths."""
    part = {name: torch.tensor(weights, dtype=torch.float64) / 100 for name, weights in net.items()}
    x = x @ part["lift"]
    for n in order:
        found = torch.addmm(part["bias"][n], x, part["into"][n]).relu() @ part["out"][n]
        x = x + found if shortcuts else found
    return x @ part["head"] + part["shift"]


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    from ..test_figures import python_half

    half = python_half("lesion_plane")
    state = half.STATE
    points = torch.tensor(state["points"], dtype=torch.float64)
    classes = points[:, 2] == 1
    whole = list(range(8))
    orders = [whole, [0, 1, 2, 4, 5, 6, 7], [5], [], [0, 5, 2, 3, 4, 1, 6, 7]]
    for kind, order in itertools.product(("residual", "plain"), orders):
        shortcuts = kind == "residual"
        found = network(state[kind], points[:, :2] / 100, order, shortcuts=shortcuts)
        hits = (found > 0) == classes
        yield "right", [state[kind], state["points"], order, shortcuts], hits.tolist()
        assert half.right(state, kind, order) == int(hits.sum())
        for n in (0, 17, 60):
            place = (points[n, :2] / 100).tolist()
            yield "score", [state[kind], place, order, shortcuts], found[n].item()
        if order == whole:
            assert hits.all(), "whole, both networks have every point right"
        yield "kendall", [order], lesion.kendall_distance(order)
    yield "arranged", [4, [], None], [0, 1, 2, 3]
    yield "arranged", [4, [1], None], [0, 2, 3]
    yield "arranged", [4, [], [0, 3]], [3, 1, 2, 0]
    yield "arranged", [4, [3, 2], [0, 3]], [1, 0]
