"""Measuring on a machine that others use too: CPU time, in turns, and medians."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Mapping
from math import ceil

import numpy as np

__all__ = ["gemm_speed", "in_turns"]

SHORTEST = 0.01
"""Seconds that a measurement takes at least; what is faster is run several times."""


def in_turns(functions: Mapping[str, Callable[[], object]], *, rounds: int) -> dict[str, float]:
    """Measure some functions that do the same, in turns, so that what disturbs one disturbs all.

    Parameters
    ----------
    functions : dict of callable
    rounds : int
        How often everyone has a turn, after a first one that pays for caches and memory and is not counted.

    Returns
    -------
    dict of float
        Median of the CPU seconds that one call takes, all threads together, by the same names.
    """
    calls: dict[str, int] = {}
    for name, function in functions.items():
        function()
        calls[name] = max(1, ceil(SHORTEST / max(_cpu_time(function, 1), 1e-6)))
    times: dict[str, list[float]] = {name: [] for name in functions}
    names = list(functions)
    for turn in range(rounds):
        # In an order that changes: each finds the caches and the memory as the one before has left them.
        for name in random.Random(turn).sample(names, len(names)):
            times[name].append(_cpu_time(functions[name], calls[name]))
    return {name: statistics.median(measured) for name, measured in times.items()}


def _cpu_time(function: Callable[[], object], calls: int) -> float:
    started = time.process_time()
    for _ in range(calls):
        function()
    return (time.process_time() - started) / calls


def gemm_speed(*, size: int = 1024, rounds: int = 7) -> float:
    """Return the FLOP/s of NumPy's product of two square matrices in float32."""
    a = np.random.default_rng(0).normal(size=(size, size)).astype(np.float32)
    return 2 * size**3 / in_turns({"product": lambda: a @ a}, rounds=rounds)["product"]
