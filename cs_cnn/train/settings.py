"""The settings of a run: what they may be, and how the learning rate moves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cs_cnn.errors import CsCnnError

# The factor of the learning rate when a fraction `done` of all steps lies behind.
SCHEDULES: dict[str, Callable[[float], float]] = {
    "cosine": lambda done: 0.5 * (1 + math.cos(math.pi * done)),
    "constant": lambda done: 1.0,
}


def checked_settings(count: int, epochs: int, **settings: Any) -> dict[str, Any]:
    """Return the settings that must be equal when a run goes on, or say which is out of range.

    Parameters
    ----------
    count : int
        Number of training images.
    epochs : int
        See `fit`, as for the others.
    **settings
        batch_size, lr, momentum, weight_decay, schedule and seed.

    Returns
    -------
    dict
        The settings, and the number of epochs where the schedule depends on it.

    Raises
    ------
    CsCnnError
        For the first setting that is out of range.
    """

    def whole(value: Any, low: int) -> bool:
        return isinstance(value, int) and not isinstance(value, bool) and value >= low

    lr, momentum, decay, batch = (settings[k] for k in ("lr", "momentum", "weight_decay", "batch_size"))
    if not whole(epochs, 1):
        raise CsCnnError(f"epochs must be a whole number of at least 1, got {epochs!r}.")
    if not whole(batch, 1):
        raise CsCnnError(f"batch_size must be a whole number of at least 1, got {batch!r}.")
    if batch > count:
        raise CsCnnError(f"batch_size must be at most the number of training images, {count}, got {batch}.")
    if not (math.isfinite(lr) and lr > 0):
        raise CsCnnError(f"lr, the learning rate, must be a number above 0, got {lr!r}.")
    if not 0 <= momentum < 1:
        raise CsCnnError(f"momentum must be at least 0 and less than 1, got {momentum!r}.")
    if not (math.isfinite(decay) and decay >= 0):
        raise CsCnnError(f"weight_decay must be a number of at least 0, got {decay!r}.")
    if settings["schedule"] not in SCHEDULES:
        raise CsCnnError(
            f"schedule must be {' or '.join(map(repr, SCHEDULES))}, got {settings['schedule']!r}."
        )
    if not whole(settings["seed"], 0) or settings["seed"] >= 2**63:
        raise CsCnnError(f"seed must be a whole number from 0 to 2^63 - 1, got {settings['seed']!r}.")
    # Where the learning rate falls to zero at the end, the number of epochs shapes every step before it.
    return settings if settings["schedule"] == "constant" else {**settings, "epochs": epochs}
