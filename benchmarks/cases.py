"""What is measured: nine published shapes of convolution, and three layers that stand beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any

from cs_cnn.layers.windows import output_size

__all__ = ["CASES", "Case"]


@dataclass(frozen=True)
class Case:
    """A layer with the shapes it is measured on, in float32, as networks are run.

    Attributes
    ----------
    layer : str
        Name in the registry of layers.
    title : str
    shapes : dict
        Shape of every array, in the order of the layer's arguments.
    options : dict
        Options of the layer.
    """

    layer: str
    title: str
    shapes: Mapping[str, tuple[int, ...]]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def flop(self) -> int:
        """Multiplications and additions of the formula, forward; 0 for a layer that is no product."""
        if self.layer == "affine":
            return 2 * self.shapes["x"][0] * prod(self.shapes["w"])
        if self.layer != "conv2d":
            return 0
        images, _, *size = self.shapes["x"]
        outputs = [
            output_size(length, kernel, stride=self.options.get("stride", 1), pad=self.options.get("pad", 0))
            for length, kernel in zip(size, self.shapes["w"][2:], strict=True)
        ]
        return 2 * images * prod(outputs) * prod(self.shapes["w"])


def _conv2d(title: str, x: tuple[int, ...], filters: int, kernel: int, **options: int) -> Case:
    shapes = {"x": x, "w": (filters, x[1], kernel, kernel), "b": (filters,)}
    return Case("conv2d", title, shapes, options)


CASES = (
    _conv2d("VGG conv1_2", (2, 64, 224, 224), 64, 3, pad=1),
    _conv2d("VGG conv3_2", (2, 256, 56, 56), 256, 3, pad=1),
    _conv2d("VGG conv5_1", (4, 512, 14, 14), 512, 3, pad=1),
    _conv2d("LeNet conv1", (64, 1, 32, 32), 6, 5),
    _conv2d("LeNet conv2", (64, 6, 14, 14), 16, 5),
    _conv2d("AlexNet conv1", (4, 3, 227, 227), 96, 11, stride=4),
    _conv2d("ResNet conv1", (4, 3, 224, 224), 64, 7, stride=2, pad=3),
    _conv2d("32x32, 3x3, 32 to 64", (16, 32, 32, 32), 64, 3, pad=1),
    _conv2d("28x28, 1x1, 128 to 256", (8, 128, 28, 28), 256, 1),
    Case("max_pool2d", "VGG pool1, 2x2", {"x": (2, 64, 224, 224)}, {"size": 2}),
    Case("max_pool2d", "AlexNet pool1, 3x3/2", {"x": (8, 96, 55, 55)}, {"size": 3, "stride": 2}),
    Case("affine", "affine, 4096 to 1000", {"x": (64, 4096), "w": (4096, 1000), "b": (1000,)}),
    Case("batch_norm", "batch norm, 256 x 1024", {"x": (256, 1024), "gamma": (1024,), "beta": (1024,)}),
    Case("batch_norm2d", "batch norm, ResNet conv1", {"x": (4, 64, 112, 112), "gamma": (64,), "beta": (64,)}),
)
