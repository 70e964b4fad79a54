"""Right ways to count parameters, memory and work earn all points."""

from __future__ import annotations

import sys
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from cs_cnn import checks

from .conftest import EarnsEverything

Function = Callable[..., Any]

# --- a5.parameters ------------------------------------------------------------------------------------------------


def conv_made(in_channels, filters, kernel, bias=True):
    return np.zeros((filters, in_channels, kernel, kernel)).size + (filters if bias else 0)


def fc_made(inputs, outputs, bias=True):
    return np.zeros((inputs + int(bias), outputs)).size


def conv_loop(in_channels, filters, kernel, bias=True):
    count = 0
    for _ in range(filters):
        count += in_channels * kernel * kernel
        if bias:
            count += 1
    return count


def fc_loop(inputs, outputs, bias=True):
    return sum(inputs + 1 if bias else inputs for _ in range(outputs))


def conv_float(in_channels, filters, kernel, bias=True):
    return float(filters) * (in_channels * kernel**2.0 + float(bias))


def fc_numpy(inputs, outputs, bias=True):
    return np.prod([inputs, outputs]) + bias * np.int64(outputs)


def conv_array(in_channels, filters, kernel, bias=True):
    return np.array(in_channels * filters * kernel * kernel + filters * bias)


def fc_as_conv(inputs, outputs, bias=True):
    return conv_loop(inputs, outputs, 1, bias)


def conv_torch(in_channels, filters, kernel, bias=True):
    from torch import nn

    return sum(p.numel() for p in nn.Conv2d(in_channels, filters, kernel, bias=bias).parameters())


def fc_torch(inputs, outputs, bias=True):
    from torch import nn

    return sum(p.numel() for p in nn.Linear(inputs, outputs, bias).parameters())


def conv_noisy(in_channels, filters, kernel, bias=True):
    print("counting", file=sys.stderr)
    return filters * (in_channels * kernel**2 + (1 if bias else 0))


def conv_named(channels, f, k, bias=True):
    return f * channels * k * k + [0, f][bias]


PARAMETERS = [
    (conv_made, fc_made),
    (conv_loop, fc_loop),
    (conv_float, fc_numpy),
    (conv_array, fc_as_conv),
    (conv_torch, fc_torch),
    (conv_noisy, fc_made),
    (conv_named, fc_loop),
    (conv_torch, fc_numpy),
]

# --- a5.layer_table -----------------------------------------------------------------------------------------------


