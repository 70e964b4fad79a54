from __future__ import annotations

import json

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.families.mobilenet import BLOCKS, MobileNet, SeparableBlock


def published(**changed: object) -> nn.Module:
    with torch.device("meta"):
        return zoo.build_published("mobilenet", **changed)


def weights(net: nn.Module) -> int:
    return sum(layer.weight.numel() for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.Linear))


def multiply_adds(net: nn.Module, size: int = 224) -> int:
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        net.eval()(torch.zeros(1, 3, size, size))
    return counter.get_total_flops() // 2


def test_weights_parameters_and_multiply_adds():
    net = published()
    assert weights(net) == 4_209_088
    assert sum(p.numel() for p in net.parameters()) == 4_231_976
    assert multiply_adds(net) == 568_740_352


@pytest.mark.facts
def test_every_row_of_the_checked_table(facts_folder):
    facts = json.loads((facts_folder / "seed_facts.json").read_text(encoding="utf-8"))
    total = next(v["values"] for v in facts["derived_reference_values"] if v["topic"] == "mobilenet.total")
    net = published()
    assert weights(net) == total["weights"]
    assert sum(p.numel() for p in net.parameters()) == total["with_bn_and_fc_bias"]
    assert multiply_adds(net) == total["madds"]
    rows = next(f["values"] for f in facts["facts"] if f["topic"] == "mobilenet.table")
    rows = [row for row in rows if "weights_each" in row]
    repeated = [row["weights_each"] for row in rows if row["repeat"] == 1]
    five = [row["weights_each"] for row in rows if row["repeat"] == 5]
    where = rows.index(next(row for row in rows if row["repeat"] == 5))
    expected = repeated[:where] + five * 5 + repeated[where:]
    found = [layer.weight.numel() for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert found == expected and len(found) == 28


def test_the_shares_that_the_docstring_tells():
    parts = {"depthwise": 0, "pointwise": 0, "other": 0}
    net = published()
    for key, layer in net.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            part = next((p for p in parts if p in key), "other")
            parts[part] += layer.weight.numel()
    assert round(100 * parts["pointwise"] / weights(net), 1) == 74.6
    assert round(100 * parts["depthwise"] / weights(net), 1) == 1.1


def test_full_convolutions_cost_what_the_paper_says():
    net = published(convolution="full")
    assert round(weights(net) / 1e6, 1) == 29.3
    assert multiply_adds(net) // 10**6 == 4867  # "4866" in the paper's table


@pytest.mark.parametrize(
    ("width", "millions", "mega"), [(1.0, 4.2, 569), (0.75, 2.6, 325), (0.5, 1.3, 149), (0.25, 0.5, 41)]
)
def test_width_multiplier_as_in_the_paper(width, millions, mega):
    net = published(width=width)
    assert round(weights(net) / 1e6, 1) == millions
    assert round(multiply_adds(net) / 1e6) == mega


@pytest.mark.parametrize(("size", "mega"), [(224, 569), (192, 418), (160, 291), (128, 186)])
def test_resolution_multiplier_as_in_the_paper(size, mega):
    net = published(size=size)
    assert weights(net) == 4_209_088
    # The paper prints 418, 290 and 186 for the smaller ones.
    assert round(multiply_adds(net, size) / 1e6) == mega


def test_shapes_of_the_stages_at_224():
    net, x = published(), torch.zeros(1, 3, 224, 224, device="meta")
    sides = [112, 112, 56, 56, 28, 28, 14, 14, 14, 14, 14, 14, 7, 7]
    maps = [32, *(out for out, _ in BLOCKS)]
    shapes = [tuple(net.features(x, upto=stage).shape[1:]) for stage in net.stages]
    assert shapes == [*((c, s, s) for c, s in zip(maps, sides, strict=True)), (1024,), (1000,)]


def test_the_printed_last_stride_would_leave_4x4():
    x = torch.zeros(1, 3, 224, 224, device="meta")
    assert published(last_stride=2).features(x, upto="block13").shape[2:] == (4, 4)
    assert published().features(x, upto="block13").shape[2:] == (7, 7)


@pytest.mark.parametrize("size", [28, 32])
def test_small_images_enter_with_stride_1(size):
    net = MobileNet(size=size, width=0.25)
    x = torch.rand(1, 1, size, size)
    assert net.features(x, upto="conv1").shape == (1, 8, size, size)
    assert net.features(x, upto="block13").shape == (1, 256, 2, 2)


def test_block_is_the_formula():
    torch.manual_seed(0)
    block = SeparableBlock(4, 6, stride=2).double().train()
    x = torch.randn(3, 4, 9, 9, dtype=torch.float64)

    def normalised(maps, norm):
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias)
        return F.batch_norm(maps, None, None, norm.weight, norm.bias, training=True)

    kernels = block.depthwise.conv.weight
    assert kernels.shape == (4, 1, 3, 3)
    one_by_one = [F.conv2d(x[:, [c]], kernels[[c]], stride=2, padding=1) for c in range(4)]
    a = F.relu(normalised(torch.cat(one_by_one, 1), block.depthwise.norm))
    mixed = torch.einsum("oc,nchw->nohw", block.pointwise.conv.weight[:, :, 0, 0], a)
    expected = F.relu(normalised(mixed, block.pointwise.norm))
    torch.testing.assert_close(block(x), expected, rtol=1e-12, atol=1e-12)


def test_block_is_cheaper_by_the_papers_ratio():
    for maps in (64, 1024):
        ratio = weights(SeparableBlock(maps, maps)) / (9 * maps * maps)
        assert ratio == pytest.approx(1 / maps + 1 / 9)


def test_gradients_reach_every_parameter():
    torch.manual_seed(0)
    net = MobileNet(size=32, width=0.25)
    F.cross_entropy(net(torch.rand(8, 1, 32, 32)), torch.arange(8)).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in net.parameters())


def test_depthwise_weights_start_with_fan_in_9():
    torch.manual_seed(0)
    net = MobileNet(size=32)
    assert net.block13.depthwise.conv.weight.var().item() == pytest.approx(2 / 9, rel=0.06)
    assert net.block13.pointwise.conv.weight.var().item() == pytest.approx(2 / 1024, rel=0.02)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"last_stride": 3}, "last_stride must be 1 or 2, got 3"),
        ({"convolution": "pointwise"}, "convolution must be 'separable' or 'full', got 'pointwise'"),
        ({"width": -1.0}, r"width must be a number above zero, got -1\.0"),
        ({"size": 8}, "size must be a whole number of at least 16, got 8"),
    ],
)
def test_wrong_options_are_sentences(options, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        zoo.build("mobilenet", **options)
