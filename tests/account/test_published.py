"""The zoo's published nets, counted: every figure of the papers and the lectures, under the convention that fits."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from cs_cnn import zoo
from cs_cnn.account import account
from cs_cnn.account.shown import printed
from cs_cnn.errors import CsCnnError


@pytest.mark.facts
def test_vgg_totals(facts: dict[str, Any], reference: dict[str, Any]) -> None:
    names = {"A": "vgg11", "A-LRN": "vgg11_lrn", "B": "vgg13", "C": "vgg16_1x1", "D": "vgg16", "E": "vgg19"}
    exact = facts["F067"]["correct"]
    for letter, name in names.items():
        found, key = account(name), letter.removesuffix("-LRN")
        assert found.parameters == exact[key]
        assert round(found.multiply_adds / 1e9, 3) == reference["vgg.madds_G"][key]
        assert found.total.activations == reference["vgg.activations"][key]
        assert f"{found.parameters / 1e6:.0f}" == str(facts["F067"]["values"][letter])
        if letter in reference["rf.vgg_pool5"]:
            pools = [row for row in found if row.kind == "max pool"]
            assert pools[-1].receptive and pools[-1].receptive.size == reference["rf.vgg_pool5"][letter]


def test_vgg16_of_the_zoo_has_the_rows_of_the_lectures() -> None:
    table = account("vgg16", convention="lectures").detail("layers")
    assert [(row.shape, row.parameters) for row in table] == [
        (line.shape, line.weights) for line in printed.VGG16
    ]


@pytest.mark.facts
def test_alexnet_list(facts: dict[str, Any], reference: dict[str, Any]) -> None:
    for variant, key in (("lecture", "single_tower"), ("paper", "grouped")):
        found = account("alexnet", variant=variant)
        assert found.parameters == {"lecture": 62_378_344, "paper": 60_965_224}[variant]
        assert found.multiply_adds == reference["alexnet.madds"][key]
        layers = [row for row in found if row.parameters]
        weights = reference[f"alexnet.layer_weights_{key}"]
        assert [row.weights for row in layers] == list(weights.values())
    shapes = [tuple(line["shape"]) for line in facts["F053"]["values"]]
    lecture = [
        row
        for row in account("alexnet", variant="lecture")
        if row.kind in ("input", "affine", "max pool", "local response norm") or row.kind.startswith("conv")
    ]
    assert [row.shape[1:] + row.shape[:1] for row in lecture] == shapes
    pools = [row.receptive.size for row in lecture if row.kind == "max pool" and row.receptive]
    convs = [row.receptive.size for row in lecture if row.kind.startswith("conv") and row.receptive]
    assert (convs[-1], pools[-1]) == (reference["rf.alexnet"]["conv5"], reference["rf.alexnet"]["pool5"])


@pytest.mark.facts
def test_googlenet_rows(facts: dict[str, Any], reference: dict[str, Any]) -> None:
    table = account("googlenet", convention="lectures").detail("stages")
    total = reference["googlenet.total"]
    assert table.total.parameters == total["weights"]
    assert table.under("standard").total.parameters == total["with_bias"]
    assert table.total.multiply_adds == total["madds"]
    assert [row.name for row in table][1:4] == ["conv1", "pool1", "conv2"]
    exact = [line for line in facts["F079"]["values"] if "weights_exact" in line]
    pairs = [(row.weights, row.multiply_adds) for row in table if row.parameters]
    assert pairs == [(line["weights_exact"], line["madds_exact"]) for line in exact]
    lines = [line for line in printed.GOOGLENET if line.thousands is not None]
    near = [
        abs(weights / 1024 - (line.thousands or 0)) < 1.01
        for (weights, _), line in zip(pairs, lines, strict=True)
    ]
    assert [line["params_ok"] for line in exact] == near
    works = [
        abs(work / 1e6 - (line.millions or 0)) <= 1 for (_, work), line in zip(pairs, lines, strict=True)
    ]
    assert [line["ops_ok"] for line in exact] == works
    assert [(f"{line.thousands:g}K", f"{line.millions}M") for line in lines] == [
        (line["seed_params"], line["seed_ops"]) for line in exact
    ]


def test_printed_tables_beside_the_true_numbers() -> None:
    rows = printed.beside_googlenet(account("googlenet")).splitlines()[2:]
    assert len(rows) == len(printed.GOOGLENET) == 19
    assert rows[0].split("|")[4:8] == [" 2.7K ", " 9.2K ", " 34M ", " 118.0M "]
    assert rows[-1].startswith("| softmax ") and rows[-1].split("|")[4:8] == ["  "] * 4
    rows = printed.beside_vgg16(account("vgg16")).splitlines()[2:]
    assert len(rows) == 23 and rows[-1].split("|")[3:] == [
        *(" 24M ", " 15,237,608 ", " 138M ", " 138,344,128 ", "")
    ]
    for beside in (printed.beside_googlenet, printed.beside_vgg16):
        with pytest.raises(CsCnnError, match="printed table"):
            beside(account("vgg11"))


@pytest.mark.facts
def test_googlenet_with_its_heads(reference: dict[str, Any]) -> None:
    found = account("googlenet", auxiliary=True)
    assert found.parameters == reference["googlenet.total"]["with_two_aux_heads"]
    assert found.multiply_adds == reference["googlenet.total"]["madds"]  # the heads are not run
    heads = [row for row in found if row.kind.endswith("(not run)")]
    assert sum(row.parameters for row in heads) == found.parameters - 6_998_552
    assert all(row.activations == 0 and row.shape == () for row in heads)


@pytest.mark.facts
def test_resnet_flops(facts: dict[str, Any], reference: dict[str, Any]) -> None:
    printed_flops = {depth: net["seed_flops"] / 1e9 for depth, net in facts["F090"]["values"]["nets"].items()}
    for depth, shortcut in (("18", "A"), ("34", "A"), ("50", "B"), ("101", "B"), ("152", "B")):
        options = {"stride_in": "1x1"} if int(depth) >= 50 else {}
        giga = account(f"resnet{depth}", shortcut=shortcut, **options).multiply_adds / 1e9
        # the paper rounds, and 3.86 down
        assert printed_flops[depth] in (round(giga, 1), int(giga * 10) / 10)
    for depth, parameters in reference["resnet.params"].items():
        assert account(f"resnet{depth}", shortcut="B").parameters == parameters
    modern = facts["F090"]["correct"]["madds_G_stride_on_3x3_torchvision"]
    for depth, giga in modern.items():
        assert round(account(f"resnet{depth}", stride_in="3x3").multiply_adds / 1e9, 3) == giga
    pool = next(row for row in account("resnet50") if row.kind == "max pool")
    assert pool.receptive and pool.receptive.size == reference["rf.resnet_stem"]


@pytest.mark.facts
def test_mobilenet(facts: dict[str, Any], reference: dict[str, Any]) -> None:
    found = account("mobilenet")
    total = reference["mobilenet.total"]
    assert found.multiply_adds == total["madds"]
    assert found.parameters == total["with_bn_and_fc_bias"]
    assert found.under("lectures").parameters == total["weights"]
    lines = [line for line in facts["F102"]["values"] if "weights_each" in line]
    dw, pw = (next(i for i, line in enumerate(lines) if line["repeat"] == 5) + k for k in (0, 1))
    expected = lines[:dw] + [lines[dw], lines[pw]] * 5 + lines[pw + 1 :]
    rows = [row for row in found.under("lectures") if row.parameters]
    works = [row.multiply_adds for row in rows]
    assert [row.weights for row in rows] == [line["weights_each"] for line in expected]
    # The printed stride 2 of the last depthwise layer would leave 4 x 4; the counts are those of stride 1.
    assert works == [line["madds_each"] for line in expected]
    depthwise = [row for row in found if row.kind.startswith("depthwise")]
    assert depthwise[-1].receptive and depthwise[-1].receptive.size == reference["rf.mobilenet_last_dw"]


@pytest.mark.facts
def test_lenet5(reference: dict[str, Any]) -> None:
    found = account("lenet5")
    assert found.parameters == reference["lenet5.params"]["partial_C3_with_trainable_subsampling"]
    full = account(zoo.build("lenet5", size=32), (1, 32, 32))
    assert full.parameters == reference["lenet5.params"]["full_C3_plain_pool_dense10"]
    for stage in ("c3", "c5"):
        field = full[stage].receptive
        assert field and field.size == reference["rf.lenet5"][stage.upper()]


def test_every_published_net_adds_up() -> None:
    for name in zoo.names():
        found = account(name)
        try:
            with torch.device("meta"):
                net: nn.Module = zoo.build_published(name)
        except NotImplementedError:
            net = zoo.build_published(name, seed=0)
        assert found.parameters == sum(p.numel() for p in net.parameters()), name
        for detail in ("layers", "stages"):
            shown = found.detail(detail)  # type: ignore[arg-type]
            assert shown.total.parameters == found.parameters, name
            assert shown.total.multiply_adds == found.multiply_adds, name
            assert shown.total.activations == found.total.activations, name
