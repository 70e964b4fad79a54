from __future__ import annotations

import json

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.families.resnet import (
    BLOCKS,
    PaddedShortcut,
    Residual,
    ResNet,
    basic_branch,
    bottleneck_branch,
    make_shortcut,
    torchvision_name,
)

DEPTHS = tuple(BLOCKS)


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def published(name: str, **changed: object) -> nn.Module:
    with torch.device("meta"):
        return zoo.build_published(name, **changed)


def multiply_adds(net: nn.Module) -> int:
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        net.eval()(torch.zeros(1, 3, 224, 224))
    return counter.get_total_flops() // 2


def shake(net: nn.Module) -> None:
    """Give normalisations statistics and gains that are not those of the start."""
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm2d):
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, std=0.1)
            assert layer.running_mean is not None and layer.running_var is not None
            layer.running_mean.normal_(std=0.1)
            layer.running_var.uniform_(0.5, 1.5)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("resnet18", 11_689_512),
        ("resnet34", 21_797_672),
        ("resnet50", 25_557_032),
        ("resnet101", 44_549_160),
        ("resnet152", 60_192_808),
        ("plain18", 11_515_688),  # without the projections: 8,448 + 33,280 + 132,096
        ("plain34", 21_623_848),
    ],
)
def test_parameter_counts(name, count):
    assert parameters(published(name)) == count


@pytest.mark.parametrize(
    ("depth", "counts"),
    [
        (18, [9_536, 0, 147_968, 525_568, 2_099_712, 8_393_728, 0, 513_000]),
        (50, [9_536, 0, 215_808, 1_219_584, 7_098_368, 14_964_736, 0, 2_049_000]),
    ],
)
def test_parameters_by_stage(depth, counts):
    net = published(f"resnet{depth}")
    assert [parameters(net.get_submodule(stage)) for stage in net.stages] == counts


@pytest.mark.parametrize("depth", DEPTHS)
def test_number_of_layers_is_the_name(depth):
    net = published(f"resnet{depth}")
    along = [
        key
        for key, layer in net.named_modules()
        if isinstance(layer, nn.Conv2d | nn.Linear) and "shortcut" not in key
    ]
    assert len(along) == depth


@pytest.mark.facts
def test_counts_are_those_of_the_checked_facts(facts_folder):
    facts = json.loads((facts_folder / "seed_facts.json").read_text(encoding="utf-8"))
    derived = {v["topic"]: v["values"] for v in facts["derived_reference_values"]}
    table = next(f for f in facts["facts"] if f["topic"] == "resnet.table")
    right = table["correct"]
    for depth in DEPTHS:
        net = published(f"resnet{depth}")
        assert parameters(net) == derived["resnet.params"][str(depth)] == right["params"][str(depth)]
        giga = right["madds_G_projection_stride_on_1x1"][str(depth)]
        assert round(multiply_adds(net) / 1e9, 3) == giga
        assert list(BLOCKS[depth]) == table["values"]["nets"][str(depth)]["blocks"]
    for depth, giga in right["madds_G_no_projection"].items():
        assert round(multiply_adds(published(f"resnet{depth}", shortcut="A")) / 1e9, 3) == giga
        assert round(multiply_adds(published(f"plain{depth}")) / 1e9, 3) == giga
    for depth, giga in right["madds_G_stride_on_3x3_torchvision"].items():
        assert round(multiply_adds(published(f"resnet{depth}", stride_in="3x3")) / 1e9, 3) == giga


@pytest.mark.parametrize("name", ["plain34", "resnet18", "resnet50"])
def test_shapes_of_the_stages_at_224(name):
    net, wide = published(name), 4 if name == "resnet50" else 1
    x = torch.zeros(2, 3, 224, 224, device="meta")
    assert {stage: tuple(net.features(x, upto=stage).shape[1:]) for stage in net.stages} == {
        "conv1": (64, 112, 112),
        "max_pool": (64, 56, 56),
        "conv2_x": (64 * wide, 56, 56),
        "conv3_x": (128 * wide, 28, 28),
        "conv4_x": (256 * wide, 14, 14),
        "conv5_x": (512 * wide, 7, 7),
        "average_pool": (512 * wide,),
        "fc": (1000,),
    }


@pytest.mark.parametrize(("size", "sides"), [(28, [28, 14, 14, 7, 4, 2]), (32, [32, 16, 16, 8, 4, 2])])
def test_small_images_enter_with_stride_1(size, sides):
    net = ResNet(size=size, width=0.25)
    x = torch.rand(1, 1, size, size)
    assert [net.features(x, upto=stage).shape[-1] for stage in net.stages[:6]] == sides
    assert net.conv1.conv.weight.shape == (16, 1, 3, 3)


def normalised(x, layer):
    return F.batch_norm(x, layer.running_mean, layer.running_var, layer.weight, layer.bias)


