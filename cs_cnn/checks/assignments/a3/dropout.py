"""Assignment 3, part A: inverted dropout. How a mask is drawn is free, so its properties are judged."""

from __future__ import annotations

from math import erf, sqrt
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome, Shared
from cs_cnn.checks.compare import CheckIsBrokenError, agrees, as_array, difference
from cs_cnn.checks.pairs import away_from_zero
from cs_cnn.checks.task import PartOfTask, Task

_NEAR = 0.05
"""Largest accepted distance between the share that was dropped and p: nine standard deviations of a right mask."""


def _forward(bench: Bench, x: Array, p: float, generator: Any, *, train: bool) -> tuple[Outcome, Outcome]:
    outcome = bench.call("dropout_forward", {"x": x, "p": p, "rng": generator}, train=train)
    out, cache = bench.unpack(outcome, ("out", "cache"), "dropout_forward")
    return out, cache


def _read(
    bench: Bench, part: str, out: Outcome, shape: tuple[int, ...], *, name: str = "out"
) -> Array | None:
    """Return the output as an array of the right shape, or judge the part lost."""
    if out.failed:
        bench.judge(part, False, out.failed.sentence, mistake=_why_failed(out, shape))
        return None
    array = as_array(out.value)
    if array is None or array.shape != shape:
        found = "no array" if array is None else f"of shape {array.shape}"
        bench.judge(part, False, f"{name} is {found}, expected shape {shape}. (For {out.where}.)")
        return None
    finite = bool(np.isfinite(array).all())
    bench.judge(part, finite, f"{name} is not finite. (For {out.where}.)")
    return array if finite else None


def _why_failed(out: Outcome, shape: tuple[int, ...]) -> str:
    ordinary = out.failed is not None and out.failed.kind == "raised"
    return "rows_only" if ordinary and len(shape) > 2 else ""


def grade_dropout_forward(bench: Bench) -> None:
    """Judge share and size of what is kept, the masks of rows and calls, and the time after training."""
    rng = bench.rng
    for turn in range(bench.rounds):
        high = bool(rng.random() < 0.5) if turn else False
        p = float(rng.uniform(0.7, 0.8) if high else rng.uniform(0.2, 0.3))
        seed = int(rng.integers(1_000_000))
        for shape in ((80, 110), (20, 5, 9, 11)):
            x = away_from_zero(rng, shape)
            generator = Shared(np.random.default_rng(seed))
            first, _ = _forward(bench, x, p, generator, train=True)
            out = _read(bench, "share", first, shape)
            if out is None:
                for part in ("size", "masks"):
                    bench.judge(
                        part, False, bench.verdicts["share"].message, mistake=bench.verdicts["share"].mistake
                    )
            else:
                _judge_share(bench, out, p)
                _judge_size(bench, out, x, p)
                second, _ = _forward(bench, x, p, generator, train=True)
                again, _ = _forward(bench, x, p, Shared(np.random.default_rng(seed)), train=True)
                _judge_masks(bench, out, as_array(second.value), as_array(again.value))
            _judge_test_mode(bench, x, p, seed)


def _share(out: Array) -> float:
    return sum(1 for number in out.ravel().tolist() if number == 0) / out.size


def _judge_share(bench: Bench, out: Array, p: float) -> None:
    dropped = _share(out)
    near = abs(dropped - p) < _NEAR
    if near and abs(dropped - (1 - p)) < _NEAR:
        raise CheckIsBrokenError("a share and its opposite are called the same")
    gaussian = 0.5 * (1 + erf(p / sqrt(2)))
    if min(dropped, 1 - dropped) < 0.01:
        mistake = "nothing_dropped" if dropped < 0.5 else ""
    elif abs(dropped - (1 - p)) < _NEAR:
        mistake = "p_is_keep"
    elif min(abs(dropped - gaussian), abs(1 - dropped - gaussian)) < _NEAR:
        mistake = "gaussian_numbers"
    else:
        mistake = ""
    message = f"{dropped:.2f} of the numbers are 0, for p = {p:.2f}."
    bench.judge("share", near, message, mistake=mistake)


def _judge_size(bench: Bench, out: Array, x: Array, p: float) -> None:
    kept = out != 0
    if not kept.any():
        bench.judge("size", False, "Every number is 0.")
        return
    factor = np.asarray(out[kept] / x[kept])
    typical = float(np.median(factor))
    right = agrees(factor, np.full(factor.shape, 1 / (1 - p)), 1e-4)
    mistake = ""
    if float(np.ptp(factor)) < 1e-3 * abs(typical):
        named = {
            "not_scaled": 1.0,
            "scaled_by_p": 1 / p,
            "multiplied": 1 - p,
        }
        mistake = next((name for name, value in named.items() if abs(typical / value - 1) < 1e-3), "")
        if mistake == "scaled_by_p" and abs(_share(out) - (1 - p)) < _NEAR:
            mistake = "p_is_keep"
        if mistake == "not_scaled" and not (out == 0).any():
            mistake = "nothing_dropped"
    message = f"The numbers that are kept are {typical:.4g} times those of x, for p = {p:.2f}."
    bench.judge("size", right, message, mistake=mistake)