def table_generator(layers, shape):
    def rows(shape):
        yield shape, 0
        for layer in layers:
            if layer[0] == "conv":
                count = layer[1] * (shape[0] * 9 + 1)
                shape = (layer[1], *shape[1:])
            elif layer[0] == "pool":
                count, shape = 0, (shape[0], *(side // 2 for side in shape[1:]))
            else:
                count, shape = (np.prod(shape) + 1) * layer[1], (layer[1],)
            yield shape, count

    return list(rows(shape))


def _changed(change):
    def layer_table(layers, shape):
        return change(table_generator(layers, shape))

    layer_table.__name__ = f"table_{change.__name__}"
    return layer_table


def of_lists(table):
    return [[list(shape), count] for shape, count in table]


def of_arrays(table):
    return [(np.array(shape), np.int64(count)) for shape, count in table]


def with_axes(table):
    return [(shape if len(shape) == 3 else (*shape, 1, 1), count) for shape, count in table]


def of_units(table):
    return [(shape if len(shape) == 3 else shape[0], count) for shape, count in table]


def of_floats(table):
    return [(shape, float(count)) for shape, count in table]


def as_tuple(table):
    return tuple(table)


def table_recursive(layers, shape):
    if not layers:
        return [(shape, 0)]
    *before, (kind, *numbers) = layers
    table = table_recursive(before, shape)
    last = table[-1][0]
    if kind == "pool":
        return [*table, ((last[0], last[1] // 2, last[2] // 2), 0)]
    if kind == "conv":
        return [*table, ((numbers[0], last[1], last[2]), numbers[0] * (9 * last[0] + 1))]
    inputs = 1
    for side in last:
        inputs *= side
    return [*table, ((numbers[0],), numbers[0] + numbers[0] * inputs)]


def table_torch(layers, shape):
    import torch
    from torch import nn

    table = [(shape, 0)]
    with torch.device("meta"):
        x = torch.zeros(1, *shape)
        for kind, *numbers in layers:
            if kind == "fc":
                x = x.flatten(1)
            made = {
                "conv": lambda x=x, n=numbers: nn.Conv2d(x.shape[1], n[0], 3, padding=1),
                "pool": lambda: nn.MaxPool2d(2),
                "fc": lambda x=x, n=numbers: nn.Linear(x.shape[1], n[0]),
            }[kind]()
            x = made(x)
            table.append((x.shape[1:], sum(p.numel() for p in made.parameters())))
    return table


def table_in_place(layers, shape):
    table, layers = [(shape, 0)], list(layers)
    channels, high, wide = shape
    flat = False
    while layers:
        layer = layers.pop(0)
        if layer[0] == "conv":
            table.append(((layer[1], high, wide), layer[1] * channels * 9 + layer[1]))
            channels = layer[1]
        elif layer[0] == "pool":
            high, wide = int(high / 2), int(wide / 2)
            table.append(((channels, high, wide), 0))
        else:
            inputs = channels if flat else channels * high * wide
            channels, flat = layer[1], True
            table.append(((channels,), channels * inputs + channels))
    return table


TABLES = [
    table_generator,
    *map(_changed, (of_lists, of_arrays, with_axes, of_units, of_floats, as_tuple)),
    table_recursive,
    table_torch,
    table_in_place,
]

# --- a5.memory ----------------------------------------------------------------------------------------------------


def memory_loop(table, training=False):
    activations = parameters = 0
    for shape, count in table:
        size = 1
        for side in shape:
            size *= side
        activations += size
        parameters += count
    if training:
        return 8 * activations, 12 * parameters
    return 4 * activations, 4 * parameters


def memory_arrays(table, training=False):
    counts = np.array([[np.prod(shape), count] for shape, count in table], dtype=np.float64)
    return tuple(counts.sum(axis=0) * 4 * (np.array([2, 3]) if training else 1))


def memory_list(table, training=False):
    return list(memory_loop(table, training))


def memory_itemsize(table, training=False):
    a, p = memory_loop(table)
    size = np.dtype(np.float32).itemsize
    return a // 4 * size * (1 + training), p // 4 * size * (1 + 2 * training)


def memory_terms(table, training=False):
    a, p = memory_loop(table)
    gradients, velocity = (a, p), p
    return (a + gradients[0], p + gradients[1] + velocity) if training else (a, p)


def memory_zip(table, training=False):
    shapes, counts = zip(*table, strict=True)
    return sum(map(np.prod, shapes)) * (8 if training else 4), sum(counts) * (12 if training else 4)


def memory_empties_its_argument(table, training=False):
    a = p = 0
    while table:
        shape, count = table.pop()
        a, p = a + int(np.prod(shape)), p + count
    return 4 * a * (1 + training), 4 * p * (1 + 2 * training)


def memory_fractions(table, training=False):
    return tuple(float(Fraction(value)) for value in memory_loop(table, training=training))


MEMORIES = [
    memory_loop,
    memory_arrays,
    memory_list,
    memory_itemsize,
    memory_terms,
    memory_zip,
    memory_empties_its_argument,
    memory_fractions,
]

# --- a5.inception_cost --------------------------------------------------------------------------------------------


def cost_of_convs(shape, n1x1, r3x3, n3x3, r5x5, n5x5, pool_proj):
    def conv(reads, makes, kernel):
        return reads * makes * kernel * kernel * shape[1] * shape[2]

    c = shape[0]
    naive = conv(c, n1x1, 1) + conv(c, n3x3, 3) + conv(c, n5x5, 5)
    reduced = conv(c, n1x1, 1) + conv(c, r3x3, 1) + conv(r3x3, n3x3, 3)
    return naive, reduced + conv(c, r5x5, 1) + conv(r5x5, n5x5, 5) + conv(c, pool_proj, 1)


def cost_loop(shape, *widths):
    one, r3, n3, r5, n5, p = widths
    c = shape[0]
    total = [0, 0]
    for _ in range(shape[1]):
        for _ in range(shape[2]):
            total[0] += c * one + 9 * c * n3 + 25 * c * n5
            total[1] += c * (one + r3 + r5 + p) + 9 * r3 * n3 + 25 * r5 * n5
    return total


def cost_float(*given):
    return tuple(float(value) for value in cost_of_convs(*given))


def cost_numpy(shape, *widths):
    one, r3, n3, r5, n5, p = np.array(widths, dtype=np.int64)
    c, h, w = shape
    reads, makes, area = (
        np.array([c, c, r3, c, r5, c]),
        np.array([one, r3, n3, r5, n5, p]),
        [1, 1, 9, 1, 25, 1],
    )
    naive = np.dot([one, n3, n5], [1, 9, 25]) * c * h * w
    return np.array([naive, (reads * makes * area).sum() * h * w])


def cost_named(shape, n1x1, r3x3, n3x3, r5x5, n5x5, pool_proj):
    naive, reduced = cost_of_convs(shape, n1x1, r3x3, n3x3, r5x5, n5x5, pool_proj)
    return naive, reduced


def cost_by_branch(shape, a, b, c, d, e, f):
    channels, places = shape[0], shape[1] * shape[2]
    branches = [channels * a, b * (channels + 9 * c), d * (channels + 25 * e), channels * f]
    return places * channels * (a + 9 * c + 25 * e), places * sum(branches)


def cost_of_weights(shape, a, b, c, d, e, f):
    ch, h, w = shape
    kernels = [(a, ch, 1), (b, ch, 1), (c, b, 3), (d, ch, 1), (e, d, 5), (f, ch, 1)]
    naive = [(a, ch, 1), (c, ch, 3), (e, ch, 5)]
    return tuple(sum(np.zeros((o, i, k, k)).size for o, i, k in some) * h * w for some in (naive, kernels))


def cost_noisy(*given):
    print("costly", file=sys.stderr)
    return cost_by_branch(*given)


COSTS = [
    cost_of_convs, cost_loop, cost_float, cost_numpy, cost_named, cost_by_branch, cost_of_weights, cost_noisy,
]  # fmt: skip

# --- a5.separable_ratio -------------------------------------------------------------------------------------------


def ratio_weights(in_channels, filters, kernel):
    return (in_channels * kernel**2 + in_channels * filters) / (in_channels * filters * kernel**2)


def ratio_fraction(in_channels, filters, kernel):
    return Fraction(1, filters) + Fraction(1, kernel * kernel)


def ratio_numpy(in_channels, filters, kernel):
    return np.float32(1) / filters + np.float32(1) / np.square(kernel)


def ratio_one_fraction(in_channels, filters, kernel):
    return (kernel * kernel + filters) / (kernel * kernel * filters)


def ratio_array(in_channels, filters, kernel):
    return np.sum(1 / np.array([filters, kernel**2]))


def ratio_images(in_channels, filters, kernel, size=20):
    full = size * size * in_channels * filters * kernel * kernel
    return (size * size * in_channels * kernel * kernel + size * size * in_channels * filters) / full


def ratio_powers(in_channels, filters, kernel):
    return filters**-1.0 + kernel**-2.0


def ratio_torch(in_channels, filters, kernel):
    from torch import nn

    deep = nn.Conv2d(in_channels, in_channels, kernel, groups=in_channels, bias=False).weight.numel()
    point = nn.Conv2d(in_channels, filters, 1, bias=False).weight.numel()
    return (deep + point) / nn.Conv2d(in_channels, filters, kernel, bias=False).weight.numel()


RATIOS = [
    ratio_weights, ratio_fraction, ratio_numpy, ratio_one_fraction, ratio_array, ratio_images, ratio_powers,
    ratio_torch,
]  # fmt: skip

CASES: list[tuple[str, tuple[Function, ...]]] = [
    *(("a5.parameters", pair) for pair in PARAMETERS),
    *(("a5.layer_table", (f,)) for f in TABLES),
    *(("a5.memory", (f,)) for f in MEMORIES),
    *(("a5.inception_cost", (f,)) for f in COSTS),
    *(("a5.separable_ratio", (f,)) for f in RATIOS),
]


def _name(value: Any) -> str:
    return value if isinstance(value, str) else value[0].__name__


@pytest.mark.parametrize(("task", "functions"), CASES, ids=_name)
def test_a_right_solution_earns_everything(
    task: str, functions: tuple[Function, ...], earns_everything: EarnsEverything
) -> None:
    earns_everything(task, functions)


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_two_hundred_seeds_give_the_same_verdict(task: str) -> None:
    functions = next(functions for name, functions in CASES if name == task)
    assert all(checks.run(task, functions, hidden=True, seed=seed).ok for seed in range(200))


@pytest.mark.parametrize("task", sorted({task for task, _ in CASES}))
def test_every_task_has_eight_right_variants(task: str) -> None:
    assert len([name for name, _ in CASES if name == task]) >= 8
