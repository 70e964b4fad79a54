"""One run: every case, forward and forward + backward, ours beside PyTorch and the baselines."""

from __future__ import annotations

import os
import statistics
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import numpy as np

from benchmarks.cases import Case
from benchmarks.machine import blas_kernels, one_thread, processor, versions
from benchmarks.peers import PEERS
from benchmarks.timing import gemm_speed, in_turns
from cs_cnn.layers.registry import layers

__all__ = ["DIRECTIONS", "begin", "means", "measure_case", "ratio", "settings"]

DIRECTIONS = ("forward", "forward + backward")
"""The two things that are measured."""

Row = dict[str, Any]


def _contenders(case: Case, direction: str) -> dict[str, Callable[[], object]]:
    """Return by name what is measured for a case."""
    import torch

    layer, both = layers()[case.layer], direction == DIRECTIONS[1]
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=shape).astype(np.float32) for shape in case.shapes.values()]
    tensors = [torch.tensor(array, requires_grad=both) for array in arrays]
    dout = rng.normal(size=layer.forward(*arrays, **case.options)[0].shape).astype(np.float32)
    upstream = torch.tensor(dout)

    def numpy_way(forward: Callable[..., Any], backward: Callable[..., Any]) -> Callable[[], object]:
        def run() -> None:
            _, cache = forward(*arrays, **case.options)
            if both:
                backward(dout, cache)

        return run

    def twin() -> None:
        out = layer.twin(*tensors, **case.options)
        if both:
            torch.autograd.grad(out, tensors, upstream)

    found = {"ours": numpy_way(layer.forward, layer.backward), "torch": twin}
    for name, peer in PEERS.items() if case.layer == "conv2d" else ():
        found[name] = numpy_way(peer.forward, peer.backward)
    return found


def measure_case(case: Case, rounds: int, gemm: float) -> Row:
    """Measure a case.

    Parameters
    ----------
    case : Case
    rounds : int
        As in `in_turns`.
    gemm : float
        Speed of NumPy's own product of matrices, in GFLOP/s.

    Returns
    -------
    dict
        What it is, and for each of `DIRECTIONS` the milliseconds of everyone by name, the GFLOP/s of ours and
        their share of `gemm`. They count the operations of the formula: Winograd's way does fewer.
    """
    row: Row = {
        "layer": case.layer,
        "case": case.title,
        "shapes": {k: list(v) for k, v in case.shapes.items()},
    }
    row["options"] = dict(case.options)
    for direction, passes in zip(
        DIRECTIONS, (1, 3), strict=True
    ):  # backward is two products of the same size
        seconds = in_turns(_contenders(case, direction), rounds=rounds)
        row[direction] = {"ms": {name: round(1e3 * value, 4) for name, value in seconds.items()}}
        if case.flop:
            achieved = passes * case.flop / seconds["ours"] / 1e9
            row[direction] |= {"gflops": round(achieved, 1), "of gemm": round(achieved / gemm, 3)}
    return row


def means(rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Return the geometric means over the convolutions of our time over that of each other, by direction."""
    of_conv2d = [row for row in rows if row["layer"] == "conv2d"]
    if not of_conv2d:
        return {}
    return {
        direction: {
            name: round(statistics.geometric_mean(ratio(row, direction, name) for row in of_conv2d), 3)
            for name in ("torch", *PEERS)
        }
        for direction in DIRECTIONS
    }


def ratio(row: Row, direction: str, name: str) -> float:
    """Return our time over that of another; below 1, ours is faster."""
    ms: dict[str, float] = row[direction]["ms"]
    return ms["ours"] / ms[name]


def begin() -> Row:
    """Return what one run starts with: the kernels of the BLAS, and how fast they are."""
    one_thread()
    return {
        "blas": blas_kernels(),
        "coretype": os.environ.get("OPENBLAS_CORETYPE", ""),
        "gemm gflops": round(gemm_speed() / 1e9, 1),
    }


def settings(rounds: int) -> dict[str, Any]:
    """Return what all runs share: date, processor, versions, and how it is measured."""
    return {
        "date": f"{date.today():%Y-%m-%d}",
        "cpu": processor(),
        "versions": versions(),
        "settings": {"dtype": "float32", "threads": 1, "time": "CPU", "rounds": rounds},
    }
