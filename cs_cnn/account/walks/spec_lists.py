"""Follow one example through a plain list of layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cs_cnn.account.fields.receptive import Axis, union
from cs_cnn.account.rows import Family, Operation
from cs_cnn.account.walks.specs import Layer, Spec
from cs_cnn.layers.windows import output_size, same_padding

_PLAIN: dict[str, Family] = {
    **dict.fromkeys(
        (
            *("relu", "leaky_relu", "elu", "sigmoid", "tanh", "softmax", "softmax_loss", "svm_loss"),
            *("dropout", "dropout2d"),
        ),
        "activation",
    ),
    "flatten": "shape",
    **dict.fromkeys(("batch_norm", "batch_norm2d", "layer_norm", "local_response_norm", "lrn"), "norm"),
}


def _for_axes(value: Any, n: int) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * n


class Walk:
    """Follows one example through a list of layers and notes what each one does.

    Parameters
    ----------
    shape : tuple of int
        Of the example.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.axes = tuple(Axis.image(pixels) for pixels in shape[1:])
        self.steps = [Operation.step("input", "input", "input", shape, axes=self.axes)]
        self._count: dict[str, int] = {}

    def name(self, kind: str) -> str:
        """Return the next name for a layer of a kind: conv1, conv2, pool1."""
        short = kind.split(" ")[-1] if "pool" in kind else kind.replace(" ", "_")
        self._count[short] = self._count.get(short, 0) + 1
        return f"{short}{self._count[short]}"

    def take(self, layer: Layer, prefix: str = "") -> None:
        """Take one more layer.

        Parameters
        ----------
        layer : Spec or str
            A layer without settings is named by a word, such as "relu".
        prefix : str
            Comes before its name.

        Raises
        ------
        ValueError
            When the layer cannot take what the one before it gives, or there is no such layer.
        """
        if isinstance(layer, str):
            layer = Spec(layer)
        name = prefix + self.name(layer.kind)
        before = self.shape
        try:
            if layer.kind in ("conv", "locally connected"):
                self._conv(name, layer)
            elif layer.kind.endswith(" pool"):
                self._pool(name, layer)
            elif layer.kind == "affine":
                self._affine(name, layer)
            elif layer.kind in _PLAIN:
                self._plain(name, layer)
            elif layer.branches:
                self._branches(name, layer)
            else:
                raise ValueError(f"there is no layer {layer.kind!r} in lists of layers")
        except ValueError as error:
            if str(error).startswith("the layer "):
                raise
            shape = " x ".join(map(str, before))
            raise ValueError(f"the layer {name} cannot take an input of {shape}: {error}") from error

    def note(self, name: str, kind: str, family: Family, **numbers: int) -> None:
        """Add a row for what has just been done."""
        self.steps.append(Operation.step(name, kind, family, self.shape, axes=self.axes, **numbers))

    def slide(self, kernel: tuple[int, ...], options: dict[str, Any]) -> None:
        """Move a window over all axes: new sizes, new receptive fields."""
        if len(self.shape) < 2:
            raise ValueError("it needs channels and at least one axis to slide along")
        n = len(self.shape) - 1
        stride, dilation = _for_axes(options["stride"], n), _for_axes(options.get("dilation", 1), n)
        sizes, axes = [], []
        for i, (pixels, axis) in enumerate(zip(self.shape[1:], self.axes, strict=True)):
            if options["pad"] == "same":
                ends = same_padding(pixels, kernel[i], stride=stride[i], dilation=dilation[i])
            else:
                one = _for_axes(options["pad"], n)[i]
                ends = one if isinstance(one, tuple) else (one, one)
            positions = output_size(
                pixels,
                kernel[i],
                stride=stride[i],
                pad=ends,
                dilation=dilation[i],
                fit=options.get("fit", "floor"),
            )
            sizes.append(positions)
            axes.append(
                axis.slide(
                    kernel[i], stride=stride[i], before=ends[0], dilation=dilation[i], positions=positions
                )
            )
        self.shape, self.axes = (self.shape[0], *sizes), tuple(axes)

    def _conv(self, name: str, layer: Spec) -> None:
        options, channels = layer.settings, self.shape[0]
        filters, groups = options["filters"], options.get("groups", 1)
        if channels % groups or filters % groups:
            raise ValueError(
                f"its {channels} channels and {filters} filters must both divide into {groups} groups"
            )
        kernel = _for_axes(options["kernel"], len(self.shape) - 1)
        self.slide(kernel, options)
        self.shape = (filters, *self.shape[1:])
        one = channels // groups * math.prod(kernel)
        places = math.prod(self.shape[1:]) if layer.kind == "locally connected" else 1
        label = "depthwise conv" if groups == channels > 1 and layer.kind == "conv" else layer.kind
        written = math.prod(self.shape)
        self.note(
            name,
            f"{label} {'x'.join(map(str, kernel))}",
            "conv",
            weights=one * filters * places,
            biases=filters * places if options["bias"] else 0,
            multiply_adds=one * written,
            elementwise=written if options["bias"] else 0,
        )

    def _pool(self, name: str, layer: Spec) -> None:
        if layer.kind.startswith("global"):
            read = math.prod(self.shape)
            self.shape, self.axes = self.shape[:1], tuple(axis.whole() for axis in self.axes)
        else:
            size = _for_axes(layer.settings["size"], len(self.shape) - 1)
            self.slide(size, layer.settings)
            read = math.prod(self.shape) * math.prod(size)
        self.note(name, layer.kind, "pool", elementwise=read)

    def _affine(self, name: str, layer: Spec) -> None:
        units, inputs = layer.settings["units"], math.prod(self.shape)
        self.shape, self.axes = (units,), tuple(axis.whole() for axis in self.axes)
        biases = units if layer.settings["bias"] else 0
        self.note(
            name,
            "affine",
            "affine",
            weights=inputs * units,
            biases=biases,
            multiply_adds=inputs * units,
            elementwise=biases,
        )

    def _plain(self, name: str, layer: Spec) -> None:
        family = _PLAIN[layer.kind]
        if layer.kind == "flatten":
            self.shape, self.axes = (math.prod(self.shape),), tuple(axis.whole() for axis in self.axes)
        learns = 0
        if layer.kind.startswith("batch_norm"):
            learns = self.shape[0]
        elif layer.kind == "layer_norm":
            learns = math.prod(self.shape)
        work = 0 if family == "shape" or "dropout" in layer.kind else math.prod(self.shape)
        kind = layer.kind.replace("_", " ")
        self.note(name, kind, family, weights=learns, biases=learns, elementwise=work)

    def _branches(self, name: str, layer: Spec) -> None:
        shape, axes = self.shape, self.axes
        ends: list[tuple[tuple[int, ...], tuple[Axis, ...]]] = []
        for number, path in enumerate(layer.branches, start=1):
            self.shape, self.axes = shape, axes
            for each in path:
                self.take(each, prefix=f"{name}.path{number}.")
            ends.append((self.shape, self.axes))
        outputs = [end[0] for end in ends]
        sizes = {output[1:] for output in outputs}
        if len(sizes) > 1 or (layer.kind == "add" and len(set(outputs)) > 1):
            found = ", ".join(" x ".join(map(str, output)) for output in outputs)
            raise ValueError(f"its paths must end in the same size, got {found}")
        channels = outputs[0][0] if layer.kind == "add" else sum(output[0] for output in outputs)
        self.shape = (channels, *outputs[0][1:])
        self.axes = tuple(union(meeting) for meeting in zip(*(end[1] for end in ends), strict=True))
        work = math.prod(self.shape) * (len(ends) - 1) if layer.kind == "add" else 0
        self.note(name, layer.kind, "merge", elementwise=work)


def walk_specs(layers: Sequence[Layer], input_shape: tuple[int, ...]) -> tuple[Operation, ...]:
    """Follow one example through a list of layers.

    Parameters
    ----------
    layers : sequence of Spec or str
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
    for layer in layers:
        walk.take(layer)
    return tuple(walk.steps)
