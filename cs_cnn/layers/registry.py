"""The one list of layers, over which everything general runs: checks, twins, reference pages, benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Layer", "Sample", "layers"]

Pick = Callable[[int, int], int]
"""Chooses a whole number between two bounds, both included: a test's strategy or a seeded generator."""


@dataclass(frozen=True)
class Sample:
    """One set of arguments that a layer accepts.

    Attributes
    ----------
    arrays : dict of str to numpy.ndarray
        The array arguments by name, in the order in which ``forward`` takes them.
    options : dict
        The keyword arguments, such as ``{"stride": 2}``.
    """

    arrays: dict[str, np.ndarray]
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Layer:
    """A layer: the pair of functions, the twin, and what a general test needs to know.

    Attributes
    ----------
    name : str
        Standard name, such as ``"conv2d"``.
    forward : callable
        ``forward(*arrays, **options) -> out, cache``.
    backward : callable
        ``backward(dout, cache)``: the gradients in the order of `wrt`; a bare array when there is one.
    twin : callable
        ``twin(*tensors, **options) -> out`` in PyTorch, which it imports when called.
    wrt : tuple of str
        Names of the arrays that have a gradient.
    sample : callable
        ``sample(pick, rng) -> Sample``: arguments of a shape chosen by ``pick(low, high)``, filled by `rng`.
    source : str
        The paper or lecture the formula is taken from.
    plain : callable or None
        The same forward as plain loops over the formula, where `forward` is written for speed.
    """

    name: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    twin: Callable[..., Any]
    wrt: tuple[str, ...]
    sample: Callable[[Pick, np.random.Generator], Sample]
    source: str
    plain: Callable[..., Any] | None = None


_LAYERS: dict[str, Layer] = {}


def register(layer: Layer) -> Layer:
    """Add a layer to the list; its module calls this once.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    Layer
        The same layer.

    Raises
    ------
    ValueError
        When the name is taken.
    """
    if layer.name in _LAYERS:
        raise ValueError(f"a layer named {layer.name!r} is registered already")
    _LAYERS[layer.name] = layer
    return layer


def layers() -> dict[str, Layer]:
    """Return all layers by name, in alphabetical order.

    Returns
    -------
    dict of str to Layer

    Examples
    --------
    >>> "conv2d" in layers()
    True
    """
    return dict(sorted(_LAYERS.items()))
