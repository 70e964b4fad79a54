"""Assignment 5: which of a module's numbers belong to which layer of the task, whatever the student calls them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from cs_cnn.checks.assignments.a5.formulas import Norm, Weights
from cs_cnn.checks.bench import Array

Shape = tuple[int, ...]
_MOST = 200


@dataclass
class _Layer:
    """The names of one layer's numbers: of weights and bias, or of scale and shift."""

    name: str
    shape: Shape
    second: str = ""

    @property
    def folder(self) -> str:
        return self.name.rpartition(".")[0]

    def of(self, number: str) -> str:
        """Return the name of another number of this layer."""
        return f"{self.folder}.{number}" if self.folder else number


@dataclass
class Roles:
    """The layers with weights and the normalisations of a module, each in the order of registration.

    Parameters
    ----------
    parameters, buffers : mapping of str to ndarray
        By name, as `cs_cnn.checks.modules.Handle` gives them.
    """

    parameters: Mapping[str, Array]
    buffers: Mapping[str, Array]
    weights: list[_Layer] = field(default_factory=list)
    norms: list[_Layer] = field(default_factory=list)

    def __post_init__(self) -> None:
        last: _Layer | None = None
        for name, array in self.parameters.items():
            layer = _Layer(name, array.shape)
            if array.ndim >= 2:
                self.weights.append(layer)
            elif last and not last.second and last.folder == layer.folder and last.shape[0] == array.size:
                last.second = name
                continue
            else:
                self.norms.append(layer)
            last = layer

    def table(self, *, biased: bool) -> Array:
        """Sum the layers up in numbers that do not depend on names, order or on which side of a border weights are."""
        sizes = sorted(number for layer in self.weights for number in [_canonical(layer.shape)])
        return _table(
            sizes,
            [layer.shape[0] for layer in self.weights if layer.second and biased],
            [layer.shape[0] for layer in self.norms],
        )

    def draw(self, seed: int) -> dict[str, Array]:
        """Draw all numbers; a layer's depend only on its shape, and on how many like it came before."""
        values: dict[str, Array] = {}
        seen: dict[tuple[int, int], int] = {}
        for layer in [*self.weights, *self.norms]:
            rows, columns = _canonical(layer.shape) if len(layer.shape) > 1 else (layer.shape[0], 0)
            turn = seen[rows, columns] = seen.get((rows, columns), -1) + 1
            rng = np.random.default_rng([seed, rows, columns, turn])
            if columns:
                values[layer.name] = rng.normal(0, 1.2 / math.sqrt(columns), (rows, columns)).reshape(
                    layer.shape
                )
                second = rng.normal(0, 0.5, rows)
            else:
                values[layer.name] = rng.choice([-1.0, 1.0], rows) * rng.uniform(0.5, 1.5, rows)
                second = rng.normal(0, 0.5, rows)
            if layer.second:
                values[layer.second] = second
            if layer.of("running_mean") in self.buffers and not columns:
                values[layer.of("running_mean")] = rng.normal(0, 0.3, rows)
                values[layer.of("running_var")] = rng.uniform(0.5, 2.0, rows)
        return values

    def matches(
        self, values: Mapping[str, Array], weights: Sequence[Shape], norms: Sequence[int]
    ) -> Iterator[tuple[list[Weights], list[Norm]]]:
        """Give every way in which these layers can play the parts that a formula has, likely ones first.

        Parameters
        ----------
        values : mapping of str to ndarray
            From `draw`.
        weights : sequence of tuple
            The shapes of the formula's weights, in the order of the formula.
        norms : sequence of int
            The channels of its normalisations.
        """
        mine = [_canonical(layer.shape) for layer in self.weights]
        orders = _orders([_canonical(shape) for shape in weights], mine)
        for order, kept in itertools.islice(
            itertools.product(orders, _orders(list(norms), [layer.shape[0] for layer in self.norms])), _MOST
        ):
            chosen = [self.weights[place] for place in order]
            yield (
                [
                    Weights(values[layer.name].reshape(shape), values[layer.second] if layer.second else None)
                    for layer, shape in zip(chosen, weights, strict=True)
                ],
                [_norm(self.norms[place], values) for place in kept],
            )


def expected(weights: Sequence[Shape], norms: Sequence[int], *, biased: bool) -> Array:
    """Return the table of a module as the task describes it; see `Roles.table`."""
    return _table(
        sorted(_canonical(shape) for shape in weights),
        [shape[0] for shape in weights] if biased else [],
        list(norms),
    )


def _table(sizes: list[tuple[int, int]], biases: list[int], norms: list[int]) -> Array:
    numbers = [*(number for size in sizes for number in size), -1, *sorted(biases), -1, *sorted(norms)]
    return np.array(numbers, dtype=np.float64)


def _canonical(shape: Shape) -> tuple[int, int]:
    # A fully connected layer and a convolution whose kernel covers the map have the same weights.
    return shape[0], math.prod(shape[1:])


def _orders(
    wanted: list[object] | list[int] | list[tuple[int, int]], mine: Sequence[object]
) -> list[list[int]]:
    """Return every way to give each wanted entry an own equal one, when nothing is left over."""
    if sorted(map(repr, wanted)) != sorted(map(repr, mine)):
        return []
    ways: list[list[int]] = [[]]
    for entry in wanted:
        ways = [
            [*way, place]
            for way in ways
            for place, other in enumerate(mine)
            if other == entry and place not in way
        ][: 4 * _MOST]
    return ways


def _norm(layer: _Layer, values: Mapping[str, Array]) -> Norm:
    size = layer.shape[0]
    return Norm(
        values[layer.name],
        values[layer.second] if layer.second else np.zeros(size),
        values.get(layer.of("running_mean"), np.zeros(size)),
        values.get(layer.of("running_var"), np.ones(size)),
    )
