"""Assignment 4: a convolutional layer, forward and backward."""

from __future__ import annotations

import numpy as np

from cs_cnn.checks.assignments.a4.windows import draw, spread, windows
from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.pairs import Case, Pair, away_from_zero, grade_backward, grade_forward, sizes
from cs_cnn.checks.task import PartOfTask, Task


def convolve(x: Array, w: Array, b: Array, stride: int = 1, pad: int = 0) -> Array:
    """Correlate images with filters, and add the biases."""
    seen = windows(x, (w.shape[2], w.shape[3]), stride, pad)
    out: Array = np.tensordot(seen, w, axes=((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
    return out + np.asarray(b)[:, None, None]


def _slopes(dout: Array, x: Array, w: Array, b: Array, stride: int = 1, pad: int = 0) -> tuple[Array, ...]:
    seen = windows(x, (w.shape[2], w.shape[3]), stride, pad)
    dx = spread(np.einsum("nfij,fckm->ncijkm", dout, w), x.shape, stride, pad)
    return dx, np.asarray(np.einsum("nfij,ncijkm->fckm", dout, seen)), np.einsum("nfij->f", dout)


CONV = Pair("conv2d_forward", "conv2d_backward", convolve, wrt=("x", "w", "b"), slopes=_slopes)


def _case(rng: np.random.Generator, stride: int, pad: int, part: str, *, blind: bool = False) -> Case:
    n, c, f = sizes(rng, 3, 2, 4)
    kernel, image = draw(rng, stride=stride, pad=pad)
    x, w = away_from_zero(rng, (n, c, *image)), away_from_zero(rng, (f, c, *kernel))
    return Case(
        {"x": x, "w": 0 * w if blind else w, "b": away_from_zero(rng, f)},
        {"stride": stride, "pad": pad},
        part,
    )


def _without_bias(case: Case) -> Case:
    arguments = case.replaced(b=np.zeros_like(case.arguments["b"]))
    return Case(arguments, case.options, case.part)


def grade_conv_forward(bench: Bench) -> None:
    """Ask for one thing at a time, and at last for all of them together."""
    rng = bench.rng
    for turn in range(bench.rounds):
        many = 2 + turn % 2
        for case in (
            _without_bias(_case(rng, 1, 0, "window")),
            _case(rng, 1, 0, "bias", blind=True),
            _without_bias(_case(rng, many, 0, "stride")),
            _without_bias(_case(rng, 1, 1 + turn % 2, "pad")),
            _case(rng, many, 1 + turn % 2, "together"),
        ):
            grade_forward(bench, CONV, case)


def grade_conv_backward(bench: Bench) -> None:
    """Compare every gradient with the slope of the output, for several strides and paddings."""
    for turn in range(bench.rounds):
        for stride, pad in ((1, 0), (2, 1 + turn % 2), (2 + turn % 2, 0)):
            grade_backward(bench, CONV, _case(bench.rng, stride, pad, "forward"))


_FORWARD_HINT = (
    "Take one image, one channel and one filter, on squared paper, and compute two neighbouring outputs by hand. Then "
    "print yours."
)
_BACKWARD_HINT = (
    "Use one filter and dout with a single 1 in it: then dw is the window below that 1, and dx is the filter, put back "
    "in its place."
)

TASKS_FORWARD = (
    Task(
        name="a4.conv2d_forward",
        number="4.2",
        asks="conv2d_forward",
        functions=("conv2d_forward",),
        parts=(
            PartOfTask("window", 4, "stride 1 without padding", _FORWARD_HINT),
            PartOfTask("bias", 2, "all weights zero: the output is the bias", _FORWARD_HINT),
            PartOfTask("stride", 3, "strides 2 and 3", "At which pixel does the window of output i start?"),
            PartOfTask(
                "pad",
                3,
                "padding of 1 and 2",
                "Draw the padded image: where are its zeros, and which window sees four of them?",
            ),
            PartOfTask(
                "together",
                1,
                "stride, padding and bias at once",
                "Is your formula for the size still right when stride and padding meet?",
            ),
        ),
        grade=grade_conv_forward,
        section="convolution/convolution#convolution-size",
    ),
)

TASKS_BACKWARD = (
    Task(
        name="a4.conv2d_backward",
        number="4.5",
        asks="conv2d_backward",
        functions=("conv2d_forward", "conv2d_backward"),
        parts=(
            PartOfTask("dx", 6, "equals the numerical gradient", _BACKWARD_HINT),
            PartOfTask("dw", 4, "equals the numerical gradient", _BACKWARD_HINT),
            PartOfTask("db", 3, "equals the numerical gradient", _BACKWARD_HINT),
        ),
        grade=grade_conv_backward,
        section="convolution/convolution#convolution-backward",
    ),
)

__all__ = ["CONV", "TASKS_BACKWARD", "TASKS_FORWARD", "convolve"]
