from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.families.resnet import Residual
from cs_cnn.zoo.families.resnet_cifar import DEPTHS, CifarResNet, torchvision_name


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("kind", ["plain", "resnet"])
@pytest.mark.parametrize(
    ("depth", "count", "millions"),
    [
        (20, 269_722, 0.27),
        (32, 464_154, 0.46),
        (44, 658_586, 0.66),
        (56, 853_018, 0.85),
        (110, 1_727_962, 1.73),
    ],
)
def test_parameter_counts_are_the_papers(kind, depth, count, millions):
    with torch.device("meta"):
        net = zoo.build_published(f"{kind}{depth}")
    assert parameters(net) == count and round(count / 1e6, 2) == millions


def test_one_channel_saves_two_maps_of_the_first_kernels():
    assert parameters(CifarResNet(depth=20, channels=1)) == 269_434 == 269_722 - 2 * 9 * 16


def test_parameters_by_stage():
    net = CifarResNet(depth=20, channels=3)

    def block(inputs, outputs):
        return 9 * outputs * (inputs + outputs) + 4 * outputs

    assert [parameters(net.get_submodule(stage)) for stage in net.stages] == [
        27 * 16 + 32,
        3 * block(16, 16),
        block(16, 32) + 2 * block(32, 32),
        block(32, 64) + 2 * block(64, 64),
        0,
        650,
    ]


@pytest.mark.parametrize("option", ["B", "C"])
def test_projections_add_their_parameters(option):
    def projection(inputs, outputs):
        return inputs * outputs + 2 * outputs

    more = projection(16, 32) + projection(32, 64)
    if option == "C":
        more += 3 * projection(16, 16) + 2 * projection(32, 32) + 2 * projection(64, 64)
    assert parameters(CifarResNet(channels=3, shortcut=option)) == 269_722 + more


@pytest.mark.parametrize("depth", DEPTHS)
def test_number_of_layers_is_the_name(depth):
    with torch.device("meta"):
        net = zoo.build_published(f"resnet{depth}", shortcut="B")
    along = [
        key
        for key, layer in net.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear) and "shortcut" not in key
    ]
    assert len(along) == depth
    assert sum(isinstance(layer, Residual) for layer in net.modules()) == (depth - 2) // 2


@pytest.mark.parametrize(("size", "stem_stride", "sides"), [
    (32, 1, (32, 32, 16, 8)),
    (28, 1, (28, 28, 14, 7)),
    (28, 2, (14, 14, 7, 4)),
])  # fmt: skip
def test_shapes_of_the_stages(size, stem_stride, sides):
    net = CifarResNet(size=size, stem_stride=stem_stride)
    x = torch.rand(2, 1, size, size)
    shapes = [tuple(net.features(x, upto=stage).shape[1:]) for stage in net.stages]
    maps = [(c, side, side) for c, side in zip((16, 16, 32, 64), sides, strict=True)]
    assert shapes == [*maps, (64,), (10,)]


def test_plain_is_residual_without_the_shortcuts():
    torch.manual_seed(0)
    residual, plain = zoo.build("resnet20", seed=3).eval(), zoo.build("plain20", seed=3).eval()
    assert all(torch.equal(a, b) for a, b in zip(residual.parameters(), plain.parameters(), strict=True))
    x = torch.rand(2, 1, 32, 32)
    assert not torch.allclose(residual(x), plain(x))
    for block in residual.modules():
        if isinstance(block, Residual):
            block.shortcut = None
    assert torch.equal(residual(x), plain(x))


@pytest.mark.parametrize("training", [False, True])
def test_added_blocks_that_are_zero_change_nothing(training):
    torch.manual_seed(0)
    shallow = CifarResNet(depth=20, width=0.5)
    deep = CifarResNet(depth=32, width=0.5, zero_last_gain=True)
    missing = deep.load_state_dict(shallow.state_dict(), strict=False)
    assert not missing.unexpected_keys and len(missing.missing_keys) == 6 * 2 * (1 + 4)
    x = torch.rand(4, 1, 28, 28)
    shallow.train(training)(x)  # statistics that are not those of the start, in both
    deep.load_state_dict(shallow.state_dict(), strict=False)
    assert torch.equal(deep.train(training)(x), shallow.train(training)(x))


def test_gradients_reach_every_parameter():
    torch.manual_seed(0)
    for shortcut in ("A", "C", "none"):
        net = CifarResNet(shortcut=shortcut, width=0.5)
        F.cross_entropy(net(torch.rand(8, 1, 28, 28)), torch.arange(8)).backward()
        assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in net.parameters())


def test_shortcuts_keep_the_gradient_of_the_first_layer_small():
    """Each plain layer with batch normalisation enlarges the gradient on its way back; a shortcut hardly does."""

    def ratio(name):
        net = zoo.build_small(name, seed=0)
        torch.manual_seed(0)
        F.cross_entropy(net(torch.rand(16, 1, 28, 28)), torch.arange(16) % 10).backward()
        return (net.conv1.conv.weight.grad.norm() / net.fc.weight.grad.norm()).item()

    assert ratio("plain110") > 1e4 * ratio("resnet110")


def test_torchvision_style_names():
    net = CifarResNet(shortcut="B")
    names = [torchvision_name(key) for key in net.state_dict() if key.endswith("weight")]
    assert names[:4] == ["conv1.weight", "bn1.weight", "layer1.0.conv1.weight", "layer1.0.bn1.weight"]
    assert "layer2.0.downsample.0.weight" in names and names[-1] == "fc.weight"
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"depth": 21}, r"depth must be 6n \+ 2 .* got 21"),
        ({"depth": 2}, r"depth must be 6n \+ 2 .* got 2"),
        ({"shortcut": "a"}, "shortcut must be 'A' or 'B' or 'C' or 'none', got 'a'"),
        ({"stem_stride": 3}, "stem_stride must be 1 or 2, got 3"),
        ({"size": 4}, "size must be a whole number of at least 8, got 4"),
    ],
)
def test_wrong_options_are_sentences(options, sentence):
    with pytest.raises(ValueError, match=sentence):
        CifarResNet(**options)


def test_depth_is_the_name_and_no_option():
    with pytest.raises(CsCnnError, match="no option 'depth'"):
        zoo.build("resnet20", depth=26)
