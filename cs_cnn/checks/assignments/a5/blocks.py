"""Assignment 5, part C: residual blocks, and a depthwise separable one."""

from __future__ import annotations

from collections.abc import Mapping

from cs_cnn.checks.assignments.a5.counting import SEPARABLE_RATIO
from cs_cnn.checks.assignments.a5.formulas import Norm, Weights, conv_norm, relu
from cs_cnn.checks.assignments.a5.graded import Case, Net, grade_module, images, seed_of
from cs_cnn.checks.assignments.a5.roles import Shape
from cs_cnn.checks.bench import Array, Bench
from cs_cnn.checks.pairs import sizes
from cs_cnn.checks.task import PartOfTask, Task

Arguments = Mapping[str, int]


def _projected(given: Arguments, out: int) -> bool:
    return given["stride"] != 1 or given["in_channels"] != out


def _basic_layers(given: Arguments) -> tuple[list[Shape], list[int]]:
    c, f, _ = given.values()
    shapes: list[Shape] = [(f, c, 3, 3), (f, f, 3, 3)]
    shapes += [(f, c, 1, 1)] * _projected(given, f)
    return shapes, [f] * len(shapes)


def _basic(given: Arguments, layers: list[Weights], norms: list[Norm], x: Array, training: bool) -> Array:
    stride = given["stride"]
    h = relu(conv_norm(x, layers[0], norms[0], stride=stride, pad=1, training=training))
    h = conv_norm(h, layers[1], norms[1], pad=1, training=training)
    if len(layers) == 3:
        x = conv_norm(x, layers[2], norms[2], stride=stride, training=training)
    return relu(h + x)


def _bottleneck_layers(given: Arguments) -> tuple[list[Shape], list[int]]:
    c, inner, _ = given.values()
    shapes: list[Shape] = [(inner, c, 1, 1), (inner, inner, 3, 3), (4 * inner, inner, 1, 1)]
    shapes += [(4 * inner, c, 1, 1)] * _projected(given, 4 * inner)
    return shapes, [shape[0] for shape in shapes]


def _bottleneck(
    given: Arguments, layers: list[Weights], norms: list[Norm], x: Array, training: bool
) -> Array:
    stride = given["stride"]
    h = relu(conv_norm(x, layers[0], norms[0], training=training))
    h = relu(conv_norm(h, layers[1], norms[1], stride=stride, pad=1, training=training))
    h = conv_norm(h, layers[2], norms[2], training=training)
    if len(layers) == 4:
        x = conv_norm(x, layers[3], norms[3], stride=stride, training=training)
    return relu(h + x)


def _separable_layers(given: Arguments) -> tuple[list[Shape], list[int]]:
    c, f, _ = given.values()
    return [(c, 1, 3, 3), (f, c, 1, 1)], [c, f]


def _separable(given: Arguments, layers: list[Weights], norms: list[Norm], x: Array, training: bool) -> Array:
    h = relu(conv_norm(x, layers[0], norms[0], stride=given["stride"], pad=1, training=training))
    return relu(conv_norm(h, layers[1], norms[1], training=training))


_BASIC = Net("BasicBlock", _basic_layers, _basic)
_BOTTLENECK = Net("Bottleneck", _bottleneck_layers, _bottleneck)
_SEPARABLE = Net("DepthwiseSeparable", _separable_layers, _separable)


def _case(
    bench: Bench, second: str, channels: int, out: int, stride: int, values: str, odd: bool = False
) -> Case:
    n, high, wide = sizes(bench.rng, 3, 3, 8)
    arguments = {"in_channels": channels, second: out, "stride": stride}
    # Odd and even sizes: a stride of two rounds up.
    x = images(bench.rng, (n, channels, 2 * high - odd, 2 * wide))
    return Case(arguments, x, values, seed_of(bench.rng))


