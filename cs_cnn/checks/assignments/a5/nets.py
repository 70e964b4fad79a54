"""Assignment 5, part B: LeNet-5 and an Inception module."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cs_cnn.checks.assignments.a5.counting import INCEPTION_COST
from cs_cnn.checks.assignments.a5.formulas import Norm, Weights, affine, conv, max_pool, relu
from cs_cnn.checks.assignments.a5.graded import Case, Net, grade_module, images, seed_of
from cs_cnn.checks.assignments.a5.roles import Shape
from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.pairs import sizes
from cs_cnn.checks.task import PartOfTask, Task

Arguments = Mapping[str, int]


def _lenet_layers(given: Arguments) -> tuple[list[Shape], list[int]]:
    c, classes = given["channels"], given["classes"]
    return [(6, c, 5, 5), (16, 6, 5, 5), (120, 400), (84, 120), (classes, 84)], []


def _lenet(given: Arguments, layers: list[Weights], norms: list[Norm], x: Array, training: bool) -> Array:
    h = max_pool(relu(conv(x, layers[0], pad=2)), 2, stride=2)
    h = max_pool(relu(conv(h, layers[1])), 2, stride=2).reshape(len(x), -1)
    return affine(relu(affine(relu(affine(h, layers[2])), layers[3])), layers[4])


_LENET = Net("LeNet5", _lenet_layers, _lenet, biased=True)


def grade_lenet(bench: Bench) -> None:
    """Build nets for grey and coloured images with several numbers of classes."""
    cases = []
    for turn in range(bench.rounds):
        n, classes = sizes(bench.rng, 2, 2, 13)
        arguments = {"channels": (1, 3, 2)[turn % 3], "classes": classes}
        x = images(bench.rng, (n, arguments["channels"], 28, 28))
        cases.append(Case(arguments, x, "values", seed_of(bench.rng)))
    grade_module(bench, _LENET, cases)


def _inception_layers(given: Arguments) -> tuple[list[Shape], list[int]]:
    c, one, r3, n3, r5, n5, project = given.values()
    return [
        (one, c, 1, 1),
        (r3, c, 1, 1),
        (n3, r3, 3, 3),
        (r5, c, 1, 1),
        (n5, r5, 5, 5),
        (project, c, 1, 1),
    ], []


def _inception(given: Arguments, layers: list[Weights], norms: list[Norm], x: Array, training: bool) -> Array:
    one, r3, n3, r5, n5, project = layers
    branches = (
        conv(x, one),
        conv(relu(conv(x, r3)), n3, pad=1),
        conv(relu(conv(x, r5)), n5, pad=2),
        conv(max_pool(x, 3, stride=1, pad=1), project),
    )
    return relu(np.concatenate(branches, axis=1))


_INCEPTION = Net("Inception", _inception_layers, _inception, biased=True)
_WIDTHS = ("in_channels", "n1x1", "r3x3", "n3x3", "r5x5", "n5x5", "pool_proj")


def grade_inception(bench: Bench) -> None:
    """Build modules whose numbers of kernels all differ, for images that are not square."""
    cases = []
    for _ in range(bench.rounds):
        widths = sizes(bench.rng, len(_WIDTHS), 2, 10)
        n, high, wide = sizes(bench.rng, 3, 3, 9)
        arguments = dict(zip(_WIDTHS, widths, strict=True))
        cases.append(
            Case(arguments, images(bench.rng, (n, widths[0], high, wide)), "values", seed_of(bench.rng))
        )
    grade_module(bench, _INCEPTION, cases)


_SHAPE = "Print the shape after every layer, beginning with the input."
_NUMBERS = "Print name and shape of every parameter, and compare with the list in the task."
_GRADIENTS = "Does every layer that __init__ makes take part in forward, without leaving PyTorch?"

TASKS = (
    Task(
        name="a5.lenet5",
        number="5.4",
        asks="LeNet5",
        functions=("LeNet5",),
        parts=(
            PartOfTask("shape", 2, "one row of scores for each image", _SHAPE),
            PartOfTask("parameters", 3, "the weights and biases of five layers", _NUMBERS),
            PartOfTask(
                "values",
                4,
                "the scores, for known weights",
                "Read the order of the layers in the task once more, and where a ReLU stands.",
            ),
            PartOfTask("gradients", 1, "a gradient reaches every parameter", _GRADIENTS),
        ),
        grade=grade_lenet,
        section="architectures/lenet5#lenet5",
    ),
    Task(
        name="a5.inception",
        number="5.5",
        asks="Inception",
        functions=("Inception",),
        parts=(
            PartOfTask("shape", 2, "maps of the input's size, and as many as the branches make", _SHAPE),
            PartOfTask("parameters", 3, "the weights and biases of six convolutions", _NUMBERS),
            PartOfTask(
                "values",
                4,
                "the maps, for known weights",
                "Compare one branch at a time: the channels of the output come in the order of the branches.",
            ),
            PartOfTask("gradients", 1, "a gradient reaches every parameter", _GRADIENTS),
        ),
        grade=grade_inception,
        section="architectures/googlenet#inception-reduction",
    ),
    INCEPTION_COST,
)