def _judge_masks(bench: Bench, out: Array, second: Array | None, again: Array | None) -> None:
    zeros = out == 0
    message = "Every example of the batch lost the same numbers."
    mistake = "one_mask_for_all" if zeros.any() else "nothing_dropped"
    bench.judge("masks", bool((zeros != zeros[:1]).any()), message, mistake=mistake)
    constant = bool((zeros.reshape(len(zeros), -1) == zeros.reshape(len(zeros), -1)[:, :1]).all())
    message = "Every example is dropped or kept as a whole."
    bench.judge("masks", not constant, message, mistake="whole_examples")
    if second is None or again is None or second.shape != out.shape or again.shape != out.shape:
        bench.judge("masks", False, "A second call with the same shape did not give an output of that shape.")
        return
    fresh = bool((zeros != (second == 0)).any())
    message = "Two calls with the same generator dropped the same numbers."
    bench.judge("masks", fresh, message, mistake="same_mask_each_time")
    message = "Generators with the same seed gave different masks: some random number does not come from rng."
    bench.judge("masks", not (zeros != (again == 0)).any(), message, mistake="another_generator")


def _judge_test_mode(bench: Bench, x: Array, p: float, seed: int) -> None:
    outcome, _ = _forward(bench, x, p, Shared(np.random.default_rng(seed)), train=False)
    out = _read(bench, "after training", outcome, x.shape)
    if out is None:
        return
    mistake = ""
    if np.allclose(out, (1 - p) * x) or np.allclose(out, p * x):
        mistake = "scaled_after_training"
    elif (out == 0).any():
        mistake = "dropped_after_training"
    elif np.allclose(out, x / (1 - p)):
        mistake = "still_scaled"
    bench.judge("after training", agrees(out, x), difference(out, x, "out with train=False"), mistake=mistake)


def grade_dropout_backward(bench: Bench) -> None:
    """Compare with the slope of the student's own output, which is the factor that each number got."""
    rng = bench.rng
    for _ in range(bench.rounds):
        p = float(rng.uniform(0.25, 0.4))
        seed = int(rng.integers(1_000_000))
        for shape in ((9, 12), (4, 3, 5, 6)):
            for train, part in ((True, "training"), (False, "after training")):
                x, dout = away_from_zero(rng, shape), away_from_zero(rng, shape)
                generator = Shared(np.random.default_rng(seed))
                outcome, cache = _forward(bench, x, p, generator, train=train)
                out = _read(bench, part, outcome, shape)
                if out is None:
                    continue
                outcome = bench.call("dropout_backward", {"dout": dout, "cache": Shared(cache.value)})
                dx = _read(
                    bench,
                    part,
                    Outcome(outcome.value, f"x of shape {shape}", outcome.failed),
                    shape,
                    name="dx",
                )
                if dx is not None:
                    _judge_slope(bench, part, dx, dout, out, x, p)


def _judge_slope(bench: Bench, part: str, dx: Array, dout: Array, out: Array, x: Array, p: float) -> None:
    factor = out / x
    kept = factor != 0
    training = part == "training"
    if (training and not (0.05 < float(kept.mean()) < 0.95)) or (not training and not kept.all()):
        bench.judge(
            part, False, "The forward pass " + ("drops nothing." if kept.all() else "drops too much.")
        )
        return
    right = factor * dout
    mistake = ""
    if training:
        if np.allclose(dx, dout):
            mistake = "mask_ignored"
        elif np.allclose(dx, kept * dout):
            mistake = "factor_forgotten"
        elif np.allclose(dx, factor**2 * dout):
            mistake = "factor_twice"
        elif ((dx != 0) & ~kept).any() and ((dx == 0) & kept).any():
            mistake = "new_mask"
    elif np.allclose(dx, dout / (1 - p)):
        mistake = "always_scaled"
    elif ((dx == 0) & kept).any():
        mistake = "new_mask"
    if np.allclose(dx, out * dout):
        mistake = "times_the_output"
    elif np.allclose(dx, factor):
        mistake = "upstream_ignored"
    bench.judge(part, agrees(dx, right, 1e-4), difference(dx, right, "dx"), mistake=mistake)


TASKS = (
    Task(
        name="a3.dropout_forward",
        number="3.5",
        asks="dropout_forward",
        functions=("dropout_forward",),
        parts=(
            PartOfTask(
                "share",
                2,
                "the share of zeros is p",
                "Count the zeros in your output for p = 0.25: a quarter or less?",
            ),
            PartOfTask(
                "size", 2, "the others make up for it", "The mean over many masks should be x. What is yours?"
            ),
            PartOfTask(
                "masks",
                1,
                "a new mask for each example and call, from rng",
                "Compare the zeros of two rows, and those of two calls.",
            ),
            PartOfTask(
                "after training", 1, "train=False", "What should a trained network do with its inputs here?"
            ),
        ),
        grade=grade_dropout_forward,
        section="training/dropout#dropout-inverted",
    ),
    Task(
        name="a3.dropout_backward",
        number="3.6",
        asks="dropout_backward",
        functions=("dropout_forward", "dropout_backward"),
        parts=(
            PartOfTask(
                "training",
                2,
                "the slope of your own output",
                "With the mask fixed, the layer multiplies. By what?",
            ),
            PartOfTask(
                "after training", 1, "train=False", "What was each number multiplied by when train was False?"
            ),
        ),
        grade=grade_dropout_backward,
        section="training/dropout#dropout-backward",
    ),
)
