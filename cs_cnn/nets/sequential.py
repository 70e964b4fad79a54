"""Networks whose layers stand in a row: forward through all of them, backward through all of them in reverse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from cs_cnn.nets.net import Classifier
from cs_cnn.nets.steps import Step

# So that the memory needed for looking at a data set does not grow with it.
_AT_ONCE = 500


@dataclass(frozen=True)
class ShapeRow:
    """What one layer makes of its input.

    Attributes
    ----------
    layer : str
        Its name and settings.
    shape : tuple of int
        Of its output, for one example.
    n_params : int
        How many parameters it has.
    """

    layer: str
    shape: tuple[int, ...]
    n_params: int


@dataclass(frozen=True)
class ShapeTable:
    """The shapes on the way through a network; it prints as a table.

    Attributes
    ----------
    rows : tuple of ShapeRow
        First the input, then one row for each layer.
    """

    rows: tuple[ShapeRow, ...]

    def __iter__(self) -> Iterator[ShapeRow]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> ShapeRow:
        return self.rows[place]

    def __repr__(self) -> str:
        total = ShapeRow("total", (), sum(row.n_params for row in self.rows))
        cells = [("layer", "output", "parameters")]
        for row in (*self.rows, total):
            cells.append((row.layer, " x ".join(map(str, row.shape)), f"{row.n_params:,}"))
        widths = [max(len(line[column]) for line in cells) for column in range(3)]
        return "\n".join(f"{a:<{widths[0]}}  {b:>{widths[1]}}  {c:>{widths[2]}}" for a, b, c in cells)


class Sequential(Classifier):
    """A network of layers in a row, the last of which gives the scores.

    Parameters
    ----------
    steps : iterable of Step
        See `cs_cnn.nets.steps`; at least one.
    dtype : dtype
        Of the parameters: float64, in which gradients can be checked, or float32, which is twice as fast (for
        inputs of float32).

    Attributes
    ----------
    steps : tuple of steps
    params : dict of str to numpy.ndarray
        The parameters of all steps. Those of the first step that has any end in 1, of the second in 2, and so on:
        ``W1``, ``b1``, ``W2``, ``b2``.
    buffers : dict of str to numpy.ndarray
        What layers collect and do not learn, such as ``running_mean2``, numbered in the same way.

    Raises
    ------
    ValueError
        When there is no step.

    Examples
    --------
    >>> from cs_cnn.nets import affine, conv2d, step
    >>> rng = np.random.default_rng(0)
    >>> net = Sequential([
    ...     conv2d(1, 6, 5, rng),
    ...     step("tanh"),
    ...     step("max_pool2d", size=2),
    ...     affine(6 * 12 * 12, 10, rng),
    ... ])
    >>> net.shapes((1, 28, 28))
    layer                    output  parameters
    input               1 x 28 x 28           0
    conv2d              6 x 24 x 24         156
    tanh                6 x 24 x 24           0
    max_pool2d(size=2)  6 x 12 x 12           0
    affine                       10       8,650
    total                                 8,806
    """

    def __init__(self, steps: Iterable[Step], *, dtype: DTypeLike = np.float64) -> None:
        self.steps = tuple(steps)
        if not self.steps:
            raise ValueError("steps must hold at least one layer, got none")
        self.params: dict[str, np.ndarray] = {}
        self.buffers: dict[str, np.ndarray] = {}
        # For each step: the full names of its parameters, and of its buffers under their short names.
        self._names: list[tuple[list[str], dict[str, str]]] = []
        number = 0
        for each in self.steps:
            number += bool(each.params)
            self._names.append(
                (
                    [f"{name}{number}" for name in each.params],
                    {name: f"{name}{number}" for name in each.buffers},
                )
            )
            self.params |= {f"{name}{number}": value.astype(dtype) for name, value in each.params.items()}
            self.buffers |= {f"{name}{number}": value.copy() for name, value in each.buffers.items()}

    def _call(self, place: int, x: np.ndarray, training: bool) -> tuple[np.ndarray, Any]:
        """Run one step, with the parameters and buffers of the network."""
        each, (names, buffers) = self.steps[place], self._names[place]
        options = {**each.options, **{short: self.buffers[name] for short, name in buffers.items()}}
        if each.has_mode:
            options["train"] = training
        out, cache = each.forward(x, *(self.params[name] for name in names), **options)
        return out, cache

    def forward(self, x: np.ndarray, *, training: bool = True) -> tuple[np.ndarray, Any]:
        """Compute the scores, and keep what the way back needs.

        Parameters
        ----------
        x : numpy.ndarray, shape (N, ...)
        training : bool
            Whether layers such as dropout shall do what they do in training.

        Returns
        -------
        scores : numpy.ndarray, shape (N, C)
        cache : list
            What `backward` needs.
        """
        caches = []
        for place in range(len(self.steps)):
            x, cache = self._call(place, x, training)
            caches.append(cache)
        return x, caches

    def backward(self, dscores: np.ndarray, cache: Any) -> dict[str, np.ndarray]:
        """Carry the gradient back, see `Classifier.backward`."""
        grads: dict[str, np.ndarray] = {}
        dout = dscores
        for each, (names, _), own in reversed(list(zip(self.steps, self._names, cache, strict=True))):
            gradients = each.backward(dout, own)
            dout, *of_params = gradients if isinstance(gradients, tuple) else (gradients,)
            grads |= zip(names, of_params, strict=True)
        return {name: grads[name] for name in self.params}

    def scores(self, x: np.ndarray) -> np.ndarray:
        """Compute the scores as they are after training, some hundred examples at a time.

        Parameters
        ----------
        x : numpy.ndarray, shape (N, ...)
            Inputs of the shape that the first layer takes.

        Returns
        -------
        numpy.ndarray, shape (N, C)
        """
        starts = range(0, max(len(x), 1), _AT_ONCE)
        return np.concatenate([self.forward(x[i : i + _AT_ONCE], training=False)[0] for i in starts])

    def shapes(self, input_shape: tuple[int, ...]) -> ShapeTable:
        """Follow one example through the network.

        Parameters
        ----------
        input_shape : tuple of int
            Of one example: (C, H, W) of an image, or (D,).

        Returns
        -------
        ShapeTable
            It prints as a table.

        Raises
        ------
        ValueError
            When a layer cannot take what the one before it gives.
        """
        first = next(iter(self.params.values()), np.zeros(0))
        x = np.zeros((1, *input_shape), first.dtype)
        rows = [ShapeRow("input", tuple(input_shape), 0)]
        for place, each in enumerate(self.steps):
            try:
                out, _ = self._call(place, x, training=False)
            except ValueError as error:
                raise ValueError(
                    f"layer {place + 1}, {each}, cannot take shape {x.shape[1:]}: {error}"
                ) from error
            x = out
            n_params = sum(self.params[name].size for name in self._names[place][0])
            rows.append(ShapeRow(str(each), x.shape[1:], n_params))
        return ShapeTable(tuple(rows))
