"""Known mistakes with counting parameters and memory."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cs_cnn.checks.mistakes.mistake import Mistake


def _conv(
    *, depth: bool = True, square: bool = True, biases: Callable[..., int] = lambda c, f, bias: f * bias
) -> Any:
    def conv_parameters(in_channels: int, filters: int, kernel: int, bias: bool = True) -> int:
        one = (in_channels if depth else 1) * (kernel**2 if square else kernel)
        return filters * one + biases(in_channels, filters, bias)

    return conv_parameters


def _fc(*, biases: Callable[..., int] = lambda d, m, bias: m * bias) -> Any:
    def fc_parameters(inputs: int, outputs: int, bias: bool = True) -> int:
        return inputs * outputs + biases(inputs, outputs, bias)

    return fc_parameters


def _table(
    *,
    conv: Callable[[int, int], int] = lambda c, f: f * (9 * c + 1),
    fc: Callable[[Any, int], int] = lambda shape, m: m * (int(np.prod(shape)) + 1),
    pooled: Callable[..., Any] = lambda c, h, w: (c, h // 2, w // 2),
    pool: Callable[[int], int] = lambda c: 0,
    border: int = 0,
    image: bool = True,
) -> Any:
    """Build a table with one thing changed."""

    def layer_table(layers: Any, shape: Any) -> Any:
        table = [(shape, 0)] if image else []
        for kind, *sizes in layers:
            count = 0
            if kind == "conv":
                count = conv(shape[0], sizes[0])
                shape = (sizes[0], shape[1] - border, shape[2] - border)
            elif kind == "pool":
                count, shape = pool(shape[0]), pooled(*shape)
            else:
                count, shape = fc(shape, sizes[0]), (sizes[0],)
            table.append((shape, count))
        return table

    return layer_table


def _memory(
    *,
    rows: Callable[[Any], Any] = lambda table: table,
    total: Callable[[Any], Any] = sum,
    size: int = 4,
    factors: tuple[int, int] = (2, 3),
    both: bool = False,
) -> Any:
    """Build a sum with one thing changed."""

    def memory(table: Any, training: bool = False) -> Any:
        activations = total(int(np.prod(shape)) for shape, _ in rows(table))
        parameters = sum(count for _, count in table)
        a, p = factors if training else (1, 1)
        return size * a * (activations + both * parameters), size * p * parameters

    return memory


def mistakes() -> list[Mistake]:
    """Return the known mistakes of the tasks a5.parameters, a5.layer_table and a5.memory."""

    def build(name: str, loses: tuple[str, ...], hint: str, conv: Any = None, fc: Any = None) -> Mistake:
        functions = {"conv_parameters": conv or _conv(), "fc_parameters": fc or _fc()}
        return Mistake(name, "a5.parameters", functions, loses, hint)

    def table(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a5.layer_table", {"layer_table": _table(**changed)}, loses, hint)

    def memory(name: str, loses: tuple[str, ...], hint: str, **changed: Any) -> Mistake:
        return Mistake(name, "a5.memory", {"memory": _memory(**changed)}, loses, hint)

    both, every = ("shapes", "parameters"), ("activations", "parameters", "training")
    sums = ("activations", "training")
    return [
        build(
            "biases_not_counted",
            ("conv", "fc"),
            "With all weights zero, what can the layer still put out? Those numbers are learned too.",
            _conv(biases=lambda c, f, bias: 0),
            _fc(biases=lambda d, m, bias: 0),
        ),
        build(
            "bias_always_counted",
            ("no bias",),
            "Your count does not change with the argument bias.",
            _conv(biases=lambda c, f, bias: f),
            _fc(biases=lambda d, m, bias: m),
        ),
        build(
            "depth_forgotten",
            ("conv", "no bias"),
            "A filter of 3 by 3 on an image with three channels has more than nine weights. How deep is it?",
            _conv(depth=False),
        ),
        build(
            "kernel_not_squared",
            ("conv", "no bias"),
            "A kernel has rows and columns; you counted one side.",
            _conv(square=False),
        ),
        build(
            "one_bias",
            ("conv",),
            "One bias serves all positions of a map, but not all maps.",
            _conv(biases=lambda c, f, bias: int(bias)),
        ),
        build(
            "bias_for_every_channel",
            ("conv",),
            "A filter sums over all channels before its bias is added. How many biases has one filter?",
            _conv(biases=lambda c, f, bias: c * f * bias),
        ),
        build(
            "bias_for_every_input",
            ("fc",),
            "A bias is added to an output. How many outputs are there?",
            fc=_fc(biases=lambda d, m, bias: d * bias),
        ),
        table(
            "biases_not_counted",
            ("parameters",),
            "The first layer of VGG-16 has 1,792 parameters; yours has fewer. What is added to every map?",
            conv=lambda c, f: 9 * c * f,
            fc=lambda shape, m: int(np.prod(shape)) * m,
        ),
        table(
            "pooling_has_parameters",
            ("parameters",),
            "What would a pooling layer learn? It takes the largest number of a window, whatever the task.",
            pool=lambda c: 4 * c,
        ),
        table(
            "pooling_keeps_the_size",
            both,
            "A window that moves by two fits half as often along each axis.",
            pooled=lambda c, h, w: (c, h, w),
        ),
        table(
            "pooling_halves_channels",
            both,
            "Pooling looks at one map at a time. What happens to their number?",
            pooled=lambda c, h, w: (c // 2, h // 2, w // 2),
        ),
        table(
            "pooling_halves_one_axis",
            both,
            "Along how many axes does the window move?",
            pooled=lambda c, h, w: (c, h // 2, w),
        ),
        table(
            "padding_forgotten",
            both,
            "Each convolution makes your maps smaller by two. What is the padding for?",
            border=2,
        ),
        table(
            "image_left_out",
            both,
            "Your table begins after the first layer. What is the first row to be?",
            image=False,
        ),
        table(
            "only_channels_reach_fc",
            ("parameters",),
            "A fully connected layer sees every number of every map, not one for each map.",
            fc=lambda shape, m: m * (shape[0] + 1),
        ),
        table(
            "always_three_channels",
            ("parameters",),
            "Only the first convolution sees the image. What does the second one see?",
            conv=lambda c, f: f * 28,
        ),
        memory(
            "numbers_not_bytes",
            every,
            "You counted numbers. How many bytes does a float32 take?",
            size=1,
        ),
        memory(
            "eight_bytes",
            every,
            "Eight bytes hold a float64. What does the task say?",
            size=8,
        ),
        memory(
            "only_rows_with_parameters",
            sums,
            "The image and the pooled maps learn nothing, yet they have to be kept.",
            rows=lambda table: [row for row in table if row[1]],
        ),
        memory(
            "image_not_counted",
            sums,
            "The first row of the table is an activation as well: the first layer needs it for its gradient.",
            rows=lambda table: table[1:],
        ),
        memory(
            "largest_only",
            sums,
            "The backward pass needs the output of every layer, not only of the largest.",
            total=max,
        ),
        memory(
            "gradients_counted_twice",
            ("training",),
            "An activation has one gradient. What is the third number that you keep for it?",
            factors=(3, 3),
        ),
        memory(
            "velocity_forgotten",
            ("training",),
            "SGD with momentum remembers something for every parameter, beside its gradient.",
            factors=(2, 2),
        ),
        memory(
            "training_ignored",
            ("training",),
            "Both numbers are the same with and without training.",
            factors=(1, 1),
        ),
        memory(
            "parameters_among_activations",
            sums,
            "The parameters are in both of your numbers.",
            both=True,
        ),
    ]
