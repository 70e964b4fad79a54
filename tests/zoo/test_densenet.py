from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.families.densenet import DenseLayer, Transition, densenet121, densenet_cifar, torchvision_name


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def by_stage(net: nn.Module) -> dict[str, int]:
    return {stage: parameters(net.get_submodule(stage)) for stage in net.stages}


def published(name: str, **changed: object) -> nn.Module:
    with torch.device("meta"):
        return zoo.build_published(name, **changed)


def test_densenet121_by_stage():
    def block(maps, layers):
        # A layer: 1x1 from all maps so far to 128, then 3x3 to 32; gain and shift before both.
        return sum(2 * c + 128 * c + 256 + 9 * 128 * 32 for c in range(maps, maps + 32 * layers, 32))

    def transition(maps):
        return 2 * maps + maps * maps // 2

    net = published("densenet121")
    assert by_stage(net) == {
        "convolution": 147 * 64 + 128,
        "pooling": 0,
        "dense1": block(64, 6),
        "transition1": transition(256),
        "dense2": block(128, 12),
        "transition2": transition(512),
        "dense3": block(256, 24),
        "transition3": transition(1024),
        "dense4": block(512, 16),
        "norm": 2048,
        "average_pool": 0,
        "fc": 1_025_000,
    }
    assert parameters(net) == 7_978_856
    assert sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in net.modules()) == 121


def test_densenet40_by_stage():
    def block(maps):
        return sum(2 * c + 9 * 12 * c for c in range(maps, maps + 144, 12))

    net = published("densenet40")
    assert by_stage(net) == {
        "convolution": 27 * 16,
        "dense1": block(16),
        "transition1": 2 * 160 + 160**2,
        "dense2": block(160),
        "transition2": 2 * 304 + 304**2,
        "dense3": block(304),
        "norm": 2 * 448,
        "average_pool": 0,
        "fc": 4_490,
    }
    assert parameters(net) == 1_019_722  # the paper's 1.0 M
    assert sum(isinstance(layer, nn.Conv2d | nn.Linear) for layer in net.modules()) == 40


@pytest.mark.parametrize(
    ("options", "count", "printed"),
    [
        ({"depth": 100, "growth": 12}, 6_979_642, "7.0"),
        ({"depth": 100, "growth": 12, "bottleneck": True, "compression": 0.5}, 769_162, "0.8"),
        ({"depth": 250, "growth": 24, "bottleneck": True, "compression": 0.5}, 15_324_406, "15.3"),
        ({"depth": 190, "growth": 40, "bottleneck": True, "compression": 0.5}, 25_624_430, "25.6"),
    ],
)
def test_other_nets_of_the_papers_table(options, count, printed):
    with torch.device("meta"):
        net = densenet_cifar(channels=3, **options)
    assert f"{parameters(net) / 1e6:.1f}" == printed
    assert parameters(net) == count


def test_shapes_of_the_stages_at_224():
    net, x = published("densenet121"), torch.zeros(1, 3, 224, 224, device="meta")
    assert [tuple(net.features(x, upto=stage).shape[1:]) for stage in net.stages] == [
        (64, 112, 112),
        (64, 56, 56),
        (256, 56, 56),
        (128, 28, 28),
        (512, 28, 28),
        (256, 14, 14),
        (1024, 14, 14),
        (512, 7, 7),
        (1024, 7, 7),
        (1024, 7, 7),
        (1024,),
        (1000,),
    ]


def test_shapes_of_small_images():
    def sides(net, size):
        x = torch.rand(1, 1, size, size)
        return [net.features(x, upto=stage).shape[-1] for stage in net.stages if stage.startswith("dense")]

    assert sides(densenet121(size=28, growth=2).eval(), 28) == [28, 14, 7, 3]
    assert sides(densenet121(size=32, growth=2).eval(), 32) == [32, 16, 8, 4]
    assert sides(densenet_cifar(size=28, depth=10).eval(), 28) == [28, 14, 7]
    assert sides(densenet_cifar(size=28, depth=10, stem_stride=2).eval(), 28) == [14, 7, 3]