def test_basic_block_is_the_formula():
    torch.manual_seed(0)
    block = Residual(basic_branch(4, 6, stride=2), make_shortcut("B", 4, 6, stride=2)).double().eval()
    shake(block)
    x = torch.randn(2, 4, 9, 9, dtype=torch.float64)
    first, second = block.branch
    a = F.relu(normalised(F.conv2d(x, first.conv.weight, stride=2, padding=1), first.norm))
    b = normalised(F.conv2d(a, second.conv.weight, padding=1), second.norm)
    projected = normalised(F.conv2d(x, block.shortcut.conv.weight, stride=2), block.shortcut.norm)
    torch.testing.assert_close(block(x), F.relu(b + projected), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("stride_in", "strides"), [("1x1", (2, 1)), ("3x3", (1, 2))])
def test_bottleneck_is_the_formula_with_either_stride(stride_in, strides):
    torch.manual_seed(0)
    branch = bottleneck_branch(8, 2, 8, stride=2, stride_in=stride_in)
    block = Residual(branch, make_shortcut("C", 8, 8, stride=2)).double().eval()
    shake(block)
    x = torch.randn(2, 8, 10, 10, dtype=torch.float64)
    one, two, three = branch
    a = F.relu(normalised(F.conv2d(x, one.conv.weight, stride=strides[0]), one.norm))
    a = F.relu(normalised(F.conv2d(a, two.conv.weight, stride=strides[1], padding=1), two.norm))
    a = normalised(F.conv2d(a, three.conv.weight), three.norm)
    projected = normalised(F.conv2d(x, block.shortcut.conv.weight, stride=2), block.shortcut.norm)
    torch.testing.assert_close(block(x), F.relu(a + projected), rtol=1e-12, atol=1e-12)


def test_shortcut_a_skips_pixels_and_appends_zeros():
    x = torch.rand(2, 3, 7, 7)
    out = make_shortcut("A", 3, 5, stride=2)(x)
    assert out.shape == (2, 5, 4, 4)
    assert torch.equal(out[:, :3], x[:, :, ::2, ::2]) and (out[:, 3:] == 0).all()


def kinds(net: nn.Module) -> list[type[nn.Module]]:
    return [type(block.shortcut) for block in net.modules() if isinstance(block, Residual)]


def test_shortcut_options_project_where_they_say():
    from cs_cnn.zoo.parts.blocks import ConvBlock

    first_of_four = [0, 3, 7, 13]  # blocks of ResNet-34 and ResNet-50 that begin a stage
    for name, changing in (("resnet34", first_of_four[1:]), ("resnet50", first_of_four)):
        for option, changes, keeps in (
            ("A", PaddedShortcut, nn.Identity),
            ("B", ConvBlock, nn.Identity),
            ("C", ConvBlock, ConvBlock),
        ):
            found = kinds(published(name, shortcut=option))
            assert found == [changes if i in changing else keeps for i in range(16)], (name, option)
    assert kinds(published("plain34")) == [type(None)] * 16


def test_plain_is_residual_without_the_shortcuts():
    torch.manual_seed(0)
    options = {"depth": 18, "size": 32, "width": 0.125}
    residual, plain = ResNet(shortcut="A", **options), ResNet(shortcut="none", **options)
    shake(residual)
    assert list(residual.state_dict()) == list(plain.state_dict())
    plain.load_state_dict(residual.state_dict())
    x = torch.rand(2, 1, 32, 32)
    assert not torch.allclose(residual.eval()(x), plain.eval()(x))
    for block in residual.modules():
        if isinstance(block, Residual):
            block.shortcut = None
    assert torch.equal(residual(x), plain(x))


@pytest.mark.parametrize("training", [False, True])
def test_added_blocks_that_are_zero_change_nothing(training):
    """The paper's construction: a deeper net that is the shallower one, with identities for what was added."""
    torch.manual_seed(0)
    shallow = ResNet(depth=18, size=32, width=0.125)
    deep = ResNet(depth=34, size=32, width=0.125, zero_last_gain=True)
    shake(shallow)
    missing = deep.load_state_dict(shallow.state_dict(), strict=False)
    # Eight blocks more, each with two convolutions and two normalisations of four tensors (and a counter).
    assert not missing.unexpected_keys and len(missing.missing_keys) == 8 * 2 * (1 + 4)
    x = torch.rand(4, 1, 32, 32)
    assert torch.equal(deep.train(training)(x), shallow.train(training)(x))


def test_zero_last_gain_makes_every_block_its_shortcut():
    for depth in (18, 50):
        net = ResNet(depth=depth, size=32, width=0.125, zero_last_gain=True)
        x = torch.rand(2, 1, 32, 32)
        maps = net.features(x, upto="max_pool")
        for stage in net.stages[2:6]:
            for block in net.get_submodule(stage):
                after = block(maps)
                assert torch.equal(after, F.relu(block.shortcut(maps)))
                maps = after


