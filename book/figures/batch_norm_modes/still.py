"""The still of batch normalization in its two modes: one batch, the diary as it fills, and what a single image gets."""

from __future__ import annotations

from typing import Any

import numpy as np
from moving_still import grid, number, paragraph, table, wide

from cs_cnn.layers import batch_norm_forward

TITLE = "Batch normalization in training mode and in test mode"
HEIGHTS = (57.3, 61, 64.4, 67.6)
EPS, MEAN, VARIANCE = 1e-5, 3, 4
STATE: dict[str, Any] = {
    "mode": "train",
    "size": 4,
    "momentum": 0.1,
    "gamma": 1,
    "beta": 0,
    "image": 5,
    "batch": 1,
    "diary": [1],
}


def batch(seed: int, size: int) -> np.ndarray:
    """Return the batch that the module draws from a seed, shape (size,)."""
    state, values = seed * 2654435761 % 2**32, []
    for _ in range(size):
        total = 0.0
        for _ in range(3):
            state = (1664525 * state + 1013904223) % 2**32
            total += state / 2**32
        values.append(np.floor(10 * (MEAN + 4 * (total - 1.5)) + 0.5) / 10)
    return np.array(values)


def forward(
    values: np.ndarray,
    running: tuple[float, float] = (0.0, 1.0),
    *,
    gamma: float = 1.0,
    beta: float = 0.0,
    momentum: float = 0.1,
    train: bool = True,
) -> tuple[np.ndarray, tuple[float, float]]:
    """Return what the library's layer makes of one feature, and the running mean and variance after it."""
    mean, variance = (np.array([float(each)]) for each in running)
    out, _ = batch_norm_forward(
        np.asarray(values, float)[:, None],
        np.array([float(gamma)]),
        np.array([float(beta)]),
        running_mean=mean,
        running_var=variance,
        momentum=momentum,
        eps=EPS,
        train=train,
    )
    return out[:, 0], (float(mean[0]), float(variance[0]))


def diary(seeds: list[int], size: int, momentum: float) -> list[tuple[float, float]]:
    """Return the running mean and variance before the first batch and after each."""
    entries = [(0.0, 1.0)]
    for seed in seeds:
        entries.append(forward(batch(seed, size), entries[-1], momentum=momentum)[1])
    return entries


def still(state: dict[str, Any]) -> str:
    """Write a batch and its outputs, the diary, and what one image gets while it fills."""
    size, image, momentum = state["size"], float(state["image"]), state["momentum"]
    values = batch(state["batch"], size)
    out, _ = forward(values)
    entries = diary(list(range(1, 101)), size, momentum)
    rows = []
    for step in (0, 1, 2, 5, 10, 20, 50, 100):
        mean, variance = entries[step]
        together = forward(np.append(image, batch(max(step, 1), size)))[0][0]
        alone = forward(np.array([image]), entries[step], train=False)[0][0]
        rows.append([step, *(number(round(each, 2)) for each in (mean, variance, together, alone))])
    return "\n".join(
        [
            grid(np.stack([values, out]).round(2), "A batch (above), normalised in training mode (below)"),
            paragraph(
                f"Its mean is {number(values.mean())}, its variance {number(values.var())} over N, by which it is"
                f" divided, and {number(values.var(ddof=1))} over N − 1, which the diary gets."
            ),
            wide(
                table(
                    f"The diary with momentum {momentum}, and what an image with x = {image:g} gets",
                    [
                        "Batches",
                        "Running mean",
                        "Running variance",
                        "Training mode, with the batch",
                        "Test mode",
                    ],
                    rows,
                ),
                "The diary",
            ),
            paragraph(
                f"Alone in training mode any image gets 0, or β. All images have the mean {MEAN} and the variance"
                f" {VARIANCE}, so that with a full diary this one would get"
                f" {number((image - MEAN) / np.sqrt(VARIANCE + EPS))}."
            ),
        ]
    )
