"""The still of an Inception module's budget: its branches with and without reductions, and modules in a row."""

from __future__ import annotations

from typing import Any

from moving_still import paragraph, table, wide

from cs_cnn.account import Account, account
from cs_cnn.zoo.parts.inception import Inception, NaiveInception, Widths

TITLE = "What the reductions of an Inception module save"
HEIGHTS = (46, 50, 64, 72)
STATE: dict[str, Any] = {
    "channels": 192,
    "side": 28,
    "one": 64,
    "reduceThree": 96,
    "three": 128,
    "reduceFive": 16,
    "five": 32,
    "project": 32,
    "modules": 1,
}
WIDTHS = ("one", "reduceThree", "three", "reduceFive", "five", "project")
BRANCHES = ("1 × 1", "3 × 3", "5 × 5", "pool")


def counted(state: dict[str, Any], channels: int, reduced: bool) -> Account:
    """Let the library count one module on so many maps; weights alone, as in the chapter."""
    one, _, three, _, five, _ = widths = [state[name] for name in WIDTHS]
    module = Inception(channels, Widths(*widths)) if reduced else NaiveInception(channels, one, three, five)
    return account(module, (channels, state["side"], state["side"])).under("lectures")


def row(state: dict[str, Any], modules: int, reduced: bool) -> tuple[list[int], int, int]:
    """Follow equal modules: the maps that enter each, the maps that leave the last, multiply-adds of all."""
    entering, work = [state["channels"]], 0
    for _ in range(modules):
        found = counted(state, entering[-1], reduced)
        entering.append(int(found.rows[-1].shape[0]))
        work += found.multiply_adds
    return entering[:-1], entering[-1], work


def branches(state: dict[str, Any]) -> list[list[object]]:
    """Write maps and weights of the four branches, without reductions and with them."""
    channels = state["channels"]
    one, squeezed3, three, squeezed5, five, project = (state[name] for name in WIDTHS)
    alone = channels * one
    parts = [
        (one, one, alone, alone),
        (three, three, 9 * channels * three, channels * squeezed3 + 9 * squeezed3 * three),
        (five, five, 25 * channels * five, channels * squeezed5 + 25 * squeezed5 * five),
        (channels, project, 0, channels * project),
    ]
    return [
        *([name, *(f"{value:,}" for value in part)] for name, part in zip(BRANCHES, parts, strict=True)),
        ["all", *(f"{sum(column):,}" for column in zip(*parts, strict=True))],
    ]


def still(state: dict[str, Any]) -> str:
    """Write the branches of one module, and nine modules in a row."""
    rows = []
    for modules in range(1, 10):
        (_, naive, dear), (_, reduced, cheap) = (row(state, modules, kind) for kind in (False, True))
        rows.append(
            [modules, naive, reduced, f"{dear / 1e6:,.1f}", f"{cheap / 1e6:,.1f}", f"{dear / cheap:.1f}"]
        )
    columns = ["Maps, without", "Maps, with", "Weights, without", "Weights, with"]
    works = ["Work without, M", "Work with, M", "Times as much"]
    return "\n".join(
        [
            wide(
                table(
                    f"Module 3a on {state['channels']} maps, without reductions and with",
                    ["Branch", *columns],
                    branches(state),
                ),
                "The branches of module 3a",
            ),
            wide(
                table("Equal modules in a row", ["Modules", *columns[:2], *works], rows),
                "Equal modules in a row",
            ),
            paragraph(
                "Without reductions the pooling hands on every map that enters, so each module of a row adds 224 maps."
            ),
        ]
    )
