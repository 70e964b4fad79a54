"""Cases of the budgets: the table against `history` and `account`, and all budgets tried one by one."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from functools import cache
from typing import Any

from cs_cnn.account import account
from cs_cnn.zoo import history

COSTS = ("parameters", "work", "memory")


@cache
def counted(name: str) -> dict[str, Any]:
    """Return a network as the figure should have it, from its row of the history and its account."""
    row = next(row for row in history.results("single", protocol="10 crops") if row.name == name)
    assert row.net is not None
    found = account(row.net, **({"shortcut": name[-1]} if row.net == "resnet34" else {}))
    memory = found.under("everything").total.memory
    costs = dict(zip(COSTS, (found.parameters, found.multiply_adds, memory), strict=True))
    return {"name": name, "error": row.top5, **costs}


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    from ..test_figures import python_half

    nets: list[dict[str, Any]] = python_half("network_budget").STATE["nets"]
    known = {row.name for row in history.results("single", protocol="10 crops") if row.net and row.top5}
    assert {net["name"] for net in nets} == known
    for net in nets[:6]:  # the deep ones take longer, and are counted in a test of their own
        assert net == counted(net["name"])
    amounts = {cost: sorted({net[cost] for net in nets}) for cost in COSTS}
    winners = set()
    for number, limits in enumerate(itertools.product(*amounts.values())):
        fit = [
            net for net in nets if all(net[cost] <= limit for cost, limit in zip(COSTS, limits, strict=True))
        ]
        best = min(fit, key=lambda net: net["error"], default=None)
        winners |= {best["name"]} if best else set()
        if number % 97 == 0:
            given = dict(zip(COSTS, limits, strict=True))
            yield "fitting", [nets, given], fit
            yield "winner", [nets, given], best
    # A network wins under some budgets exactly if no other beats it: tried above, all budgets there are.
    yield "unbeaten", [nets, COSTS], [net for net in nets if net["name"] in winners]
    by_name = {net["name"]: net for net in nets}
    front = ["AlexNet", "ZFNet", "GoogLeNet", "ResNet-101", "ResNet-152", "DenseNet-121"]  # the chapter's
    yield "unbeaten", [nets, COSTS[:2]], [net for net in nets if net["name"] in front]
    yield "beating", [nets, by_name["plain-34"], COSTS], [by_name["GoogLeNet"]]
    yield "beating", [nets, by_name["ResNet-50"], COSTS[:2]], [by_name["DenseNet-121"]]
    for cost in COSTS:
        yield "steps", [nets, cost], amounts[cost]
