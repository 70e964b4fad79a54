from __future__ import annotations

import itertools
import json
import math

import pytest
import torch
import torch.nn.functional as F

from cs_cnn.zoo.families.lenet import CONNECTIONS, LeNet5, PartialConv2d, RBFOutput, ScaledTanh, Subsampling


def parameters(net: torch.nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({}, 61_706),  # 156 + 2,416 + 48,120 + 10,164 + 850
        ({"pooling": "max", "activation": "relu"}, 61_706),
        ({"c3": "partial"}, 60_806),  # 1,516 instead of 2,416
        ({"pooling": "subsampling"}, 61_750),  # + 12 + 32
        ({"c3": "partial", "pooling": "subsampling"}, 60_850),
        ({"c3": "partial", "pooling": "subsampling", "output": "rbf"}, 60_000),  # the paper's number
        ({"channels": 3}, 62_006),  # + 2 * 6 * 25
        ({"classes": 4}, 61_196),  # - 6 * 85
    ],
)
@pytest.mark.parametrize("size", [28, 32])
def test_parameter_counts(options, count, size):
    assert parameters(LeNet5(size=size, **options)) == count


def test_parameters_by_stage_are_the_papers():
    net = LeNet5(size=32, pooling="subsampling", c3="partial", output="rbf")
    counts = [parameters(getattr(net, stage)) for stage in net.stages]
    assert counts == [156, 12, 1516, 32, 48120, 10164, 0]


@pytest.mark.facts
def test_counts_are_those_of_the_checked_facts(facts_folder):
    facts = json.loads((facts_folder / "seed_facts.json").read_text(encoding="utf-8"))
    values = next(v["values"] for v in facts["derived_reference_values"] if v["topic"] == "lenet5.params")
    paper = LeNet5(pooling="subsampling", c3="partial", output="rbf")
    assert parameters(paper) == values["partial_C3_with_trainable_subsampling"]
    assert parameters(LeNet5()) == values["full_C3_plain_pool_dense10"]


@pytest.mark.parametrize(
    ("activation", "pooling", "c3", "output"),
    list(
        itertools.product(
            ("tanh", "relu"), ("average", "max", "subsampling"), ("full", "partial"), ("affine", "rbf")
        )
    ),
)
def test_every_variant_runs_forward_and_backward(activation, pooling, c3, output):
    torch.manual_seed(0)
    net = LeNet5(activation=activation, pooling=pooling, c3=c3, output=output)
    loss = F.cross_entropy(net(torch.rand(8, 1, 28, 28)), torch.arange(8))
    loss.backward()
    assert math.isfinite(float(loss.detach()))
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in net.parameters())


@pytest.mark.parametrize("size", [28, 32])
def test_shapes_of_the_stages(size):
    net = LeNet5(size=size)
    x = torch.rand(2, 1, size, size)
    shapes = {stage: tuple(net.features(x, upto=stage).shape[1:]) for stage in net.stages}
    assert shapes == {
        "c1": (6, 28, 28),
        "s2": (6, 14, 14),
        "c3": (16, 10, 10),
        "s4": (16, 5, 5),
        "c5": (120, 1, 1),
        "f6": (84,),
        "output": (10,),
    }
    assert torch.equal(net.features(x, upto="output"), net(x))
    assert torch.equal(net.output(net.features(x)), net(x))


def test_28_is_32_with_a_border_of_zeros():
    torch.manual_seed(0)
    small, large = LeNet5(size=28).double(), LeNet5(size=32).double()
    large.load_state_dict(small.state_dict())
    x = torch.rand(2, 1, 28, 28, dtype=torch.float64)
    torch.testing.assert_close(small(x), large(F.pad(x, (2, 2, 2, 2))), rtol=1e-12, atol=1e-12)


def test_wrong_images_and_stages_are_sentences():
    net = LeNet5()
    with pytest.raises(ValueError, match=r"images of shape \(N, 1, 28, 28\), got \(2, 3, 32, 32\)"):
        net(torch.zeros(2, 3, 32, 32))
    with pytest.raises(ValueError, match=r"got \(28, 28\)"):
        net(torch.zeros(28, 28))
    with pytest.raises(ValueError, match="upto must be a stage of LeNet5"):
        net.features(torch.zeros(1, 1, 28, 28), upto="c2")


