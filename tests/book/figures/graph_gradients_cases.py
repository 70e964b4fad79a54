"""The graph's values and gradients, as PyTorch finds them, and the usual mistakes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

CHAPTER = {"a": 2, "b": -3, "c": 10, "d": 7}


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    for inputs in (CHAPTER, CHAPTER | {"d": 12}, {"a": -1.5, "b": 0.5, "c": -2, "d": -4}):
        a, b, c, d = (
            torch.tensor(float(each), dtype=torch.float64, requires_grad=True) for each in inputs.values()
        )
        product = a * b
        total, most = product + c, torch.maximum(c, d)
        f = total * most
        for each in (product, total, most):
            each.retain_grad()
        f.backward()
        values = dict(
            zip(
                ("product", "sum", "max", "f"),
                (each.item() for each in (product, total, most, f)),
                strict=True,
            )
        )
        yield "forward", [inputs], values
        wins = float(c >= d)
        ways = [float(total.grad), float(most.grad) * wins]
        wanted = [total.grad, most.grad, product.grad, *ways, c.grad, d.grad, a.grad, b.grad]
        assert sum(ways) == float(c.grad)
        yield "backward", [inputs], [{"value": float(each)} for each in wanted]
    step = {"key": "a", "from": "product", "to": "a", "received": 10, "local": -3, "value": -30}
    verdicts = {-30: "right", 20: "own factor", -3: "local only", 10: "not passed", 7: "wrong"}
    for guess, verdict in verdicts.items():
        yield "judge", [guess, step, CHAPTER], verdict
    both = {"key": "c", "from": "both", "to": "c", "ways": [10, 4], "value": 14}
    for guess, verdict in {14: "right", 10: "one way", 4: "one way", 40: "multiplied", 6: "wrong"}.items():
        yield "judge", [guess, both, CHAPTER], verdict