@pytest.mark.parametrize("bottleneck", [True, False])
def test_layer_is_the_formula(bottleneck):
    torch.manual_seed(0)
    layer = DenseLayer(5, 3, bottleneck=bottleneck, dropout=0.0).double().train()
    x = torch.randn(4, 5, 6, 7, dtype=torch.float64)
    new = x
    for part in layer.branch:
        nn.init.uniform_(part.norm.weight, 0.5, 1.5)
        nn.init.normal_(part.norm.bias)
        new = F.relu(F.batch_norm(new, None, None, part.norm.weight, part.norm.bias, training=True))
        new = F.conv2d(new, part.conv.weight, padding=part.conv.weight.shape[-1] // 2)
    assert [part.conv.weight.shape[-1] for part in layer.branch] == ([1, 3] if bottleneck else [3])
    out = layer(x)
    assert torch.equal(out[:, :5], x)
    torch.testing.assert_close(out[:, 5:], new, rtol=1e-12, atol=1e-12)


def test_transition_is_the_formula():
    torch.manual_seed(0)
    step = Transition(6, 3).double().eval()
    step.norm.running_mean.normal_()
    x = torch.randn(2, 6, 8, 8, dtype=torch.float64)
    normal = F.batch_norm(x, step.norm.running_mean, step.norm.running_var)
    expected = F.avg_pool2d(F.conv2d(F.relu(normal), step.conv.weight), 2)
    torch.testing.assert_close(step(x), expected, rtol=1e-12, atol=1e-12)


def test_every_layer_still_finds_the_maps_of_those_before_it():
    torch.manual_seed(0)
    net = densenet_cifar(depth=16, growth=3).eval()
    x = torch.rand(1, 1, 32, 32)
    first, row = net.features(x, upto="convolution"), net.dense1
    maps = first
    for i, layer in enumerate(row):
        maps = layer(maps)
        assert maps.shape[1] == 16 + 3 * (i + 1) and torch.equal(maps[:, :16], first)
    assert torch.equal(net.features(x, upto="dense1"), maps)


def test_compression_and_bottleneck_are_options_of_both():
    half, whole = densenet121(size=32, growth=4), densenet121(size=32, growth=4, compression=1.0)
    assert (half.transition1.conv.out_channels, whole.transition1.conv.out_channels) == (16, 32)
    assert len(densenet121(size=32, growth=4, bottleneck=False).dense1[0].branch) == 1
    assert len(densenet_cifar(depth=10, bottleneck=True).dense1) == 1
    with torch.device("meta"):
        net = zoo.build_published("densenet40", bottleneck=True, compression=0.5)
    assert net.convolution.conv.out_channels == 24  # 2k, as in the paper's DenseNet-BC


def test_dropout_drops_in_training_only():
    torch.manual_seed(0)
    net = densenet_cifar(depth=10, growth=4, dropout=0.5)
    assert sum(isinstance(layer, nn.Dropout) for layer in net.modules()) == 6
    x = torch.rand(1, 1, 32, 32)
    assert not torch.equal(net.dense1(net.convolution(x)), net.dense1(net.convolution(x)))
    assert torch.equal(net.eval()(x), net(x))


@pytest.mark.parametrize("make", [lambda: densenet121(size=32, growth=2), lambda: densenet_cifar(depth=10)])
def test_gradients_reach_every_parameter(make):
    torch.manual_seed(0)
    net = make()
    F.cross_entropy(net(torch.rand(8, 1, 32, 32)), torch.arange(8)).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in net.parameters())


def test_torchvisions_names_in_its_order():
    def norm(name):
        kinds = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
        return [f"features.{name}.{kind}" for kind in kinds]

    keys = ["features.conv0.weight", *norm("norm0")]
    for block, layers in enumerate((6, 12, 24, 16), start=1):
        for layer in range(1, layers + 1):
            place = f"denseblock{block}.denselayer{layer}"
            for i in (1, 2):
                keys += [*norm(f"{place}.norm{i}"), f"features.{place}.conv{i}.weight"]
        if block < 4:
            keys += [*norm(f"transition{block}.norm"), f"features.transition{block}.conv.weight"]
    keys += [*norm("norm5"), "classifier.weight", "classifier.bias"]
    assert [torchvision_name(key) for key in published("densenet121").state_dict()] == keys


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("densenet121", {"growth": 0}, "growth must be a whole number of at least 1, got 0"),
        ("densenet121", {"compression": 0}, "compression must be a number above 0 and at most 1, got 0"),
        ("densenet121", {"dropout": 1.0}, r"dropout must be a probability .* got 1\.0"),
        ("densenet121", {"size": 15}, "size must be a whole number of at least 16, got 15"),
        ("densenet40", {"stem_stride": 4}, "stem_stride must be 1 or 2, got 4"),
    ],
)
def test_wrong_options_are_sentences(name, options, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        zoo.build(name, **options)


def test_impossible_depths_are_sentences():
    with pytest.raises(ValueError, match=r"depth must be 3n \+ 4 .* got 41"):
        densenet_cifar(depth=41)
    with pytest.raises(ValueError, match=r"depth must be 6n \+ 4 .* bottleneck=True, got 43"):
        densenet_cifar(depth=43, bottleneck=True)
