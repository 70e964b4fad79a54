from __future__ import annotations

import json

import pytest
import torch

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.families.googlenet import MODULES, GoogLeNet
from cs_cnn.zoo.parts.inception import AuxiliaryHead, Inception, NaiveInception
from cs_cnn.zoo.parts.staged import Supervised


def parameters(net: torch.nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def published(**options) -> GoogLeNet:
    with torch.device("meta"):
        return zoo.build_published("googlenet", **options)


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 6_998_552),
        ({"auxiliary": True}, 13_378_280),
        (
            {"norm": True},
            6_998_552 + 7_280,
        ),  # a scale more for each of the 7,280 maps: the shift was the bias
        ({"variant": "torchvision", "auxiliary": True}, 13_004_888),
        ({"variant": "torchvision"}, 6_624_904),
    ],
)
def test_parameter_counts(options, count):
    assert parameters(published(**options)) == count


def test_rows_of_the_papers_table():
    net = published().eval()
    image = torch.empty(1, 3, 224, 224, device="meta")
    shapes = [tuple(net.features(image, upto=stage).shape[1:]) for stage in net.stages]
    assert shapes == [
        *((64, 112, 112), (64, 56, 56), (192, 56, 56), (192, 28, 28)),
        *((256, 28, 28), (480, 28, 28), (480, 14, 14)),
        *((512, 14, 14), (512, 14, 14), (512, 14, 14), (528, 14, 14), (832, 14, 14), (832, 7, 7)),
        *((832, 7, 7), (1024, 7, 7), (1024,), (1024,), (1000,)),
    ]


def test_the_docstring_has_the_parameters_of_every_stage():
    net = published()
    for stage in net.stages:
        (line,) = (line for line in GoogLeNet.__doc__.splitlines() if line.split()[:1] == [stage])
        assert f" {parameters(net.get_submodule(stage)):,}" in line


@pytest.mark.facts
def test_every_stage_is_as_in_the_checked_facts(facts_folder):
    facts = json.loads((facts_folder / "seed_facts.json").read_text(encoding="utf-8"))
    rows = next(f["values"] for f in facts["facts"] if f["topic"] == "googlenet.table")
    net = published().eval()
    image = torch.empty(1, 3, 224, 224, device="meta")
    softmax_is_in_the_loss = len(net.stages)
    for row, stage in zip(rows, net.stages[:softmax_is_in_the_loss], strict=False):
        if row.get("weights_exact"):
            weights = [p for name, p in net.get_submodule(stage).named_parameters() if "weight" in name]
            assert sum(p.numel() for p in weights) == row["weights_exact"], stage
        height, width, maps = row["output"]
        shape = tuple(net.features(image, upto=stage).shape[1:])
        assert shape in ((maps, height, width), (maps,)), stage
    total = next(v["values"] for v in facts["derived_reference_values"] if v["topic"] == "googlenet.total")
    assert parameters(net) == total["with_bias"]
    assert parameters(published(auxiliary=True)) == total["with_two_aux_heads"]
    modules = next(
        v["values"] for v in facts["derived_reference_values"] if v["topic"] == "inception.naive_3a"
    )
    naive = NaiveInception(192, 64, 128, 32)
    assert sum(p.numel() for p in naive.parameters() if p.ndim == 4) == modules["naive_weights"]
    assert naive.out_channels == modules["naive_out"]


def test_a_module_stacks_its_branches_in_the_order_of_the_figure():
    torch.manual_seed(0)
    module, x = Inception(192, MODULES["inception_3a"]), torch.randn(2, 192, 6, 5)
    parts = module(x).split([64, 128, 32, 32], dim=1)
    assert torch.equal(parts[0], module.branch_1x1(x))
    assert torch.equal(parts[1], module.branch_3x3(x))
    assert torch.equal(parts[2], module.branch_5x5(x))
    assert torch.equal(parts[3], module.branch_pool(x))
    naive = NaiveInception(192, 64, 128, 32)
    pooled = torch.nn.functional.max_pool2d(x, 3, 1, 1)
    assert torch.equal(naive(x)[:, 64 + 128 + 32 :], pooled)


def test_the_naive_net_hands_all_its_input_on():
    net = published(module="naive")
    image = torch.empty(1, 3, 224, 224, device="meta")
    maps = 192
    for stage, widths in MODULES.items():
        maps += widths.one + widths.three + widths.five
        assert net.features(image, upto=stage).shape[1] == maps
    assert parameters(net) > 10 * parameters(published())


def test_heads_are_trained_and_are_absent_in_evaluation():
    net = zoo.build(
        "googlenet", size=32, width=0.125, stem="cifar", norm=True, auxiliary=True, classes=5, seed=0
    )
    x, y = torch.randn(4, 1, 32, 32), torch.tensor([0, 1, 2, 3])
    out = net(x)
    assert isinstance(out, Supervised) and len(out.auxiliary) == 2
    torch.nn.functional.cross_entropy(out.auxiliary[0], y).backward()
    grads = {name: p.grad for name, p in net.named_parameters()}
    assert grads["conv1.conv.weight"].abs().sum() > 0  # the head at 4a reaches the first layer ...
    assert grads["heads.0.hidden.linear.weight"].abs().sum() > 0
    assert grads["inception_4b.branch_1x1.conv.weight"] is None  # ... past what lies above it
    net.eval()
    calls = []
    for head in net.heads:
        head.register_forward_hook(lambda *_: calls.append(1))
    assert isinstance(net(x), torch.Tensor) and not calls


def test_the_papers_head_pools_14_to_4():
    head = AuxiliaryHead(512, 14)
    assert head.pool(torch.zeros(1, 512, 14, 14)).shape == (1, 512, 4, 4)
    assert parameters(head) == 512 * 128 + 128 + 2048 * 1024 + 1024 + 1024 * 1000 + 1000


@pytest.mark.parametrize(
    "options", [{"size": 79}, {"size": 225}, {"size": 20, "stem": "cifar"}, {"size": 33, "stem": "cifar"}]
)
def test_heads_fit_any_size_that_is_taken(options):
    with torch.device("meta"):
        net = GoogLeNet(auxiliary=True, **options)
        assert net(torch.empty(2, 1, net.size, net.size)).auxiliary[1].shape == (2, 10)
    with pytest.raises(CsCnnError, match="auxiliary heads need maps of at least 5x5"):
        zoo.build("googlenet", auxiliary=True, **{**options, "size": 19})


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"module": "wide"}, "module must be 'reduced' or 'naive', got 'wide'"),
        ({"stem": "small"}, "stem must be"),
        ({"variant": "caffe"}, "variant must be"),
        ({"size": 30}, "size must be a whole number of at least 31"),
        ({"width": 0}, "width must be a number above zero"),
    ],
)
def test_wrong_options_are_sentences(options, sentence):
    with pytest.raises(CsCnnError, match=sentence):
        zoo.build("googlenet", **options)
