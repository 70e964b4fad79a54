from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from cs_cnn.zoo.families.alexnet import AlexNet
from cs_cnn.zoo.families.zfnet import ZFNet
from cs_cnn.zoo.parts.blocks import response_norm

ONE_TOWER = {
    "conv1": 96 * (11 * 11 * 3 + 1),
    "conv2": 256 * (5 * 5 * 96 + 1),
    "conv3": 384 * (3 * 3 * 256 + 1),
    "conv4": 384 * (3 * 3 * 384 + 1),
    "conv5": 256 * (3 * 3 * 384 + 1),
    "fc6": 4096 * (6 * 6 * 256 + 1),
    "fc7": 4096 * (4096 + 1),
    "fc8": 1000 * (4096 + 1),
}
TWO_GROUPS = ONE_TOWER | {
    "conv2": 256 * (5 * 5 * 48 + 1),
    "conv4": 384 * (3 * 3 * 192 + 1),
    "conv5": 256 * (3 * 3 * 192 + 1),
}


def on_paper(cls=AlexNet, **options):
    """Build a net for ImageNet without memory: only its shapes are real."""
    with torch.device("meta"):
        return cls(**{"classes": 1000, "channels": 3, **options})


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def by_stage(net) -> dict[str, int]:
    return {s: n for s in net.stages if (n := parameters(net.get_submodule(s)))}


def shapes(net) -> dict[str, tuple[int, ...]]:
    with torch.device("meta"):
        x = torch.empty(1, net.channels, net.size, net.size)
    return {stage: tuple(net.features(x, upto=stage).shape[1:]) for stage in net.stages}


@pytest.mark.parametrize(
    ("options", "stages", "total"),
    [
        ({"variant": "lecture"}, ONE_TOWER, 62_378_344),
        ({"variant": "paper"}, TWO_GROUPS, 60_965_224),
        ({"variant": "paper", "size": 224}, TWO_GROUPS, 60_965_224),
    ],
)
def test_parameters_by_stage(options, stages, total):
    net = on_paper(**options)
    assert by_stage(net) == stages
    assert parameters(net) == total == sum(stages.values())


def test_one_weird_trick_has_the_known_number_of_parameters():
    net = on_paper(variant="one_weird_trick", size=224)
    assert parameters(net) == 61_100_840
    assert not any(isinstance(layer, nn.LocalResponseNorm) for layer in net.modules())
    assert [s for s in net.stages if hasattr(net.get_submodule(s), "dropout")] == ["fc6", "fc7"]
    assert shapes(net)["conv1"] == (64, 55, 55)


def test_shapes_are_those_of_the_lectures_list():
    assert shapes(on_paper(size=227)) == {
        "conv1": (96, 55, 55),
        "pool1": (96, 27, 27),
        "norm1": (96, 27, 27),
        "conv2": (256, 27, 27),
        "pool2": (256, 13, 13),
        "norm2": (256, 13, 13),
        "conv3": (384, 13, 13),
        "conv4": (384, 13, 13),
        "conv5": (256, 13, 13),
        "pool3": (256, 6, 6),
        "fc6": (4096,),
        "fc7": (4096,),
        "fc8": (1000,),
    }


def test_the_paper_normalises_before_it_pools():
    net = on_paper(variant="paper")
    assert net.stages[:6] == ("conv1", "norm1", "pool1", "conv2", "norm2", "pool2")
    assert shapes(net)["norm1"] == (96, 55, 55)
    assert [net.get_submodule(f"conv{k}").conv.groups for k in range(1, 6)] == [1, 2, 1, 2, 2]
    assert [s for s in net.stages if hasattr(net.get_submodule(s), "dropout")] == ["fc7", "fc8"]


@pytest.mark.facts
def test_layers_are_those_of_the_checked_facts(facts_folder):
    facts = json.loads((facts_folder / "seed_facts.json").read_text(encoding="utf-8"))
    derived = {v["topic"]: v["values"] for v in facts["derived_reference_values"]}
    for variant, topic in (("lecture", "single_tower"), ("paper", "grouped")):
        net = on_paper(variant=variant)
        weights = {
            name.split(".")[0]: p.numel() for name, p in net.named_parameters() if name.endswith("weight")
        }
        assert weights == derived[f"alexnet.layer_weights_{topic}"]
    table = next(f["values"] for f in facts["facts"] if f["topic"] == "alexnet.table")
    height, width, channels = table[0]["shape"]
    ours = shapes(on_paper(size=height, channels=channels))
    assert height == width
    for row in table[1:]:
        stage = row["layer"].lower().replace("maxpool", "pool")
        *space, depth = row["shape"]
        assert ours[stage] == (depth, *space)


