"""Assignment 3, part A: affine layer, ReLU and sigmoid."""

from __future__ import annotations

import numpy as np

from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.pairs import (
    Case,
    Pair,
    away_from_zero,
    grade_backward,
    grade_forward,
    grade_pair,
    sizes,
)
from cs_cnn.checks.task import PartOfTask, Task


def _affine(x: Array, w: Array, b: Array) -> Array:
    return np.asarray(x.reshape(len(x), -1) @ w + b)


def _relu(x: Array) -> Array:
    return x.clip(min=0)


def _sigmoid(x: Array) -> Array:
    # The exponent is never positive, so nothing overflows.
    small = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, small) / (1 + small))


AFFINE = Pair("affine_forward", "affine_backward", _affine, wrt=("x", "w", "b"))
RELU = Pair("relu_forward", "relu_backward", _relu, wrt=("x",))
SIGMOID = Pair("sigmoid_forward", "sigmoid_backward", _sigmoid, wrt=("x",))


def _affine_case(rng: np.random.Generator, part: str, *, images: bool) -> Case:
    """Draw an affine layer for rows or for images, with sizes that all differ."""
    if images:
        shape, m = tuple(sizes(rng, 4, 2, 5)), 6
    else:
        *rows, m = sizes(rng, 3)
        shape = tuple(rows)
    features = int(np.prod(shape[1:]))
    arguments = {
        "x": away_from_zero(rng, shape),
        "w": away_from_zero(rng, (features, m)),
        "b": away_from_zero(rng, m),
    }
    gradients = {name: part for name in arguments} if images else {}
    return Case(arguments, part=part, gradients=gradients)


def grade_affine_forward(bench: Bench) -> None:
    """Compare on rows and on images."""
    for _ in range(bench.rounds):
        grade_forward(bench, AFFINE, _affine_case(bench.rng, "rows", images=False))
        grade_forward(bench, AFFINE, _affine_case(bench.rng, "images", images=True))


def grade_affine_backward(bench: Bench) -> None:
    """Compare each gradient on rows, and all of them on images."""
    for _ in range(bench.rounds):
        grade_backward(bench, AFFINE, _affine_case(bench.rng, "rows", images=False))
        grade_backward(bench, AFFINE, _affine_case(bench.rng, "images", images=True))


def grade_relu(bench: Bench) -> None:
    """Compare on rows and on images, with no input at the kink."""
    for _ in range(bench.rounds):
        for axes in (2, 4):
            shape = tuple(sizes(bench.rng, axes, 2, 5))
            grade_pair(bench, RELU, Case({"x": away_from_zero(bench.rng, shape)}))


def grade_sigmoid(bench: Bench) -> None:
    """Compare on inputs of ordinary size, and the output also far away from zero."""
    rng = bench.rng
    for _ in range(bench.rounds):
        for axes in (2, 3):
            shape = tuple(sizes(rng, axes, 2, 5))
            grade_pair(bench, SIGMOID, Case({"x": 2 * away_from_zero(rng, shape)}))
        n, d = sizes(rng, 2)
        far = np.resize([1000.0, -1000.0, 0.5, 30.0, -2.0], n * d).reshape(n, d)
        grade_forward(bench, SIGMOID, Case({"x": far}, part="large"))


_BOOK = "foundations/two_layer_networks"
_BACKWARD_HINT = (
    "Write the shape beside every quantity: a gradient has the shape of what it belongs to. In which way do dout and "
    "the other factor fit together so that this shape comes out?"
)

TASKS = (
    Task(
        name="a3.affine_forward",
        number="3.1",
        asks="affine_forward",
        functions=("affine_forward",),
        parts=(
            PartOfTask("rows", 2, "rows of numbers", "Take one row and two outputs, and compute on paper."),
            PartOfTask(
                "images",
                2,
                "images with channels, rows and columns",
                "How many numbers has one image, and in which order does reshape read them?",
            ),
        ),
        grade=grade_affine_forward,
        section=f"{_BOOK}#two-layer-forward",
    ),
    Task(
        name="a3.affine_backward",
        number="3.2",
        asks="affine_backward",
        functions=("affine_forward", "affine_backward"),
        parts=(
            PartOfTask("dx", 2, "equals the numerical gradient", _BACKWARD_HINT),
            PartOfTask("dw", 2, "equals the numerical gradient", _BACKWARD_HINT),
            PartOfTask("db", 2, "equals the numerical gradient", _BACKWARD_HINT),
            PartOfTask(
                "images",
                1,
                "all three for images",
                "Rows work. What is different about images, on the way in and on the way back?",
            ),
        ),
        grade=grade_affine_backward,
        section=f"{_BOOK}#two-layer-backward",
    ),
    Task(
        name="a3.relu",
        number="3.3",
        asks="relu_forward and relu_backward",
        functions=("relu_forward", "relu_backward"),
        parts=(
            PartOfTask("forward", 2, "rows and images of both signs", "What becomes of -2, and what of 2?"),
            PartOfTask(
                "dx",
                2,
                "equals the numerical gradient",
                "Move one input a little: for which inputs does the output follow?",
            ),
        ),
        grade=grade_relu,
        section=f"{_BOOK}#two-layer-backward",
    ),
    Task(
        name="a3.sigmoid",
        number="3.4",
        asks="sigmoid_forward and sigmoid_backward",
        functions=("sigmoid_forward", "sigmoid_backward"),
        parts=(
            PartOfTask(
                "forward", 2, "inputs of ordinary size", "The value at 0 is 0.5, and at 2 it is above 0.5."
            ),
            PartOfTask(
                "large",
                1,
                "inputs of 1000 and -1000",
                "Print every intermediate result for x = 1000 and for x = -1000.",
            ),
            PartOfTask(
                "dx",
                3,
                "equals the numerical gradient",
                "The curve is steepest at 0, with the slope 1/4, and flat at both ends. Is yours?",
            ),
        ),
        grade=grade_sigmoid,
        section=f"{_BOOK}#two-layer-sigmoid-neuron",
    ),
)
