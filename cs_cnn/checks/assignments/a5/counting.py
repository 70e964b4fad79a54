"""Assignment 5, part A: the parameters and the memory of a net, layer by layer."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from cs_cnn.checks.bench import Array, Bench, Outcome
from cs_cnn.checks.pairs import sizes
from cs_cnn.checks.running import Failed
from cs_cnn.checks.task import PartOfTask, Task

_SECTION = "architectures/vgg"
Layer = tuple[Any, ...]
Row = tuple[tuple[int, ...], int]


def _number(value: float) -> Array:
    return np.asarray(float(value))


def grade_parameters(bench: Bench) -> None:
    """Ask for layers of sizes that all differ, with biases and without."""
    rng = bench.rng
    for _ in range(bench.rounds):
        for bias in (True, False):
            c, f, k = sizes(rng, 3, 3, 9)
            outcome = bench.call("conv_parameters", {"in_channels": c, "filters": f, "kernel": k}, bias=bias)
            # Counted by making the arrays.
            right = _number(np.zeros((f, c, k, k)).size + bias * np.zeros(f).size)
            bench.expect("conv" if bias else "no bias", outcome, partial(np.copy, right), name="the number")
            d, m = (int(size) for size in rng.choice(np.arange(10, 60), 2, replace=False))
            outcome = bench.call("fc_parameters", {"inputs": d, "outputs": m}, bias=bias)
            right = _number(np.zeros((d, m)).size + bias * np.zeros(m).size)
            bench.expect("fc" if bias else "no bias", outcome, partial(np.copy, right), name="the number")


def table_of(layers: list[Layer], shape: tuple[int, ...]) -> list[Row]:
    """Return the right table: shape and parameters of the input and of every layer."""
    rows: list[Row] = [(shape, 0)]
    for kind, *sizes_ in layers:
        before = rows[-1][0]
        if kind == "conv":
            rows.append(((sizes_[0], *before[1:]), sizes_[0] * (9 * before[0] + 1)))
        elif kind == "pool":
            rows.append(((before[0], before[1] // 2, before[2] // 2), 0))
        else:
            rows.append(((sizes_[0],), sizes_[0] * (int(np.prod(before)) + 1)))
    return rows


def draw_net(rng: np.random.Generator) -> tuple[list[Layer], tuple[int, ...]]:
    """Draw a small net of VGG's kind, and the shape of its images, which are not square."""
    c, f, g, high, wide = sizes(rng, 5, 3, 11)
    layers: list[Layer] = [("conv", f), ("conv", g), ("pool",), ("conv", f + g)]
    layers += [("conv", f + g)] * int(rng.integers(0, 2)) + [("pool",)]
    units = [int(unit) for unit in rng.choice(np.arange(12, 40), 3, replace=False)]
    return [*layers, *(("fc", unit) for unit in units)], (c, 4 * high, 4 * wide)


def grade_table(bench: Bench) -> None:
    """Compare shapes and parameters of every row, in small nets and in VGG-16 itself."""
    for turn in range(bench.rounds):
        layers, shape = draw_net(bench.rng)
        if turn == 0:
            layers, shape = vgg16(), (3, 224, 224)
        outcome = bench.call("layer_table", {"layers": list(layers), "shape": shape})
        where = f"an image of {shape} and the layers {layers[:3]}..."
        right = table_of(layers, shape)
        for column, part in enumerate(("shapes", "parameters")):
            bench.expect(
                part,
                _column(outcome, column, where),
                partial(_stack, [row[column] for row in right]),
                name=f"the column of {part}",
                tolerance=1e-9,
            )


def vgg16() -> list[Layer]:
    """Return the layers of VGG-16, configuration D."""
    stages = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
    layers: list[Layer] = []
    for filters, count in stages:
        layers += [*[("conv", filters)] * count, ("pool",)]
    return [*layers, ("fc", 4096), ("fc", 4096), ("fc", 1000)]


def _stack(column: list[Any]) -> Array:
    """Return one row for each entry; a vector of units stands in the first place, since (4096,) is 4096 x 1 x 1."""
    rows = [np.atleast_1d(np.asarray(entry, dtype=np.float64)).ravel() for entry in column]
    width = max(3 if any(row.size > 1 for row in rows) else 1, *(row.size for row in rows))
    return np.stack([np.pad(row, (0, width - row.size), constant_values=1.0) for row in rows])


def _column(outcome: Outcome, which: int, where: str) -> Outcome:
    """Take a column out of a list of pairs; what is no such list becomes a sentence."""
    if outcome.failed:
        return outcome
    try:
        value: Any = _stack([row[which] for row in outcome.value])
    except Exception:  # whatever it is, it is no list of pairs
        sentence = f"layer_table must return a list of pairs (shape, parameters), for {where}."
        return Outcome(None, where, Failed("form", sentence, "form"))
    return Outcome(value, where)