@pytest.mark.parametrize(
    ("without", "variant", "dropped"),
    [
        (("fc7",), "lecture", 16_781_312),
        (("fc6", "fc7"), "lecture", 49_414_144),
        (("conv3", "conv4"), "lecture", 2_507_520),
        (("conv3", "conv4"), "paper", 1_696_512),
    ],
)
def test_ablation_drops_what_was_calculated(without, variant, dropped):
    net = on_paper(variant=variant, without=without)
    assert parameters(on_paper(variant=variant)) - parameters(net) == dropped
    assert not set(without) & set(net.stages)
    assert shapes(net)["fc8"] == (1000,)


def test_four_layers_are_left_without_all_that_can_go():
    net = on_paper(without=("conv3", "conv4", "fc6", "fc7"))
    assert list(by_stage(net)) == ["conv1", "conv2", "conv5", "fc8"]
    assert not any(isinstance(layer, nn.Dropout) for layer in net.modules())  # pool3 was never dropped


def test_response_norm_is_the_papers_formula():
    a = torch.rand(2, 7, 3, 3, dtype=torch.float64) * 30
    expected = torch.empty_like(a)
    for i in range(7):
        near = a[:, max(0, i - 2) : i + 3].square().sum(1)
        expected[:, i] = a[:, i] / (2 + 1e-4 * near) ** 0.75
    torch.testing.assert_close(response_norm()(a), expected)


def test_initialisation_of_the_paper():
    torch.manual_seed(0)
    net = AlexNet(size=32, width=0.25)
    assert net.fc6.linear.weight.std().item() == pytest.approx(0.01, rel=0.02)
    assert net.conv3.conv.weight.std().item() == pytest.approx(0.01, rel=0.02)
    ones = {s for s in net.stages if s in by_stage(net) and _bias(net.get_submodule(s)).eq(1).all()}
    assert ones == {"conv2", "conv4", "conv5", "fc6", "fc7"}
    assert all(_bias(net.get_submodule(s)).eq(0).all() for s in ("conv1", "conv3", "fc8"))
    he = AlexNet(size=32, width=0.25, init="he")
    assert he.fc7.linear.weight.var().item() == pytest.approx(2 / 1024, rel=0.02)
    assert not any(_bias(he.get_submodule(s)).any() for s in by_stage(he))


def _bias(stage: nn.Module) -> torch.Tensor:
    return next(p for name, p in stage.named_parameters() if name.endswith("bias"))


@pytest.mark.parametrize("size", [15, 28, 32, 63, 64, 65, 67, 224, 227])
def test_every_size_from_15_on_leaves_something(size):
    with torch.device("meta"):
        net = AlexNet(size=size, width=0.125)
    assert shapes(net)["fc8"] == (10,)
    if size == 15:
        assert shapes(net)["pool3"] == (32, 1, 1)


@pytest.mark.parametrize("size", [12, 28, 32, 63, 64, 65, 128, 224])
def test_zfnet_takes_every_size_from_12_on(size):
    with torch.device("meta"):
        net = ZFNet(size=size, width=0.125)
    assert shapes(net)["fc8"] == (10,)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: AlexNet(size=14), "size must be a whole number of at least 15, got 14"),
        (lambda: ZFNet(size=11), "size must be a whole number of at least 12, got 11"),
        (
            lambda: AlexNet(variant="two"),
            "variant must be 'lecture' or 'paper' or 'one_weird_trick', got 'two'",
        ),
        (lambda: AlexNet(init="zero"), "init must be 'paper' or 'he', got 'zero'"),
        (lambda: ZFNet(init="zero"), "init must be 'paper' or 'he', got 'zero'"),
        (lambda: AlexNet(width=0), "width must be a number above zero, got 0"),
        (lambda: AlexNet(without=("conv1",)), "a layer to leave out must be 'conv3' or .*, got 'conv1'"),
        (lambda: AlexNet(without="fc8"), "a layer to leave out must be 'conv3' or .*, got 'fc8'"),
        (lambda: AlexNet(size=32, dropout=2.0), "dropout must be a number from 0 up to 1, got 2.0"),
    ],
)
def test_wrong_options_are_sentences(make, sentence):
    with pytest.raises(ValueError, match=sentence):
        make()


def test_one_layer_to_leave_out_may_be_a_plain_string():
    assert "fc7" not in AlexNet(size=32, width=0.125, without="fc7").stages


def test_zfnet_has_the_papers_shapes_and_differs_from_one_tower_in_its_first_layer_only():
    net = on_paper(ZFNet, size=224)
    assert by_stage(net) == ONE_TOWER | {"conv1": 96 * (7 * 7 * 3 + 1)}
    assert parameters(net) == 62_357_608
    sides = {stage: shape[-1] for stage, shape in shapes(net).items() if len(shape) == 3}
    assert [sides[s] for s in ("conv1", "pool1", "conv2", "pool2", "conv5", "pool3")] == [
        110,
        55,
        26,
        13,
        13,
        6,
    ]
