"""The still of pooling switches: one signal on its way back, with the notes of three maps and by three rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from moving_still import grid, number, paragraph, side_by_side, table, wide
from torch import Tensor, nn

from cs_cnn import look

TITLE = "A map of sixteen numbers, pooled, and a signal that comes back"
HEIGHTS = (36.9, 43, 43, 44.6)
STATE: dict[str, Any] = {
    "z": [[3, 8, -1, -4], [0, 2, -6, -2], [5, 4, 2, -3], [-7, 6, 9, 1]],
    "signal": [[10, 20], [-20, 30]],
    "other": [[1, -2, 4, 2], [7, 3, -1, 6], [-5, 8, 1, 3], [2, -4, 9, 5]],
    "notes": "own",
    "rule": "deconvnet",
}
RULES = ("gradient", "deconvnet", "guided")
NOTES = {"own": "of this map", "other": "of another image", "none": "none: upper left"}
PLACES = ("upper left", "upper right", "lower left", "lower right")


def tensor(values: list[list[int]]) -> Tensor:
    """Return a map as a batch of one image with one channel."""
    return torch.tensor(values, dtype=torch.float64)[None, None]


def switches(state: dict[str, Any], notes: str) -> Tensor:
    """Return where the signal goes, as places in the map of 4 by 4."""
    if notes == "none":
        return torch.tensor([[0, 2], [8, 10]])[None, None]
    z = tensor(state["other" if notes == "other" else "z"])
    return F.max_pool2d(z.relu(), 2, return_indices=True)[1]


def painted(state: dict[str, Any], notes: str, rule: look.Rule) -> tuple[np.ndarray, np.ndarray]:
    """Return the signal unpooled by some notes, and what the ReLU passes on by a rule."""
    back = look.unpool(tensor(state["signal"]), switches(state, notes), (1, 1, 4, 4))
    z = tensor(state["other" if notes == "other" else "z"]).requires_grad_()
    unit = nn.ReLU()
    with look.relu_rule(unit, rule):
        (passed,) = torch.autograd.grad(unit(z), z, back)
    return back[0, 0].numpy(), passed[0, 0].numpy()


def likeness(one: np.ndarray, other: np.ndarray) -> str:
    """Return the cosine of two pictures."""
    lengths = np.linalg.norm(one) * np.linalg.norm(other)
    return number(float((one * other).sum() / lengths)) if lengths else "not defined"


def still(state: dict[str, Any]) -> str:
    """Write the way forward and back, and a table of notes and rules."""
    back, passed = painted(state, state["notes"], state["rule"])
    rows = []
    for notes, name in NOTES.items():
        for rule in RULES:
            _, out = painted(state, notes, rule)
            taken = switches(state, notes).flatten().tolist()
            went = [number(out.flat[place]) for place in taken if out.flat[place]]
            rows.append([name, rule, ", ".join(went), likeness(out, painted(state, "own", rule)[1])])
    found = switches(state, state["notes"]).flatten().tolist()
    where = ", ".join(PLACES[2 * (place // 4 % 2) + place % 2] for place in found)
    return "\n".join(
        [
            paragraph(f"Each window of 2 × 2 notes the place of its largest number: {where}."),
            side_by_side(
                grid(np.array(state["z"]), "Map z"),
                grid(F.max_pool2d(tensor(state["z"]).relu(), 2)[0, 0].numpy(), "Pooled, after the ReLU"),
                grid(np.array(state["signal"]), "Signal"),
                grid(back, "Unpooled"),
                grid(passed, f"Passed on, rule {state['rule']}"),
            ),
            wide(
                table(
                    "The same signal with other notes and by other rules",
                    ["Notes", "Rule", "Numbers that go on", "Likeness to own notes"],
                    rows,
                ),
                "Notes and rules",
            ),
        ]
    )