def test_table_of_connections():
    assert [len(inputs) for inputs in CONNECTIONS] == [3] * 6 + [4] * 9 + [6]
    assert all(list(inputs) == sorted(set(inputs)) for inputs in CONNECTIONS)
    assert len(set(CONNECTIONS)) == 16
    # Every map of S2 is seen by the same number of maps of C3.
    assert [sum(m in inputs for inputs in CONNECTIONS) for m in range(6)] == [10] * 6


def test_partial_convolution_is_a_sum_over_the_connected_maps():
    torch.manual_seed(0)
    layer = PartialConv2d(CONNECTIONS, 6, 5).double()
    torch.nn.init.normal_(layer.weight)
    torch.nn.init.normal_(layer.bias)
    x = torch.rand(2, 6, 9, 8, dtype=torch.float64)
    kernels = iter(layer.weight)
    maps = [
        sum(F.conv2d(x[:, [i]], next(kernels)[None, None]) for i in inputs) + layer.bias[k]
        for k, inputs in enumerate(CONNECTIONS)
    ]
    torch.testing.assert_close(layer(x), torch.cat(maps, 1))
    assert (layer.dense_weight()[~layer.mask] == 0).all()
    assert torch.autograd.gradcheck(
        lambda w, b: torch.func.functional_call(layer, {"weight": w, "bias": b}, (x[:1, :, :6, :5],)),
        (layer.weight, layer.bias),
    )


def test_subsampling_starts_as_average_pooling_and_has_its_gradients():
    layer = Subsampling(3).double()
    x = torch.rand(2, 3, 4, 6, dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(layer(x), F.avg_pool2d(x, 2))
    layer.coefficient.data = torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64)
    layer.bias.data = torch.tensor([0.0, 1.0, -1.0], dtype=torch.float64)
    out = layer(x)
    assert out[1, 1, 1, 2].item() == pytest.approx(-x[1, 1, 2:4, 4:6].mean().item() + 1)
    assert torch.autograd.gradcheck(layer, (x,))


def test_scaled_tanh_fixes_plus_and_minus_one():
    out = ScaledTanh()(torch.tensor([-1.0, 0.0, 1.0, 1e6]))
    torch.testing.assert_close(out, torch.tensor([-1.0, 0.0, 1.0, 1.7159]), rtol=0, atol=1e-4)


def test_rbf_scores_a_code_best_by_its_own_class():
    layer = RBFOutput(84, 10)
    assert set(layer.codes.flatten().tolist()) == {-1.0, 1.0}
    scores = layer(layer.codes)
    assert (scores.argmax(1) == torch.arange(10)).all() and (scores.diagonal() == 0).all()
    # Two codes differ in about half of the places; half of the squared difference of +1 and -1 is 2.
    different = -scores * math.sqrt(84) / 2
    assert different[~torch.eye(10, dtype=torch.bool)].min() >= 36
    assert list(layer.parameters()) == []
    assert RBFOutput(84, 127).codes.unique(dim=0).shape == (127, 84)


@pytest.mark.parametrize(("activation", "gain"), [("tanh", 1.0), ("relu", 2.0)])
@pytest.mark.parametrize("c3", ["full", "partial"])
def test_initial_weights_have_the_documented_variance(activation, gain, c3):
    torch.manual_seed(0)
    net = LeNet5(activation=activation, c3=c3)
    assert net.c5.weight.var().item() == pytest.approx(gain / 400, rel=0.05)
    assert net.f6.weight.var().item() == pytest.approx(gain / 120, rel=0.05)
    assert net.output.weight.var().item() == pytest.approx(1 / 84, rel=0.2)
    if c3 == "full":
        assert net.c3.weight.var().item() == pytest.approx(gain / 150, rel=0.15)
    else:
        assert net.c3.weight[:18].var().item() == pytest.approx(gain / 75, rel=0.25)
        assert net.c3.weight[18:54].var().item() == pytest.approx(gain / 100, rel=0.2)
    assert all((p == 0).all() for name, p in net.named_parameters() if name.endswith("bias"))


def test_torch_export_accepts_the_net():
    net = LeNet5(pooling="subsampling", c3="partial", output="rbf").eval()
    x = torch.rand(2, 1, 28, 28)
    torch.testing.assert_close(torch.export.export(net, (x,)).module()(x), net(x))
