"""The still of the budgets: what the networks for ImageNet cost, which ones no other beats, and who wins where."""

from __future__ import annotations

from typing import Any

from moving_still import number, paragraph, table, wide

TITLE = "Networks for ImageNet under three budgets"
HEIGHTS = (43.5, 49.3, 61.2, 62)
COSTS = ("parameters", "work", "memory")
# Single networks in ten crops with a known top-5 error: `history` has the errors, `account` the costs; memory is of
# one image with every output kept.
NETS = [
    ("AlexNet", 18.2, 60_965_224, 724_406_816, 8_388_876),
    ("ZFNet", 16.5, 62_357_608, 1_168_032_896, 15_541_920),
    ("VGG-16", 9.33, 138_357_544, 15_470_264_320, 115_339_168),
    ("GoogLeNet", 9.15, 6_998_552, 1_582_671_872, 40_251_168),
    ("plain-34", 10.02, 21_623_848, 3_644_493_824, 44_162_976),
    ("ResNet-34 A", 7.76, 21_623_848, 3_644_493_824, 50_384_800),
    ("ResNet-34 B", 7.46, 21_797_672, 3_663_761_408, 51_087_264),
    ("ResNet-34 C", 7.4, 22_716_840, 3_830_747_136, 60_721_056),
    ("ResNet-50", 6.71, 25_557_032, 3_857_973_248, 144_527_264),
    ("ResNet-101", 6.05, 44_549_160, 7_570_194_432, 219_590_560),
    ("ResNet-152", 5.71, 60_192_808, 11_282_415_616, 312_315_808),
    ("DenseNet-121", 6.66, 7_978_856, 2_834_161_664, 195_748_768),
]
STATE: dict[str, Any] = {
    "nets": [dict(zip(("name", "error", *COSTS), net, strict=True)) for net in NETS],
    "limits": {"parameters": 5, "work": 7, "memory": 11},  # steps: ResNet-50, ResNet-50, no limit
}


def beating(
    nets: list[dict[str, Any]], loser: dict[str, Any], costs: tuple[str, ...] = COSTS
) -> list[dict[str, Any]]:
    """Return the networks that dominate another one in error and these costs."""
    asked = ("error", *costs)
    return [
        net
        for net in nets
        if all(net[each] <= loser[each] for each in asked) and any(net[each] < loser[each] for each in asked)
    ]


def still(state: dict[str, Any]) -> str:
    """Write the costs of all networks and whether they can win, and the winners of some budgets."""
    nets = sorted(state["nets"], key=lambda net: net["error"])
    rows = []
    for net in nets:
        better = [each["name"] for each in beating(nets, net)]
        millions, billions, mebi = net["parameters"] / 1e6, net["work"] / 1e9, net["memory"] / 2**20
        costs = [f"{millions:.1f} M", f"{billions:.2f} G", f"{mebi:.1f} MiB"]
        rows.append([net["name"], f"{net['error']:.2f}%", *costs, f"no: {better[0]}" if better else "yes"])
    budgets = [(26e6, 4e9, 200), (26e6, 4e9, 150), (26e6, 4e9, 100), (10e6, 2e9, 100), (70e6, 1e9, 20)]
    winners = []
    for parameters, work, memory in budgets:
        limits = dict(zip(COSTS, (parameters, work, memory * 2**20), strict=True))
        best = next(net for net in nets if all(net[cost] <= limits[cost] for cost in COSTS))
        words = f"{number(parameters / 1e6)} M parameters, {number(work / 1e9)} G multiply-adds, {memory} MiB"
        winners.append([words, best["name"], f"{best['error']:.2f}%"])
    able = [sum(not beating(nets, net, costs) for net in nets) for costs in (COSTS, COSTS[:2])]
    head = ["Network", "Top-5 error", "Parameters", "Multiply-adds", "Memory in training", "Can win?"]
    return "\n".join(
        [
            wide(
                table("Single networks, ten crops; memory for one image, all outputs kept", head, rows),
                "Costs",
            ),
            table("Who wins", ["Up to", "Winner", "Error"], winners),
            paragraph(
                f"Under some budgets {able[0]} of {len(nets)} win; by parameters and multiply-adds alone,"
                f" {able[1]} would."
            ),
        ]
    )