def grade_basic(bench: Bench) -> None:
    """Build blocks that keep the shape, and blocks that change channels, size or both."""
    cases = []
    for turn in range(bench.rounds):
        c, f = sizes(bench.rng, 2, 3, 8)
        cases += [
            _case(bench, "channels", c, c, 1, "identity"),
            _case(bench, "channels", c, f, 2, "projection", odd=turn % 2 == 0),
            _case(bench, "channels", c, f, 1, "projection"),
            _case(bench, "channels", c, c, 2, "projection"),
        ]
    grade_module(bench, _BASIC, cases)


def grade_bottleneck(bench: Bench) -> None:
    """Build blocks that keep the shape, and blocks that change it."""
    cases = []
    for _ in range(bench.rounds):
        c, inner = sizes(bench.rng, 2, 2, 5)
        cases += [
            _case(bench, "channels", 4 * inner, inner, 1, "values"),
            _case(bench, "channels", c + 4, inner, 2, "values", odd=True),
            _case(bench, "channels", 4 * inner, inner, 2, "values"),
        ]
    grade_module(bench, _BOTTLENECK, cases)


def grade_separable(bench: Bench) -> None:
    """Build blocks with more and with fewer channels, with both strides."""
    cases = []
    for _ in range(bench.rounds):
        c, f = sizes(bench.rng, 2, 3, 9)
        cases += [
            _case(bench, "out_channels", c, f, 1, "values"),
            _case(bench, "out_channels", f, c, 2, "values", odd=True),
        ]
    grade_module(bench, _SEPARABLE, cases)


_SHAPE = "Print the shape after every layer, beginning with the input, for stride 2."
_NUMBERS = "Print name and shape of every parameter, and compare with the table in the task."
_BRANCH = "Set all weights of the branch to zero in your mind: what should the block put out?"
_MODES = "What does batch normalisation use in training, and what in evaluation?"
_RESNET, _MOBILE = "architectures/resnet", "architectures/mobilenet"

TASKS = (
    Task(
        name="a5.basic_block",
        number="5.7",
        asks="BasicBlock",
        functions=("BasicBlock",),
        parts=(
            PartOfTask("shape", 2, "the shape of the output, for both strides", _SHAPE),
            PartOfTask(
                "parameters",
                2,
                "convolutions and normalisations; a projection only where needed",
                _NUMBERS,
            ),
            PartOfTask("identity", 3, "the output where the input is added as it is", _BRANCH),
            PartOfTask("projection", 3, "the output where the input is projected", _BRANCH),
            PartOfTask("training", 1, "the statistics of the batch in training", _MODES),
            PartOfTask(
                "gradients",
                1,
                "a gradient reaches every parameter",
                "Does every layer that __init__ makes take part in forward?",
            ),
        ),
        grade=grade_basic,
        section=f"{_RESNET}#residual-block",
    ),
    Task(
        name="a5.bottleneck",
        number="5.8",
        asks="Bottleneck",
        functions=("Bottleneck",),
        parts=(
            PartOfTask("shape", 1, "the shape of the output", _SHAPE),
            PartOfTask("parameters", 2, "convolutions and normalisations", _NUMBERS),
            PartOfTask("values", 3, "the output, for known weights", _BRANCH),
            PartOfTask("training", 1, "the statistics of the batch in training", _MODES),
        ),
        grade=grade_bottleneck,
        section=f"{_RESNET}#residual-bottleneck",
    ),
    Task(
        name="a5.depthwise_separable",
        number="5.9",
        asks="DepthwiseSeparable",
        functions=("DepthwiseSeparable",),
        parts=(
            PartOfTask("shape", 1, "the shape of the output", _SHAPE),
            PartOfTask("parameters", 3, "nine weights for each channel, then one for each pair", _NUMBERS),
            PartOfTask(
                "values",
                3,
                "the output, for known weights",
                "Which convolution moves over the image, and which mixes the channels? What follows each?",
            ),
            PartOfTask("training", 1, "the statistics of the batch in training", _MODES),
        ),
        grade=grade_separable,
        section=f"{_MOBILE}#depthwise-separable-block",
    ),
    SEPARABLE_RATIO,
)