@pytest.mark.parametrize("options", [{"depth": 18, "shortcut": "A"}, {"depth": 50, "shortcut": "C"}])
def test_gradients_reach_every_parameter(options):
    torch.manual_seed(0)
    net = ResNet(size=32, width=0.125, **options)
    F.cross_entropy(net(torch.rand(8, 1, 32, 32)), torch.arange(8)).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in net.parameters())


def test_blocks_can_be_deleted_and_swapped():
    torch.manual_seed(0)
    net = ResNet(depth=34, size=32, width=0.125).eval()
    x = torch.rand(2, 1, 32, 32)
    whole = net(x)
    net.conv4_x[1], net.conv4_x[3] = net.conv4_x[3], net.conv4_x[1]
    swapped = net(x)
    del net.conv4_x[2]
    assert len(net.conv4_x) == 5
    assert not torch.allclose(whole, swapped) and not torch.allclose(swapped, net(x))


def test_the_paths_through_linear_blocks_add_up_to_the_net():
    """Without activations, n blocks are the sum of 2^n paths, each by branch or by shortcut."""
    torch.manual_seed(0)
    blocks = [Residual(nn.Conv2d(2, 2, 3, padding=1, bias=False), nn.Identity()).double() for _ in range(3)]
    x = torch.randn(1, 2, 5, 5, dtype=torch.float64)
    together, total = x, torch.zeros_like(x)
    for block in blocks:
        block.activation = nn.Identity()
        together = block(together)
    for path in range(2 ** len(blocks)):
        part = x
        for i, block in enumerate(blocks):
            part = block.branch(part) if path >> i & 1 else block.shortcut(part)
        total = total + part
    torch.testing.assert_close(total, together)


def test_stochastic_depth_drops_branches_with_the_right_probability():
    torch.manual_seed(0)
    block = Residual(nn.Identity(), nn.Identity(), survival=0.75)
    x = torch.ones(4000, 1, 1, 1)
    out = block(x)
    assert set(out.flatten().tolist()) == {1.0, 2.0}  # the shortcut alone, or both
    assert (out == 2).float().mean().item() == pytest.approx(0.75, abs=0.03)
    assert torch.equal(block.eval()(x), 1.75 * x)
    net = ResNet(depth=18, size=32, width=0.125, survival=0.5)
    chances = [block.survival for block in net.modules() if isinstance(block, Residual)]
    assert chances == [1 - i / 16 for i in range(1, 9)]


def test_initial_weights_have_hes_variance():
    torch.manual_seed(0)
    net = ResNet(depth=18, channels=3, size=32)
    for layer in (net.conv3_x[1].branch[0].conv, net.conv5_x[1].branch[1].conv, net.conv5_x[0].shortcut.conv):
        assert layer.weight.var().item() == pytest.approx(2 / layer.weight[0].numel(), rel=0.03)
        assert layer.bias is None


def torchvision_keys(depth: int) -> list[str]:
    """Write out the names as torchvision's modules nest."""

    def norm(name: str) -> list[str]:
        kinds = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
        return [f"{name}.{kind}" for kind in kinds]

    keys = ["conv1.weight", *norm("bn1")]
    convolutions = 3 if depth >= 50 else 2
    for layer, blocks in enumerate(BLOCKS[depth], start=1):
        for block in range(blocks):
            for i in range(1, convolutions + 1):
                keys += [f"layer{layer}.{block}.conv{i}.weight", *norm(f"layer{layer}.{block}.bn{i}")]
            if block == 0 and (layer > 1 or depth >= 50):
                inside = f"layer{layer}.0.downsample"
                keys += [f"{inside}.0.weight", *norm(f"{inside}.1")]
    return [*keys, "fc.weight", "fc.bias"]


@pytest.mark.parametrize("depth", DEPTHS)
def test_torchvisions_names_in_its_order(depth):
    net = published(f"resnet{depth}", stride_in="3x3") if depth >= 50 else published(f"resnet{depth}")
    assert [torchvision_name(key) for key in net.state_dict()] == torchvision_keys(depth)


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("resnet50", {"shortcut": "D"}, "shortcut must be 'A' or 'B' or 'C' or 'none', got 'D'"),
        ("resnet50", {"stride_in": "2x2"}, "stride_in must be '1x1' or '3x3', got '2x2'"),
        ("resnet18", {"size": 8}, "size must be a whole number of at least 16, got 8"),
        ("resnet18", {"width": 0}, "width must be a number above zero, got 0"),
        ("resnet18", {"survival": 1.5}, r"survival must be a probability above 0 and at most 1, got .*"),
        ("plain18", {"shortcut": "A"}, "no option 'shortcut'"),
        ("resnet18", {"stride_in": "3x3"}, "no option 'stride_in'"),
    ],
)
def test_wrong_options_are_sentences(name, options, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        zoo.build(name, **options)