def grade_memory(bench: Bench) -> None:
    """Hand over right tables, and ask for both numbers with and without training."""
    for _ in range(bench.rounds):
        layers, shape = draw_net(bench.rng)
        table = table_of(layers, shape)
        numbers = sum(int(np.prod(row[0])) for row in table)
        parameters = sum(row[1] for row in table)
        for training, factors in ((False, (4, 4)), (True, (8, 12))):
            outcome = bench.call("memory", {"table": table}, training=training)
            names = ("activations", "parameters")
            values = bench.unpack(outcome, names, "memory")
            for name, value, count, factor in zip(names, values, (numbers, parameters), factors, strict=True):
                right = partial(_number, count * factor)
                bench.expect("training" if training else name, value, right, name=name, tolerance=1e-9)


def grade_inception_cost(bench: Bench) -> None:
    """Count for modules whose numbers of kernels all differ."""
    rng = bench.rng
    for _ in range(bench.rounds):
        c, one, r3, n3, r5, n5, project = sizes(rng, 7, 4, 40)
        high, wide = sizes(rng, 2, 5, 30)
        arguments = {"shape": (c, high, wide), "n1x1": one, "r3x3": r3, "n3x3": n3, "r5x5": r5, "n5x5": n5}
        outcome = bench.call("inception_cost", {**arguments, "pool_proj": project})
        naive = c * (one + 9 * n3 + 25 * n5)
        reduced = c * (one + r3 + r5 + project) + 9 * r3 * n3 + 25 * r5 * n5
        values = bench.unpack(outcome, ("naive", "reduced"), "inception_cost")
        for name, value, work in zip(("naive", "reduced"), values, (naive, reduced), strict=True):
            right = partial(_number, work * high * wide)
            bench.expect(name, value, right, name=name, tolerance=1e-9)


def grade_separable_ratio(bench: Bench) -> None:
    """Ask for ratios of layers with other channels and kernels."""
    for _ in range(bench.rounds):
        for kernel in (3, 5, 7):
            c, f = sizes(bench.rng, 2, 5, 60)
            outcome = bench.call("separable_ratio", {"in_channels": c, "filters": f, "kernel": kernel})
            steps = np.zeros((c, 1, kernel, kernel)).size + np.zeros((f, c)).size
            right = partial(_number, steps / np.zeros((f, c, kernel, kernel)).size)
            bench.expect("ratio", outcome, right, name="the ratio")


_COUNT = "Write the shape of the array of weights, with a number on every axis. Then the bias."

TASKS = (
    Task(
        name="a5.parameters",
        number="5.1",
        asks="conv_parameters and fc_parameters",
        functions=("conv_parameters", "fc_parameters"),
        parts=(
            PartOfTask("conv", 2, "weights and biases of a convolution", _COUNT),
            PartOfTask("fc", 1, "weights and biases of a fully connected layer", _COUNT),
            PartOfTask(
                "no bias", 1, "both layers without biases", "Is the argument bias used in both functions?"
            ),
        ),
        grade=grade_parameters,
        section=f"{_SECTION}#vgg-parameters",
    ),
    Task(
        name="a5.layer_table",
        number="5.2",
        asks="layer_table",
        functions=("layer_table",),
        parts=(
            PartOfTask(
                "shapes",
                4,
                "the shape after every layer, in VGG-16 and in small nets",
                "Go through four layers of VGG-16 on paper: which of them change the channels, which the size?",
            ),
            PartOfTask("parameters", 4, "the parameters of every layer, with biases", _COUNT),
        ),
        grade=grade_table,
        section=f"{_SECTION}#vgg-parameters",
    ),
    Task(
        name="a5.memory",
        number="5.3",
        asks="memory",
        functions=("memory",),
        parts=(
            PartOfTask(
                "activations",
                2,
                "bytes for the outputs of all layers",
                "How many numbers does a shape (C, H, W) hold? Which rows of the table hold numbers?",
            ),
            PartOfTask(
                "parameters", 2, "bytes for the parameters", "How many bytes does a float32 number take?"
            ),
            PartOfTask(
                "training",
                2,
                "both in training",
                "Write down, for one activation and for one parameter, which numbers training keeps beside it.",
            ),
        ),
        grade=grade_memory,
        section=f"{_SECTION}#vgg-memory",
    ),
)

INCEPTION_COST = Task(
    name="a5.inception_cost",
    number="5.6",
    asks="inception_cost",
    functions=("inception_cost",),
    parts=(
        PartOfTask(
            "naive",
            2,
            "multiply-adds without reduction",
            "How many multiplications does one output number of each branch take, and how many such numbers are there?",
        ),
        PartOfTask(
            "reduced",
            3,
            "multiply-adds with reduction",
            "Six convolutions: list for each how many maps it reads, how many it makes, and its kernel.",
        ),
    ),
    grade=grade_inception_cost,
    section="architectures/googlenet#inception-reduction",
)

SEPARABLE_RATIO = Task(
    name="a5.separable_ratio",
    number="5.10",
    asks="separable_ratio",
    functions=("separable_ratio",),
    parts=(
        PartOfTask(
            "ratio",
            3,
            "the ratio of multiply-adds, for several kernels",
            "Count both at one position of the output: the full layer, and the two steps together.",
        ),
    ),
    grade=grade_separable_ratio,
    section="architectures/mobilenet#depthwise-separable-cost",
)
