"""Cases of the growing dense net: both nets are built, and `account` counts them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from cs_cnn.account import account
from cs_cnn.zoo.families.densenet import DenseNet, densenet_cifar
from cs_cnn.zoo.parts.blocks import ConvBlock
from cs_cnn.zoo.parts.residual import Residual, basic_branch, make_shortcut


def counted(net: nn.Module) -> dict[str, int]:
    """Return the costs of a net for CIFAR images, every output kept."""
    total = account(net, (3, 32, 32), convention="everything").total
    return {
        "parameters": total.parameters,
        "multiplyAdds": total.multiply_adds,
        "kept": total.activations,
    }


def twin(widths: list[int], layers: int) -> nn.Module:
    """Return the residual net whose stages have these widths and so many layers each."""
    parts: list[nn.Module] = [ConvBlock(3, widths[0], 3, norm=True)]
    before = widths[0]
    for stage, maps in enumerate(widths):
        for block in range(layers // 2):
            stride = 2 if stage and not block else 1
            branch = basic_branch(before, maps, stride=stride)
            parts.append(Residual(branch, make_shortcut("A", before, maps, stride=stride)))
            before = maps
    return nn.Sequential(*parts, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, 10))


def entering(net: DenseNet) -> list[list[int]]:
    """Return what the convolutions of each dense block read, from their weights."""
    return [[layer.branch[0].conv.in_channels for layer in net.get_submodule(f"dense{b}")] for b in (1, 2, 3)]


def cases() -> Iterable[tuple[str, list[Any], Any]]:
    from ..test_figures import python_half

    for growth, layers, compression in ((12, 2, 1.0), (4, 4, 0.5), (40, 2, 0.25)):
        with torch.device("meta"):
            net = densenet_cifar(
                depth=3 * layers + 4, growth=growth, compression=compression, channels=3, size=32
            )
        rows = entering(net)
        ends = [row[-1] + growth for row in rows]
        kept = [row[0] for row in rows[1:]]
        setting = {"growth": growth, "layers": layers, "compression": compression}
        wanted = [{"rows": row, "end": end} for row, end in zip(rows, ends, strict=True)]
        for block, width in zip(wanted, kept, strict=False):
            block["kept"] = width
        yield "reads", [setting], wanted
        yield "dense", [setting], counted(net)
        with torch.device("meta"):
            other = twin(ends, layers)
        yield "residual", [setting], counted(other)
        found = python_half("dense_growth").parameters(growth, layers, compression)
        assert found == (counted(net)["parameters"], counted(other)["parameters"]), "the still's own formula"
    # The paper's DenseNet-40, "1.0M", as the zoo's docstring has it.
    yield "dense", [{"growth": 12, "layers": 12, "compression": 1}], {"parameters": 1_019_722}
