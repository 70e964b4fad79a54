"""Train the two networks of the figure and write `nets.json` (``python book/figures/lesion_plane/train.py``).

It prints, for eight seeds of each kind, how many of the points are right whole and, on average, without one block. The
figure shows a seed of each kind whose mean is near the middle of its eight.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from cs_cnn.files import atomic_write

WIDTH, BLOCKS, POINTS, STEPS = 6, 8, 120, 600
NAMES = ("lift", "into", "bias", "out", "head", "shift")
SHOWN = {"residual": 3, "plain": 2}  # kind: seed


def arcs(rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Return points on two arcs that reach into each other, in hundredths, and the arc of each."""
    angle = np.pi * rng.random(POINTS)
    label = np.arange(POINTS) % 2
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], axis=1)
    place = np.where(label[:, None] == 0, upper, lower) - [0.5, 0.25] + 0.1 * rng.normal(size=upper.shape)
    return torch.tensor(np.round(place, 2)), torch.tensor(label).double()


def scores(net: Sequence[Tensor], x: Tensor, kind: str, order: Sequence[int] = range(BLOCKS)) -> Tensor:
    """Pass points (N, 2) through the blocks in some order."""
    lift, into, bias, out, head, shift = net
    y = x @ lift
    for block in order:
        branch = torch.relu(y @ into[block] + bias[block]) @ out[block]
        y = y + branch if kind == "residual" else branch
    return y @ head + shift


def trained(seed: int, kind: str, x: Tensor, label: Tensor) -> list[Tensor]:
    """Return the weights after training, rounded to hundredths."""
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape: int, scale: float) -> Tensor:
        return (torch.randn(*shape, generator=draw, dtype=torch.float64) * scale).requires_grad_()

    def zeros(*shape: int) -> Tensor:
        return torch.zeros(*shape, dtype=torch.float64, requires_grad=True)

    small = 0.35 if kind == "residual" else 1  # a branch adds to what is there already
    net = [
        normal(2, WIDTH, scale=2**-0.5),
        normal(BLOCKS, WIDTH, WIDTH, scale=(2 / WIDTH) ** 0.5),
        zeros(BLOCKS, WIDTH),
        normal(BLOCKS, WIDTH, WIDTH, scale=small * WIDTH**-0.5),
        normal(WIDTH, scale=WIDTH**-0.5),
        zeros(1),
    ]
    optimiser = torch.optim.Adam(net)
    for step in range(STEPS):
        optimiser.param_groups[0]["lr"] = 0.01 * (1 - step / STEPS) + 1e-4
        loss = F.binary_cross_entropy_with_logits(scores(net, x, kind), label)
        loss = loss + 1e-4 * sum((part**2).sum() for part in net)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return [torch.round(part.detach() * 100) / 100 for part in net]


def main() -> None:
    """Train eight seeds of both kinds, and keep one of each."""
    torch.set_num_threads(1)
    x, label = arcs(np.random.default_rng(0))
    pairs = zip((x * 100).round().int().tolist(), label.int().tolist(), strict=True)
    kept: dict[str, object] = {"points": [[*place, arc] for place, arc in pairs]}
    for kind, shown in SHOWN.items():
        for seed in range(8):
            net = trained(seed, kind, x, label)

            def right(order: Sequence[int], net: list[Tensor] = net, kind: str = kind) -> int:
                return int(((scores(net, x, kind, order) > 0) == label.bool()).sum())

            without = [right([n for n in range(BLOCKS) if n != lost]) for lost in range(BLOCKS)]
            print(
                f"{kind:9} seed {seed}: {right(range(BLOCKS)):3} of {POINTS}, without one {np.mean(without):5.1f}"
            )
            if seed == shown:
                kept[kind] = dict(
                    zip(NAMES, ((part * 100).round().int().tolist() for part in net), strict=True)
                )
                kept[kind]["shift"] = kept[kind]["shift"][0]
    with atomic_write(Path(__file__).with_name("nets.json")) as file:
        json.dump(kept, file, separators=(",", ":"))


if __name__ == "__main__":
    main()
