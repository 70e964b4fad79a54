"""Lists of layers and NumPy nets: the lectures' arithmetic, to the digit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from cs_cnn import nets
from cs_cnn.account import (
    account,
    affine,
    batch_norm,
    branches,
    conv,
    global_pool,
    locally_connected,
    pool,
    residual,
)
from cs_cnn.account.shown import printed
from cs_cnn.errors import CsCnnError

VGG16 = [
    *[conv(64, 3, pad=1), "relu", conv(64, 3, pad=1), "relu", pool(2)],
    *[conv(128, 3, pad=1), "relu", conv(128, 3, pad=1), "relu", pool(2)],
    *[*[conv(256, 3, pad=1), "relu"] * 3, pool(2)],
    *[*[conv(512, 3, pad=1), "relu"] * 3, pool(2)] * 2,
    *[affine(4096), "relu", "dropout", affine(4096), "relu", "dropout", affine(1000), "softmax"],
]


def rounded(number: int) -> str:
    """Round as the lectures' table does: 3.2M, 800K, 25K; below ten thousand in full."""
    if number < 10_000:
        return str(number)
    if number >= 10**6:
        return f"{number / 1e6:.1f}M"
    thousands = number / 1000
    return f"{round(thousands, -1 if thousands >= 100 else 0):.0f}K"


def test_vgg16_table_of_the_lectures() -> None:
    table = account(VGG16, (3, 224, 224), convention="lectures").detail("layers")
    assert len(table) == len(printed.VGG16) == 22
    for row, line in zip(table, printed.VGG16, strict=True):
        assert row.shape == line.shape
        assert row.parameters == row.weights == line.weights
        assert rounded(row.activations) == line.memory
    # The rows add to 15.2 million numbers, 61 MB; the printed total says 24 million and 93 MB.
    assert table.total.activations == 15_237_608
    assert f"{table.total.memory / 1e6:.0f}" == "61"
    assert table.total.parameters == 138_344_128
    assert table.under("standard").total.parameters == 138_357_544
    convolutions = [row for row in table if row.kind.startswith("conv")]
    assert sum(row.activations for row in convolutions[:2]) / table.total.activations > 0.4
    assert sum(row.parameters for row in table if row.kind == "affine") / table.total.parameters > 0.89


@pytest.mark.facts
def test_vgg16_table_equals_the_facts(facts: dict[str, Any]) -> None:
    rows = facts["F068"]["values"]
    assert [(row["layer"].replace("-", ""), row["seed_weights"], row["seed_memory"]) for row in rows] == [
        (line.layer.replace("-", ""), line.weights, line.memory) for line in printed.VGG16
    ]
    table = account(VGG16, (3, 224, 224), convention="lectures").detail("layers")
    assert [row["memory_exact"] for row in rows] == [row.activations for row in table]


@pytest.mark.parametrize("channels", (1, 64, 512))
def test_small_kernels(channels: int) -> None:
    three = account([conv(channels, 3, bias=False, pad=1)] * 3, (channels, 14, 14))
    one = account([conv(channels, 7, bias=False, pad=3)], (channels, 14, 14))
    assert three.parameters == 27 * channels**2 and one.parameters == 49 * channels**2
    assert three.total.receptive == one.total.receptive == (7, 1, -3)
    assert f"{one.parameters / three.parameters - 1:.0%}" == "81%"


def test_fully_connected_against_locally_connected_against_convolution() -> None:
    image = (1, 1000, 1000)
    full = account([affine(10**6, bias=False)], image)
    local = account([locally_connected(1, 10, pad="same", bias=False)], image)
    shared = account([conv(100, 10, pad="same", bias=False)], image)
    assert full.parameters == 10**12 and full.multiply_adds == 10**12
    assert local.total.shape == (1, 1000, 1000) and local.parameters == 10**8
    assert shared.parameters == 10**4
    assert local.multiply_adds == 10**8 and shared.multiply_adds == 10**10


def test_examples_of_the_lectures() -> None:
    row = account([conv(10, 5, pad=2)], (3, 32, 32))["conv1"]
    assert (row.shape, row.parameters) == ((10, 32, 32), 760)
    assert account([conv(6, 5)], (3, 32, 32)).parameters == 456
    with pytest.raises(CsCnnError, match="is not a whole number"):
        account([pool(3, stride=3, fit="strict")], (1, 7, 7))


