"""Assignment 6, part B: the two steps of a deconvnet that a transposed convolution does not do."""

from __future__ import annotations

from functools import partial

import numpy as np

from cs_cnn.checks.assignments.a6.tensors import as_numbers, ask, single
from cs_cnn.checks.bench import Array, Bench, Outcome, Shared
from cs_cnn.checks.modules import tensor
from cs_cnn.checks.pairs import away_from_zero, distinct, sizes
from cs_cnn.checks.task import PartOfTask, Task

_PAGE = "inside/deconvnet"
_RULES = ("gradient", "deconvnet", "guided")


def _windows(x: Array, size: tuple[int, int]) -> Array:
    n, c, h, w = x.shape
    cut = x.reshape(n, c, h // size[0], size[0], w // size[1], size[1])
    return np.asarray(cut.transpose(0, 1, 2, 4, 3, 5))


def _pooled(x: Array, size: tuple[int, int]) -> Array:
    return np.asarray(_windows(x, size).max(axis=(4, 5)))


def _unpooled(x: Array, y: Array, size: tuple[int, int]) -> Array:
    windows = _windows(x, size)
    won = windows == windows.max(axis=(4, 5), keepdims=True)  # there are no ties
    return np.asarray((won * y[..., None, None]).transpose(0, 1, 2, 4, 3, 5).reshape(x.shape))


def grade_unpool(bench: Bench) -> None:
    """Pool, and put other numbers back where the maxima were: with the student's own switches."""
    rng = bench.rng
    for _ in range(bench.rounds):
        for part, batch in (("one map", (1, 1)), ("batch", (2, 3))):
            size = (2, 3) if rng.random() < 0.5 else (3, 2)
            down, across = sizes(rng, 2, 2, 4)
            x = distinct(rng, (*batch, down * size[0], across * size[1]))
            x = single(x - x[0, 0, : size[0], : size[1]].max() - 0.35)  # a window with negative numbers only
            y = single(away_from_zero(rng, (*batch, down, across)))
            called = bench.call("max_pool_switches", {"x": tensor(x), "size": size})
            where = f"x of shape {x.shape}, size {size}"
            out, switches = bench.unpack(called, ("out", "switches"), "max_pool_switches")
            out = Outcome(as_numbers(out.value), where, out.failed)
            bench.expect("out", out, partial(_pooled, x, size), name="out", tolerance=1e-6)
            back = switches
            if not switches.failed:  # they are the student's own, and go back as they came
                called = bench.call("unpool", {"y": tensor(y), "switches": Shared(switches.value)})
                back = Outcome(as_numbers(called.value), f"{where}, y of shape {y.shape}", called.failed)
            bench.expect(
                part, back, partial(_unpooled, x, y, size), name="what unpool returns", tolerance=1e-6
            )


def _rule(dout: Array, x: Array, rule: str) -> Array:
    passes = {"gradient": x > 0, "deconvnet": dout > 0, "guided": (x > 0) & (dout > 0)}
    return np.asarray(dout * passes[rule])


def grade_rectify(bench: Bench) -> None:
    """Send a signal back through a ReLU by each of the three rules."""
    for _ in range(bench.rounds):
        for rule in _RULES:
            shape = (2, *sizes(bench.rng, 3))
            # Numbers of both signs, in all four combinations, and none at 0.
            dout, x = (single(away_from_zero(bench.rng, shape)) for _ in range(2))
            outcome = ask(bench, "relu_backward", {"dout": dout, "x": x, "rule": rule})
            bench.expect(rule, outcome, partial(_rule, dout, x, rule), name="dx", tolerance=1e-6)


_PLACES = (
    "Take one window with the numbers 1, 9, 3, 4, 5, 6 and send the number 7 back. Where must the 7 stand, and what "
    "stands in the other places?"
)
_SIGNS = "There are four cases: dout and x can each be positive or negative. Write down what each rule lets through."

TASKS = (
    Task(
        name="a6.unpool",
        number="6.3",
        asks="max_pool_switches and unpool",
        functions=("max_pool_switches", "unpool"),
        parts=(
            PartOfTask("out", 2, "the largest number of every window", "What does one window give?"),
            PartOfTask("one map", 2, "every number returns to where the maximum was", _PLACES),
            PartOfTask(
                "batch",
                2,
                "every image and channel has switches of its own",
                "One map works: what do two images and three channels add?",
            ),
        ),
        grade=grade_unpool,
        section=f"{_PAGE}#deconvnet-unpooling",
    ),
    Task(
        name="a6.rectify",
        number="6.4",
        asks="relu_backward",
        functions=("relu_backward",),
        parts=(
            PartOfTask("gradient", 2, "the slope of ReLU", _SIGNS),
            PartOfTask("deconvnet", 2, "the deconvnet's own rule", _SIGNS),
            PartOfTask("guided", 2, "both at once", _SIGNS),
        ),
        grade=grade_rectify,
        section=f"{_PAGE}#deconvnet-rectify",
    ),
)
