"""One step of a network: a pair of layer functions with its parameters and settings."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cs_cnn.init import Initialiser, he_normal
from cs_cnn.layers.registry import layers
from cs_cnn.layers.windows import Pair


@dataclass(frozen=True)
class Step:
    """A layer in its place in a network.

    Attributes
    ----------
    layer : str
        Its name, for tables and messages.
    forward, backward : callable
        The pair: ``forward(x, *parameters, **options) -> out, cache``, and ``backward(dout, cache)`` that returns
        the gradients of x and of the parameters, in this order.
    params : mapping of str to numpy.ndarray
        Initial parameters, in the order in which `forward` takes them, under short names such as ``"W"``.
    options : mapping
        Keyword arguments of `forward`.
    buffers : mapping of str to numpy.ndarray
        Initial values of keyword arguments that `forward` changes while the network is trained, such as the
        running statistics of batch normalization.
    """

    layer: str
    forward: Callable[..., Any]
    backward: Callable[..., Any]
    params: Mapping[str, np.ndarray] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    buffers: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __str__(self) -> str:
        plain = {
            name: value for name, value in self.options.items() if not isinstance(value, np.random.Generator)
        }
        settings = ", ".join(f"{name}={value}" for name, value in plain.items())
        return f"{self.layer}({settings})" if settings else self.layer

    @functools.cached_property
    def has_mode(self) -> bool:
        """Whether the layer does something else in training, as dropout does: its forward takes ``train``."""
        return "train" in inspect.signature(self.forward).parameters


def step(
    layer: str,
    *,
    params: Mapping[str, np.ndarray] | None = None,
    buffers: Mapping[str, np.ndarray] | None = None,
    **options: Any,
) -> Step:
    """Make a step of any layer of the registry.

    Parameters
    ----------
    layer : str
        Name in the registry, such as ``"tanh"``; its first argument is the input.
    params : mapping of str to numpy.ndarray, optional
        Short name and initial value of every parameter, in the order in which the layer takes them.
    buffers : mapping of str to numpy.ndarray, optional
        See `Step`.
    **options
        Settings of the layer. A layer that takes ``train`` is told by the network.

    Returns
    -------
    Step

    Raises
    ------
    ValueError
        When there is no such layer.

    Examples
    --------
    >>> print(step("leaky_relu", slope=0.1))
    leaky_relu(slope=0.1)
    """
    known = layers()
    if layer not in known:
        raise ValueError(f"there is no layer {layer!r}; there are {', '.join(known)}")
    pair = known[layer]
    return Step(layer, pair.forward, pair.backward, dict(params or {}), options, dict(buffers or {}))


def affine(n_inputs: int, n_outputs: int, rng: np.random.Generator, *, init: Initialiser = he_normal) -> Step:
    """Make a fully connected step, with weights drawn from `rng` and biases of zero.

    Parameters
    ----------
    n_inputs, n_outputs : int
    rng : numpy.random.Generator
    init : callable
        Draws the weights, see `cs_cnn.init`.

    Returns
    -------
    Step
    """
    return step("affine", params={"W": init((n_inputs, n_outputs), rng), "b": np.zeros(n_outputs)})


def conv2d(
    n_channels: int,
    n_filters: int,
    kernel: int | Pair,
    rng: np.random.Generator,
    *,
    init: Initialiser = he_normal,
    **options: Any,
) -> Step:
    """Make a convolution, with filters drawn from `rng` and biases of zero.

    Parameters
    ----------
    n_channels, n_filters : int
        Channels in and out.
    kernel : int or (int, int)
        Height and width of the filters, in pixels.
    rng : numpy.random.Generator
    init : callable
        Draws the filters, see `cs_cnn.init`.
    **options
        See `cs_cnn.layers.conv2d_forward`: stride, pad and so on.

    Returns
    -------
    Step
    """
    height, width = kernel if isinstance(kernel, tuple) else (kernel, kernel)
    channels = n_channels // options.get("groups", 1)
    filters = init((n_filters, channels, height, width), rng)
    return step("conv2d", params={"W": filters, "b": np.zeros(n_filters)}, **options)


def batch_norm(n_features: int, *, images: bool = False, **options: Any) -> Step:
    """Make a batch normalization with scale 1 and shift 0, which keeps running statistics for the time after.

    Parameters
    ----------
    n_features : int
        Numbers per example, or channels per image.
    images : bool
        Whether its inputs are images (N, C, H, W).
    **options
        See `cs_cnn.layers.batch_norm_forward`: momentum, eps.

    Returns
    -------
    Step
    """
    return step(
        "batch_norm2d" if images else "batch_norm",
        params={"gamma": np.ones(n_features), "beta": np.zeros(n_features)},
        buffers={"running_mean": np.zeros(n_features), "running_var": np.ones(n_features)},
        **options,
    )


def dropout(p: float, rng: np.random.Generator) -> Step:
    """Make a dropout, which only drops while the network is trained.

    Parameters
    ----------
    p : float
        Probability to drop a number.
    rng : numpy.random.Generator
        Source of the masks. Pass the generator that `cs_cnn.nets.fit` gets: its state is part of the checkpoint.

    Returns
    -------
    Step
    """
    return step("dropout", p=p, rng=rng)
