from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cs_cnn import zoo
from cs_cnn.errors import CsCnnError
from cs_cnn.zoo.families.highway import Highway, HighwayConv, HighwayLayer


def parameters(net: nn.Module) -> int:
    return sum(p.numel() for p in net.parameters())


def layer_of(width: int = 4) -> HighwayLayer:
    torch.manual_seed(0)
    return HighwayLayer(nn.Linear(width, width), nn.Linear(width, width), nn.Tanh()).double()


@pytest.mark.parametrize("depth", [10, 20, 50, 100])
def test_parameters_of_the_fully_connected_form(depth):
    first, highway, last = 50 * (784 + 1), 2 * 50 * (50 + 1), 10 * (50 + 1)
    net = Highway(depth=depth)
    assert parameters(net) == first + (depth - 1) * highway + last
    assert len(net.stages) == depth + 1


def test_parameters_of_the_convolutional_form():
    assert [parameters(HighwayConv(width=w)) for w in (16, 32)] == [38_730, 151_178]
    net = HighwayConv(width=32)
    with_weights = [s for s in net.stages if parameters(net.get_submodule(s))]
    assert with_weights == [*(f"conv{k}" for k in range(1, 10)), "output"]
    assert [s for s in net.stages if s.startswith("pool")] == ["pool1", "pool2", "pool3"]
    assert net.stages.index("pool1") == 3 and net.stages[-2] == "pool3"


def test_layer_is_the_papers_formula():
    layer, x = layer_of(), torch.randn(3, 4, dtype=torch.float64)
    h = torch.tanh(F.linear(x, layer.transform.weight, layer.transform.bias))
    t = 1 / (1 + torch.exp(-F.linear(x, layer.gate.weight, layer.gate.bias)))
    torch.testing.assert_close(layer(x), h * t + x * (1 - t))


def test_gradients_of_the_gate_and_of_both_ways():
    layer = layer_of()
    x = torch.randn(3, 4, dtype=torch.float64, requires_grad=True)
    names, values = zip(*layer.named_parameters(), strict=True)

    def run(x, *values):
        return torch.func.functional_call(layer, dict(zip(names, values, strict=True)), (x,))

    assert torch.autograd.gradcheck(run, (x, *values))


@pytest.mark.parametrize(("bias", "carried"), [(-60.0, True), (60.0, False)])
def test_a_shut_gate_carries_and_an_open_gate_transforms(bias, carried):
    layer, x = layer_of(), torch.randn(3, 4, dtype=torch.float64)
    nn.init.constant_(layer.gate.bias, bias)
    expected = x if carried else torch.tanh(layer.transform(x))
    torch.testing.assert_close(layer(x), expected)


@pytest.mark.parametrize("make", [Highway, HighwayConv])
def test_gates_start_nearly_shut(make):
    torch.manual_seed(0)
    net = make(gate_bias=-3.0)
    layers = [layer for layer in net.modules() if isinstance(layer, HighwayLayer)]
    assert len(layers) in (8, 9)
    for layer in layers:
        assert (layer.gate.bias == -3).all() and (layer.transform.bias == 0).all()
        assert (layer.gate.weight != 0).all()
        fan_in = layer.gate.weight[0].numel()
        assert layer.gate.weight.var().item() == pytest.approx(2 / fan_in, rel=0.15)
    assert torch.sigmoid(torch.tensor(-3.0)).item() == pytest.approx(1 / (1 + math.exp(3)))


def test_the_bias_decides_how_much_gradient_reaches_the_first_of_fifty_layers():
    x = torch.rand(16, 1, 28, 28)
    norms = {}
    for bias in (-4.0, 4.0):
        torch.manual_seed(0)
        net = Highway(depth=50, activation="tanh", gate_bias=bias)
        F.cross_entropy(net(x), torch.arange(16) % 10).backward()
        last = net.get_submodule("layer50").transform.weight.grad.norm()
        norms[bias] = (net.layer1.linear.weight.grad.norm() / net.output.linear.weight.grad.norm(), last)
    assert norms[-4.0][0] > 0.05
    assert abs(math.log(norms[-4.0][0])) < abs(math.log(norms[4.0][0]))


@pytest.mark.parametrize("depth", [3, 4, 5, 10, 19])
def test_convolutional_form_of_any_depth_has_three_poolings(depth):
    net = HighwayConv(depth=depth, width=8)
    assert sum(s.startswith("pool") for s in net.stages) == 3
    assert sum(s.startswith("conv") for s in net.stages) == depth - 1
    assert net(torch.zeros(2, 1, 28, 28)).shape == (2, 10)


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("highway", {"depth": 2}, "depth must be a whole number of at least 3, got 2"),
        ("highway", {"depth": 3.5}, "depth must be a whole number of at least 3, got 3.5"),
        ("highway", {"width": 0}, "width must be a whole number of at least 1, got 0"),
        ("highway_conv", {"width": 0.5}, "width must be a whole number of at least 1, got 0.5"),
        ("highway", {"activation": "sine"}, "activation must be 'relu' or 'tanh', got 'sine'"),
        ("highway", {"gate_bias": float("nan")}, "gate_bias must be a number between -100 and 100, got nan"),
        ("highway", {"gate_bias": "shut"}, "gate_bias must be a number between -100 and 100, got 'shut'"),
        ("highway_conv", {"size": 7}, "size must be a whole number of at least 8, got 7"),
    ],
)
def test_wrong_options_are_sentences(name, options, sentence):
    with pytest.raises(CsCnnError, match=f"^Cannot build '{name}': {sentence}"):
        zoo.build(name, **options)