def test_naive_and_reduced_inception() -> None:
    naive = branches(
        [conv(64, 1, bias=False)],
        [conv(128, 3, pad=1, bias=False)],
        [conv(32, 5, pad=2, bias=False)],
        [pool(3, stride=1, pad=1)],
    )
    reduced = branches(
        [conv(64, 1, bias=False)],
        [conv(96, 1, bias=False), conv(128, 3, pad=1, bias=False)],
        [conv(16, 1, bias=False), conv(32, 5, pad=2, bias=False)],
        [pool(3, stride=1, pad=1), conv(32, 1, bias=False)],
    )
    first, second = (account([module], (192, 28, 28)) for module in (naive, reduced))
    assert (first.parameters, first.total.shape[0]) == (387_072, 416)
    assert (second.parameters, second.total.shape[0]) == (163_328, 256)
    assert second.multiply_adds == 128_049_152
    assert first.total.receptive == (5, 1, -2)  # the longest path


def test_residual_block_of_a_list() -> None:
    block = residual([conv(8, 3, pad=1), batch_norm(), "relu", conv(8, 3, pad=1)])
    found = account([block, global_pool(), affine(3)], (8, 6, 6))
    assert [row.kind for row in found][-3:] == ["add", "global average pool", "affine"]
    assert found["add1"].receptive == (5, 1, -2)
    assert found.parameters == 2 * (8 * 72 + 8) + 16 + 27
    assert found.under("standard", norms=False).parameters == found.parameters - 16


@pytest.mark.parametrize(
    ("layers", "shape", "words"),
    [
        ([conv(4, 9)], (1, 5, 5), "window"),
        ([conv(4, 3, groups=2)], (3, 5, 5), "groups"),
        (["rellu"], (3,), "no layer 'rellu'"),
        ([residual([conv(4, 3)])], (4, 8, 8), "same size"),
        ([branches([conv(4, 3)], [conv(4, 1)])], (4, 8, 8), "same size"),
        ([affine(3), conv(4, 3)], (4, 8, 8), "axis"),
    ],
)
def test_wrong_lists_get_a_sentence(layers: list[Any], shape: tuple[int, ...], words: str) -> None:
    with pytest.raises(CsCnnError, match=words) as caught:
        account(layers, shape)
    assert str(caught.value).endswith(".") and "\n" not in str(caught.value)


def test_numpy_nets() -> None:
    rng = np.random.default_rng(0)
    net = nets.pattern_net(2, 2, 1, rng=rng, input_shape=(3, 16, 16), filters=(4, 6), hidden=10)
    found = account(net, (3, 16, 16))
    table = net.shapes((3, 16, 16))
    assert [(row.shape, row.parameters) for row in found] == [(row.shape, row.n_params) for row in table]
    assert found["pool2"].receptive == (16, 4, -6)
    assert account(nets.TwoLayerNet(8, 16, 4, rng=rng), (8,)).parameters == 212
    assert account(nets.LinearClassifier(3072, 10, rng=rng), (3, 32, 32)).multiply_adds == 30_720
    small = nets.SmallConvNet((1, 28, 28), 10, rng=rng)
    assert account(small, (1, 28, 28)).parameters == 9_098
    with pytest.raises(CsCnnError, match="channels"):
        account(small, (3, 28, 28))
    with pytest.raises(CsCnnError, match="numbers"):
        account(nets.TwoLayerNet(8, 16, 4, rng=rng), (9,))


def test_numpy_steps_of_every_family() -> None:
    rng = np.random.default_rng(0)

    def weights(*shape: int) -> np.ndarray:
        return rng.normal(size=shape)

    steps = [
        nets.conv2d(2, 4, (3, 5), rng, stride=2, pad=1, groups=2),
        nets.batch_norm(4, images=True),
        nets.step("depthwise_conv2d", params={"W": weights(4, 2, 3, 3), "b": np.zeros(8)}, pad=1),
        nets.step("pointwise_conv2d", params={"W": weights(6, 8), "b": np.zeros(6)}),
        nets.step("leaky_relu", slope=0.1),
        nets.step("avg_pool2d", size=2, stride=1),
        nets.step("conv_transpose2d", params={"W": weights(6, 3, 2, 2), "b": np.zeros(3)}, stride=2),
        nets.step("global_avg_pool2d"),
        nets.dropout(0.5, rng),
        nets.step(
            "highway",
            params={"W": weights(3, 3), "b": np.zeros(3), "Wg": weights(3, 3), "bg": np.zeros(3)},
        ),
        nets.affine(3, 5, rng),
    ]
    net = nets.Sequential(steps)
    found = account(net, (2, 14, 15))
    assert [(row.shape, row.parameters) for row in found] == [
        (row.shape, row.n_params) for row in net.shapes((2, 14, 15))
    ]
    assert found["highway1"].multiply_adds == 18
    assert found["conv2"].kind == "depthwise conv 3x3"
