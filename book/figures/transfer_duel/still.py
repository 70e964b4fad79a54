"""The still of the duel of two ways to use a trained network: all recorded ways against training from scratch."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import paragraph, table, wide

from cs_cnn.studies import recorded

TITLE = "Two ways to use a trained network, draw by draw"
HEIGHTS = (39.5, 39.5, 58, 67)


def _nets() -> dict[str, dict[str, Any]]:
    """Return for each recorded network its test accuracies, draw by draw, and how many numbers were trained."""
    nets: dict[str, dict[str, Any]] = {}
    for run in sorted(recorded("transferability")["runs"], key=lambda run: run["seed"]):
        net = nets.setdefault(run["net"], {"accuracies": [], "trained": run["parameters"]})
        net["accuracies"].append(run["test_accuracy"])
    return nets


STATE: dict[str, Any] = {
    "nets": _nets(),
    "first": {"source": "A", "layers": 3, "tuned": False},
    "second": {"source": "A", "layers": 7, "tuned": False},
}


def still(state: dict[str, Any]) -> str:
    """Write each way's accuracies, and what it gains on the network from scratch in the same draws."""
    scratch = np.array(state["nets"]["B"]["accuracies"])
    rows = []
    for name, net in state["nets"].items():
        gaps = 100 * (np.array(net["accuracies"]) - scratch)
        rows.append(
            [
                name,
                *(f"{100 * value:.1f}" for value in net["accuracies"]),
                *(f"{gap:+.1f}".replace("-", "−") for gap in (*gaps, gaps.mean())),
                f"{net['trained']:,}",
            ]
        )
    head = [
        "Way",
        *(f"Draw {n}" for n in (1, 2, 3)),
        *(f"Gain {n}" for n in (1, 2, 3)),
        "Mean gain",
        "Trains",
    ]
    return "\n".join(
        [
            wide(
                table("Test accuracy in per cent, and points gained on B from scratch", head, rows),
                "All recorded ways",
            ),
            paragraph(
                "A3B is trained with three frozen layers from the other half, B3B from its own;"
                " a plus says that they are trained on. Copies were trained on for 1, 4 and 7 layers."
            ),
        ]
    )
