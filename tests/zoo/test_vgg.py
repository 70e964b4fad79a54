from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.families.vgg import KERNELS, NAMES, VGG

TOTALS = {
    "A": 132_863_336,
    "A-LRN": 132_863_336,
    "B": 133_047_848,
    "C": 133_638_952,
    "D": 138_357_544,
    "E": 143_667_240,
}
# What batch normalisation adds: a scale and a shift for every map of every convolution.
NORMS = {"A": 5_504, "B": 5_888, "D": 8_448, "E": 11_008}


def on_paper(**options):
    with torch.device("meta"):
        return VGG(**{"classes": 1000, "channels": 3, **options})


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def weight_layers(net: nn.Module) -> int:
    return sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in net.modules())


@pytest.mark.parametrize("config", TOTALS)
def test_parameters_are_the_papers(config):
    assert parameters(on_paper(config=config)) == TOTALS[config]


@pytest.mark.parametrize("config", NORMS)
def test_batch_normalisation_adds_two_numbers_for_a_map(config):
    assert parameters(on_paper(config=config, norm=True)) == TOTALS[config] + NORMS[config]


def test_names_of_the_zoo_are_the_columns_of_the_table():
    for name, config in NAMES.items():
        net = zoo.build(name, size=32, width=0.125)
        depth = int(name[3:5])
        assert weight_layers(net) == depth == 3 + sum(map(len, KERNELS[config]))
        assert any(isinstance(layer, nn.LocalResponseNorm) for layer in net.modules()) == (config == "A-LRN")


def test_weights_of_the_lectures_table_row_by_row():
    net = on_paper(config="D")
    weights = [p.numel() for name, p in net.named_parameters() if name.endswith("weight")]
    assert weights == [
        *(1_728, 36_864, 73_728, 147_456, 294_912, 589_824, 589_824),
        *(1_179_648, 2_359_296, 2_359_296, 2_359_296, 2_359_296, 2_359_296),
        *(102_760_448, 16_777_216, 4_096_000),
    ]
    assert sum(weights) == 138_344_128
    assert sum(weights[-3:]) / sum(weights) == pytest.approx(0.8937, abs=1e-4)


def test_shapes_of_the_stages():
    net = on_paper(config="C")
    with torch.device("meta"):
        x = torch.empty(1, 3, 224, 224)
    shape = {stage: tuple(net.features(x, upto=stage).shape[1:]) for stage in net.stages}
    assert [stage for stage in net.stages if stage.startswith("conv3")] == ["conv3_1", "conv3_2", "conv3_3"]
    assert net.get_submodule("conv3_3").conv.kernel_size == (1, 1)
    assert [shape[f"pool{b}"] for b in range(1, 6)] == [
        (64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7),
    ]  # fmt: skip
    assert (shape["conv1_2"], shape["fc6"], shape["fc7"], shape["fc8"]) == (
        (64, 224, 224), (4096,), (4096,), (1000,),
    )  # fmt: skip


def test_numbers_that_an_image_needs_are_15_million_not_24():
    net = on_paper(config="D")
    with torch.device("meta"):
        x = torch.empty(1, 3, 224, 224)
    assert x.numel() + sum(net.features(x, upto=stage).numel() for stage in net.stages) == 15_237_608


@pytest.mark.facts
def test_nets_are_those_of_the_checked_facts(facts_folder):
    facts = json.loads((facts_folder / "seed_facts.json").read_text(encoding="utf-8"))
    by_topic = {f["topic"]: f for f in facts["facts"]}
    for config, layers in by_topic["vgg.configs"]["values"].items():
        ours = []
        net = on_paper(config=config)
        for stage in net.stages:
            kind, module = stage[:4], net.get_submodule(stage)
            if kind == "conv":
                ours.append(f"c{module.conv.kernel_size[0]}-{module.conv.out_channels}")
            elif kind == "norm":
                ours.append("LRN")
            elif kind == "pool":
                ours.append("M")
            else:
                ours.append(f"FC-{module.linear.out_features}")
        assert [*ours, "softmax"] == layers
    assert len(by_topic["vgg.configs"]["values"]) == 6
    for config, total in by_topic["vgg.params"]["correct"].items():
        assert parameters(on_paper(config=config)) == total


def test_order_within_a_block_and_where_features_are_dropped():
    net = VGG(config="A", size=32, width=0.125, norm=True)
    assert [name for name, _ in net.get_submodule("conv1_1").named_children()] == [
        "conv",
        "norm",
        "activation",
    ]
    assert net.get_submodule("conv1_1").conv.bias is not None
    assert [s for s in net.stages if hasattr(net.get_submodule(s), "dropout")] == ["fc7", "fc8"]
    lrn = VGG(config="A-LRN", size=32, width=0.125)
    assert lrn.stages[:3] == ("conv1_1", "norm1", "pool1")


@pytest.mark.parametrize(
    ("init", "variance"), [("xavier", 2 / (512 + 512)), ("gaussian", 1e-4), ("he", 2 / 512)]
)
def test_initialisation(init, variance):
    torch.manual_seed(0)
    net = VGG(config="A", size=32, width=0.125, init=init)
    assert net.get_submodule("fc7").linear.weight.var().item() == pytest.approx(variance, rel=0.02)
    assert all((p == 0).all() for name, p in net.named_parameters() if name.endswith("bias"))


def test_poolings_that_are_left_out_are_the_last():
    net = VGG(config="A", size=28, width=0.125, poolings=3)
    assert [s for s in net.stages if s.startswith("pool")] == ["pool1", "pool2", "pool3"]
    assert net.features(torch.zeros(1, 1, 28, 28), upto="conv5_2").shape == (1, 64, 3, 3)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"size": 8}, "size must be a whole number of at least 32, got 8: 5 poolings halve the image"),
        ({"size": 15, "poolings": 4}, "size must be a whole number of at least 16, got 15"),
        ({"poolings": 6}, "poolings must be 3 or 4 or 5, got 6"),
        ({"init": "ones"}, "init must be 'xavier' or 'gaussian' or 'he', got 'ones'"),
        ({"width": -1}, "width must be a number above zero, got -1"),
        ({"width": "half"}, "width must be a number above zero, got 'half'"),
        ({"size": 32, "width": 0.125, "dropout": "no"}, "dropout must be a number from 0 up to 1, got 'no'"),
        ({"size": 32, "width": 0.125, "dropout": 1.5}, "dropout must be a number from 0 up to 1, got 1.5"),
    ],
)
def test_wrong_options_are_sentences(options, sentence):
    with pytest.raises(CsCnnError, match=f"^Cannot build 'vgg16': {sentence}"):
        zoo.build("vgg16", **options)


def test_wrong_column_is_a_sentence():
    with pytest.raises(
        ValueError, match="config must be 'A' or 'A-LRN' or 'B' or 'C' or 'D' or 'E', got 'F'"
    ):
        VGG(config="F")


@pytest.mark.parametrize("size", [32, 33, 63])
def test_smallest_images_leave_one_pixel(size):
    net = VGG(config="A", size=size, width=0.125)
    assert net.features(torch.zeros(1, 1, size, size), upto="pool5").shape == (1, 64, 1, 1)
    assert net(torch.zeros(1, 1, size, size)).shape == (1, 10)
