"""Follow one example through a NumPy net of this package: the same arithmetic as for lists of layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from cs_cnn.account.rows import Operation
from cs_cnn.account.walks.spec_lists import Walk
from cs_cnn.account.walks.specs import Spec, affine
from cs_cnn.nets.sequential import Sequential

_CONVOLUTIONS = ("conv2d", "conv1d", "causal_conv1d", "depthwise_conv2d", "locally_connected2d")
_POOLS = {"max_pool2d": "max pool", "avg_pool2d": "average pool"}
_PLAIN = (
    *("relu", "leaky_relu", "elu", "sigmoid", "tanh", "dropout", "dropout2d"),
    *("batch_norm", "batch_norm2d", "layer_norm", "local_response_norm"),
)


def _convolution(layer: str, weights: np.ndarray, options: dict[str, Any], channels: int) -> Spec:
    """Describe a convolution by the shape of its filters."""
    settings: dict[str, Any] = {"stride": 1, "pad": 0, "dilation": 1, "groups": 1, "bias": True, **options}
    if layer == "depthwise_conv2d":
        # (C, multiplier, HH, WW)
        settings |= {"filters": weights.shape[0] * weights.shape[1], "kernel": weights.shape[2:]}
        settings["groups"] = channels
    elif layer == "locally_connected2d":
        # (F, H_out, W_out, C, HH, WW)
        settings |= {"filters": weights.shape[0], "kernel": weights.shape[-2:]}
        return Spec("locally connected", settings)
    else:
        settings |= {"filters": weights.shape[0], "kernel": weights.shape[2:]}
    if layer == "causal_conv1d":
        settings["pad"] = (((weights.shape[2] - 1) * settings["dilation"], 0),)
    elif layer == "conv1d" and isinstance(settings["pad"], tuple):
        settings["pad"] = (settings["pad"],)  # before and after, on the one axis there is
    return Spec("conv", settings)


def _other(walk: Walk, net: Sequential, place: int, learnt: int) -> None:
    """Take a layer of which only the shapes are known, by sending one example of zeros through it."""
    step = net.steps[place]
    first = next(iter(net.params.values()), np.zeros(0))
    out, _ = net._call(place, np.zeros((1, *walk.shape), first.dtype), False)
    same = out.shape[2:] == walk.shape[1:]
    if not same:
        walk.axes = tuple(axis.whole() for axis in walk.axes)
    walk.shape = out.shape[1:]
    # Gates and maxout are affine layers in parallel: every weight of a vector layer is used once.
    affine_like = step.layer in ("highway", "maxout")
    biases = sum(value.size for name, value in step.params.items() if name.lower().startswith("b"))
    walk.note(
        walk.name(step.layer),
        step.layer.replace("_", " "),
        "affine" if affine_like else "other",
        weights=learnt - biases,
        biases=biases,
        multiply_adds=learnt - biases if affine_like else 0,
        elementwise=math.prod(walk.shape),
    )


def walk_net(net: Any, input_shape: tuple[int, ...]) -> tuple[Operation, ...]:
    """Follow one example through a net of `cs_cnn.nets`.

    Parameters
    ----------
    net : Sequential, TwoLayerNet or LinearClassifier
    input_shape : tuple of int
        Of one example: (C, H, W), (C, L) or (D,).

    Returns
    -------
    tuple of Operation
        The input first.

    Raises
    ------
    ValueError
        When a layer cannot take what the one before it gives.
    """
    walk = Walk(input_shape)
    if not isinstance(net, Sequential):
        matrices = [value for name, value in net.params.items() if name.startswith("W")]
        for number, matrix in enumerate(matrices):
            if math.prod(walk.shape) != len(matrix):
                raise ValueError(f"it takes {len(matrix)} numbers, got {math.prod(walk.shape)}")
            walk.take(affine(matrix.shape[1]))
            if number < len(matrices) - 1:
                walk.take("relu")
        return tuple(walk.steps)
    for place, step in enumerate(net.steps):
        names = net._names[place][0]
        arrays = [net.params[name] for name in names]
        options = dict(step.options)
        if step.layer in _CONVOLUTIONS:
            expected = arrays[0].shape[0] if step.layer.startswith("depthwise") else None
            if step.layer in ("conv2d", "conv1d", "causal_conv1d"):
                expected = arrays[0].shape[1] * options.get("groups", 1)
            if expected is not None and walk.shape[0] != expected:
                raise ValueError(f"{step} takes {expected} channels, got {walk.shape[0]}")
            walk.take(_convolution(step.layer, arrays[0], options, walk.shape[0]))
        elif step.layer == "pointwise_conv2d":
            settings: dict[str, Any] = {
                "filters": len(arrays[0]),
                "kernel": 1,
                "stride": 1,
                "pad": 0,
                "groups": 1,
                "bias": True,
            }
            walk.take(Spec("conv", settings))
        elif step.layer in _POOLS:
            size = options.get("size", 2)
            settings = {"stride": size, "pad": 0, "fit": "floor", **options, "size": size}
            settings["stride"] = size if settings["stride"] is None else settings["stride"]
            walk.take(Spec(_POOLS[step.layer], settings))
        elif step.layer == "global_avg_pool2d":
            walk.take(Spec("global average pool"))
        elif step.layer == "affine":
            if math.prod(walk.shape) != len(arrays[0]):
                shape = " x ".join(map(str, walk.shape))
                raise ValueError(f"its affine layer takes {len(arrays[0])} numbers, got {shape}")
            walk.take(affine(arrays[0].shape[1]))
        elif step.layer in _PLAIN:
            walk.take(step.layer)
        else:
            _other(walk, net, place, sum(array.size for array in arrays))
    return tuple(walk.steps)
